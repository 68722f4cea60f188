"""What is new in a circle: as a page, for programs, and as an Atom feed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.server.kept import Kept
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import Word
from letterboxd_scraper.server.recommendations import Recommender
from letterboxd_scraper.server.sending import own_origin
from letterboxd_scraper.server.served import ATTRIBUTION, Served, ServedCohort, reading_cohort, user_names
from letterboxd_scraper.server.state import CohortKey, key_of, state_of
from ranking.news import words
from ranking.news.atom import MEDIA_TYPE, as_atom
from ranking.news.model import News, Reader
from ranking.news.read import read, read_days
from ranking.news.reader import reader
from ranking.news.since import read_since
from ranking.news.telling import Telling
from ranking.news.words import Part

# For so long a day is told by the feed.
_FEED = timedelta(days=30)
_KEPT = 8


class NewsQuery(BaseModel):
    """Since when, and for whom."""

    model_config = ConfigDict(extra="forbid")

    since: Word = Field("7d", description="7d, 24h, 2w, or a day as 2026-01-31, in UTC.")
    member: Word | None = Field(
        None, description="For whom: what they would like comes first, and their watchlist is looked at."
    )
    strategy: Word = Field(DEFAULT_STRATEGY, description="Whose ranks are compared.")


class FeedQuery(BaseModel):
    """What a feed is of."""

    model_config = ConfigDict(extra="forbid")

    strategy: Word = Field(DEFAULT_STRATEGY, description="Whose ranks are compared.")


class AtomResponse(Response):
    """An Atom feed."""

    media_type = MEDIA_TYPE


@dataclass(frozen=True, slots=True)
class NewsAnswer:
    """What is new; ``parts`` and ``members`` say the same in words, ``nothing_new`` that it is nothing."""

    cohort: str
    news: News
    parts: list[Part]
    members: list[str]
    nothing_new: str | None
    attribution: str = ATTRIBUTION


def routes(serving: Served, recommender: Recommender) -> APIRouter:
    """Return the routes of news."""
    router = APIRouter(tags=["news"])
    days = _Days(serving)

    @router.get("/api/v1/cohorts/{cohort}/news", responses=documented(400, 404))
    def show_news(cohort: Word, query: Annotated[NewsQuery, Query()]) -> NewsAnswer:
        """Tell what is new in a cohort, as `letterboxd news` does."""
        at = serving.now
        since = read_since(query.since, at)
        with reading_cohort(serving, cohort) as (connection, circle):
            someone = _reader(connection, recommender, circle, query.member, at)
            telling = replace(_telling(connection, serving, circle), reader=someone)
            told = read(telling, since, at, strategy=query.strategy)
        nothing = words.nothing_new(told) if told.is_empty else None
        return NewsAnswer(circle.reference, told, words.parts(told), words.members_in_words(told), nothing)

    @router.get("/cohorts/{cohort}/news.atom", response_class=AtomResponse, responses=documented(400, 404))
    def news_feed(cohort: Word, query: Annotated[FeedQuery, Query()], request: Request) -> Response:
        """Tell what is new in a cohort, day by day, to readers of feeds."""
        origin = serving.public_url or own_origin(request)
        with reading_cohort(serving, cohort) as (connection, circle):
            told = days.of(connection, circle, query.strategy)
        host = urlsplit(serving.public_url).hostname or "localhost"
        tag = f"tag:{host},2026:cohorts/{circle.cohort.id}/news/{quote(query.strategy, safe='')}"
        return AtomResponse(_feed(told, circle, tag, f"{origin}/cohorts/{quote(circle.reference, safe='')}"))

    return router


def _feed(days: Sequence[News], circle: ServedCohort, tag: str, address: str) -> str:
    """Return the feed of a circle at an address; its ``tag`` (RFC 4151) stays, wherever the server moves."""
    path = f"{address}/news"
    return as_atom(
        days,
        circle=circle.label,
        name=tag,
        address=f"{path}.atom",
        page=lambda day: f"{path}?since={_just_after(day)}",
        at=circle.cohort.updated_at,
    )


class _Days:
    """The days of the feeds, read when a feed is asked for and the data have changed."""

    def __init__(self, serving: Served) -> None:
        self._serving = serving
        self._days: Kept[tuple[CohortKey, bool, str], list[News]] = Kept(_KEPT)

    def of(self, connection: sa.Connection, circle: ServedCohort, strategy: str) -> list[News]:
        """Return what was new on each day, the newest first."""
        return self._days.get(
            (key_of(connection, circle), circle.names, strategy),
            lambda: f"{self._serving.now.date()} {state_of(connection, circle)}",
            lambda: read_days(
                _telling(connection, self._serving, circle), self._serving.now - _FEED, strategy
            ),
        )


def _telling(connection: sa.Connection, serving: Served, circle: ServedCohort) -> Telling:
    return Telling(connection, circle.cohort, serving.base_url, circle.naming, circle.names)


def _reader(
    connection: sa.Connection,
    recommender: Recommender,
    circle: ServedCohort,
    reference: str | None,
    at: datetime,
) -> Reader | None:
    if reference is None:
        return None
    (name,) = user_names(connection, circle, [reference])
    model = recommender.model(connection, circle)
    someone = reader(connection, circle.cohort, name, at, model)
    return replace(someone, name=circle.called[someone.user])


def _just_after(day: News) -> str:
    """Return a moment from which on a day is told: a second after the ranking it is compared with."""
    return f"{day.compared_with + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
