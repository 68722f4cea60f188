"""Which films to recommend to a member of a cohort, or to several, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members.cohorts import Cohort, find_member_of
from letterboxd_scraper.store.schema import films, users
from letterboxd_scraper.words import counted
from ranking.choices.filters import EVERY_FILM, Choices, Tell, conditions, ignore
from ranking.facts import Facts
from ranking.marks import marks
from ranking.recommend.film_facts import read_facts
from ranking.recommend.group import RULES, VETO, Order, Places, average, proportional
from ranking.recommend.personal import CircleModel, Forecast
from ranking.strategies.base import MIN_VOTES, SITE
from ranking.strategies.circle_model import Truths
from ranking.strategies.circle_ratings import Floats
from ranking.strategies.fitted_circle import FittedCircle, fit_circle

DEFAULT_RULE = "average"
# Who has rated fewer films is told that little is known of their taste.
_FEW = 20
# So many films are picked one after the other; what follows stands by the mean.
_PICKED = 500
# No member's id. Without this member, films are counted from the ratings as they are now, to which the circle
# is fitted, too; the statistics may be older.
_NOBODY = 0


@dataclass(frozen=True)
class Wish:
    """What is asked for: by which rule, who has seen what, which films, and at least how many stars.

    ``veto``, in stars, acts by the average of several members; None stands for the usual one.
    """

    rule: str = DEFAULT_RULE
    veto: float | None = None
    seen_by_some: bool = False
    choices: Choices = EVERY_FILM
    min_score: float | None = None


@dataclass(frozen=True)
class OrderedFilms:
    """The films that fit a wish, best first; arrays have a row a film, in that order.

    ``value`` is what is expected of one member, or what the rule makes of several; ``low`` and ``high`` bound
    one member's rating. ``circle`` is what the circle says, the mean of what it says without each of them.
    ``expected`` has a column for each of the ``members`` (ids by name), ``parts`` also a layer for each of
    PARTS. ``watchers`` counts the circle's ratings. ``ratings`` is how many of each member's are behind it.
    """

    members: Mapping[str, int]
    ratings: Mapping[str, int]
    without: int | None
    film_ids: Places
    value: Floats
    low: Floats | None
    high: Floats | None
    circle: Floats
    expected: Floats
    parts: Floats
    watchers: Places

    def __len__(self) -> int:
        return len(self.film_ids)


def find_members(connection: sa.Connection, cohort: Cohort, names: Sequence[str]) -> dict[str, int]:
    """Return members' ids by their names as stored. Raises UnknownName, and InputError for one twice."""
    ids = [find_member_of(connection, cohort, name) for name in names]
    if len(set(ids)) < len(ids):
        raise InputError("a member is named twice")
    names_of = stored_names(connection, ids)
    return {names_of[user]: user for user in ids}


