"""A circle's year as one HTML page that needs nothing else, without scripts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.report import assets, charts, html, sentences, year_charts, year_words
from letterboxd_scraper.report.comparisons import Difference, Division
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort, is_crawled
from letterboxd_scraper.store.members.naming import Naming
from ranking.year import films, missing
from ranking.year.films import FilmOfYear
from ranking.year.firsts import First
from ranking.year.read import CircleYear, read_year
from ranking.year.told import LISTED, ToldYear, told

# Beside those that are loved, so many of each kind.
_ON_PAGE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOptions:
    """Which year, and how to show it; ``at`` is when the page is made.

    ``member`` is whose own year is part of it. The others are those of `page.Options`; ``limit`` is how many
    films of each kind there are at most.
    """

    year: int
    at: datetime
    member: str | None = None
    names: bool = False
    posters: bool = False
    thumbnails: Mapping[str, str] | None = None
    limit: int = LISTED
    base_url: str = "https://letterboxd.com"
    pages: bool = True
    ways: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadYear:
    """A circle's year, and what the circle, its seed and its members are called.

    ``cohort`` is the circle as its owner knows it.
    """

    of_circle: CircleYear
    named: Naming
    cohort: Cohort
    may_read: bool
    options: YearOptions

    def told(self) -> ToldYear:
        """Return it as programs are told of it."""
        options = self.options
        return told(self.of_circle, self.named, options.base_url, may_read=self.may_read, limit=options.limit)

    def remarks(self) -> list[str]:
        """Return what is missing, for who has the database, whatever the circle is called for others."""
        argument = naming.as_argument(self.cohort.label)
        return list(missing.of_year(self.of_circle, argument, may_read=self.may_read).values())

    def posters(self) -> list[str | None]:
        """Return where the posters of the films are that the page shows as posters; None of one without."""
        return [film.poster for film in _tiles(self.of_circle, self.options.limit)]


def read(connection: sa.Connection, cohort: Cohort, options: YearOptions) -> ReadYear:
    """Return a circle's year.

    Raises UnknownName for one that has not begun, and for a member who does not belong to the circle.
    """
    named = naming.of_cohort(connection, cohort, names=options.names, for_member=options.member)
    own = named.you if options.member else None
    of_circle = read_year(connection, cohort, list(named.members), options.year, options.at, own)
    may_read = options.pages or is_crawled(connection, cohort)
    return ReadYear(of_circle, named, cohort, may_read, options)


def page(year: ReadYear, thumbnails: Mapping[str, str] | None = None) -> str:
    """Return the page; ``thumbnails`` are pictures to be part of it, by the posters' addresses."""
    of_circle, options, named = year.of_circle, year.options, year.named
    limit = min(_ON_PAGE, options.limit)
    title = year_words.title(sentences.people(named, year.cohort.seed), of_circle)
    fought = [
        Division(year_words.titled(one.film), one.film.spread, list(one.film.levels))
        for one in of_circle.fought[:limit]
    ]
    (discovered,) = charts.compared(
        [
            Difference(year_words.titled(film), film.mean, film.letterboxd or 0.0, film.ratings)
            for film in (one.film for one in of_circle.discovered[:limit])
        ]
    )
    posters = _posters(of_circle, options, thumbnails)
    return (
        html.environment()
        .get_template("year.html")
        .render(
            policy=html.policy(assets.year_style(), posters.values()),
            style=assets.year_style(),
            title=title,
            people=sentences.people(named, year.cohort.seed),
            year=of_circle,
            named=named,
            options=options,
            posters=posters,
            words=year_words,
            limit=limit,
            basis_members=of_circle.basis.members,
            loved_mean=films.LOVED,
            agreeing_votes=films.AGREEING,
            address_of=lambda film: links.link(film.address, options.base_url),
            fought=charts.divided(fought),
            discovered=discovered,
            first=_first(of_circle),
            months=year_charts.months(of_circle.months),
            decades=year_charts.decades(of_circle.decades),
            missing=missing.of_year(of_circle, named.argument, may_read=year.may_read),
            tmdb=any(film.of_tmdb for film in of_circle.films),
            has_posters=bool(thumbnails),
        )
    )


def _first(of_circle: CircleYear) -> First | None:
    """Return who was first: with another film than most rated, which has a card, if there is one."""
    others = (one for one in of_circle.firsts.members if one.most != of_circle.most_rated)
    return next(others, next(iter(of_circle.firsts.members), None))


def _tiles(of_circle: CircleYear, limit: int) -> Iterable[FilmOfYear]:
    own = of_circle.own.best if of_circle.own else []
    return dict.fromkeys([one.film for one in of_circle.loved[:limit]] + [one.film for one in own[:limit]])


def _posters(
    of_circle: CircleYear, options: YearOptions, thumbnails: Mapping[str, str] | None
) -> dict[int, str]:
    """Return what stands for films, by their ids: addresses to fetch them from, or pictures."""
    addresses = {
        film.film_id: film.poster for film in _tiles(of_circle, options.limit) if film.poster is not None
    }
    if thumbnails is not None:
        return {film: thumbnails[address] for film, address in addresses.items() if address in thumbnails}
    safe = {film: address for film, address in addresses.items() if address.startswith("https://")}
    return safe if options.posters else {}
