"""How well each strategy predicts ratings that were hidden from it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import cohort_film_stats, films
from ranking.evaluation.data import Hidden, Source, kept_and_hidden
from ranking.evaluation.measures import DIGITS, MEASURES, Figure, by_member, coverage
from ranking.evaluation.questions import HiddenFilms, apart, voice
from ranking.facts import Facts
from ranking.strategies import DEFAULT_STRATEGY, STRATEGIES
from ranking.strategies.base import Fitted, FittedStrategy, Parameters, Strategy
from ranking.strategies.circle_ratings import Floats

MEAN = "mean"
SITE = "letterboxd"
_LISTED = ("film_id", "score", "votes")
Scores = dict[int, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """One ranking's figures; ``more`` are the differences to the plain mean, member by member.

    ``voice`` is how its scores go with what the circle's hidden ratings say of films, ``apart`` how far above
    Letterboxd's averages those of its first films are, in stars, and ``stars`` what these are on the mean.
    ``scored`` is the share of the hidden ratings whose film it scores. ``inside`` is the share of films
    whose hidden ratings lie in the 90 % interval, where the strategy has one. A ranking that could not be
    made has a ``remark`` instead.
    """

    strategy: str
    parameters: Parameters | None = None
    scored: float | None = None
    figures: dict[str, Figure] = field(default_factory=dict)
    more: dict[str, Figure] = field(default_factory=dict)
    inside: Figure | None = None
    voice: Figure | None = None
    apart: Figure | None = None
    stars: Figure | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rankings on the same hidden ratings.

    ``hidden`` counts those that were judged; ``left_out`` those of films that nobody else rated among
    what was kept: no ranking of these ratings has such a film.
    """

    seed: int
    hide: float
    members: int
    kept: int
    hidden: int
    left_out: int
    rankings: list[Judged]


@dataclass(frozen=True, slots=True)
class _Scored:
    """A ranking's scores by film, the films that it lists, best first, and those inside its intervals."""

    scores: Scores
    listed: Sequence[int]
    inside: Figure | None = None


@dataclass(frozen=True, slots=True)
class _Judges:
    """What rankings are judged by: ``against`` are the plain mean's figures, ``site`` the averages."""

    hidden: Hidden
    films: HiddenFilms
    against: Mapping[str, Floats]
    site: Scores


def evaluate(
    source: Source, hide: float, seed: int, at: datetime, names: Collection[str] = tuple(STRATEGIES)
) -> Evaluation:
    """Hide a share of each member's ratings, rank by the others and judge the strategies of these names.

    The strategies run as they are, on a store of its own, with the parameters of the cohort's
    definition. Beside them stand the plain mean and, where it is known, Letterboxd's average. Raises
    InputError if there is nothing to judge.
    """
    with (
        kept_and_hidden(source, hide, seed, at) as (engine, every),
        read_transaction(engine) as connection,
    ):
        s = cohort_film_stats.c
        kept = {film: votes for film, votes in connection.execute(sa.select(s.film_id, s.watchers))}
        hidden = every.of_films(kept)
        mean = _plain_mean(connection, at)
        against = (
            {name: by_member(hidden, mean, measure) for name, measure in MEASURES.items()} if mean else {}
        )
        if not against or np.isnan(against["pairs"]).all():
            raise InputError(
                "nothing to judge: hide more, or take a cohort of which several members rated the same films"
            )
        facts = Facts(1, at)
        fits = _fits(connection, facts, names, source)
        site = _site_averages(connection, kept)
        judges = _Judges(hidden, HiddenFilms.of(hidden, _habits(fits)), against, site)
        rankings = [_judge(MEAN, None, _Scored(mean, _best_first(mean, kept)), judges, in_stars=True)]
        if site:
            rankings.append(_judge(SITE, None, _Scored(site, _best_first(site, kept)), judges, in_stars=True))
        for strategy in map(STRATEGIES.__getitem__, names):
            parameters = strategy.complete(connection, facts, strategy.settle(source.parameters))
            fitted = fits.get(strategy.name)
            scored = _of_fit(fitted, hidden) if fitted else _of_query(connection, facts, strategy, parameters)
            if scored.scores:
                rankings.append(_judge(strategy.name, parameters, scored, judges, in_stars=strategy.in_stars))
            else:
                rankings.append(Judged(strategy.name, parameters, remark=strategy.why_empty))
    left_out = len(every.member) - len(hidden.member)
    members = len(np.unique(hidden.member))
    return Evaluation(seed, hide, members, sum(kept.values()), len(hidden.member), left_out, rankings)


