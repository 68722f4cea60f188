"""Which stored film another service means: by a number that a page or TMDB gave, else by title and year."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.store import titles
from letterboxd_scraper.store.films.told import ELSEWHERE, Name
from letterboxd_scraper.store.schema import film_names, films
from letterboxd_scraper.store.upsert import as_list, in_list

_n, _f = film_names.c, films.c
OF_SITE = sa.or_(_f.slug.is_not(None), _f.letterboxd_lid.is_not(None), _f.letterboxd_film_id.is_not(None))
_COLUMNS = (
    *(_f.id, _f.slug, _f.letterboxd_lid, _f.imdb_id, _f.tmdb_media_type, _f.tmdb_id),
    *(_f.numbered_by_name, _f.tmdb_guessed),
    *(_f[name] for name in titles.COLUMNS),
    sa.or_(_f.tmdb_season_number.is_not(None), _f.tmdb_episode_number.is_not(None)).label("is_part"),
)


class Unit:
    """What other services tell of one film: all that shares a number, or one title and year without any."""

    def __init__(self, numbers: Collection[str], rows: Sequence[Any]) -> None:
        self.numbers = frozenset(numbers)
        self.rows = rows
        self.names: set[Name] = {(row.title, row.release_year) for row in rows if row.release_year}
        self.films: set[int] = {row.film_id for row in rows if row.film_id is not None}


class SiteFilm(NamedTuple):
    """A film of the site with what it has been called, and the numbers that a page or TMDB gave it."""

    row: Any
    names: frozenset[Name]
    numbers: frozenset[str]

    def fits(self, unit: Unit) -> bool:
        """Say whether it has a name of the unit, and no number that speaks against it."""
        if not self.names & unit.names:
            return False
        kinds = {kind_of(number) for number in unit.numbers}
        return not any(kind_of(number) in kinds for number in self.numbers - unit.numbers)


def kind_of(number: str) -> str:
    """Return whose number it is: "imdb" or "tmdb"."""
    return "imdb" if number.startswith("imdb/") else "tmdb"


def units(rows: Iterable[Any]) -> list[Unit]:
    """Put together what shares a number."""
    members: dict[str, tuple[set[str], list[Any]]] = {}
    alone: dict[Name, list[Any]] = defaultdict(list)
    for row in rows:
        if not row.key:
            alone[row.title, row.release_year].append(row)
            continue
        numbers, told = set(row.key.split()), [row]
        for numbers_before, told_before in _distinct(members[n] for n in numbers.copy() if n in members):
            numbers |= numbers_before
            told += told_before
        members |= dict.fromkeys(numbers, (numbers, told))
    together = [Unit(numbers, told) for numbers, told in _distinct(members.values())]
    return together + [Unit((), told) for told in alone.values()]


def _distinct(groups: Iterable[tuple[set[str], list[Any]]]) -> list[tuple[set[str], list[Any]]]:
    return list({id(told): (numbers, told) for numbers, told in groups}.values())


class Matches:
    """The films of the site that units may be, and the units that compete for these."""

    def __init__(self, connection: sa.Connection, every: Sequence[Unit], asked: list[Unit]) -> None:
        bearers: dict[Name, list[Unit]] = defaultdict(list)
        for unit in every:
            for name in unit.names:
                bearers[name].append(unit)
        concerned: dict[Unit, None] = {}
        while asked:
            concerned |= dict.fromkeys(asked)
            self._films = list(_site_films(connection, concerned))
            names = {name for unit in concerned for name in unit.names}
            names |= {name for film in self._films for name in film.names}
            asked = [unit for name in names for unit in bearers.get(name, ()) if unit not in concerned]
        self.units = list(concerned)

    @cached_property
    def _by_number(self) -> dict[str, list[SiteFilm]]:
        return _index(self._films, lambda film: film.numbers)

    @cached_property
    def _by_name(self) -> dict[Name, list[SiteFilm]]:
        return _index(self._films, lambda film: film.names)

    @cached_property
    def _claims(self) -> dict[int, int]:
        """How many films of other services, of which no number tells more, each film of the site fits."""
        claims: dict[int, int] = defaultdict(int)
        for unit in self.units:
            if unit.numbers and self.proved(unit) is None:
                for film in self.fitting(unit):
                    claims[film.row.id] += 1
        return claims

    def proved(self, unit: Unit) -> SiteFilm | None:
        """Return the film that has a number of the unit; TMDB's counts more than IMDb's."""
        for kind in ("tmdb", "imdb"):
            sharing = [f for n in unit.numbers if kind_of(n) == kind for f in self._by_number.get(n, ())]
            named = [film for film in sharing if film.names & unit.names]
            for films_of_number in (sharing, named):  # a series has one number, and its parts are films
                if len(films_of_number) == 1:
                    return films_of_number[0]
        return None

    def fitting(self, unit: Unit) -> list[SiteFilm]:
        """Return the films that have a name of the unit, and no number that speaks against it."""
        named = {film.row.id: film for name in unit.names for film in self._by_name.get(name, ())}
        return [film for film in named.values() if film.fits(unit)]

    def alone(self, fitting: Sequence[SiteFilm]) -> SiteFilm | None:
        """Return the film that alone fits a unit with numbers, and that no other such unit fits."""
        return fitting[0] if len(fitting) == 1 and self._claims[fitting[0].row.id] == 1 else None


def _index(site_films: Iterable[SiteFilm], keys: Any) -> dict[Any, list[SiteFilm]]:
    by_key: dict[Any, list[SiteFilm]] = defaultdict(list)
    for film in site_films:
        for key in keys(film):
            by_key[key].append(film)
    return by_key


def _site_films(connection: sa.Connection, concerned: Iterable[Unit]) -> Iterator[SiteFilm]:
    """Yield the films of the site that have a name or a number of these units."""
    concerned, dialect = list(concerned), connection.dialect.name
    names = {name for unit in concerned for name in unit.names}
    numbers = {number for unit in concerned for number in unit.numbers}
    of_site = sa.select(_n.film_id, _n.title, _n.release_year).where(_n.kind != ELSEWHERE)
    current = sa.select(_f.id, _f.title, _f.release_year).where(OF_SITE, in_list(dialect, _f.title))
    listed = as_list({title for title, _ in names})
    rows = [*connection.execute(current, listed)]
    rows += connection.execute(of_site.where(in_list(dialect, _n.title)), listed)
    ids = {film for film, title, year in rows if (title, year) in names}
    by_number: dict[sa.Column[Any], list[Any]] = {
        _f.imdb_id: [number.partition("/")[2] for number in numbers if kind_of(number) == "imdb"],
        _f.tmdb_id: [int(number.partition("/")[2]) for number in numbers if kind_of(number) == "tmdb"],
    }
    for column, values in by_number.items():
        query = sa.select(_f.id).where(OF_SITE, in_list(dialect, column))
        ids |= set(connection.scalars(query, as_list(values)))
    called: dict[int, set[Name]] = defaultdict(set)
    for film, title, year in connection.execute(of_site.where(in_list(dialect, _n.film_id)), as_list(ids)):
        called[film].add((title, year))
    for row in connection.execute(sa.select(*_COLUMNS).where(in_list(dialect, _f.id)), as_list(ids)):
        ever = called[row.id] | {(row.title, row.release_year or 0)}
        yield SiteFilm(row, frozenset(ever), _numbers_of(row))


def _numbers_of(row: Any) -> frozenset[str]:
    """Return the numbers that a page or TMDB gave; a season's is no other film's."""
    numbers = {f"imdb/{row.imdb_id}"} if row.imdb_id else set()
    if row.tmdb_id and not row.tmdb_guessed:
        numbers.add(f"{row.tmdb_media_type}/{row.tmdb_id}" + ("/part" if row.is_part else ""))
    return frozenset(number for number in numbers if kind_of(number) not in (row.numbered_by_name or ""))
