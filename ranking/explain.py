"""`rank explain`: where a film's scores come from. It names members: for the terminal, not for sharing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, film_rankings, films, ratings, users
from ranking.facts import Facts
from ranking.film_lists import match, reference
from ranking.names import unknown
from ranking.strategies import STRATEGIES
from ranking.strategies.base import MIN_VOTES, Strategy

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]

# A recomputed score that differs by more is another one.
_EQUAL = 1e-9
# Nobody's id. Without nobody, the facts are counted from the ratings as they are now, as those that
# are shown beside them; the statistics may be older.
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one member thinks of the film: ``stars``, or None for a like or a favourite without a rating.

    ``own_mean`` is the mean of all that the member has rated, ``difference`` what ``stars`` are above it.
    """

    member: str
    stars: float | None
    own_mean: float | None
    difference: float | None
    liked: bool
    favorite: bool
    rated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the film stands in one strategy.

    ``rank``, ``films`` (how many are ranked), ``score``, ``parameters`` and ``computed_at`` are those
    stored. ``numbers`` are what the score is made of by the ratings as they are now, and that score.
    ``remark`` says why the film is not ranked, or that its stored score is out of date.
    """

    strategy: str
    formula: str
    rank: int | None = None
    films: int = 0
    score: float | None = None
    parameters: dict[str, Any] | None = None
    computed_at: datetime | None = None
    numbers: dict[str, float | None] | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All about one film in one cohort."""

    cohort: str
    slug: str | None
    title: str
    year: int | None
    opinions: list[Opinion]
    standings: list[Standing]

    def tables(self) -> list[Table]:
        """Return the film, its opinions, its standings and their numbers as tables (columns, rows)."""
        rated = [opinion.stars for opinion in self.opinions if opinion.stars is not None]
        mean = sum(rated) / len(rated) if rated else None
        film = (self.title, self.year, self.slug, len(rated), mean, sum(o.liked for o in self.opinions))
        opinions = [
            (o.member, o.stars, o.own_mean, o.difference, _day(o.rated_at), _marks(o)) for o in self.opinions
        ]
        standings = [
            (s.strategy, s.rank, s.films or None, s.score, _listed(s.parameters), s.remark)
            for s in self.standings
        ]
        numbers = [
            (standing.strategy, name, value)
            for standing in self.standings
            for name, value in (standing.numbers or {}).items()
        ]
        return [
            (("film", "year", "slug", "ratings", "mean", "likes"), [film]),
            (("member", "stars", "own mean", "difference", "rated", "besides"), opinions),
            (("strategy", "rank", "of", "score", "parameters", "remark"), standings),
            (("strategy", "number", "value"), numbers),
        ]


def explain(connection: sa.Connection, cohort: Cohort, film: str) -> Explanation:
    """Return where the scores of a film come from, which is named by its slug or address.

    Raises UnknownName, with slugs of the cohort's films that are spelt alike.
    """
    found = _find(connection, cohort, film)
    opinions = _opinions(connection, cohort, found.id)
    votes = sum(opinion.stars is not None for opinion in opinions)
    standings = [_standing(connection, cohort, strategy, found.id, votes) for strategy in STRATEGIES.values()]
    return Explanation(cohort.label, found.slug, found.title, found.release_year, opinions, standings)


def _find(connection: sa.Connection, cohort: Cohort, text: str) -> Any:
    """Return the film's row (id, slug, title, release_year). Raises UnknownName."""
    wanted = reference(text)
    (film,) = match(connection, [wanted])
    if film is None:
        rated = sa.select(ratings.c.film_id).join(
            cohort_members, cohort_members.c.user_id == ratings.c.user_id
        )
        of_cohort = films.c.id.in_(rated.where(cohort_members.c.cohort_id == cohort.id))
        slugs = connection.scalars(sa.select(films.c.slug).where(of_cohort, films.c.slug.is_not(None)))
        raise unknown("film", wanted.slug or text, slugs.all())
    row = sa.select(films.c.id, films.c.slug, films.c.title, films.c.release_year)
    return connection.execute(row.where(films.c.id == film)).one()


