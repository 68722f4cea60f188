"""Which films to recommend to a member of a cohort, or to several: what the command line shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.members.cohorts import Cohort, find_member_of
from letterboxd_scraper.store.schema import films, users
from letterboxd_scraper.words import counted
from ranking.choices.filters import EVERY_FILM, Choices, Tell, conditions, ignore
from ranking.facts import Facts
from ranking.recommend.film_facts import read_facts
from ranking.recommend.group import RULES, VETO, Order, average, proportional
from ranking.recommend.personal import PARTS, CircleModel, Forecast
from ranking.strategies.base import MIN_VOTES, SITE
from ranking.strategies.circle_ratings import Floats
from ranking.strategies.fitted_circle import FittedCircle, fit_circle

DEFAULT_RULE = "average"
# What a rule makes of several members' stars, less their mean.
BY_RULE = "rule"
# Who has rated fewer films is told that little is known of their taste.
_FEW = 20
_NOTHING = 1e-9
# No member's id. Without this member, films are counted from the ratings as they are now, to which the circle
# is fitted, too; the statistics may be older.
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """By how many ``stars`` a part of the model (one of PARTS, or BY_RULE) moves what is expected."""

    part: str
    stars: float


@dataclass(frozen=True, slots=True)
class Recommended:
    """A film, and what the ``members`` would give it, by name.

    Of one member ``expected`` is that, with the 90 % interval of a rating; of several the rule's value,
    without one. ``circle`` is what the circle says; with the ``reasons``, largest first, it adds up to
    ``expected``.
    """

    rank: int
    slug: str | None
    title: str
    year: int | None
    link: str
    expected: float
    low: float | None
    high: float | None
    circle: float
    letterboxd: float | None
    watchers: int
    reasons: list[Reason]
    members: dict[str, float]


@dataclass(frozen=True)
class Wish:
    """What is asked for: by which rule, who has seen what, and which films."""

    rule: str = DEFAULT_RULE
    veto: float = VETO
    seen_by_some: bool = False
    choices: Choices = EVERY_FILM


def recommend(
    connection: sa.Connection,
    cohort: Cohort,
    names: Sequence[str],
    wish: Wish,
    at: datetime,
    base_url: str,
    *,
    limit: int | None = None,
    tell: Tell = ignore,
) -> list[Recommended]:
    """Return the films that members of the cohort would like, best first.

    Films that one of them has watched or rated are left out, unless the wish says otherwise. ``tell`` gets
    lines for the user. Raises UnknownName, and InputError for a member named twice.
    """
    members = _members(connection, cohort, names)
    choices = wish.choices
    if not wish.seen_by_some:
        choices = replace(choices, unseen_by=(*choices.unseen_by, *members))
    without = choices.without and find_member_of(connection, cohort, choices.without)
    facts = Facts(cohort.id, at, without=without or _NOBODY)
    circle = fit_circle(connection, facts, {SITE: 1, MIN_VOTES: 1})
    rows = _films(connection, facts, choices, tell)
    forecasts = _forecasts(connection, circle, members)
    for name, forecast in forecasts.items():
        if forecast.ratings < _FEW:
            tell(
                f"{name}'s taste is told by {counted(forecast.ratings, 'rating')} only: "
                "what is expected is mostly what the circle says"
            )
    places = np.flatnonzero(np.isin(circle.ratings.film_ids, np.array([*rows], np.int64)))
    if not len(places):
        return []
    stars = np.column_stack([forecast.expected[places] for forecast in forecasts.values()])
    order = _order(stars, [forecast.score[places] for forecast in forecasts.values()], wish, limit)
    return [
        _recommended(
            rank, rows[int(circle.ratings.film_ids[place])], int(place), float(value), forecasts, base_url
        )
        for rank, (place, value) in enumerate(zip(places[order.places], order.values, strict=True), start=1)
    ][:limit]


def _members(connection: sa.Connection, cohort: Cohort, names: Sequence[str]) -> dict[str, int]:
    """Return members' ids by their names as stored."""
    ids = [find_member_of(connection, cohort, name) for name in names]
    if len(set(ids)) < len(ids):
        raise InputError("a member is named twice")
    stored = sa.select(users.c.id, users.c.letterboxd_username).where(users.c.id.in_(ids))
    name_of = {user: name for user, name in connection.execute(stored)}
    return {name_of[user]: user for user in ids}


def _films(connection: sa.Connection, facts: Facts, choices: Choices, tell: Tell) -> dict[int, Any]:
    """Return by id the rows of the films to choose from."""
    watchers = facts.films.c.votes
    columns = (films.c.id, films.c.slug, films.c.title, films.c.release_year, links.ADDRESS)
    query = sa.select(*columns, films.c.letterboxd_weighted_average, watchers)
    query = query.join(facts.films, facts.films.c.film_id == films.c.id)
    rows = connection.execute(query.where(conditions(connection, facts.cohort_id, choices, watchers, tell)))
    return {row.id: row for row in rows}


def _forecasts(
    connection: sa.Connection, circle: FittedCircle, members: Mapping[str, int]
) -> dict[str, Forecast]:
    facts = read_facts(connection, circle.ratings.film_ids.tolist())
    model = CircleModel(circle.ratings, circle.fit, facts)
    ids = circle.ratings.member_ids.tolist()
    return {
        name: model.of(ids.index(user) if user in ids else None).forecast() for name, user in members.items()
    }


def _order(stars: Floats, scores: Sequence[Floats], wish: Wish, limit: int | None) -> Order:
    if stars.shape[1] == 1:
        # Beyond five stars, too, one film is better than another.
        places = np.argsort(-scores[0].round(10), kind="stable")
        return Order(places, stars[places, 0])
    if wish.rule == DEFAULT_RULE:
        return average(stars, wish.veto)
    return proportional(stars, limit) if wish.rule == "proportional" else RULES[wish.rule](stars)


def _recommended(
    rank: int, row: Any, place: int, value: float, forecasts: Mapping[str, Forecast], base_url: str
) -> Recommended:
    each = list(forecasts.values())
    circle = float(np.mean([forecast.circle[place] for forecast in each]))
    parts = np.mean([forecast.parts[place] for forecast in each], axis=0).tolist()
    reasons = [Reason(part, stars) for part, stars in zip(PARTS, parts, strict=True)]
    reasons.append(Reason(BY_RULE, value - circle - sum(parts)))
    average = row.letterboxd_weighted_average
    return Recommended(
        rank=rank,
        slug=row.slug,
        title=row.title,
        year=row.release_year,
        link=links.link(row.address, base_url),
        expected=value,
        low=float(each[0].low[place]) if len(each) == 1 else None,
        high=float(each[0].high[place]) if len(each) == 1 else None,
        circle=circle,
        letterboxd=None if average is None else float(average),
        watchers=row.votes,
        reasons=sorted(
            (reason for reason in reasons if abs(reason.stars) > _NOTHING), key=lambda r: -abs(r.stars)
        ),
        members={name: float(forecast.expected[place]) for name, forecast in forecasts.items()},
    )
