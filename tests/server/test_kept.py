"""What was made of the data is kept until they change, and not made all the time."""

from unittest.mock import Mock

import pytest
import sqlalchemy as sa

from letterboxd_scraper.server import kept, state
from letterboxd_scraper.server.kept import Kept
from letterboxd_scraper.server.served import ServedCohort
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.schema import member_sources, watchlist
from letterboxd_scraper.store.statistics import refresh
from tests.conftest import on_both
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_user


def add_source(connection: sa.Connection, member: int) -> None:
    row = {"kind": "snapshot", "service": "letterboxd", "name": "letterboxd-ann.zip", "as_of": MONDAY}
    row |= {"read_at": MONDAY, "digest": "0" * 64, "content": b""}
    connection.execute(member_sources.insert().values(user_id=member, **row))


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(kept, "time", clock)
    return clock


def test_a_value_is_made_anew_when_the_data_have_changed_and_it_has_rested(clock: Clock) -> None:
    values, made = Kept[str, str](2), list[str]()

    def make() -> str:
        clock.now += 1  # it takes a second, and so is not made again for five
        made.append(f"value {len(made)}")
        return made[-1]

    assert values.get("a", lambda: "state 1", make) == "value 0"
    clock.now = 100
    assert values.get("a", lambda: "state 1", make) == "value 0"
    assert values.get("a", lambda: "state 2", make) == "value 1"
    clock.now = 105.9
    assert values.get("a", lambda: "state 3", make) == "value 1"
    clock.now = 106.1
    assert values.get("a", lambda: "state 3", make) == "value 2"
    assert len(made) == 3


def test_only_the_latest_are_kept(clock: Clock) -> None:
    values, made = Kept[str, str](2), list[str]()
    for key in ("a", "b", "c", "b", "c", "a"):
        value = f"{key}{len(made)}"
        if values.get(key, lambda: "state", lambda value=value: value) == value:  # type: ignore[misc]
            made.append(key)
    assert made == ["a", "b", "c", "a"]


@on_both
def test_the_state_changes_with_the_data_and_is_read_only_then(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(database_url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        member, film = add_user(connection, "ann"), add_film(connection, "film-1")
        other = add_film(connection, "film-2")
        add_rating(connection, member, film, rating=4.0)
        add_cohort(connection, "friends", ["ann"])
    reading = Mock(wraps=state._read)
    monkeypatch.setattr(state, "_read", reading)

    def asked(connection: sa.Connection) -> str:
        cohort = cohorts.find(connection, "friends")
        answer = state.state_of(connection, ServedCohort(cohort, naming.of_cohort(connection, cohort)))
        connection.rollback()
        return answer

    with engine.connect() as reader, engine.connect() as writer:
        before = asked(reader)

        def is_kept() -> bool:
            reads = reading.call_count
            return asked(reader) == before and reading.call_count == reads

        # On a server, what the tests beside this one write in between has it read anew.
        assert any(is_kept() for _ in range(100))
        reads = reading.call_count
        writer.execute(watchlist.insert().values(user_id=member, film_id=film))
        writer.commit()
        listed = asked(reader)
        assert listed != before
        assert reading.call_count == reads + 1
        # One film for another: as many as before.
        writer.execute(watchlist.delete())
        writer.execute(watchlist.insert().values(user_id=member, film_id=other))
        add_source(writer, member)
        writer.commit()
        assert asked(reader) != listed
        refresh(engine, MONDAY)
        add_rating(writer, member, other, rating=3.0)
        writer.commit()
        uncounted = asked(reader)
        refresh(engine, MONDAY + DAY)
        assert asked(reader) != uncounted
    engine.dispose()
