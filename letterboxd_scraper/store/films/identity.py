"""Films of pages: found by their number, else by their short code or slug.

Titles, years and slugs follow the newest page: see `store.titles`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedBy, Naming
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.films import namesakes
from letterboxd_scraper.store.merge import merge_films, remember
from letterboxd_scraper.store.schema import film_names, films, ratings, users
from letterboxd_scraper.store.upsert import as_list, in_list, insert_missing

_NUMBER, _LID, _SLUG = films.c.letterboxd_film_id, films.c.letterboxd_lid, films.c.slug
# Plain tuples, compared as such: attributes of a row take as long as the query itself.
_FilmRow = sa.Row[*tuple[Any, ...]]
_SHOWN = (
    films.c.id,
    _NUMBER,
    _LID,
    _SLUG,
    films.c.title,
    films.c.release_year,
    films.c.named_by,
    films.c.year_by,
    films.c.joined_by_name,
)
_COLUMNS = (*_SHOWN, films.c.named_as_of, films.c.year_as_of)
# Films by their keys; one that gives up a name to another keeps its key.
_Claims = dict[int | str, Film]


def film_ids(connection: sa.Connection, page_films: Iterable[Film], naming: Naming) -> dict[int | str, int]:
    """Return the database's id for the key of each film on a page.

    Films that are not stored are inserted, changed ones corrected, and rows that the page shows to be one
    film are made one; those that it shows not to be one come apart.
    """
    on_page = _with_names_of_their_own({film.key: film for film in page_films})
    numbers = [film.film_id for film in on_page if film.film_id]
    # Moments take longer than all else: what is read from the site now does without.
    columns = _SHOWN if naming.live else _COLUMNS
    stored = {row[1]: row for row in _rows(connection, _NUMBER, numbers, columns)}
    # Slugs and codes are unique: where a row says just what the page shows, as nearly all do, no other
    # row can have those of the film.
    ids = {
        film.key: int(row[0])
        for film in on_page
        if (row := stored.get(film.film_id)) is not None and _is_unchanged(row, film, naming)
    }
    if len(ids) == len(on_page):
        return ids
    inserted = _inserted(connection, [f for f in on_page if f.film_id and f.film_id not in stored], naming)
    ids |= inserted
    rest = _Reconciliation(connection, {f.key: f for f in on_page if f.key not in ids}, naming)
    ids |= rest.ids()
    changed = inserted.keys() | rest.changed
    told = {film: ids[film.key] for film in on_page if film.key in changed or not naming.live}
    new = [*inserted.values(), *rest.inserted]
    if namesakes.tell(connection, told, naming, new=new, parted=rest.parted):
        ids |= stored_film_ids(connection, on_page)
    return ids


def redirected(connection: sa.Connection, asked: Film, film: Film, naming: Naming) -> int:
    """Return the id of ``film``, to which the address of film ``asked`` leads by now.

    Either the film has another slug, or the site has made two films one: then so do we.
    """
    keep = film_ids(connection, [film], naming)[film.key]
    other = next(iter(_StoredFilms(connection, [asked]).rows(asked)), None)
    if other is None or other.id == keep:
        return keep
    parted = []
    if other.joined_by_name and other.letterboxd_lid != film.lid:
        parted = [namesakes.part(connection, other.id)]  # only the slug leads there
    merge_films(connection, keep, other.id)
    namesakes.settle(connection, (), [keep, *parted])
    return keep


def stored_film_ids(connection: sa.Connection, page_films: Iterable[Film]) -> dict[int | str, int]:
    """Return the database's id for the key of each film that is stored already; nothing is written."""
    on_page = {film.key: film for film in page_films}
    stored = _StoredFilms(connection, on_page.values())
    return {key: int(rows[0].id) for key, film in on_page.items() if (rows := stored.rows(film))}


def placeholder(number: int) -> str:
    """Return an address of a film that holds whatever its slug is; the site knows it, too."""
    return f"film:{number}"


