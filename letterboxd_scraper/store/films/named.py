"""Films as archives name them: found by their short code, else by title and year, where that is no guess."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedFilm, Naming
from letterboxd_scraper.store.films.identity import film_ids
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.upsert import as_list, in_list, insert_missing


def named_film_ids(
    connection: sa.Connection, named: Iterable[NamedFilm], naming: Naming
) -> dict[NamedFilm, int]:
    """Return the ids of films; those that are not stored yet are inserted.

    One that has no code is stored under its slug. What has neither cannot be told from others, and what
    has no title cannot be inserted: both are left out.
    """
    distinct = list(dict.fromkeys(named))
    with_slug = {
        name: Film(name.slug, name.title, name.year, name.film_id, name.lid) for name in distinct if name.slug
    }
    by_key = film_ids(connection, with_slug.values())
    ids = {name: by_key[film.key] for name, film in with_slug.items()}
    with_code = [name for name in distinct if name.lid and not name.slug]
    return ids | _ids_by_code(connection, with_code)


def adopt_slugs(connection: sa.Connection, feed_films: Iterable[Film]) -> None:
    """Give films that archives alone knew the slugs of a feed, where title and year are those of just one."""
    unnumbered = {film.slug: film for film in feed_films if not film.film_id and not film.lid}
    query = sa.select(films.c.slug).where(in_list(connection.dialect.name, films.c.slug))
    stored = set(connection.scalars(query, as_list(unnumbered)))
    new = defaultdict(list)
    for slug, film in unnumbered.items():
        if slug not in stored:
            new[film.title, film.year].append(slug)
    without_slug = _by_title_and_year(connection, {title for title, _ in new}, films.c.slug.is_(None))
    for key, slugs in new.items():
        ids = without_slug.get(key, ())
        if len(slugs) == len(ids) == 1:
            connection.execute(films.update().where(films.c.id == ids[0]).values(slug=slugs[0]))


def _ids_by_code(connection: sa.Connection, named: Sequence[NamedFilm]) -> dict[NamedFilm, int]:
    lid = films.c.letterboxd_lid
    query = sa.select(lid, films.c.id).where(in_list(connection.dialect.name, lid))
    ids = {row.letterboxd_lid: row.id for row in connection.execute(query, as_list(n.lid for n in named))}
    unknown = [name for name in named if name.lid not in ids]
    for name, film in _of_same_name(connection, unknown).items():
        connection.execute(films.update().where(films.c.id == film).values(letterboxd_lid=name.lid))
        ids[name.lid] = film
    new = {name.lid: name for name in unknown if name.lid not in ids and name.title}
    rows = [
        {"letterboxd_lid": lid, "title": name.title, "release_year": name.year} for lid, name in new.items()
    ]
    inserted = insert_missing(connection, films, rows, "letterboxd_lid", "id")
    ids |= {row.letterboxd_lid: row.id for row in inserted}
    return {name: ids[name.lid] for name in named if name.lid in ids}


def _of_same_name(connection: sa.Connection, named: Sequence[NamedFilm]) -> dict[NamedFilm, int]:
    """Return the stored films without a code that alone have the title and year of one of the named."""
    stored = _by_title_and_year(connection, {name.title for name in named}, films.c.letterboxd_lid.is_(None))
    same_name = defaultdict(list)
    for name in named:
        same_name[name.title, name.year].append(name)
    ids = {}
    for key, names in same_name.items():
        candidates = stored.get(key, [])
        if len(candidates) == 1 and len({name.lid for name in names}) == 1:
            ids[names[0]] = candidates[0]
    return ids


def _by_title_and_year(
    connection: sa.Connection, titles: Collection[str], condition: sa.ColumnElement[bool]
) -> dict[tuple[str, int | None], list[int]]:
    """Return the ids of the stored films with these titles, by title and year."""
    title = films.c.title
    query = sa.select(films.c.id, title, films.c.release_year).where(
        condition, in_list(connection.dialect.name, title)
    )
    ids = defaultdict(list)
    for row in connection.execute(query, as_list(titles)):
        ids[row.title, row.release_year].append(row.id)
    return ids
