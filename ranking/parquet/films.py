"""Films as rows for a Parquet file."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.credits import director_names
from letterboxd_scraper.store.schema import film_countries, film_genres, films, genres
from ranking.parquet.columns import FILMS, table_of

# Films held in memory at a time; fewer than the variables that a statement may have on SQLite.
_FILMS = 5_000
_Lists = dict[int, list[str]]

_PLAIN = (
    films.c.id,
    films.c.letterboxd_film_id,
    films.c.slug,
    films.c.title,
    films.c.release_year,
    films.c.runtime_minutes,
    films.c.tmdb_media_type,
    films.c.tmdb_id,
    films.c.imdb_id,
    films.c.letterboxd_weighted_average,
    films.c.letterboxd_rating_count,
    films.c.letterboxd_fan_count,
    links.ADDRESS,
)


def film_rows(connection: sa.Connection, film_ids: Collection[int], base_url: str) -> Iterator[pa.Table]:
    """Yield the films with these ids, in the order of their ids, some thousands at a time."""
    order = sorted(film_ids)
    for first in range(0, len(order), _FILMS):
        yield _table(connection, order[first : first + _FILMS], base_url)


def _table(connection: sa.Connection, chosen: Sequence[int], base_url: str) -> pa.Table:
    plain = connection.execute(sa.select(*_PLAIN).where(films.c.id.in_(chosen)).order_by(films.c.id)).all()
    lists = [_gathered(connection, query, chosen) for query in (_genres(), _countries(), director_names())]
    rows = [
        (film, *facts, links.link(address, base_url) or None, *(texts[film] for texts in lists))
        for film, *facts, address in plain
    ]
    return table_of(FILMS, list(zip(*rows, strict=True)))


def _gathered(connection: sa.Connection, query: sa.Select[Any], chosen: Sequence[int]) -> _Lists:
    """Return the texts of each film from a query of (film_id, text)."""
    texts: _Lists = defaultdict(list)
    for film, text in connection.execute(query.where(query.selected_columns[0].in_(chosen))):
        texts[film].append(text)
    return texts


def _genres() -> sa.Select[Any]:
    query = sa.select(film_genres.c.film_id, genres.c.name).join(
        genres, genres.c.id == film_genres.c.genre_id
    )
    return query.order_by(genres.c.id)


def _countries() -> sa.Select[Any]:
    return sa.select(film_countries.c.film_id, film_countries.c.country_code).order_by(
        film_countries.c.country_code
    )
