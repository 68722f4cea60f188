"""Genres and countries of films."""

from collections.abc import Sequence

import sqlalchemy as sa

from letterboxd_scraper.store.schema import countries, film_countries, film_genres, genres
from letterboxd_scraper.store.upsert import insert_missing, upsert


def genres_of_tmdb(connection: sa.Connection, numbered: Sequence[tuple[int, str]]) -> set[int]:
    """Return the ids of genres that TMDB numbers; one that only a page had named gets its number."""
    stored = set(connection.scalars(sa.select(genres.c.tmdb_id)))
    for number, name in numbered:
        unnumbered = (genres.c.tmdb_id.is_(None), sa.func.lower(genres.c.name) == name.lower())
        if number in stored:
            renamed = (genres.c.tmdb_id == number, genres.c.name != name)
            connection.execute(genres.update().where(*renamed).values(name=name))
        elif not connection.execute(
            genres.update().where(*unnumbered).values(tmdb_id=number, name=name)
        ).rowcount:
            connection.execute(genres.insert().values(tmdb_id=number, name=name))
    query = sa.select(genres.c.id).where(genres.c.tmdb_id.in_([number for number, _ in numbered]))
    return set(connection.scalars(query))


def genres_of_page(connection: sa.Connection, names: Sequence[str]) -> set[int]:
    """Return the ids of genres that a page names: those that TMDB has numbered, where it knows them."""
    ids = set()
    for name in names:
        same = sa.func.lower(genres.c.name) == name.lower()
        query = sa.select(genres.c.id).where(same).order_by(genres.c.tmdb_id.is_(None), genres.c.id).limit(1)
        new = genres.insert().values(name=name).returning(genres.c.id)
        ids.add(connection.scalar(query) or connection.execute(new).scalar_one())
    return ids


def set_genres(connection: sa.Connection, film: int, ids: set[int]) -> None:
    """Let a film have just these genres."""
    of_film = film_genres.c.film_id == film
    connection.execute(film_genres.delete().where(of_film, film_genres.c.genre_id.not_in(ids)))
    insert_missing(connection, film_genres, [{"film_id": film, "genre_id": genre} for genre in sorted(ids)])


def set_countries(connection: sa.Connection, film: int, codes: Sequence[str], names: dict[str, str]) -> None:
    """Let a film have just the countries of these codes; one without a name is called by it."""
    distinct = sorted(set(codes))
    upsert(connection, countries, [{"code": code, "name": name} for code, name in names.items()])
    unnamed = [{"code": code, "name": code} for code in distinct if code not in names]
    insert_missing(connection, countries, unnamed)
    of_film = film_countries.c.film_id == film
    connection.execute(film_countries.delete().where(of_film, film_countries.c.country_code.not_in(distinct)))
    rows = [{"film_id": film, "country_code": code} for code in distinct]
    insert_missing(connection, film_countries, rows)
