"""Of which runs and failures the log keeps nothing."""

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.crawl_state.retention import Tidied, tidy
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs
from tests.store.rows import DAY, HOUR, MONDAY, add_run


@pytest.mark.parametrize(
    ("tidied", "words"),
    [
        (Tidied(1, 20), "1 old run and 20 resolved failures would go"),
        (Tidied(2, 1), "2 old runs and 1 resolved failure would go"),
        (Tidied(3, 0), "3 old runs and 0 resolved failures would go"),
        (Tidied(0, 2), "0 old runs and 2 resolved failures would go"),
        (Tidied(0, 0), "nothing is old enough to be removed"),
    ],
)
def test_what_goes_is_said_in_one_line(tidied: Tidied, words: str) -> None:
    assert tidied.in_words("would go") == words


def test_a_run_whose_failures_are_made_good_goes(connection: sa.Connection) -> None:
    ended = {"cohort": "friends", "status": "failures", "finished_at": MONDAY}
    runs = [add_run(connection, **ended) for _ in range(3)]
    for run in runs[:2]:
        failures.record(connection, Failure("rated", f"https://l/{run}/", "broken"), MONDAY, run)
    failures.resolve_url(connection, f"https://l/{runs[0]}/", MONDAY)
    assert tidy(connection, MONDAY + DAY, 1, 1) == Tidied(0, 0)
    assert tidy(connection, MONDAY + DAY + HOUR, 0, 1) == Tidied(0, 1)
    assert tidy(connection, MONDAY + DAY + HOUR, 1, 0) == Tidied(1, 0)
    assert set(connection.scalars(sa.select(scrape_runs.c.id))) == set(runs[1:])
    assert list(connection.scalars(sa.select(scrape_failures.c.run_id))) == [runs[1]]


def test_a_run_goes_with_its_failures_unless_they_are_kept(connection: sa.Connection) -> None:
    """A resolved failure that is kept stands without its run."""
    ended = {"cohort": "friends", "status": "failures", "finished_at": MONDAY}
    first, last = (add_run(connection, **ended) for _ in range(2))
    failures.record(connection, Failure("rated", "https://l/", "broken"), MONDAY, first)
    failures.resolve_url(connection, "https://l/", MONDAY)
    assert tidy(connection, MONDAY + 9 * DAY, 1, 0) == Tidied(1, 0)
    assert set(connection.scalars(sa.select(scrape_runs.c.id))) == {last}


def test_runs_before_works_were_kept_and_failures_of_no_run_hold_nothing_back(
    connection: sa.Connection,
) -> None:
    ended = {"cohort": "friends", "finished_at": MONDAY}
    add_run(connection, **ended)
    last = add_run(connection, **ended)
    connection.execute(scrape_runs.update().values(work_run=None))
    failures.record(connection, Failure("rated", "https://l/", "broken"), MONDAY)
    assert tidy(connection, MONDAY + 9 * DAY, 1, 1) == Tidied(1, 0)
    assert set(connection.scalars(sa.select(scrape_runs.c.id))) == {last}


def test_the_last_run_on_each_member_stays(connection: sa.Connection) -> None:
    for member in ("marla", "ada"):
        add_run(connection, cohort=None, member=member, finished_at=MONDAY)
    assert tidy(connection, MONDAY + 9 * DAY, 1, 1) == Tidied(0, 0)
