"""One pace for one site: whoever asks gets the next turn, or in how many seconds to ask again."""

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state import pace
from letterboxd_scraper.store.schema import site_pace

HOST = "letterboxd.com"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("letterboxd_scraper.store.crawl_state.pace.time.time", clock)
    return clock


def wait(memory: sa.Engine, turn: str = "other", host: str = HOST) -> float:
    return pace.take_turn(memory, host, turn)


def test_one_turn_at_a_time(memory: sa.Engine, clock: Clock) -> None:
    assert wait(memory, "mine") == 0
    assert wait(memory) == pytest.approx(0.1)
    assert wait(memory, host="elsewhere") == 0
    pace.end_turn(memory, HOST, "mine", 2.0)
    assert wait(memory) == pytest.approx(2.0)
    clock.now += 1.5
    assert wait(memory) == pytest.approx(0.5)
    clock.now += 0.5
    assert wait(memory) == 0
    assert wait(memory, "third") == pytest.approx(0.1)


def test_the_delay_counts_from_the_answer(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "mine")
    clock.now += 3
    pace.end_turn(memory, HOST, "mine", 2.0)
    assert wait(memory) == pytest.approx(2.0)


def test_who_is_not_heard_of_any_more_loses_the_turn(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "killed")
    clock.now += pace.LEASE - 0.01
    assert wait(memory) == pytest.approx(0.01)
    clock.now += 0.01
    assert wait(memory) == 0


def test_a_renewed_turn_lasts(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "mine")
    clock.now += pace.LEASE - 1
    pace.renew_turn(memory, HOST, "mine")
    clock.now += pace.LEASE - 1
    assert wait(memory) == pytest.approx(0.1)
    clock.now += 1
    assert wait(memory) == 0


def test_nobody_renews_anothers_turn(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "first")
    clock.now += pace.LEASE
    wait(memory, "second")
    clock.now += pace.LEASE - 0.05
    pace.renew_turn(memory, HOST, "first")
    assert wait(memory) == pytest.approx(0.05)
    wait(memory, "there", host="elsewhere")
    pace.renew_turn(memory, HOST, "there")
    assert wait(memory) == pytest.approx(0.05)


def test_nobody_ends_anothers_turn(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "first")
    clock.now += pace.LEASE
    wait(memory, "second")
    pace.end_turn(memory, HOST, "first", 0.0)
    assert wait(memory) == pytest.approx(0.1)


def test_a_turn_is_ended_at_its_host_alone(memory: sa.Engine, clock: Clock) -> None:
    """Turns have names that nobody else uses; where two share one, each ends at its own host."""
    wait(memory, "mine")
    wait(memory, "mine", host="elsewhere")
    pace.end_turn(memory, HOST, "mine", 0.0)
    assert wait(memory) == 0
    assert wait(memory, host="elsewhere") == pytest.approx(0.1)
    clock.now += pace.LEASE - 0.05
    pace.renew_turn(memory, HOST, "mine")
    assert wait(memory, host="elsewhere") == pytest.approx(0.05)


def test_an_ended_turn_has_no_name(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "mine")
    pace.end_turn(memory, HOST, "mine", 3.0)
    with memory.connect() as connection:
        row = connection.execute(sa.select(site_pace)).one()
    assert (row.host, row.free_at, row.busy_until, row.turn) == (HOST, clock.now + 3, 0.0, None)
    pace.renew_turn(memory, HOST, "mine")
    clock.now += 3
    assert wait(memory) == 0


def test_a_hold_keeps_everybody_waiting(memory: sa.Engine, clock: Clock) -> None:
    pace.hold(memory, HOST, 60)
    assert wait(memory) == pytest.approx(60)
    assert wait(memory, host="elsewhere") == 0


def test_a_shorter_hold_or_delay_shortens_no_longer_one(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "mine")
    pace.hold(memory, HOST, 60)
    pace.hold(memory, HOST, 10)
    pace.end_turn(memory, HOST, "mine", 2.0)
    assert wait(memory) == pytest.approx(60)
    pace.hold(memory, HOST, 90)
    assert wait(memory) == pytest.approx(90)


def test_a_hold_leaves_the_turn_that_is_under_way(memory: sa.Engine, clock: Clock) -> None:
    wait(memory, "mine")
    pace.hold(memory, HOST, 2)
    clock.now += 2
    assert wait(memory) == pytest.approx(0.1)


@pytest.mark.parametrize("back", [3600, 86_400])
def test_a_clock_that_is_set_back_silences_nobody(memory: sa.Engine, clock: Clock, back: float) -> None:
    clock.now += back
    wait(memory, "mine")
    pace.hold(memory, HOST, 600)
    clock.now -= back
    assert wait(memory) == pace.LEASE
    clock.now += pace.LEASE
    assert wait(memory) == 0
    clock.now += back
    pace.hold(memory, HOST, 600)
    clock.now -= back
    pace.hold(memory, HOST, 60)
    assert wait(memory) == pytest.approx(60)
