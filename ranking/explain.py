"""Where a film's scores come from. It names members: for the terminal, not for sharing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.lookup import find_film
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, film_rankings, films, ratings, users
from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.marks import marks, marks_in_words
from ranking.strategies import STRATEGIES
from ranking.strategies.base import MIN_VOTES, FittedStrategy, Strategy, Terms

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]
Numbers = dict[str, float | None]

# A recomputed score that differs by more is another one.
_EQUAL = 1e-9
# No member's id. Without this member, facts are counted from the ratings as they are now, like the opinions
# beside them; the statistics may be older.
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
class Voice:
    """What a fitted strategy makes of a member's rating.

    ``habit``: by how many stars the member rates above others; ``without_habit``: the rating less that;
    ``weight``: how many usual ratings it is worth, more than one if the member's are easy to foretell.
    """

    member: str
    habit: float
    without_habit: float
    weight: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How the film stands in one strategy.

    ``rank``, ``films`` (how many are ranked), ``score``, ``parameters`` and ``computed_at`` are those
    stored. ``numbers`` are what the score is made of by the ratings as they are now, and that score;
    ``voices`` what a fitted strategy makes of each rating. ``because`` is these numbers as a sentence.
    ``remark`` says why the film is not ranked, or that its stored score is out of date.
    """

    strategy: str
    formula: str
    rank: int | None = None
    films: int = 0
    score: float | None = None
    parameters: dict[str, Any] | None = None
    computed_at: datetime | None = None
    numbers: Numbers | None = None
    voices: list[Voice] | None = None
    because: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All about one film in one cohort.

    ``liked``, ``favorites`` and ``wanted`` count the members who gave it a heart, have it among the
    favourites on their profile, and on their watchlist.
    """

    cohort: str
    slug: str | None
    title: str
    year: int | None
    link: str
    opinions: list[Opinion]
    standings: list[Standing]
    liked: int
    favorites: int
    wanted: int

    @property
    def never_computed(self) -> list[str]:
        """The strategies of which there is no ranking."""
        return [standing.strategy for standing in self.standings if not standing.computed_at]

    def tables(self) -> list[Table]:
        """Return the film, its opinions, its standings and their numbers as tables (columns, rows)."""
        rated = [opinion.stars for opinion in self.opinions if opinion.stars is not None]
        mean = sum(rated) / len(rated) if rated else None
        also = marks_in_words(self.liked, self.favorites, self.wanted)
        film = (self.title, self.year, self.slug, len(rated), mean, also)
        opinions = [
            (o.member, o.stars, o.own_mean, o.difference, _day(o.rated_at), _marks(o)) for o in self.opinions
        ]
        reasons = [(s.strategy, s.because) for s in self.standings if s.because]
        standings = [
            (s.strategy, s.rank, s.films or None, s.score, _listed(s.parameters), s.remark)
            for s in self.standings
            if s.computed_at
        ]
        numbers = [
            (standing.strategy, name, _whole(value))
            for standing in self.standings
            for name, value in (standing.numbers or {}).items()
            if value is not None
        ]
        voices = [
            (standing.strategy, voice.member, voice.habit, voice.without_habit, voice.weight)
            for standing in self.standings
            for voice in standing.voices or []
        ]
        tables: list[Table] = [
            (("film", "year", "slug", "ratings", "mean", "also"), [film]),
            (("member", "stars", "own mean", "difference", "rated", "also"), opinions),
        ]
        if reasons:
            tables.insert(1, (("strategy", "because of"), reasons))
        if standings:
            tables.append((("strategy", "rank", "of", "score", "parameters", "remark"), standings))
        if numbers:
            tables.append((("strategy", "number", "value"), numbers))
        if voices:
            tables.append((("strategy", "member", "rates higher by", "evened out", "weight"), voices))
        return tables


def explain(connection: sa.Connection, cohort: Cohort, film: str, base_url: str) -> Explanation:
    """Return where the scores of a film come from, which is named by its slug or address.

    Raises UnknownName, with slugs of the cohort's films that are spelt alike.
    """
    row = _find(connection, film, base_url)
    opinions = _opinions(connection, cohort, row.id)
    standings = [
        _standing(connection, cohort, strategy, row.id, opinions) for strategy in STRATEGIES.values()
    ]
    link = links.link(row.address, base_url)
    m = marks(cohort.id, among=[row.id]).c
    marked = connection.execute(sa.select(m.liked, m.favorites, m.wanted)).first() or (0, 0, 0)
    named = (cohort.label, row.slug, row.title, row.release_year, link)
    return Explanation(*named, opinions, standings, *marked)


def _find(connection: sa.Connection, text: str, base_url: str) -> Any:
    """Return the film's row (id, slug, title, release_year, address). Raises UnknownName."""
    film = find_film(connection, text, base_url=base_url)
    row = sa.select(films.c.id, films.c.slug, films.c.title, films.c.release_year, links.ADDRESS)
    return connection.execute(row.where(films.c.id == film)).one()


