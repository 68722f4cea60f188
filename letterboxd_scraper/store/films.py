"""Films: found by their number, else by their slug; titles, years and slugs follow the site."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items import Film
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.upsert import insert_missing

_IDENTITY = (films.c.id, films.c.letterboxd_film_id, films.c.letterboxd_lid, films.c.slug)
_SHOWN = (*_IDENTITY, films.c.title, films.c.release_year)


def film_ids(connection: sa.Connection, shown: Iterable[Film]) -> dict[int | str, int]:
    """Return the database's id for each film's key; films not known are inserted, changed ones corrected."""
    wanted = {film.key: film for film in shown}
    known = _Known(connection, list(wanted.values()))
    if missing := [film for film in wanted.values() if known.row(film) is None]:
        _free_slugs(connection, known, missing)
        insert_missing(
            connection, films, [_row(film) for film in sorted(missing, key=lambda film: film.slug)]
        )
        known = _Known(connection, list(wanted.values()))
    for film in wanted.values():
        _correct(connection, known, film)
    return {key: known.row(film).id for key, film in wanted.items()}


class _Known:
    """The stored films that any of the shown ones may be."""

    def __init__(self, connection: sa.Connection, shown: Sequence[Film]) -> None:
        numbers = [film.film_id for film in shown if film.film_id]
        lids = [film.lid for film in shown if film.lid]
        conditions = [
            films.c.letterboxd_film_id.in_(numbers),
            films.c.slug.in_([film.slug for film in shown]),
            films.c.letterboxd_lid.in_(lids),
        ]
        # Three look-ups instead of one with OR: each uses its index.
        rows = [
            row for condition in conditions for row in connection.execute(sa.select(*_SHOWN).where(condition))
        ]
        self.by_number = {row.letterboxd_film_id: row for row in rows if row.letterboxd_film_id}
        self.by_lid = {row.letterboxd_lid: row for row in rows if row.letterboxd_lid}
        self.by_slug = {row.slug: row for row in rows if row.slug}

    def row(self, film: Film) -> Any:
        """Return the film's stored row or None. A slug alone proves nothing where the numbers differ."""
        if film.film_id in self.by_number:
            return self.by_number[film.film_id]
        if film.lid in self.by_lid:
            return self.by_lid[film.lid]
        row = self.by_slug.get(film.slug)
        other = row is not None and film.film_id and row.letterboxd_film_id not in (None, film.film_id)
        return None if other else row


def _row(film: Film) -> dict[str, Any]:
    return {
        "letterboxd_film_id": film.film_id,
        "letterboxd_lid": film.lid,
        "slug": film.slug,
        "title": film.title,
        "release_year": film.year,
    }


def _correct(connection: sa.Connection, known: _Known, film: Film) -> None:
    """Bring a film's row to what the page shows; what the page does not show is left alone."""
    row = known.row(film)
    changes = {
        name: value for name, value in _row(film).items() if value is not None and row._mapping[name] != value
    }
    if not changes:
        return
    if "slug" in changes:
        _free_slugs(connection, known, [film])
    connection.execute(films.update().where(films.c.id == row.id).values(changes))


def _free_slugs(connection: sa.Connection, known: _Known, taking: Iterable[Film]) -> None:
    """Take slugs away from other films that had them: the site has given them to these now."""
    for film in taking:
        holder = known.by_slug.get(film.slug)
        if holder is not None and holder.letterboxd_film_id and holder.letterboxd_film_id != film.film_id:
            # An address that the site also knows; the film's next page brings its new slug.
            slug = f"film:{holder.letterboxd_film_id}"
            connection.execute(films.update().where(films.c.id == holder.id).values(slug=slug))