class _StoredFilms:
    """The rows that films of a page may be, by each of the names that tell films apart."""

    # Each name by itself, instead of one look-up with OR: so each uses its index.
    def __init__(self, connection: sa.Connection, on_page: Iterable[Film]) -> None:
        on_page = list(on_page)
        slugs, lids = ([film.slug for film in on_page], [film.lid for film in on_page if film.lid])
        rows = [
            *_rows(connection, _NUMBER, [film.film_id for film in on_page if film.film_id]),
            *_rows(connection, _SLUG, slugs),
            *_rows(connection, _LID, lids),
        ]
        self.by_number = {row.letterboxd_film_id: row for row in rows if row.letterboxd_film_id}
        self.by_lid = {row.letterboxd_lid: row for row in rows if row.letterboxd_lid}
        self.by_slug = {row.slug: row for row in rows}
        self._by_former = {
            "slug": _former(connection, "slug", [slug for slug in slugs if slug not in self.by_slug]),
            "lid": _former(connection, "lid", [lid for lid in lids if lid not in self.by_lid]),
        }

    def rows(self, film: Film) -> list[_FilmRow]:
        """Return the rows that are this film, the surest first: by number, by short code, by slug."""
        same: dict[int, _FilmRow] = {}
        for row in (self.by_number.get(film.film_id), self.of_lid(film.lid), self.of_slug(film.slug)):
            if row is not None and not _is_another(row, film):
                same.setdefault(row.id, row)
                film = _with_row(film, row)
        return list(same.values())

    def whole(self, film: Film) -> Film:
        """Return a film with the number and the code that are stored of it, where it does not say them."""
        for row in self.rows(film):
            film = _with_row(film, row)
        return film

    def of_slug(self, slug: str) -> _FilmRow | None:
        """Return the film that has this slug, else the one that had it."""
        return self.by_slug.get(slug) or self._by_former["slug"].get(slug)

    def of_lid(self, lid: str | None) -> _FilmRow | None:
        """Return the film that has this code, or of which one with this code became part."""
        return self.by_lid.get(lid) or self._by_former["lid"].get(lid or "")


def _with_row(film: Film, row: _FilmRow) -> Film:
    return replace(film, film_id=film.film_id or row.letterboxd_film_id, lid=film.lid or row.letterboxd_lid)


def _rows(
    connection: sa.Connection,
    name: sa.Column[Any],
    values: Sequence[Any],
    columns: tuple[sa.Column[Any], ...] = _COLUMNS,
) -> Sequence[_FilmRow]:
    if not values:
        return ()
    return connection.execute(_query(connection.dialect.name, name, columns), as_list(values)).all()


@cache
def _query(dialect: str, name: sa.Column[Any], columns: tuple[sa.Column[Any], ...]) -> sa.Select[Any]:
    return sa.select(*columns).where(in_list(dialect, name))


def _former(connection: sa.Connection, kind: str, keys: Sequence[str]) -> dict[str, _FilmRow]:
    """Return the films that were called so once, by that slug or code."""
    if not keys:
        return {}
    names = film_names.c
    query = (
        sa.select(*_COLUMNS, names.key)
        .join(film_names, names.film_id == films.c.id)
        .where(names.kind == kind, in_list(connection.dialect.name, names.key))
    )
    return {row.key: row for row in connection.execute(query, as_list(keys))}


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


def _is_unchanged(row: _FilmRow, film: Film, naming: Naming) -> bool:
    """Say whether a stored row says just what the page shows, and knows it from a page as new as this."""
    year_by = NamedBy.PAGE if film.year else None
    on_page = (film.film_id, film.lid, film.slug, film.title, film.year, NamedBy.PAGE, year_by, False)
    return row[1:9] == on_page and (naming.live or titles.are_as_new(row._mapping, naming))


def _values(film: Film) -> dict[str, Any]:
    return {"letterboxd_film_id": film.film_id, "letterboxd_lid": film.lid, "slug": film.slug or None}


def _inserted(connection: sa.Connection, new: Collection[Film], naming: Naming) -> dict[int | str, int]:
    """Insert films; return, by their keys, the ids of those whose number, slug and code no other had."""
    rows = [
        _values(film) | titles.columns_of(film.title, film.year, naming)
        for film in sorted(new, key=lambda film: film.slug)
    ]
    inserted = {row.slug: row.id for row in insert_missing(connection, films, rows, "id", "slug")}
    return {film.key: inserted[film.slug] for film in new if film.slug in inserted}


