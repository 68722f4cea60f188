"""What members of a cohort would like: the choices of `letterboxd recommend`, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from letterboxd_scraper.server.kept import Kept
from letterboxd_scraper.server.paging import PartOfList, linked
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import FilmQuery, Paging, Word, choices_of
from letterboxd_scraper.server.rankings import UNREAD
from letterboxd_scraper.server.served import ATTRIBUTION, Served, ServedCohort, reading_cohort, user_names
from letterboxd_scraper.server.state import CohortKey, key_of, state_of
from ranking.choices import coverage
from ranking.recommend.films import OrderedFilms, Wish, find_members, little_known, order_films, read_model
from ranking.recommend.personal import CircleModel
from ranking.recommend.recommended import Recommended, read_films

_MODELS, _LISTS = 4, 8
# What is asked for beside the films.
_OF_WISH = ("rule", "veto", "seen_by_some", "min_score")


class WishQuery(FilmQuery):
    """Whom films are recommended to, and which films: choices as of a ranking's films."""

    member: Annotated[list[Word], Field(min_length=1, max_length=10)] = Field(
        description="Whom for; several: for all of them together."
    )
    rule: Literal["average", "least-misery", "proportional", "multiplicative"] = Field(
        "average", description="How several members' stars become one."
    )
    veto: Annotated[float | None, Field(allow_inf_nan=False)] = Field(
        None, description="By the average: no film that one of them would give less; as a rule 2.5."
    )
    seen_by_some: bool = Field(False, description="Films that some of them have seen, too.")


class RecommendationQuery(WishQuery, Paging):
    """Which films are recommended to whom, and which part of the list of them."""


@dataclass(frozen=True, slots=True)
class RecommendationPage(PartOfList):
    """The films that fit, best first, for the ``members``; ``remarks`` say what is not known."""

    cohort: str
    members: list[str]
    rule: str
    films: list[Recommended]
    remarks: list[str]
    attribution: str = ATTRIBUTION


@dataclass(frozen=True)
class _Model:
    """A cohort's model, and the state of the data that it was made of."""

    model: CircleModel
    state: str


@dataclass(frozen=True)
class RecommendedList:
    """All films that fit a wish, best first, and what there is to say of them."""

    ordered: OrderedFilms
    remarks: Sequence[str]


class Recommender:
    """The models of cohorts and the lists of films that were made; parts of a list cost little."""

    def __init__(self, serving: Served) -> None:
        self._serving = serving
        self._models: Kept[CohortKey, _Model] = Kept(_MODELS)
        self._lists: Kept[tuple[CohortKey, tuple[tuple[str, int], ...], Wish], RecommendedList] = Kept(_LISTS)

    def films(
        self, connection: sa.Connection, circle: ServedCohort, members: Mapping[str, int], wish: Wish
    ) -> RecommendedList:
        """Return all films for these members (ids by how they are asked for), best first."""

        latest = self._model(connection, circle)
        # The model may be older than the data: then the list is made anew after it.
        return self._lists.get(
            (key_of(connection, circle), tuple(members.items()), wish),
            lambda: f"{latest.state} {state_of(connection, circle)}",
            lambda: self._order(connection, circle, latest.model, members, wish),
        )

    def model(self, connection: sa.Connection, circle: ServedCohort) -> CircleModel:
        """Return the model of a cohort; it may be older than the data."""
        return self._model(connection, circle).model

    def _model(self, connection: sa.Connection, circle: ServedCohort) -> _Model:
        def state() -> str:
            return state_of(connection, circle)

        return self._models.get(
            key_of(connection, circle),
            state,
            lambda: _Model(read_model(connection, circle.cohort, self._serving.now), state()),
        )

    def _order(
        self,
        connection: sa.Connection,
        circle: ServedCohort,
        model: CircleModel,
        members: Mapping[str, int],
        wish: Wish,
    ) -> RecommendedList:
        cohort, told = circle.cohort, list[str]()
        ordered = order_films(connection, cohort, model, members, wish, self._serving.now, told.append)
        # They name members.
        remarks = told if circle.names_all else [UNREAD] * bool(told)
        counts = {circle.called[members[name]]: count for name, count in ordered.ratings.items()}
        remarks = [*remarks, *little_known(counts)]
        if wish.choices.wanted_by and (line := coverage.of_watchlists(connection, cohort)):
            remarks.append(line)
        return RecommendedList(ordered, remarks)


def routes(serving: Served, recommender: Recommender) -> APIRouter:
    """Return the route of recommendations."""
    router = APIRouter(prefix="/api/v1/cohorts/{cohort}/recommendations", tags=["recommendations"])

    @router.get("", responses=documented(400, 404))
    def recommend(
        cohort: Word,
        query: Annotated[RecommendationQuery, Query()],
        request: Request,
        response: Response,
    ) -> RecommendationPage:
        """Recommend films to a member, or to several together, best films first."""
        with reading_cohort(serving, cohort) as (connection, circle):
            page = _page(connection, serving, recommender, circle, query)
        return linked(page, request, response)

    return router


def _page(
    connection: sa.Connection,
    serving: Served,
    recommender: Recommender,
    circle: ServedCohort,
    query: RecommendationQuery,
) -> RecommendationPage:
    members = members_of(connection, circle, query.member)
    listed = recommender.films(connection, circle, members, wish_of(connection, circle, query))
    return RecommendationPage(
        total=len(listed.ordered),
        limit=query.limit,
        offset=query.offset,
        next=None,
        prev=None,
        cohort=circle.reference,
        members=list(members),
        rule=query.rule,
        films=read_films(
            connection,
            circle.cohort,
            listed.ordered,
            serving.base_url,
            limit=query.limit,
            offset=query.offset,
            named=circle.called if circle.names else None,
        ),
        remarks=list(listed.remarks),
    )


def members_of(
    connection: sa.Connection,
    circle: ServedCohort,
    references: Sequence[str],
) -> dict[str, int]:
    """Return members' ids by how they are called in answers. Raises UnknownName, and InputError."""
    called = {user: reference for reference, user in circle.members.items()}
    names = [name for one in references for name in user_names(connection, circle, [one])]
    return {called[user]: user for user in find_members(connection, circle.cohort, names).values()}


def wish_of(connection: sa.Connection, circle: ServedCohort, query: WishQuery) -> Wish:
    """Return what a query asks for. Raises InputError, and UnknownName for a member."""
    choices = choices_of(connection, circle, query)
    return Wish(choices=choices, **query.model_dump(include=set(_OF_WISH)))
