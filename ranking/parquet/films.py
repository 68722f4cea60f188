"""Films as rows for a Parquet file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from letterboxd_scraper.store.film_order import film_order
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.credits import director_names
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_countries,
    film_genres,
    films,
    genres,
    ratings,
    watched,
    watchlist,
)
from ranking.parquet.columns import FILMS, table_of

# Films held in memory at a time; fewer than the variables that a statement may have on SQLite.
_FILMS = 5_000
_Lists = dict[int, list[str]]

_PLAIN = (
    films.c.id,
    films.c.letterboxd_film_id,
    films.c.letterboxd_lid,
    films.c.slug,
    films.c.title,
    films.c.release_year,
    films.c.runtime_minutes,
    films.c.original_language,
    films.c.tmdb_media_type,
    films.c.tmdb_id,
    films.c.tmdb_guessed,
    films.c.imdb_id,
    films.c.letterboxd_weighted_average,
    films.c.letterboxd_rating_count,
    films.c.letterboxd_fan_count,
    links.ADDRESS,
)


def numbers(connection: sa.Connection, cohort_id: int) -> dict[int, int]:
    """Return the number in the files of each film that a cohort's members have done something with, by id.

    In the order of films, which is the same in every database.
    """
    members = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == cohort_id)
    # One list, of each film once: PostgreSQL would go through several for every film, and sort a long one.
    of_cohort = sa.union(
        *(
            sa.select(table.c.film_id).where(table.c.user_id.in_(members)).distinct()
            for table in (ratings, watched, watchlist)
        )
    )
    query = sa.select(films.c.id).where(films.c.id.in_(of_cohort))
    query = query.order_by(*film_order(connection.dialect.name))
    return {film: number for number, film in enumerate(connection.scalars(query), start=1)}


def film_rows(connection: sa.Connection, number: Mapping[int, int], base_url: str) -> Iterator[pa.Table]:
    """Yield the films, in the order of their numbers, some thousands at a time."""
    order = list(number)
    for first in range(0, len(order), _FILMS):
        yield _table(connection, order[first : first + _FILMS], first + 1, base_url)


def _table(connection: sa.Connection, chosen: Sequence[int], first: int, base_url: str) -> pa.Table:
    plain = {row.id: row for row in connection.execute(sa.select(*_PLAIN).where(films.c.id.in_(chosen)))}
    lists = [_gathered(connection, query, chosen) for query in (_genres(), _countries(), director_names())]
    rows = []
    for number, film in enumerate(chosen, start=first):
        _, *facts, address = plain[film]
        rows.append(
            (number, *facts, links.link(address, base_url) or None, *(texts[film] for texts in lists))
        )
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
    return query.order_by(genres.c.name)


def _countries() -> sa.Select[Any]:
    return sa.select(film_countries.c.film_id, film_countries.c.country_code).order_by(
        film_countries.c.country_code
    )
