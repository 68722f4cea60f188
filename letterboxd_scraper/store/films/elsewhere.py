"""Films as other services name them: by their numbers on TMDB and IMDb, else by title and year alone.

A film of theirs is the stored one to which a page or TMDB gives the same number; else the one that alone has
its title and year, and fits no other film of theirs; else a film of its own, under its number. Where several
stored films have its title and year it is none of them, and what is told of it waits. As with slugs and
codes, that is decided anew whenever a name or a number is added.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.films.elsewhere_matches import OF_SITE, Matches, Unit, kind_of, units
from letterboxd_scraper.store.films.told import ELSEWHERE, Name, Told, note, titled
from letterboxd_scraper.store.merge import have_sources_folded_anew, merge_films
from letterboxd_scraper.store.schema import film_names, films
from letterboxd_scraper.store.upsert import as_list, in_list, upsert

_n, _f = film_names.c, films.c
_NO_NUMBERS: dict[str, Any] = {"imdb_id": None, "tmdb_media_type": None, "tmdb_id": None}


def named_elsewhere_ids(
    connection: sa.Connection, named: Collection[NamedFilm], naming: Naming
) -> dict[NamedFilm, int]:
    """Return the ids of films of other services; those that nothing tells from others are left out."""
    told = [Told(key_of(name), name.title, name.year) for name in named]
    note(connection, ELSEWHERE, told, naming)
    settle(connection, {one.name for one in told}, {one.key for one in told if one.key})
    return stored_elsewhere_ids(connection, named)


def stored_elsewhere_ids(connection: sa.Connection, named: Collection[NamedFilm]) -> dict[NamedFilm, int]:
    """Return the ids of films of other services that were told before; nothing is written."""
    places = {name: (key_of(name), name.title, name.year or 0) for name in named}
    of_keys = (_n.kind == ELSEWHERE, _n.film_id.is_not(None), in_list(connection.dialect.name, _n.key))
    keys = {key for key, *_ in places.values()}
    rows = connection.execute(sa.select(film_names).where(*of_keys), as_list(keys)) if keys else ()
    ids = {(row.key, row.title, row.release_year): int(row.film_id) for row in rows}
    return {name: ids[place] for name, place in places.items() if place in ids}


def key_of(name: NamedFilm) -> str:
    """Return the numbers by which a service tells a film; "" where it tells only title and year.

    >>> key_of(NamedFilm("Ordet", 1955, imdb_id="tt0048452", tmdb_id=48035, tmdb_kind="movie"))
    'imdb/tt0048452 movie/48035'
    """
    numbers = [f"imdb/{name.imdb_id}"] if name.imdb_id else []
    return " ".join([*numbers, f"{name.tmdb_kind}/{name.tmdb_id}"] if name.tmdb_id else numbers)


def settle(
    connection: sa.Connection,
    names: Collection[Name] = (),
    keys: Collection[str] = (),
    numbers: Collection[str] = (),
) -> None:
    """Decide anew which films are those of other services that have one of these names, keys or numbers."""
    every = units(connection.execute(sa.select(film_names).where(_n.kind == ELSEWHERE)))
    names, keys, numbers = set(names), set(keys), set(numbers)
    asked = [
        unit
        for unit in every
        if unit.names & names or unit.numbers & numbers or any(row.key in keys for row in unit.rows)
    ]
    if asked:
        _Assignment(connection, Matches(connection, every, asked)).make()


def give_numbers(connection: sa.Connection, numbered: Mapping[int, NamedFilm]) -> None:
    """Let films, by their ids, have the numbers that a source gives, where none is known but by a guess."""
    query = sa.select(films).where(in_list(connection.dialect.name, _f.id))
    added, replaced = set(), set()
    for row in connection.execute(query, as_list(numbered)).all():
        guessed = {*(row.numbered_by_name or "").split(), *(["tmdb"] if row.tmdb_guessed else [])}
        numbers = {kind_of(number): number for number in key_of(numbered[row.id]).split()}
        new = {kind: n for kind, n in numbers.items() if kind in guessed or not row._mapping[f"{kind}_id"]}
        if not new:
            continue
        added |= set(new.values())
        replaced |= {number for number in _numbers(row) if kind_of(number) in new}
        values = _columns_of(new.values()) | {"numbered_by_name": _without(row.numbered_by_name, new)}
        if "tmdb" in new:
            # What TMDB told by another number is asked for anew.
            synced_at = row.tmdb_synced_at if new["tmdb"] in _numbers(row) else None
            values |= {"tmdb_guessed": False, "tmdb_synced_at": synced_at}
        connection.execute(films.update().where(_f.id == row.id).values(values))
    if added:
        _join_halves(connection, added)
        settle(connection, numbers=added | replaced)


def note_numbers(connection: sa.Connection, before: Any, kinds: Collection[str]) -> None:
    """Take in that a page or TMDB has told numbers of these ``kinds`` of a film, which was like ``before``.

    It may become part of another by that.
    """
    row = connection.execute(sa.select(films, OF_SITE.label("of_site")).where(_f.id == before.id)).one()
    changed = _numbers(row) ^ _numbers(before)
    if (still := _without(row.numbered_by_name, kinds)) != row.numbered_by_name:
        connection.execute(films.update().where(_f.id == row.id).values(numbered_by_name=still))
        changed |= {number for number in _numbers(row) if kind_of(number) in kinds}
    if changed and not row.of_site and not row.tmdb_guessed:
        both = NamedFilm("", None, None, None, None, row.imdb_id, row.tmdb_id, row.tmdb_media_type)
        name = {"title": row.title, "release_year": row.release_year or 0, "film_id": row.id}
        upsert(connection, film_names, [{"kind": ELSEWHERE, "key": key_of(both)} | name])
    if changed:
        _join_halves(connection, _numbers(row))
        settle(connection, numbers=changed)


def _without(by_name: str | None, kinds: Collection[str]) -> str | None:
    return " ".join(kind for kind in (by_name or "").split() if kind not in kinds) or None


def _numbers(row: Any) -> set[str]:
    numbers = {f"imdb/{row.imdb_id}"} if row.imdb_id else set()
    return numbers | ({f"{row.tmdb_media_type}/{row.tmdb_id}"} if row.tmdb_id else set())


def _join_halves(connection: sa.Connection, numbers: Iterable[str]) -> None:
    """Make one film of a slug without a code and a code without a slug that have one of these numbers.

    Not that of a series: on the site its parts are films.
    """
    for number in sorted(numbers):
        kind, _, value = number.partition("/")
        if kind == "tv":
            continue
        column = (
            _f.imdb_id == value
            if kind == "imdb"
            else sa.and_(_f.tmdb_id == int(value), _f.tmdb_media_type == kind)
        )
        surely = (
            column,
            ~_f.tmdb_guessed,
            sa.func.coalesce(_f.numbered_by_name, "").not_like(f"%{kind_of(number)}%"),
        )
        slug = sa.select(_f.id).where(*surely, _f.slug.is_not(None), _f.letterboxd_lid.is_(None))
        code = sa.select(_f.id).where(
            *surely, _f.slug.is_(None), _f.letterboxd_lid.is_not(None), _f.letterboxd_film_id.is_(None)
        )
        halves = [connection.scalars(query).all() for query in (slug, code)]
        if [len(half) for half in halves] == [1, 1]:
            merge_films(connection, halves[0][0], halves[1][0])


class _Assignment:
    """Gives units the films that they are, and the films their numbers."""

    def __init__(self, connection: sa.Connection, matches: Matches) -> None:
        self._connection = connection
        self._matches = matches
        of_units = {film for unit in matches.units for film in unit.films}
        query = sa.select(films).where(~OF_SITE, in_list(connection.dialect.name, _f.id))
        self._own = {row.id: row for row in connection.execute(query, as_list(of_units))}
        self._of_own_name: dict[Name, set[int]] = defaultdict(set)

    def make(self) -> None:
        """Do so; what is told of by numbers comes first."""
        pointing = []
        for unit in sorted(self._matches.units, key=lambda unit: not unit.numbers):
            target = self._by_number(unit) if unit.numbers else self._by_name(unit)
            rows = [row._mapping for row in unit.rows if row.film_id != target]
            pointing += [dict(row) | {"film_id": target} for row in rows]
        upsert(self._connection, film_names, pointing)

    def _by_name(self, unit: Unit) -> int | None:
        """Return the one film that has a unit's name; of its own it is none."""
        fitting = {film.row.id for film in self._matches.fitting(unit)}
        fitting |= {film for name in unit.names for film in self._of_own_name[name]}
        target = next(iter(fitting)) if len(fitting) == 1 else None
        have_sources_folded_anew(self._connection, unit.films - {target})
        return target

    def _by_number(self, unit: Unit) -> int | None:
        own = sorted(unit.films & self._own.keys())
        proved, fitting = self._matches.proved(unit), self._matches.fitting(unit)
        film = proved or self._matches.alone(fitting)
        self._leave(unit.films - {film.row.id if film else None, *own})
        if film is not None:
            self._become(unit, film.row, own, by_name=proved is None)
            return int(film.row.id)
        if len(fitting) < 2:
            target = self._of_its_own(unit, own)
            for name in unit.names:
                self._of_own_name[name].add(target)
            return target
        # Nobody can say which of several it is.
        for other in own:
            have_sources_folded_anew(self._connection, [other])
            self._connection.execute(film_names.update().where(_n.film_id == other).values(film_id=None))
            self._connection.execute(films.delete().where(_f.id == other))
        return None

    def _become(self, unit: Unit, film: Any, own: Sequence[int], *, by_name: bool) -> None:
        """Let a unit be a film of the site."""
        for other in own:
            unread = films.update().where(_f.id == other, _f.tmdb_synced_at.is_(None))
            self._connection.execute(unread.values(_NO_NUMBERS))
            merge_films(self._connection, film.id, other)
        stored = film._mapping
        values = {name: value for name, value in _columns_of(unit.numbers).items() if stored[name] is None}
        if not by_name:
            values |= titles.together(stored, titled(unit.rows))
        elif values:
            kinds = {name.partition("_")[0] for name in values} | set((film.numbered_by_name or "").split())
            values["numbered_by_name"] = " ".join(sorted(kinds))
        self._write(film.id, values, stored)

    def _of_its_own(self, unit: Unit, own: Sequence[int]) -> int:
        """Let a unit be a film that only other services know."""
        values = _columns_of(unit.numbers) | titled(unit.rows)
        if not values["title"]:
            values |= titles.stored_columns(min(unit.numbers), 0, NamedBy.LINK, None)
        if not own:
            new = films.insert().values(values).returning(_f.id)
            return int(self._connection.execute(new).scalar_one())
        keep, *others = own
        for other in others:
            merge_films(self._connection, keep, other)
        self._write(keep, values, self._own[keep]._mapping)
        return keep

    def _leave(self, others: Collection[int | None]) -> None:
        """Take from films the numbers that only a name had given them: they are not those films after all."""
        concerned = [film for film in others if film is not None]
        if not concerned:
            return
        have_sources_folded_anew(self._connection, concerned)
        for kind, columns in (("imdb", ("imdb_id",)), ("tmdb", ("tmdb_media_type", "tmdb_id"))):
            by_name = films.update().where(_f.id.in_(concerned), _f.numbered_by_name.contains(kind))
            self._connection.execute(by_name.values(dict.fromkeys(columns)))
        self._connection.execute(films.update().where(_f.id.in_(concerned)).values(numbered_by_name=None))

    def _write(self, film: int, values: Mapping[str, Any], stored: titles.Values) -> None:
        changes = {name: value for name, value in values.items() if value != stored[name]}
        if changes:
            self._connection.execute(films.update().where(_f.id == film).values(changes))


def _columns_of(numbers: Iterable[str]) -> dict[str, Any]:
    """Return numbers as columns: of several of a kind the least."""
    columns: dict[str, Any] = {}
    for number in sorted(numbers, reverse=True):
        kind, _, value = number.partition("/")
        named = {"imdb_id": value} if kind == "imdb" else {"tmdb_media_type": kind, "tmdb_id": int(value)}
        columns |= named
    return columns
