"""Films: found by their number, else by their short code or slug; titles, years and slugs follow the site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Self

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.store.merge import merge_films
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.upsert import as_list, in_list, insert_missing

_SHOWN = (
    films.c.id,
    films.c.letterboxd_film_id,
    films.c.letterboxd_lid,
    films.c.slug,
    films.c.title,
    films.c.release_year,
)
# Where a connection keeps what it was told about films, and of how many. A rollback clears it.
_MEMORY = "films"
_REMEMBERED_AT_MOST = 20_000


@cache
def _of_names(dialect: str, name: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(*_SHOWN).where(in_list(dialect, name))


@cache
def _sum_of_ids(dialect: str) -> sa.Select[Any]:
    number = films.c.letterboxd_film_id
    return sa.select(sa.func.sum(films.c.id)).where(in_list(dialect, number))


def film_ids(connection: sa.Connection, shown: Iterable[Film]) -> dict[int | str, int]:
    """Return the database's id for each film's key.

    Films not known are inserted, changed ones corrected, and rows that the page shows to be one
    film are made one.
    """
    every = _each_with_its_own_names({film.key: film for film in shown})
    found = _remembered(connection, every)
    if unknown := [film for film in every if film.key not in found]:
        looked_up = _looked_up(connection, unknown)
        _remember(connection, looked_up)
        found |= {film.key: number for film, number in looked_up.items()}
    return found


def _remembered(connection: sa.Connection, shown: Sequence[Film]) -> dict[int | str, int]:
    """Return the ids of those films that have been looked up over this connection before.

    One number tells whether all of them still have these ids: another process may have made one film of two.
    """
    memory: dict[Film, int] = connection.info.get(_MEMORY, {})
    found: dict[int | str, int] = {film.key: memory[film] for film in shown if film in memory}
    if found:
        ids = connection.scalar(_sum_of_ids(connection.dialect.name), as_list(found))
        if ids != sum(found.values()):
            memory.clear()
            return {}
    return found


def _remember(connection: sa.Connection, found: Mapping[Film, int]) -> None:
    memory = connection.info.setdefault(_MEMORY, {})
    if len(memory) > _REMEMBERED_AT_MOST:
        memory.clear()
    memory |= {film: number for film, number in found.items() if film.film_id}


def _looked_up(connection: sa.Connection, shown: Sequence[Film]) -> dict[Film, int]:
    known = _Known()
    known.look_up_numbers(connection, shown)
    # Slugs and codes are unique: where a row says just what the page shows, as nearly all do, no other
    # row can have those of the film.
    found = {
        film: row.id for film in shown if (row := known.by_number.get(film.film_id)) and _says(row, film)
    }
    found |= _inserted(
        connection, [film for film in shown if film.film_id and film.film_id not in known.by_number]
    )
    wanted = [film for film in shown if film not in found]
    return found | (_reconciled(connection, wanted) if wanted else {})


def _inserted(connection: sa.Connection, wanted: Sequence[Film]) -> dict[Film, int]:
    """Insert films; return the ids of those whose number, slug and code no other had."""
    rows = [_row(film) for film in sorted(wanted, key=lambda film: film.slug)]
    inserted = {row.slug: row.id for row in insert_missing(connection, films, rows, "id", "slug")}
    return {film: inserted[film.slug] for film in wanted if film.slug in inserted}


def _reconciled(connection: sa.Connection, wanted: Sequence[Film]) -> dict[Film, int]:
    known = _Known.of(connection, wanted)
    if _merge_doubles(connection, known, wanted) or _free_names(connection, known, wanted):
        connection.info.pop(_MEMORY, None)
        known = _Known.of(connection, wanted)
    if missing := [film for film in wanted if known.row(film) is None]:
        _inserted(connection, missing)
        known = _Known.of(connection, wanted)
    for film in wanted:
        _correct(connection, known.row(film), film)
    return {film: known.row(film).id for film in wanted}


def redirected(connection: sa.Connection, asked: Film, shown: Film) -> int:
    """Return the id of film ``shown``, to which the address of film ``asked`` leads by now.

    Either the film has another slug, or the site has made two films one: then so do we.
    """
    keep = film_ids(connection, [shown])[shown.key]
    other = stored_film_ids(connection, [asked]).get(asked.key)
    if other is not None and other != keep:
        connection.info.pop(_MEMORY, None)
        merge_films(connection, keep, other)
    return keep


def stored_film_ids(connection: sa.Connection, shown: Iterable[Film]) -> dict[int | str, int]:
    """Return the database's id for the key of each film that is stored already; nothing is written."""
    wanted = list({film.key: film for film in shown}.values())
    known = _Known.of(connection, wanted)
    return {film.key: row.id for film in wanted if (row := known.row(film)) is not None}


def is_stored(connection: sa.Connection, slug: str) -> bool:
    """Say whether a film of this slug is stored."""
    return bool(connection.scalar(sa.select(sa.exists().where(films.c.slug == slug))))


