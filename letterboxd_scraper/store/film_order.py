"""One order of films for all databases, and for whatever order the films came in."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import films

_f = films.c


def film_order(dialect: str) -> tuple[sa.ColumnElement[Any], ...]:
    """Return what rows of `films` are ordered by where nothing else tells them apart.

    By slug, compared bytewise (a film without one: by its code), then code, then the numbers that the site
    and others give it. Our own comes last: nothing else tells apart films that have none of these.
    """
    texts = (
        sa.func.coalesce(_f.slug, _f.letterboxd_lid, ""),
        sa.func.coalesce(_f.letterboxd_lid, ""),
        sa.func.coalesce(_f.tmdb_media_type, ""),
        sa.func.coalesce(_f.imdb_id, ""),
    )
    name, lid, kind, imdb = (bytewise(text, dialect) for text in texts)
    number, tmdb = (sa.func.coalesce(column, 0) for column in (_f.letterboxd_film_id, _f.tmdb_id))
    return name, lid, number, kind, tmdb, imdb, _f.id


def bytewise(text: Any, dialect: str) -> sa.ColumnElement[str]:
    """Return a text as it is compared bytewise."""
    return sa.collate(text, "C" if dialect == "postgresql" else "BINARY")
