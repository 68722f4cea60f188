"""What sources have called films, by the one thing that they told them by: kept as long as it may matter."""

from collections.abc import Iterable, Sequence
from functools import cache, reduce
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.items.sources import Naming
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.schema import film_names
from letterboxd_scraper.store.upsert import as_list, as_rows, in_list, sent_rows, upsert

# The kinds of keys: a slug, a code, and what another service knows.
SLUG, LID, ELSEWHERE = "slug", "lid", "elsewhere"
# A title and year; 0 for none.
Name = tuple[str, int]
_n = film_names.c


class Told(NamedTuple):
    """What a source calls the film of a key; ``film`` is its id, None where that is still to be decided."""

    key: str
    title: str
    year: int | None
    film: int | None = None

    @property
    def name(self) -> Name:
        return self.title, self.year or 0


def note(connection: sa.Connection, kind: str, told: Sequence[Told], naming: Naming) -> None:
    """Keep what a source calls films; of equal names that by which it counts most."""
    if not told:
        return
    query = sa.select(film_names).where(_n.kind == kind, in_list(connection.dialect.name, _n.key))
    stored = {
        (row.key, row.title, row.release_year): row
        for row in connection.execute(query, as_list({one.key for one in told}))
    }
    rows = {}
    for one in told:
        place, before = (one.key, *one.name), stored.get((one.key, *one.name))
        row: dict[str, Any] = {
            "kind": kind,
            "key": one.key,
            "title": one.title,
            "release_year": one.year or 0,
        }
        row |= {"named_by": naming.by, "as_of": naming.as_of, "film_id": one.film}
        if before is not None:
            row["film_id"] = one.film or before.film_id
            if not titles.is_stronger(naming, before.named_by, before.as_of):
                row |= {"named_by": before.named_by, "as_of": before.as_of}
        if before is None or any(row[name] != value for name, value in before._mapping.items()):
            rows[place] = row
    upsert(connection, film_names, list(rows.values()))


# With every page that shows new films: a statement costs more to build than to send.
@cache
def _having(dialect: str, column: sa.Column[Any]) -> sa.Select[Any]:
    """Return the query for what was told with one of the values that `as_list` sends."""
    return sa.select(film_names).where(in_list(dialect, column))


def borne_by_others(connection: sa.Connection, kind: str, names: set[Name]) -> set[Name]:
    """Return those of the names that are told of another ``kind`` of key, too."""
    title, year = sent_rows(connection.dialect.name, sa.Text, sa.Integer)
    query = sa.select(_n.title, _n.release_year).where(
        _n.kind != kind, _n.title == title, _n.release_year == year
    )
    return {(row.title, row.release_year) for row in connection.execute(query, as_rows(names))}


def related(connection: sa.Connection, names: set[Name], film_ids: set[int]) -> list[Any]:
    """Return the rows of `film_names` that have these names or films, and those that share one with them."""
    rows: dict[Any, Any] = {}
    seen_names, seen_films = set[Name](), set[int]()
    dialect = connection.dialect.name
    by_title, by_film = _having(dialect, _n.title), _having(dialect, _n.film_id)
    while names or film_ids:
        connected = []
        if names:
            named = connection.execute(by_title, as_list({title for title, _ in names}))
            connected += [row for row in named if (row.title, row.release_year) in names]
        if film_ids:
            connected += connection.execute(by_film, as_list(film_ids))
        rows |= {tuple(row[:4]): row for row in connected}
        seen_names, seen_films = seen_names | names, seen_films | film_ids
        # A title alone tells no film.
        names = {(row.title, row.release_year) for row in connected if row.release_year} - seen_names
        film_ids = {row.film_id for row in connected if row.film_id is not None} - seen_films
    return list(rows.values())


def titled(rows: Iterable[Any]) -> dict[str, Any]:
    """Return the columns of a film of these names."""
    told = [titles.stored_columns(row.title, row.release_year, row.named_by, row.as_of) for row in rows]
    return reduce(titles.together, told) if told else {}
