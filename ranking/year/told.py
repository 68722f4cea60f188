"""A circle's year as programs are told of it: names in place of ids, and what is missing, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.members.naming import Naming
from ranking.year import missing
from ranking.year.films import Chosen, FilmOfYear, Group
from ranking.year.firsts import First
from ranking.year.own import OwnFilm, OwnYear
from ranking.year.period import Day, Month
from ranking.year.read import CircleYear

LISTED = 10


@dataclass(frozen=True, slots=True)
class ToldFilm:
    """A film with the circle's ``ratings`` of the year, of which so many are ``dated``.

    ``mean``, and ``spread`` (their standard deviation), are in stars; ``histogram`` counts them by stars.
    ``letterboxd`` is Letterboxd's average of ``letterboxd_ratings``. ``score`` is what it was chosen by.
    """

    title: str
    year: int | None
    slug: str | None
    link: str
    score: float | None
    ratings: int
    dated: int
    mean: float
    spread: float
    histogram: dict[str, int]
    letterboxd: float | None
    letterboxd_ratings: int | None


@dataclass(frozen=True, slots=True)
class ToldFirst:
    """A member who was first with so many films; ``film`` is the one that most followed, ``on`` that day."""

    member: str
    films: int
    followers: int
    film: ToldFilm
    film_followers: int
    on: date


@dataclass(frozen=True, slots=True)
class ToldOwnFilm:
    """What a member gave a film; ``others`` is the mean of the ``other_ratings`` of the year."""

    film: ToldFilm
    stars: float
    liked: bool
    others: float | None
    other_ratings: int


@dataclass(frozen=True, slots=True)
class ToldOwnYear:
    """A member's own year, as `ranking.year.own.OwnYear` has it."""

    member: str
    ratings: int
    dated: int
    mean: float | None
    firsts: int
    months: list[Month]
    best: list[ToldOwnFilm]
    above: ToldOwnFilm | None
    below: ToldOwnFilm | None


@dataclass(frozen=True, slots=True)
class ToldYear:
    """What a circle rated in a year; lists have the first of what there is.

    ``ratings`` are of the year: the ``dated`` ones, and those ``placed`` in it by two crawls; ``raters`` of
    the ``members`` made them. Of all the circle's ratings ``undated`` have no day; ``perhaps`` so many of
    these are of the year, too, and not counted. Films with fewer ratings of the year than ``min_votes`` are
    passed over; ``min_votes_fought`` are needed to fight. ``minutes`` is the length of the films, as often as
    they were rated, by ``with_minutes`` of the ratings. ``months`` and ``day`` are of dated ratings alone.
    Who was first is told by the ``firsts_dated`` ratings of ``firsts_films``; of ``firsts_unclear`` it cannot
    be.
    """

    cohort: str
    year: int
    is_over: bool
    members: int
    raters: int
    ratings: int
    dated: int
    placed: int
    undated: int
    perhaps: int
    films: int
    min_votes: int
    min_votes_fought: int
    mean: float | None
    minutes: int
    with_minutes: int
    most_rated: ToldFilm | None
    loved: list[ToldFilm]
    fought: list[ToldFilm]
    discovered: list[ToldFilm]
    months: list[Month]
    day: Day | None
    decades: list[Group]
    directors: list[Group]
    firsts: list[ToldFirst]
    firsts_films: int
    firsts_dated: int
    firsts_unclear: int
    own: ToldOwnYear | None
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class _Telling:
    """How films and members are told of: by which names, with which addresses, and how many of each kind."""

    named: Naming
    base_url: str
    limit: int

    def film(self, one: FilmOfYear, score: float | None = None) -> ToldFilm:
        return ToldFilm(
            title=one.title,
            year=one.year,
            slug=one.slug,
            link=links.link(one.address, self.base_url),
            score=score,
            ratings=one.ratings,
            dated=one.dated,
            mean=one.mean,
            spread=one.spread,
            histogram={str(place / 2): number for place, number in enumerate(one.levels, 1) if number},
            letterboxd=one.letterboxd,
            letterboxd_ratings=one.letterboxd_ratings,
        )

    def chosen(self, films: Sequence[Chosen]) -> list[ToldFilm]:
        return [self.film(one.film, one.score) for one in films[: self.limit]]

    def first(self, one: First) -> ToldFirst:
        called = self.named.members[one.user]
        return ToldFirst(called, one.films, one.followers, self.film(one.most), one.most_followers, one.day)

    def own_film(self, one: OwnFilm) -> ToldOwnFilm:
        return ToldOwnFilm(self.film(one.film), one.stars, one.liked, one.others, one.other_ratings)

    def own(self, one: OwnYear) -> ToldOwnYear:
        return ToldOwnYear(
            self.named.members[one.user],
            one.ratings,
            one.dated,
            one.mean,
            one.firsts,
            one.months,
            [self.own_film(best) for best in one.best[: self.limit]],
            None if one.above is None else self.own_film(one.above),
            None if one.below is None else self.own_film(one.below),
        )


def told(
    of_circle: CircleYear, named: Naming, base_url: str, *, may_read: bool, limit: int = LISTED
) -> ToldYear:
    """Return a year as programs are told of it; of each list at most ``limit`` entries, of decades all.

    The site is at ``base_url``; ``may_read`` says whether commands may read its pages.
    """
    telling = _Telling(named, base_url, limit)
    basis = of_circle.basis
    fields: dict[str, Any] = {name: getattr(basis, name) for name in basis.__dataclass_fields__}
    return ToldYear(
        cohort=named.label,
        year=of_circle.year,
        is_over=of_circle.is_over,
        **fields,
        films=len(of_circle.films),
        min_votes=basis.min_votes,
        min_votes_fought=basis.min_votes_fought,
        mean=of_circle.mean,
        minutes=of_circle.minutes,
        with_minutes=of_circle.with_minutes,
        most_rated=None if of_circle.most_rated is None else telling.film(of_circle.most_rated),
        loved=telling.chosen(of_circle.loved),
        fought=telling.chosen(of_circle.fought),
        discovered=telling.chosen(of_circle.discovered),
        months=list(of_circle.months),
        day=of_circle.day,
        decades=list(of_circle.decades),
        directors=list(of_circle.directors[:limit]),
        firsts=[telling.first(one) for one in of_circle.firsts.members[:limit]],
        firsts_films=of_circle.firsts.films,
        firsts_dated=of_circle.firsts.dated,
        firsts_unclear=of_circle.firsts.unclear,
        own=None if of_circle.own is None else telling.own(of_circle.own),
        remarks=list(missing.of_year(of_circle, named.argument, may_read=may_read).values()),
    )