class _Reconciliation:
    """Films that are stored otherwise, or some of whose names other rows have: each goes where it belongs."""

    def __init__(self, connection: sa.Connection, claims: _Claims, naming: Naming) -> None:
        self.connection = connection
        self.claims = claims
        self.naming = naming
        self.changed: set[int | str] = set()
        self.parted: list[int] = []
        self.inserted: list[int] = []
        self._read()

    def ids(self) -> dict[int | str, int]:
        """Return the ids of the films, by their keys."""
        while self._part() or self._merge_doubles() or self._free_names():
            self._read()
        if missing := {key: film for key, film in self.claims.items() if not self.stored.rows(film)}:
            new = _inserted(self.connection, missing.values(), self.naming)
            self.inserted += new.values()
            self._read()  # of which another process may have inserted some
            self.changed |= missing.keys()
        ids: dict[int | str, int] = {}
        for key, film in self.claims.items():
            row = self.stored.rows(film)[0]
            if self._correct(row, film):
                self.changed.add(key)
            ids[key] = int(row.id)
        return ids

    def _read(self) -> None:
        self.stored = _StoredFilms(self.connection, self.claims.values())

    def _part(self) -> bool:
        """Part slugs and codes that only a name had put together, where a page says otherwise."""
        joined = [row for film in self.claims.values() for row in self._wrongly_joined(film)]
        for row in {row.id: row for row in joined}.values():
            self.parted.append(namesakes.part(self.connection, row.id))
        return bool(joined)

    def _wrongly_joined(self, film: Film) -> Iterator[_FilmRow]:
        """Yield the rows of which a page that shows both slug and code means but one of them."""
        if film.lid is None:
            return
        by_lid, by_slug = self.stored.of_lid(film.lid), self.stored.of_slug(film.slug)
        for row in (self.stored.by_number.get(film.film_id), by_lid, by_slug):
            if row is not None and row.joined_by_name:
                of_slug = by_slug is not None and row.id == by_slug.id
                if row.letterboxd_film_id and film.film_id:
                    of_slug = row.letterboxd_film_id == film.film_id
                of_lid = by_lid is not None and row.id == by_lid.id
                if of_slug != of_lid:
                    yield row

    def _merge_doubles(self) -> bool:
        """Make one row of those that are one film; say whether there were any."""
        gone: set[int] = set()
        for key, film in self.claims.items():
            rows = [row for row in self.stored.rows(film) if row.id not in gone]
            for other in rows[1:]:
                merge_films(self.connection, rows[0].id, other.id)
                gone.add(other.id)
                self.changed.add(key)
        return bool(gone)

    def _free_names(self) -> bool:
        """Take slugs and codes from other films: the site has given them to those on the page.

        Where another film's page is newer, the film on this one has them no more.
        """
        freed = []
        for key, film in self.claims.items():
            whole = self.stored.whole(film)
            holder = self.stored.by_slug.get(film.slug)
            if holder is not None and _is_another(holder, whole):
                if not self._outranks(holder, film):
                    self.claims[key] = film = replace(film, slug="")
                else:
                    freed.append((holder.id, {"slug": _slug_left(holder, film.slug)}))
            holder = self.stored.by_lid.get(film.lid)
            if holder is not None and _is_another(holder, whole):
                if not self._outranks(holder, film):
                    self.claims[key] = replace(film, lid=None)
                else:
                    freed.append((holder.id, {"letterboxd_lid": None}))
        for film_id, values in freed:
            self.connection.execute(films.update().where(films.c.id == film_id).values(values))
        return bool(freed)

    def _outranks(self, row: _FilmRow, film: Film) -> bool:
        """Say whether what is read now is newer than what is stored of a film's names, and than any crawl."""
        return titles.outranks(self.naming, film.slug, row._mapping) and not self._shown_since(row)

    def _shown_since(self, row: _FilmRow) -> bool:
        """Say whether a crawl has shown a film later: where it found nothing to change, it wrote nothing."""
        if self.naming.live or NamedBy.PAGE not in (row.named_by, row.year_by):
            return False
        crawled = (
            sa.select(ratings.c.film_id)
            .join(users, users.c.id == ratings.c.user_id)
            .where(ratings.c.film_id == row.id, users.c.last_full_scrape_at > self.naming.as_of)
        )
        return bool(self.connection.scalar(sa.select(crawled.exists())))

    def _correct(self, row: _FilmRow, film: Film) -> bool:
        """Bring a film's row to what the page shows; what the page does not show is left alone."""
        stored = row._mapping
        changes = titles.renamed(stored, film.title, film.year, self.naming)
        keys = {name: value for name, value in _values(film).items() if value not in (None, stored[name])}
        if (changes or keys) and not self._outranks(row, film):
            keys = {name: value for name, value in keys.items() if stored[name] is None}
            if self._shown_since(row):
                changes = titles.year_alone(changes) if row.release_year is None else {}
        if film.slug and row.slug not in (film.slug, None):
            former = row.slug if "slug" in keys else film.slug
            remember(self.connection, "slug", former, row.id, stored)
        elif row.slug and row.named_by == NamedBy.PAGE and {"title", "release_year"} & changes.keys():
            remember(self.connection, "slug", row.slug, row.id, stored)
        changes |= keys
        if row.joined_by_name and film.slug and film.lid:
            changes["joined_by_name"] = False
        if changes:
            self.connection.execute(films.update().where(films.c.id == row.id).values(changes))
        return bool(changes)


def _slug_left(holder: _FilmRow, taken: str) -> str | None:
    """Return the slug of a film whose own is another's now, until its next page brings the new one."""
    slug = placeholder(holder.letterboxd_film_id) if holder.letterboxd_film_id else None
    # An address may have been read by the number: then no other slug is left for the holder.
    return slug if slug != taken else None
