"""Lists of films for other programs, such as Radarr: none at all rather than one that is not sure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response
from pydantic import Field

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import ListUnsure
from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import FilmQuery, Word, choices_of
from letterboxd_scraper.server.recommendations import Recommender, WishQuery, members_of, wish_of
from letterboxd_scraper.server.served import Served, ServedCohort, reading_cohort
from letterboxd_scraper.store.names import unknown
from ranking import results
from ranking.exports.doubts import (
    LONGEST_MAX_AGE,
    USUAL_MAX_AGE,
    USUAL_WANTED_BY,
    Trust,
    refuse_unread_watchlists,
    refuse_unsure,
)
from ranking.exports.movies import MOST, USUAL_LIMIT, Movie, MovieList, movies_of
from ranking.strategies import STRATEGIES


class _Length(FilmQuery):
    limit: Annotated[int, Field(ge=1, le=MOST)] = Field(USUAL_LIMIT, description="How many at most.")
    max_age: Annotated[float, Field(gt=0, le=LONGEST_MAX_AGE)] = Field(
        USUAL_MAX_AGE, description="No list where the circle was read, or ranked, longer ago: in days."
    )


class TopQuery(_Length):
    """Which of a ranking's films are on the list."""

    strategy: Word = Field(DEFAULT_STRATEGY, description="The ranking whose best films these are.")


class WantedQuery(TopQuery):
    """Which films are on the list, and by which ranking those that as many want are ordered."""

    wanted_by: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)] = Field(
        USUAL_WANTED_BY, description="On the watchlists of so many of the cohort's members at least."
    )


class RecommendQuery(WishQuery, _Length):
    """Which films are on the list, and for whom."""


@dataclass(frozen=True, slots=True)
class ListOfMovies:
    """A list: how many ``movies`` are on it if nothing is chosen, or ``why_not``, where there is none now.

    ``series``, and ``unnumbered`` films of which no number at TMDB is known, were passed over. These are null
    where it depends on the member whom the list is for.
    """

    address: str
    meaning: str
    movies: int | None
    series: int | None
    unnumbered: int | None
    why_not: str | None


@dataclass(frozen=True, slots=True)
class ListsOfMovies:
    """All lists that there are of a cohort."""

    cohort: str
    lists: list[ListOfMovies]


def routes(serving: Served, recommender: Recommender) -> APIRouter:
    """Return the routes of lists for other programs."""
    router = APIRouter(prefix="/api/v1/cohorts/{cohort}/lists", tags=["lists"])

    @router.get("", responses=documented(404))
    def show_lists(cohort: Word) -> ListsOfMovies:
        """Say which lists for other programs there are, and why not, where there is none."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return ListsOfMovies(circle.reference, _lists(connection, serving, circle))

    @router.get("/top", responses=documented(400, 404, 503))
    def list_top_movies(cohort: Word, query: Annotated[TopQuery, Query()], response: Response) -> list[Movie]:
        """List a ranking's best films, for Radarr and others; 503 rather than a list that is not sure."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return _counted(response, _top(connection, serving, circle, query))

    @router.get("/wanted", responses=documented(400, 404, 503))
    def list_wanted_movies(
        cohort: Word, query: Annotated[WantedQuery, Query()], response: Response
    ) -> list[Movie]:
        """List what several want to see, what most want first; 503 rather than a list that is not sure."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return _counted(response, _wanted(connection, serving, circle, query))

    @router.get("/recommend", responses=documented(400, 404, 503))
    def list_recommended_movies(
        cohort: Word, query: Annotated[RecommendQuery, Query()], response: Response
    ) -> list[Movie]:
        """List what a member, or several, would like; 503 rather than a list that is not sure."""
        with reading_cohort(serving, cohort) as (connection, circle):
            members = members_of(connection, circle, query.member)
            wish = wish_of(connection, circle, query)
            refuse_unsure(connection, circle.cohort, None, _trust(serving, query))
            ordered = recommender.films(connection, circle, members, wish).ordered
            return _counted(response, movies_of(connection, ordered.film_ids.tolist(), query.limit))

    return router


def _top(connection: sa.Connection, serving: Served, circle: ServedCohort, query: TopQuery) -> MovieList:
    strategy = _strategy(query.strategy)
    choices = choices_of(connection, circle, query)
    refuse_unsure(connection, circle.cohort, strategy, _trust(serving, query))
    ids = results.film_ids(connection, circle.cohort, strategy, min_score=query.min_score, choices=choices)
    return movies_of(connection, ids, query.limit)


def _wanted(
    connection: sa.Connection, serving: Served, circle: ServedCohort, query: WantedQuery
) -> MovieList:
    strategy = _strategy(query.strategy)
    choices = choices_of(connection, circle, query)
    refuse_unsure(connection, circle.cohort, strategy, _trust(serving, query))
    refuse_unread_watchlists(connection, circle.cohort, query.wanted_by)
    ids = results.wanted_film_ids(
        connection,
        circle.cohort,
        strategy,
        query.wanted_by,
        serving.now,
        min_score=query.min_score,
        choices=choices,
    )
    return movies_of(connection, ids, query.limit)


def _strategy(name: str) -> str:
    if name not in STRATEGIES:
        raise unknown("strategy", name, STRATEGIES)
    return name


def _trust(serving: Served, query: _Length) -> Trust:
    return Trust(serving.now, query.max_age, serving.settings.silence)


def _counted(response: Response, movies: MovieList) -> list[Movie]:
    """Return the films; a header says what was passed over."""
    response.headers["X-Passed-Over"] = f"series={movies.series}, unnumbered={movies.unnumbered}"
    return movies.movies


def _lists(connection: sa.Connection, serving: Served, circle: ServedCohort) -> list[ListOfMovies]:
    def only_sure() -> None:
        refuse_unsure(connection, circle.cohort, None, Trust(serving.now, USUAL_MAX_AGE, silence))

    silence = serving.settings.silence
    several = f"what {USUAL_WANTED_BY} members or more want to see, what most want first"
    made: dict[str, tuple[str, Callable[[], MovieList | None]]] = {
        "top.json": ("the best films of a ranking", lambda: _top(connection, serving, circle, TopQuery())),
        "wanted.json": (several, lambda: _wanted(connection, serving, circle, WantedQuery())),
        "recommend.json?member=": ("what a member would like, or several together", only_sure),
    }
    base = f"/cohorts/{quote(circle.reference, safe='')}/lists"
    return [_described(f"{base}/{name}", meaning, make) for name, (meaning, make) in made.items()]


def _described(address: str, meaning: str, make: Callable[[], MovieList | None]) -> ListOfMovies:
    try:
        movies = make()
    except ListUnsure as why:
        return ListOfMovies(address, meaning, None, None, None, why_not=str(why))
    if movies is None:
        return ListOfMovies(address, meaning, None, None, None, why_not=None)
    return ListOfMovies(address, meaning, len(movies.movies), movies.series, movies.unnumbered, why_not=None)
