"""When a list of a circle's films is not to be trusted by a program that removes what is no longer on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from letterboxd_scraper.errors import ListUnsure
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import UTCDateTime, film_rankings
from letterboxd_scraper.store.status import freshness, runs
from letterboxd_scraper.store.status.model import LastRun
from letterboxd_scraper.words import counted
from ranking.choices.coverage import count_watchlists
from ranking.facts import WATCHLISTS_COME_IN

USUAL_MAX_AGE, LONGEST_MAX_AGE = 30.0, 36500.0
# On so many watchlists of the circle is a film that is on the list of wanted ones, if nothing else is said.
USUAL_WANTED_BY = 2
# What reads ratings: what else was not read to its end before these were is made good.
_READING = ("profile", "when_rated")
_WHOLE = ("finished", "failures")
_ENDED = {
    "blocked": "was refused by the site",
    "interrupted": "was interrupted",
    "failed": "failed",
    runs.DIED: "was cut off",
}


@dataclass(frozen=True, slots=True)
class Trust:
    """What is trusted ``at`` a moment: data of so many days, ``max_age``, at most.

    A run that shows no life for so much ``silence`` has ended.
    """

    at: datetime
    max_age: float
    silence: timedelta


def refuse_unsure(connection: sa.Connection, cohort: Cohort, strategy: str | None, trust: Trust) -> None:
    """Raise ListUnsure where a list of a cohort's films might lack some that should be on it, or is too old.

    It is made by a ranking; where the ``strategy`` is None, any will do as a sign that all was read.
    """
    for why in (*_of_crawls(connection, cohort, trust), *_of_ages(connection, cohort, strategy, trust)):
        raise ListUnsure(why)


def refuse_unread_watchlists(connection: sa.Connection, cohort: Cohort, least: int) -> None:
    """Raise ListUnsure where fewer of a cohort's watchlists are known than a film has to be on."""
    members, watchlists = count_watchlists(connection, cohort)
    if watchlists < least:
        raise ListUnsure(
            f"a film has to be on {counted(least, 'watchlist')}, and they are known of {watchlists:,} of "
            f"{counted(members, 'member')}: {WATCHLISTS_COME_IN}"
        )


def _of_crawls(connection: sa.Connection, cohort: Cohort, trust: Trust) -> Iterator[str]:
    ended = runs.last_runs(connection, trust.silence).get(cohort.label, ())
    readings = [run for run in ended if run.spider in _READING]
    if bad := _not_whole(ended, readings):
        when = freshness.ago(bad.finished_at or bad.started_at, trust.at)
        yield (
            f"the last crawl of the circle ({bad.spider}, {when}) {_ENDED[bad.status]}: "
            "the list is there again when one has come to its end"
        )
    if not readings and any(
        run.cohort == cohort.label and run.spider in _READING
        for run in runs.running(connection, trust.silence)
    ):
        yield "the circle is being read for the first time: the list is there when that has come to its end"


def _not_whole(ended: Sequence[LastRun], readings: Sequence[LastRun]) -> LastRun | None:
    """Return the newest of the last runs that did not come to their end, and were not made good since."""
    newest = max((run.started_at for run in readings), default=None)
    since = [run for run in ended if newest is None or run.started_at >= newest]
    bad = [run for run in since if run.status not in _WHOLE]
    return max(bad, key=lambda run: run.started_at, default=None)


def _of_ages(connection: sa.Connection, cohort: Cohort, strategy: str | None, trust: Trust) -> Iterator[str]:
    r = film_rankings.c
    query = sa.select(sa.func.max(r.computed_at, type_=UTCDateTime)).where(r.cohort_id == cohort.id)
    ranked_at = connection.scalar(query if strategy is None else query.where(r.strategy == strategy))
    if ranked_at is None:
        option = f" --strategy {strategy}" if strategy else ""
        yield f"the circle is not ranked yet: `letterboxd rank compute{option}` does it"
        return
    read_at = max((age.as_of for age in freshness.of_members(connection, cohort) if age.as_of), default=None)
    longest = timedelta(days=trust.max_age)
    for what, moment in {
        "the circle was last ranked": ranked_at,
        "the circle was last read": read_at,
    }.items():
        if moment and trust.at - moment > longest:
            yield (
                f"{what} {freshness.ago(moment, trust.at)}, which is too old (max_age: {trust.max_age:g}, in "
                "days): read the circle again, or take in newer archives, and rank it; or allow more"
            )
