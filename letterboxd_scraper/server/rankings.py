"""Stored rankings: the choices of `letterboxd rank show`, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.server.paging import PartOfList, linked
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import RankingQuery, Word, choices_of
from letterboxd_scraper.server.served import ATTRIBUTION, Served, ServedCohort, reading_cohort
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import film_rankings
from ranking import results
from ranking.choices import coverage
from ranking.results import RankingEntry
from ranking.strategies import STRATEGIES

UNREAD = (
    "what some of these members have watched, or want to watch, was never read: of that, only their ratings "
    "are known"
)


@dataclass(frozen=True, slots=True)
class StoredRanking:
    """A ranking of a cohort; its computation is what `letterboxd rank compute` does."""

    strategy: str
    meaning: str
    films: int
    computed_at: datetime
    parameters: dict[str, float]


@dataclass(frozen=True, slots=True)
class StoredRankings:
    cohort: str
    rankings: list[StoredRanking]


@dataclass(frozen=True, slots=True)
class RankingPage(PartOfList):
    """The films of a ranking that fit, best first; ``remarks`` say what is not known."""

    cohort: str
    strategy: str
    films: list[RankingEntry]
    remarks: list[str]
    attribution: str = ATTRIBUTION


def routes(serving: Served) -> APIRouter:
    """Return the routes of rankings."""
    router = APIRouter(prefix="/api/v1/cohorts/{cohort}/rankings", tags=["rankings"])

    @router.get("", responses=documented(404))
    def list_rankings(cohort: Word) -> StoredRankings:
        """List the rankings that were computed."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return StoredRankings(circle.reference, stored_rankings(connection, circle.cohort))

    @router.get("/{strategy}", responses=documented(400, 404))
    def show_ranking(
        cohort: Word,
        strategy: Word,
        query: Annotated[RankingQuery, Query()],
        request: Request,
        response: Response,
    ) -> RankingPage:
        """Show a ranking, best films first; films keep their ranks, whichever are left out."""
        with reading_cohort(serving, cohort) as (connection, circle):
            refuse_unranked(connection, circle, strategy)
            page = ranking_page(connection, serving, circle, strategy, query)
        return linked(page, request, response)

    return router


def stored_rankings(connection: sa.Connection, cohort: Cohort) -> list[StoredRanking]:
    """Return the rankings that were computed, in the order of the strategies."""
    r = film_rankings.c
    counted = sa.select(r.strategy, sa.func.count().label("films"), sa.func.min(r.rank).label("best"))
    sizes = counted.where(r.cohort_id == cohort.id).group_by(r.strategy).subquery("sizes")
    first = sa.and_(r.cohort_id == cohort.id, r.strategy == sizes.c.strategy, r.rank == sizes.c.best)
    query = sa.select(r.strategy, sizes.c.films, r.computed_at, r.params)
    rows = {row.strategy: row for row in connection.execute(query.join_from(film_rankings, sizes, first))}
    return [
        StoredRanking(name, strategy.meaning, row.films, row.computed_at, row.params)
        for name, strategy in STRATEGIES.items()
        if (row := rows.get(name))
    ]


def refuse_unranked(connection: sa.Connection, circle: ServedCohort, strategy: str) -> None:
    """Raise UnknownName unless the cohort was ranked by this strategy."""
    r = film_rankings.c
    ranked = sa.select(r.film_id).where(r.cohort_id == circle.cohort.id, r.strategy == strategy)
    if connection.execute(ranked.limit(1)).first() is None:
        names = [ranking.strategy for ranking in stored_rankings(connection, circle.cohort)]
        there = f"there are {', '.join(names)}" if names else "there is none yet"
        raise UnknownName(f"no ranking {strategy!r} of cohort {circle.reference!r}: {there}")


def ranking_page(
    connection: sa.Connection, serving: Served, circle: ServedCohort, strategy: str, query: RankingQuery
) -> RankingPage:
    """Return the films of a ranking that fit, but for where the list goes on."""
    choices = choices_of(connection, circle, query)
    remarks: list[str] = []
    films = results.ranking(
        connection,
        circle.cohort,
        strategy,
        limit=query.limit,
        offset=query.offset,
        min_score=query.min_score,
        choices=choices,
        tell=remarks.append,
    )
    # They name members.
    remarks = remarks if circle.names_all else [UNREAD] * bool(remarks)
    if choices.wanted_by and (line := coverage.of_watchlists(connection, circle.cohort)):
        remarks.append(line)
    total = results.count(connection, circle.cohort, strategy, min_score=query.min_score, choices=choices)
    return RankingPage(
        total=total,
        limit=query.limit,
        offset=query.offset,
        next=None,
        prev=None,
        cohort=circle.reference,
        strategy=strategy,
        films=[film.entry(serving.base_url) for film in films],
        remarks=remarks,
    )
