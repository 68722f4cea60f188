"""Films: found by their number, else by their short code or slug; titles, years and slugs follow the site."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.store.merge import merge_films
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.upsert import as_list, in_list, insert_missing

_NUMBER, _LID, _SLUG = films.c.letterboxd_film_id, films.c.letterboxd_lid, films.c.slug
# Plain tuples, compared as such: attributes of a row take as long as the query itself.
_FilmRow = sa.Row[*tuple[Any, ...]]
_COLUMNS = (films.c.id, _NUMBER, _LID, _SLUG, films.c.title, films.c.release_year)


def film_ids(connection: sa.Connection, page_films: Iterable[Film]) -> dict[int | str, int]:
    """Return the database's id for the key of each film on a page.

    Films that are not stored are inserted, changed ones corrected, and rows that the page shows to be one
    film are made one.
    """
    on_page = _with_names_of_their_own({film.key: film for film in page_films})
    numbers = [film.film_id for film in on_page if film.film_id]
    stored = {row[1]: row for row in _rows(connection, _NUMBER, numbers)}
    # Slugs and codes are unique: where a row says just what the page shows, as nearly all do, no other
    # row can have those of the film.
    ids = {
        film.key: int(row[0])
        for film in on_page
        if (row := stored.get(film.film_id)) is not None and _is_unchanged(row, film)
    }
    if len(ids) < len(on_page):
        ids |= _inserted(connection, [f for f in on_page if f.film_id and f.film_id not in stored])
    if len(ids) < len(on_page):
        ids |= _reconciled(connection, [film for film in on_page if film.key not in ids])
    return ids


def redirected(connection: sa.Connection, asked: Film, film: Film) -> int:
    """Return the id of ``film``, to which the address of film ``asked`` leads by now.

    Either the film has another slug, or the site has made two films one: then so do we.
    """
    keep = film_ids(connection, [film])[film.key]
    other = stored_film_ids(connection, [asked]).get(asked.key)
    if other is not None and other != keep:
        merge_films(connection, keep, other)
    return keep


def stored_film_ids(connection: sa.Connection, page_films: Iterable[Film]) -> dict[int | str, int]:
    """Return the database's id for the key of each film that is stored already; nothing is written."""
    on_page = {film.key: film for film in page_films}
    stored = _StoredFilms(connection, on_page.values())
    return {key: int(rows[0].id) for key, film in on_page.items() if (rows := stored.rows(film))}


def is_stored(connection: sa.Connection, slug: str) -> bool:
    """Say whether a film of this slug is stored."""
    return bool(connection.scalar(sa.select(sa.exists().where(films.c.slug == slug))))


def placeholder(number: int) -> str:
    """Return an address of a film that holds whatever its slug is; the site knows it, too."""
    return f"film:{number}"


class _StoredFilms:
    """The rows that films of a page may be, by each of the names that tell films apart."""

    # Each name by itself, instead of one look-up with OR: so each uses its index.
    def __init__(self, connection: sa.Connection, on_page: Iterable[Film]) -> None:
        on_page = list(on_page)
        rows = [
            *_rows(connection, _NUMBER, [film.film_id for film in on_page if film.film_id]),
            *_rows(connection, _SLUG, [film.slug for film in on_page]),
            *_rows(connection, _LID, [film.lid for film in on_page if film.lid]),
        ]
        self.by_number = {row.letterboxd_film_id: row for row in rows if row.letterboxd_film_id}
        self.by_lid = {row.letterboxd_lid: row for row in rows if row.letterboxd_lid}
        self.by_slug = {row.slug: row for row in rows}

    def rows(self, film: Film) -> list[_FilmRow]:
        """Return the rows that are this film, the surest first: by number, by short code, by slug."""
        named = (self.by_lid.get(film.lid), self.by_slug.get(film.slug))
        same = [row for row in named if row is not None and not _is_another(row, film)]
        if (numbered := self.by_number.get(film.film_id)) is not None:
            same.insert(0, numbered)
        return list({row.id: row for row in same}.values())


def _rows(connection: sa.Connection, name: sa.Column[Any], values: Sequence[Any]) -> Sequence[_FilmRow]:
    if not values:
        return ()
    return connection.execute(_query(connection.dialect.name, name), as_list(values)).all()


