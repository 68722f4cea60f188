"""Genres and countries of films."""

from collections.abc import Sequence

import sqlalchemy as sa

from letterboxd_scraper.store.schema import countries, film_countries, film_genres, genres
from letterboxd_scraper.store.upsert import insert_missing, upsert


def genres_of_tmdb(connection: sa.Connection, named: Sequence[tuple[int, str]]) -> set[int]:
    """Return the ids of genres that TMDB numbers; one that only a page had named gets its number."""
    known = dict(connection.execute(sa.select(genres.c.tmdb_id, genres.c.id)).all())
    for number, name in named:
        alone = (genres.c.tmdb_id.is_(None), sa.func.lower(genres.c.name) == name.lower())
        if number in known:
            renamed = (genres.c.tmdb_id == number, genres.c.name != name)
            connection.execute(genres.update().where(*renamed).values(name=name))
        elif not connection.execute(genres.update().where(*alone).values(tmdb_id=number, name=name)).rowcount:
            connection.execute(genres.insert().values(tmdb_id=number, name=name))
    wanted = genres.c.tmdb_id.in_([number for number, _ in named])
    return set(connection.scalars(sa.select(genres.c.id).where(wanted)))


def genres_of_page(connection: sa.Connection, names: Sequence[str]) -> set[int]:
    """Return the ids of genres that a page names: those that TMDB has numbered, where it knows them."""
    found = set()
    for name in names:
        same = sa.func.lower(genres.c.name) == name.lower()
        query = sa.select(genres.c.id).where(same).order_by(genres.c.tmdb_id.is_(None), genres.c.id).limit(1)
        known = connection.scalar(query)
        found.add(known or connection.scalar(genres.insert().values(name=name).returning(genres.c.id)))
    return {genre for genre in found if genre}


def set_genres(connection: sa.Connection, film: int, wanted: set[int]) -> None:
    """Let a film have just these genres."""
    theirs = film_genres.c.film_id == film
    connection.execute(film_genres.delete().where(theirs, film_genres.c.genre_id.not_in(wanted)))
    rows = [{"film_id": film, "genre_id": genre} for genre in sorted(wanted)]
    insert_missing(connection, film_genres, rows)


def iso_name(code: str) -> str:
    """Return a country's name by ISO 3166, also of one that is no more; the code itself where it has none.

    >>> iso_name("DK"), iso_name("SU"), iso_name("XC")
    ('Denmark', 'USSR, Union of Soviet Socialist Republics', 'XC')
    """
    import pycountry  # reads its lists from files

    found = pycountry.countries.get(alpha_2=code) or pycountry.historic_countries.get(alpha_2=code)
    return str(getattr(found, "common_name", found.name)) if found else code


def set_countries(connection: sa.Connection, film: int, wanted: Sequence[str], names: dict[str, str]) -> None:
    """Let a film have just the countries of these codes; one that TMDB has not named has its ISO name."""
    codes = sorted(set(wanted))
    upsert(connection, countries, [{"code": code, "name": name} for code, name in names.items()])
    unnamed = [{"code": code, "name": iso_name(code)} for code in codes if code not in names]
    insert_missing(connection, countries, unnamed)
    theirs = film_countries.c.film_id == film
    connection.execute(film_countries.delete().where(theirs, film_countries.c.country_code.not_in(codes)))
    insert_missing(connection, film_countries, [{"film_id": film, "country_code": code} for code in codes])