def _opinions(connection: sa.Connection, cohort: Cohort, film: int) -> list[Opinion]:
    """Return what the cohort's members think of the film, most stars first, likes without a rating last."""
    r = ratings.c
    raters = sa.select(r.user_id).where(r.film_id == film)
    own = (
        sa.select(r.user_id, sa.func.avg(sa.cast(r.rating, sa.Double), type_=sa.Double).label("mean"))
        .where(r.user_id.in_(raters))
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
    connection: sa.Connection, cohort: Cohort, strategy: Strategy, film: int, opinions: Sequence[Opinion]
) -> Standing:
    r = film_rankings.c
    own = sa.and_(r.cohort_id == cohort.id, r.strategy == strategy.name)
    made = connection.execute(sa.select(r.params, r.computed_at).where(own).limit(1)).first()
    again = f"`letterboxd rank compute --cohort {cohort.label} --strategy {strategy.name}`"
    if made is None:
        return Standing(strategy.name, strategy.source, remark=f"never computed: {again}")
    stored = connection.execute(sa.select(r.rank, r.score).where(own, r.film_id == film)).first()
    parameters = strategy.settle(made.params)
    facts = Facts(cohort.id, made.computed_at, _NOBODY)
    numbers, voices = _made_of(connection, facts, strategy, parameters, film)
    score = stored.score if stored else None
    remark = None
    if score is None and numbers is None:
        remark = _why_not_ranked(strategy, parameters, sum(opinion.stars is not None for opinion in opinions))
    elif score is None or numbers is None or abs(score - (numbers["score"] or 0.0)) > _EQUAL:
        remark = f"ratings have changed since: {again}"
    return Standing(
        strategy.name,
        strategy.source,
        rank=stored.rank if stored else None,
        films=connection.scalar(sa.select(sa.func.count()).select_from(film_rankings).where(own)) or 0,
        score=score,
        parameters=made.params,
        computed_at=made.computed_at,
        numbers=numbers,
        voices=_voices(connection, voices, opinions) if numbers else None,
        because=strategy.because({**parameters, **numbers}) if numbers else None,
        remark=remark,
    )


def _made_of(
    connection: sa.Connection, facts: Facts, strategy: Strategy, parameters: dict[str, float], film: int
) -> tuple[Numbers | None, dict[int, Terms]]:
    """Return votes, score and its terms by name (None if the film is not scored), and the raters' voices."""
    if isinstance(strategy, FittedStrategy):
        fitted = strategy.fit(connection, facts, parameters)
        columns = fitted.columns()
        if film not in columns["film_id"]:
            return None, {}
        place = columns["film_id"].index(film)
        return _without_id({name: values[place] for name, values in columns.items()}), fitted.voices(film)
    # The film is picked from the result: standard scores are over all films.
    scored = strategy.query(connection, facts, parameters).subquery("scored")
    row = connection.execute(sa.select(scored).where(scored.c.film_id == film)).mappings().first()
    return (_without_id({**row}) if row else None), {}


def _without_id(row: Mapping[str, Any]) -> Numbers:
    return {name: value for name, value in row.items() if name != "film_id"}


def _voices(
    connection: sa.Connection, terms_of: Mapping[int, Terms], opinions: Sequence[Opinion]
) -> list[Voice] | None:
    """Return the raters' voices in the order of the opinions; None for a strategy that has none."""
    if not terms_of:
        return None
    u = users.c
    query = sa.select(u.letterboxd_username, u.id)
    raters = query.where(u.letterboxd_username.in_([opinion.member for opinion in opinions]))
    ids = {name: number for name, number in connection.execute(raters)}
    return [
        Voice(opinion.member, terms["habit"], opinion.stars - terms["habit"], terms["weight"])
        for opinion in opinions
        if opinion.stars is not None and (terms := terms_of.get(ids[opinion.member]))
    ]


def _why_not_ranked(strategy: Strategy, parameters: dict[str, float], votes: int) -> str:
    if not votes:
        return "nobody in the cohort has rated it"
    if votes < parameters[MIN_VOTES]:
        return (
            f"it has {votes:g} of the {counted(int(parameters[MIN_VOTES]), 'rating')} that min_votes asks for"
        )
    return strategy.why_empty


def _marks(opinion: Opinion) -> str:
    marks = {"likes it": opinion.liked, "a favourite": opinion.favorite}
    return ", ".join(mark for mark, holds in marks.items() if holds)


def _listed(parameters: dict[str, Any] | None) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in (parameters or {}).items())


def _whole(number: float | None) -> float | None:
    """Return a number that counts something as a whole one."""
    return int(number) if number is not None and float(number).is_integer() else number


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None