def _habits(fits: Mapping[str, Fitted]) -> dict[int, float]:
    """Return by how many stars each member usually gives more than others, as fitted to what was kept."""
    return {
        member: float(terms["habit"])
        for fitted in fits.values()
        for member, terms in fitted.members().items()
    }


def _plain_mean(connection: sa.Connection, at: datetime) -> Scores:
    strategy = STRATEGIES["bayesian"]
    rows = connection.execute(strategy.query(connection, Facts(1, at), strategy.settle({"m": 0}))).mappings()
    return {row["film_id"]: row["score"] for row in rows}


def _site_averages(connection: sa.Connection, kept: Mapping[int, int]) -> Scores:
    query = sa.select(films.c.id, films.c.letterboxd_weighted_average)
    rows = connection.execute(query.where(films.c.letterboxd_weighted_average.is_not(None)))
    return {film: float(average) for film, average in rows if film in kept}


def _fits(
    connection: sa.Connection, facts: Facts, names: Collection[str], source: Source
) -> dict[str, Fitted]:
    """Return by name the fitted strategies; the default is one, named or not: it tells habits."""
    fits = {}
    for name in dict.fromkeys([*names, DEFAULT_STRATEGY]):
        strategy = STRATEGIES[name]
        if isinstance(strategy, FittedStrategy):
            parameters = strategy.complete(connection, facts, strategy.settle(source.parameters))
            fits[name] = strategy.fit(connection, facts, parameters)
    return fits


def _of_fit(fitted: Fitted, hidden: Hidden) -> _Scored:
    # Of all films, those with few ratings too: they are foretold, although no list shows them.
    estimates, columns = fitted.estimates(), fitted.columns()
    raters = {member: (terms["habit"], terms["noise"]) for member, terms in fitted.members().items()}
    inside = coverage(hidden, estimates, raters) if estimates else np.zeros(0)
    rows: list[tuple[Any, ...]] = list(zip(*(columns[name] for name in _LISTED), strict=True))
    listed = {film: score for film, score, _ in rows}
    votes = {film: count for film, _, count in rows}
    scores = {film: score for film, (score, _) in estimates.items()}
    return _Scored(scores, _best_first(listed, votes), Figure.of(inside))


def _of_query(connection: sa.Connection, facts: Facts, strategy: Strategy, parameters: Parameters) -> _Scored:
    rows = connection.execute(strategy.query(connection, facts, parameters)).mappings().all()
    scores = {row["film_id"]: row["score"] for row in rows}
    return _Scored(scores, _best_first(scores, {row["film_id"]: row["votes"] for row in rows}))


def _best_first(scores: Scores, votes: Mapping[int, int]) -> list[int]:
    """Return the films in the order of a ranking: by score, then more votes; films are numbered in order."""
    return sorted(scores, key=lambda film: (-round(scores[film], DIGITS), -votes[film], film))


def _judge(
    name: str,
    parameters: Parameters | None,
    scored: _Scored,
    judges: _Judges,
    *,
    in_stars: bool,
) -> Judged:
    figures, more = {}, {}
    for measure, of in MEASURES.items():
        if measure == "rmse" and not in_stars:
            continue
        own = by_member(judges.hidden, scored.scores, of)
        figures[measure] = Figure.of(own)
        more[measure] = Figure.of(own - judges.against[measure])
    above, stars = apart(judges.films, scored.listed, judges.site)
    return Judged(
        name,
        parameters,
        scored=float(np.isin(judges.hidden.film, np.fromiter(scored.scores, np.int64)).mean()),
        figures=figures,
        more=more,
        inside=scored.inside,
        voice=voice(judges.films, scored.scores),
        apart=above,
        stars=stars,
    )