def _each_with_its_own_names(shown: dict[int | str, Film]) -> list[Film]:
    """Let the last film that shows a slug or a code have it: no two can be stored with the same."""
    slugs = {film.slug: key for key, film in shown.items()}
    lids = {film.lid: key for key, film in shown.items()}
    wanted = []
    for key, film in shown.items():
        if film.film_id and slugs[film.slug] != key:
            film = replace(film, slug=placeholder(film.film_id))
        wanted.append(film if lids[film.lid] == key else replace(film, lid=None))
    return wanted


def placeholder(number: int) -> str:
    """Return an address of a film that holds whatever its slug is; the site knows it, too."""
    return f"film:{number}"


class _Known:
    """The stored films that any of the shown ones may be."""

    def __init__(self) -> None:
        self.by_number: dict[int | None, Any] = {}
        self.by_lid: dict[str, Any] = {}
        self.by_slug: dict[str, Any] = {}

    @classmethod
    def of(cls, connection: sa.Connection, shown: Sequence[Film]) -> Self:
        known = cls()
        known.look_up_numbers(connection, shown)
        known.look_up_names(connection, shown)
        return known

    def look_up_numbers(self, connection: sa.Connection, shown: Sequence[Film]) -> None:
        self._add(connection, films.c.letterboxd_film_id, [film.film_id for film in shown if film.film_id])

    # Each name by itself, instead of one look-up with OR: so each uses its index.
    def look_up_names(self, connection: sa.Connection, shown: Sequence[Film]) -> None:
        self._add(connection, films.c.slug, [film.slug for film in shown])
        self._add(connection, films.c.letterboxd_lid, [film.lid for film in shown if film.lid])

    def _add(self, connection: sa.Connection, name: sa.Column[Any], wanted: Sequence[Any]) -> None:
        for row in connection.execute(_of_names(connection.dialect.name, name), as_list(wanted)):
            self.by_number[row.letterboxd_film_id] = row
            self.by_lid[row.letterboxd_lid] = row
            self.by_slug[row.slug] = row

    def rows(self, film: Film) -> list[Any]:
        """Return the rows that are this film, the surest first: by number, by short code, by slug."""
        named = [self.by_lid.get(film.lid or ""), self.by_slug.get(film.slug)]
        numbered = self.by_number.get(film.film_id or 0)
        found = [numbered, *(row for row in named if row is not None and not _is_another(row, film))]
        return list({row.id: row for row in found if row is not None}.values())

    def row(self, film: Film) -> Any:
        """Return the film's stored row or None."""
        return next(iter(self.rows(film)), None)


def _is_another(row: Any, film: Film) -> bool:
    """Say whether a row of the same code or slug is another film: where both show more, that differs."""
    if row.letterboxd_film_id and film.film_id:
        return bool(row.letterboxd_film_id != film.film_id)
    return bool(row.letterboxd_lid and film.lid and row.letterboxd_lid != film.lid)


def _says(row: Any, film: Film) -> bool:
    """Say whether a stored row says just what the page shows."""
    return tuple(row[1:]) == (film.film_id, film.lid, film.slug, film.title, film.year)


def _row(film: Film) -> dict[str, Any]:
    return {
        "letterboxd_film_id": film.film_id,
        "letterboxd_lid": film.lid,
        "slug": film.slug,
        "title": film.title,
        "release_year": film.year,
    }


def _merge_doubles(connection: sa.Connection, known: _Known, shown: Sequence[Film]) -> bool:
    """Make one row of those that are one film; say whether there were any."""
    gone: set[int] = set()
    for film in shown:
        rows = [row for row in known.rows(film) if row.id not in gone]
        for other in rows[1:]:
            merge_films(connection, rows[0].id, other.id)
            gone.add(other.id)
    return bool(gone)


def _free_names(connection: sa.Connection, known: _Known, shown: Sequence[Film]) -> bool:
    """Take slugs and codes from the films that had them: the site has given them to the shown ones."""
    freed = False
    for film in shown:
        holder = known.by_slug.get(film.slug)
        if holder is not None and _is_another(holder, film):
            # The film's next page brings its new slug.
            slug = placeholder(holder.letterboxd_film_id) if holder.letterboxd_film_id else None
            connection.execute(films.update().where(films.c.id == holder.id).values(slug=slug))
            freed = True
        holder = known.by_lid.get(film.lid or "")
        if holder is not None and _is_another(holder, film):
            connection.execute(films.update().where(films.c.id == holder.id).values(letterboxd_lid=None))
            freed = True
    return freed


def _correct(connection: sa.Connection, row: Any, film: Film) -> None:
    """Bring a film's row to what the page shows; what the page does not show is left alone."""
    changes = {
        name: value for name, value in _row(film).items() if value is not None and row._mapping[name] != value
    }
    if changes:
        connection.execute(films.update().where(films.c.id == row.id).values(changes))