@cache
def _query(dialect: str, name: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(*_COLUMNS).where(in_list(dialect, name))


def _with_names_of_their_own(on_page: Mapping[int | str, Film]) -> list[Film]:
    """Let the last film that shows a slug or a code have it: no two can be stored with the same."""
    slugs = {film.slug: key for key, film in on_page.items()}
    lids = {film.lid: key for key, film in on_page.items()}
    distinct = []
    for key, film in on_page.items():
        if film.film_id and slugs[film.slug] != key:
            film = replace(film, slug=placeholder(film.film_id))
        distinct.append(film if lids[film.lid] == key else replace(film, lid=None))
    return distinct


def _is_another(row: _FilmRow, film: Film) -> bool:
    """Say whether a row of the same code or slug is another film: where both show more, that differs."""
    if row.letterboxd_film_id and film.film_id:
        return bool(row.letterboxd_film_id != film.film_id)
    return bool(row.letterboxd_lid and film.lid and row.letterboxd_lid != film.lid)


def _is_unchanged(row: _FilmRow, film: Film) -> bool:
    """Say whether a stored row says just what the page shows."""
    return row[1:] == (film.film_id, film.lid, film.slug, film.title, film.year)


def _values(film: Film) -> dict[str, Any]:
    return {
        "letterboxd_film_id": film.film_id,
        "letterboxd_lid": film.lid,
        "slug": film.slug,
        "title": film.title,
        "release_year": film.year,
    }


def _inserted(connection: sa.Connection, new: Sequence[Film]) -> dict[int | str, int]:
    """Insert films; return, by their keys, the ids of those whose number, slug and code no other had."""
    rows = [_values(film) for film in sorted(new, key=lambda film: film.slug)]
    inserted = {row.slug: row.id for row in insert_missing(connection, films, rows, "id", "slug")}
    return {film.key: inserted[film.slug] for film in new if film.slug in inserted}


def _reconciled(connection: sa.Connection, on_page: Sequence[Film]) -> dict[int | str, int]:
    """Return the ids of films some of whose names other rows have, once each name is where it belongs."""
    stored = _StoredFilms(connection, on_page)
    while _merge_doubles(connection, stored, on_page) or _free_names(connection, stored, on_page):
        stored = _StoredFilms(connection, on_page)
    if missing := [film for film in on_page if not stored.rows(film)]:
        _inserted(connection, missing)
        stored = _StoredFilms(connection, on_page)  # of which another process may have inserted some
    ids: dict[int | str, int] = {}
    for film in on_page:
        row = stored.rows(film)[0]
        _correct(connection, row, film)
        ids[film.key] = int(row.id)
    return ids


def _merge_doubles(connection: sa.Connection, stored: _StoredFilms, on_page: Sequence[Film]) -> bool:
    """Make one row of those that are one film; say whether there were any."""
    gone: set[int] = set()
    for film in on_page:
        rows = [row for row in stored.rows(film) if row.id not in gone]
        for other in rows[1:]:
            merge_films(connection, rows[0].id, other.id)
            gone.add(other.id)
    return bool(gone)


def _free_names(connection: sa.Connection, stored: _StoredFilms, on_page: Sequence[Film]) -> bool:
    """Take slugs and codes from other films: the site has given them to those on the page."""
    freed = []
    for film in on_page:
        holder = stored.by_slug.get(film.slug)
        if holder is not None and _is_another(holder, film):
            # The film's next page brings its new slug.
            number = holder.letterboxd_film_id
            slug = placeholder(number) if number else None
            # An address may have been read by the number: then no other slug is left for the holder.
            freed.append((holder.id, {"slug": slug if slug != film.slug else None}))
        holder = stored.by_lid.get(film.lid)
        if holder is not None and _is_another(holder, film):
            freed.append((holder.id, {"letterboxd_lid": None}))
    for film_id, values in freed:
        connection.execute(films.update().where(films.c.id == film_id).values(values))
    return bool(freed)


def _correct(connection: sa.Connection, row: _FilmRow, film: Film) -> None:
    """Bring a film's row to what the page shows; what the page does not show is left alone."""
    changes = {
        name: value
        for name, value in _values(film).items()
        if value is not None and row._mapping[name] != value
    }
    if changes:
        connection.execute(films.update().where(films.c.id == row.id).values(changes))
