"""Of which runs and failures the log keeps nothing."""

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.crawl_state.retention import Tidied, tidy
from letterboxd_scraper.store.members import invitations, own_pages
from letterboxd_scraper.store.schema import former_ratings, ranking_history, scrape_failures, scrape_runs
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_run, add_user


@pytest.mark.parametrize(
    ("tidied", "words"),
    [
        (Tidied(1, 20), "1 old run and 20 resolved failures would go"),
        (Tidied(2, 1), "2 old runs and 1 resolved failure would go"),
        (Tidied(3, 0), "3 old runs and 0 resolved failures would go"),
        (Tidied(0, 2), "0 old runs and 2 resolved failures would go"),
        (Tidied(0, 0, 0, 1), "0 old runs, 0 resolved failures and 1 old invitation would go"),
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


def test_invitations_go_that_ended_without_anybody(connection: sa.Connection) -> None:
    used, unused, revoked, still = (
        invitations.create(connection, "friends", MONDAY, days)[0] for days in (1, 1, 99, 99)
    )
    invitations.revoke(connection, revoked.number, MONDAY + DAY)
    own_pages.give(connection, used.cohort_id, add_user(connection, "ada"), used.number, MONDAY)
    assert tidy(connection, MONDAY + 3 * DAY, 0, 2) == Tidied(0, 0)
    assert tidy(connection, MONDAY + 3 * DAY + HOUR, 0, 0) == Tidied(0, 0)
    assert tidy(connection, MONDAY + 3 * DAY + HOUR, 0, 2) == Tidied(0, 0, 0, 2)
    kept = [one.number for one in invitations.of_cohort(connection, used.cohort_id)]
    assert kept == [used.number, still.number]
    assert unused.number not in kept


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


def test_rankings_of_the_past_are_thinned_and_what_only_they_compared_with_goes(
    connection: sa.Connection,
) -> None:
    """Of 60 days each stays, before that one a week, before a year none; of each ranking the newest stays."""
    cohort, member = add_cohort(connection, "friends", ["ann"]), add_user(connection, "bob")
    film = add_film(connection, "heat")
    changed = {"user_id": member, "film_id": film, "liked": False, "favorite": False, "first_seen_at": MONDAY}
    for number in range(1, 5):
        connection.execute(former_ratings.insert().values(changed | {"id": number}))
    history = {"cohort_id": cohort.id, "content": b"", "former_ratings": 2}
    # In days: 64 to 68 days ago was one week, 59 to 63 the next.
    ages = {"circle": [0, 1, 59, *range(61, 69), 366, 400], "bayesian": [500, 501]}
    for strategy, days in ages.items():
        for age in days:
            row = history | {"strategy": strategy, "computed_at": MONDAY - age * DAY}
            connection.execute(ranking_history.insert().values(row))
    assert tidy(connection, MONDAY, 0, 0) == Tidied(0, 0, 10)
    kept = connection.execute(sa.select(ranking_history.c.strategy, ranking_history.c.computed_at))
    assert {(strategy, (MONDAY - at).days) for strategy, at in kept} == {
        *(("circle", days) for days in (0, 1, 59, 64)),
        ("bayesian", 500),
    }
    assert connection.scalar(sa.select(sa.func.min(former_ratings.c.id))) == 3
