"""Stored rankings: the choices of `letterboxd rank show`, page by page."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.server import models, served
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.served import Served, Shown
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import film_rankings, films
from letterboxd_scraper.terminal.options import MOST
from ranking.choices.filters import Choices, conditions, read_decade, read_years
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES

_UNREAD = (
    "what some of these members have watched was never read, only their ratings: what they have seen and not "
    "rated is shown, too"
)


def routes(serving: Served) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cohorts/{cohort}/rankings", tags=["rankings"])

    @router.get("", responses=documented(404))
    def list_rankings(cohort: models.Word) -> models.StoredRankings:
        """List the rankings that were computed."""
        with read_transaction(serving.engine) as connection:
            shown = served.find(connection, serving, cohort)
            found = stored_rankings(connection, shown.cohort)
        return models.StoredRankings(cohort=shown.reference, rankings=found)

    @router.get("/{strategy}", responses=documented(400, 404))
    def show_ranking(
        cohort: models.Word, strategy: models.Word, chosen: Annotated[models.FilmChoices, Query()]
    ) -> models.Ranking:
        """Show a ranking, best films first; films keep their ranks, whichever are left out."""
        with read_transaction(serving.engine) as connection:
            shown = served.find(connection, serving, cohort)
            refuse_unranked(connection, shown, strategy)
            return _ranking(connection, serving, shown, strategy, chosen)

    return router


def stored_rankings(connection: sa.Connection, cohort: Cohort) -> list[models.StoredRanking]:
    """Return the rankings that were computed, in the order of the strategies."""
    r = film_rankings.c
    counted = sa.select(r.strategy, sa.func.count().label("films"), sa.func.min(r.rank).label("best"))
    of_each = counted.where(r.cohort_id == cohort.id).group_by(r.strategy).subquery("counted")
    first = sa.and_(r.cohort_id == cohort.id, r.strategy == of_each.c.strategy, r.rank == of_each.c.best)
    query = sa.select(r.strategy, of_each.c.films, r.computed_at, r.params).join_from(
        film_rankings, of_each, first
    )
    found = {row.strategy: row for row in connection.execute(query)}
    return [
        models.StoredRanking(
            strategy=name,
            meaning=strategy.meaning,
            films=found[name].films,
            computed_at=found[name].computed_at,
            parameters=found[name].params,
        )
        for name, strategy in STRATEGIES.items()
        if name in found
    ]


def refuse_unranked(connection: sa.Connection, shown: Shown, strategy: str) -> None:
    """Raise UnknownName unless the cohort was ranked by this strategy."""
    r = film_rankings.c
    there = sa.select(r.film_id).where(r.cohort_id == shown.cohort.id, r.strategy == strategy)
    if connection.execute(there.limit(1)).first() is None:
        found = [each.strategy for each in stored_rankings(connection, shown.cohort)]
        known = f"there are {', '.join(found)}" if found else "there is none yet"
        raise UnknownName(f"no ranking {strategy!r} of cohort {shown.reference!r}: {known}")


def _ranking(
    connection: sa.Connection, serving: Served, shown: Shown, strategy: str, chosen: models.FilmChoices
) -> models.Ranking:
    choices = _choices(connection, serving, shown, chosen)
    remarks: list[str] = []
    upto = chosen.offset + chosen.limit
    found = ranking(
        connection,
        shown.cohort,
        strategy,
        limit=min(upto, MOST),
        min_score=chosen.min_score,
        choices=choices,
        tell=remarks.append,
    )
    return models.Ranking(
        cohort=shown.reference,
        strategy=strategy,
        films=[_film(film, serving.base_url) for film in found[chosen.offset :]],
        remarks=remarks if serving.names else [_UNREAD] * bool(remarks),
        total=_count(connection, shown.cohort, strategy, choices, chosen.min_score),
        limit=chosen.limit,
        offset=chosen.offset,
    )


def _choices(connection: sa.Connection, serving: Served, shown: Shown, chosen: models.FilmChoices) -> Choices:
    return Choices(
        years=tuple(map(read_years, chosen.year)),
        decades=tuple(map(read_decade, chosen.decade)),
        genres=tuple(chosen.genre),
        directors=tuple(chosen.director),
        countries=tuple(chosen.country),
        media_type=chosen.media_type,
        min_watchers=chosen.min_watchers,
        max_watchers=chosen.max_watchers,
        unseen_by=served.user_names(connection, serving, shown, chosen.unseen_by),
        rated_by=served.user_names(connection, serving, shown, chosen.rated_by),
    )


def _count(
    connection: sa.Connection, cohort: Cohort, strategy: str, choices: Choices, min_score: float | None
) -> int:
    """Return how many films of the ranking fit."""
    r = film_rankings.c
    watchers: sa.ColumnElement[Any] = sa.func.coalesce(stats.c.watchers, 0)
    query = (
        sa.select(sa.func.count())
        .select_from(film_rankings)
        .join(films, films.c.id == r.film_id)
        .outerjoin(stats, (stats.c.cohort_id == r.cohort_id) & (stats.c.film_id == r.film_id))
        .where(r.cohort_id == cohort.id, r.strategy == strategy, conditions(connection, choices, watchers))
    )
    if min_score is not None:
        query = query.where(r.score >= min_score)
    return connection.scalar(query) or 0


def _film(film: RankedFilm, base_url: str) -> models.RankedFilm:
    fields = {name: getattr(film, name) for name in models.RankedFilm.model_fields if name != "link"}
    return models.RankedFilm(**fields, link=film.link(base_url))
