"""Of which runs and failures the log keeps nothing."""

import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.crawl_state.retention import Tidied, tidy
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs
from tests.store.rows import DAY, HOUR, MONDAY, add_run


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
