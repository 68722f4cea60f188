"""Films as archives name them: found by their short code, else by title and year, where that is no guess."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from letterboxd_scraper.items import Film
from letterboxd_scraper.snapshots import NamedFilm
from letterboxd_scraper.store.films import film_ids
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.upsert import as_list, insert_missing, listed


def named_film_ids(connection: sa.Connection, named: Iterable[NamedFilm]) -> dict[NamedFilm, int]:
    """Return the ids of films; those that are not stored yet are inserted.

    One that has no code is stored under its slug. What has neither cannot be told from others, and what
    has no title cannot be inserted: both are left out.
    """
    every = list(dict.fromkeys(named))
    on_pages = {each: _as_film(each) for each in every if each.slug}
    by_key = film_ids(connection, on_pages.values())
    found = {each: by_key[film.key] for each, film in on_pages.items()}
    return found | _by_code(connection, [each for each in every if each.lid and not each.slug])


def _as_film(named: NamedFilm) -> Film:
    return Film(str(named.slug), named.title, named.year, named.film_id, named.lid)


def _by_code(connection: sa.Connection, named: Sequence[NamedFilm]) -> dict[NamedFilm, int]:
    ids = _stored(connection, named)
    unknown = [each for each in named if each.lid not in ids]
    for each, film in _of_same_name(connection, unknown).items():
        connection.execute(films.update().where(films.c.id == film).values(letterboxd_lid=each.lid))
        ids[str(each.lid)] = film
    new = {each.lid: each for each in unknown if each.lid not in ids and each.title}
    rows = [
        {"letterboxd_lid": lid, "title": each.title, "release_year": each.year} for lid, each in new.items()
    ]
    inserted = insert_missing(connection, films, rows, "letterboxd_lid", "id")
    ids |= {row.letterboxd_lid: row.id for row in inserted}
    return {each: ids[str(each.lid)] for each in named if each.lid in ids}


def _stored(connection: sa.Connection, named: Sequence[NamedFilm]) -> dict[str, int]:
    lids = films.c.letterboxd_lid
    query = sa.select(lids, films.c.id).where(lids.in_(listed(connection.dialect.name, lids.type)))
    return {
        row.letterboxd_lid: row.id for row in connection.execute(query, as_list(each.lid for each in named))
    }


def _of_same_name(connection: sa.Connection, named: Sequence[NamedFilm]) -> dict[NamedFilm, int]:
    """Return the stored films without a code that alone have the title and year of one of the named."""
    title = films.c.title
    query = sa.select(films.c.id, title, films.c.release_year).where(
        films.c.letterboxd_lid.is_(None), title.in_(listed(connection.dialect.name, title.type))
    )
    stored = defaultdict(list)
    for row in connection.execute(query, as_list({each.title for each in named})):
        stored[row.title, row.release_year].append(row.id)
    wanted = defaultdict(list)
    for each in named:
        wanted[each.title, each.year].append(each)
    return {
        each[0]: stored[key][0]
        for key, each in wanted.items()
        if len(stored.get(key, ())) == 1 and len({one.lid for one in each}) == 1
    }