def _opinions(connection: sa.Connection, cohort: Cohort, film: int) -> list[Opinion]:
    """Return what the cohort's members think of the film, most stars first, likes without a rating last."""
    r = ratings.c
    here = sa.select(r.user_id).where(r.film_id == film)
    own = (
        sa.select(r.user_id, sa.func.avg(sa.cast(r.rating, sa.Double), type_=sa.Double).label("mean"))
        .where(r.user_id.in_(here))
        .group_by(r.user_id)
        .subquery("own")
    )
    query = (
        sa.select(users.c.letterboxd_username, r.rating, own.c.mean, r.liked, r.favorite, r.rated_at)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .join(ratings, r.user_id == users.c.id)
        .join(own, own.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id, r.film_id == film)
        .order_by(sa.func.coalesce(r.rating, 0).desc(), users.c.letterboxd_username)
    )
    return [
        Opinion(name, stars, mean, None if stars is None else stars - mean, liked, favorite, rated_at)
        for name, stars, mean, liked, favorite, rated_at in connection.execute(query)
    ]


def _standing(
    connection: sa.Connection, cohort: Cohort, strategy: Strategy, film: int, votes: int
) -> Standing:
    r = film_rankings.c
    here = sa.and_(r.cohort_id == cohort.id, r.strategy == strategy.name)
    made = connection.execute(sa.select(r.params, r.computed_at).where(here).limit(1)).first()
    again = f"`letterboxd rank compute --cohort {cohort.label} --strategy {strategy.name}`"
    if made is None:
        return Standing(strategy.name, strategy.source, remark=f"never computed: {again}")
    stored = connection.execute(sa.select(r.rank, r.score).where(here, r.film_id == film)).first()
    parameters = strategy.settle(made.params)
    numbers = _numbers(connection, Facts(cohort.id, made.computed_at, _NOBODY), strategy, parameters, film)
    score = stored.score if stored else None
    remark = None
    if score is None and numbers is None:
        remark = _why_not_ranked(strategy, parameters, votes)
    elif score is None or numbers is None or abs(score - (numbers["score"] or 0.0)) > _EQUAL:
        remark = f"ratings have changed since: {again}"
    return Standing(
        strategy.name,
        strategy.source,
        rank=stored.rank if stored else None,
        films=connection.scalar(sa.select(sa.func.count()).select_from(film_rankings).where(here)) or 0,
        score=score,
        parameters=made.params,
        computed_at=made.computed_at,
        numbers=numbers,
        remark=remark,
    )


def _numbers(
    connection: sa.Connection, facts: Facts, strategy: Strategy, parameters: dict[str, float], film: int
) -> dict[str, float | None] | None:
    """Return votes, score and the score's terms by name; None if the strategy does not score the film."""
    # The film is picked from the result: standard scores are over all films.
    scored = strategy.query(connection, facts, parameters).subquery("scored")
    row = connection.execute(sa.select(scored).where(scored.c.film_id == film)).first()
    return {name: value for name, value in row._mapping.items() if name != "film_id"} if row else None


def _why_not_ranked(strategy: Strategy, parameters: dict[str, float], votes: int) -> str:
    if not votes:
        return "nobody in the cohort has rated it"
    if votes < parameters[MIN_VOTES]:
        return f"it has {votes} of the {parameters[MIN_VOTES]} ratings that min_votes asks for"
    return strategy.why_empty


def _marks(opinion: Opinion) -> str:
    marks = {"likes it": opinion.liked, "a favourite": opinion.favorite}
    return ", ".join(mark for mark, holds in marks.items() if holds)


def _listed(parameters: dict[str, Any] | None) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in (parameters or {}).items())


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None