def stored_names(connection: sa.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return members' names on the site by their ids."""
    stored = sa.select(users.c.id, users.c.letterboxd_username).where(users.c.id.in_(ids))
    return {user: name for user, name in connection.execute(stored)}


def read_model(
    connection: sa.Connection, cohort: Cohort, at: datetime, without: int | None = None
) -> CircleModel:
    """Read a cohort's ratings but for those of a member (id), and what films are, and fit the model."""
    return model_of(connection, fit_circle(connection, _facts(cohort, at, without), {SITE: 1, MIN_VOTES: 1}))


def model_of(connection: sa.Connection, circle: FittedCircle) -> CircleModel:
    """Read what the films of a circle are; it was fitted with ``site``."""
    facts = read_facts(connection, circle.ratings.film_ids.tolist())
    return CircleModel(circle.ratings, circle.fit, facts)


def order_films(
    connection: sa.Connection,
    cohort: Cohort,
    model: CircleModel,
    members: Mapping[str, int],
    wish: Wish,
    at: datetime,
    tell: Tell = ignore,
) -> OrderedFilms:
    """Return the films that members of the cohort (ids by name) would like, best first.

    Films that one of them has watched or rated are left out, unless the wish says otherwise. Of equal films
    that comes first which more of the cohort want to see. ``tell`` gets lines for the user, which name
    members. Raises UnknownName.
    """
    choices, without = wish.choices, left_out(connection, cohort, wish)
    if wish.veto is not None and (len(members) == 1 or wish.rule != DEFAULT_RULE):
        tell(f"nothing came of the veto: it acts on several members, by the rule {DEFAULT_RULE}")
    if not wish.seen_by_some:
        seers = stored_names(connection, list(members.values())).values()
        choices = replace(choices, unseen_by=(*choices.unseen_by, *seers))
    wishes = _fitting(connection, cohort.id, without, choices, tell)
    fits = np.isin(model.ratings.film_ids, np.array([*wishes], np.int64))
    places = np.flatnonzero(fits & _has_watchers(model.ratings.by_film, choices))
    by_wish = [-wishes[film] for film in model.ratings.film_ids[places].tolist()]
    places = places[np.argsort(np.array(by_wish, np.int64), kind="stable")]
    positions = {user: place for place, user in enumerate(model.ratings.member_ids.tolist())}
    forecasts = [model.of(positions.get(user)).forecast() for user in members.values()]
    stars = np.column_stack([forecast.expected[places] for forecast in forecasts])
    order = _order(stars, [forecast.score[places] for forecast in forecasts], wish)
    if wish.min_score is not None:
        enough = order.values >= wish.min_score
        order = Order(order.places[enough], order.values[enough])
    return _ordered(model, dict(members), without, forecasts, order, places[order.places])


def left_out(connection: sa.Connection, cohort: Cohort, wish: Wish) -> int | None:
    """Return the id of the member without whose ratings films are recommended. Raises UnknownName."""
    name = wish.choices.without
    return None if name is None else find_member_of(connection, cohort, name)


def little_known(ratings: Mapping[str, int]) -> list[str]:
    """Say of whose taste little is known, of how many ratings of each member are known."""
    return [
        f"{name}'s taste is told by {counted(count, 'rating')} only: "
        "what is expected is mostly what the circle says"
        for name, count in ratings.items()
        if count < _FEW
    ]


def _facts(cohort: Cohort, at: datetime, without: int | None) -> Facts:
    return Facts(cohort.id, at, without=without or _NOBODY)


def _fitting(
    connection: sa.Connection, cohort_id: int, without: int | None, choices: Choices, tell: Tell
) -> dict[int, int]:
    """Return the films that fit the choices (ids), and of each how many of the cohort want to see it.

    How many rated a film is left to the model, which knows: the database would have to count all ratings.
    """
    choices = replace(choices, min_watchers=None, max_watchers=None)
    marked = marks(cohort_id, without=without)
    query = sa.select(films.c.id, sa.func.coalesce(marked.c.wanted, 0))
    query = query.outerjoin(marked, marked.c.film_id == films.c.id)
    query = query.where(conditions(connection, cohort_id, choices, sa.literal(0), tell))
    return {film: count for film, count in connection.execute(query)}


def _has_watchers(watchers: Places, choices: Choices) -> Truths:
    least, most = choices.min_watchers or 0, choices.max_watchers
    return (watchers >= least) & (watchers <= (watchers if most is None else most))


def _order(stars: Floats, scores: Sequence[Floats], wish: Wish) -> Order:
    if stars.shape[1] == 1:
        # Beyond five stars, too, one film is better than another.
        places = np.argsort(-scores[0].round(10), kind="stable")
        return Order(places, stars[places, 0])
    if wish.rule == DEFAULT_RULE:
        return average(stars, VETO if wish.veto is None else wish.veto)
    if wish.rule != "proportional":
        return RULES[wish.rule](stars)
    picked = proportional(stars, _PICKED)
    by_mean = average(stars, veto=0.0)
    rest = ~np.isin(by_mean.places, picked.places)
    return Order(
        np.append(picked.places, by_mean.places[rest]), np.append(picked.values, by_mean.values[rest])
    )


def _ordered(
    model: CircleModel,
    members: Mapping[str, int],
    without: int | None,
    forecasts: Sequence[Forecast],
    order: Order,
    films: Places,
) -> OrderedFilms:
    first, *others = forecasts
    return OrderedFilms(
        members=members,
        ratings={name: forecast.ratings for name, forecast in zip(members, forecasts, strict=True)},
        without=without,
        film_ids=model.ratings.film_ids[films].astype(np.int64),
        value=order.values,
        low=None if others else first.low[films],
        high=None if others else first.high[films],
        circle=np.mean([forecast.circle[films] for forecast in forecasts], axis=0),
        expected=np.column_stack([forecast.expected[films] for forecast in forecasts]),
        parts=np.stack([forecast.parts[films] for forecast in forecasts], axis=1),
        watchers=model.ratings.by_film[films],
    )
