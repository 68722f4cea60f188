"""Films as archives name them: found by their short code, else by title and year, where that is no guess."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedFilm
from letterboxd_scraper.store.films.identity import film_ids
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.upsert import as_list, in_list, insert_missing


def named_film_ids(
    connection: sa.Connection, named: Iterable[NamedFilm], theirs: Collection[int] = ()
) -> dict[NamedFilm, int]:
    """Return the ids of films; those that are not stored yet are inserted.

    One that has no code is stored under its slug. What has neither cannot be told from others, and what
    has no title cannot be inserted: both are left out. Of several films of one name it is the one among
    ``theirs``, the member's.
    """
    every = list(dict.fromkeys(named))
    on_pages = {each: _as_film(each) for each in every if each.slug}
    by_key = film_ids(connection, on_pages.values())
    found = {each: by_key[film.key] for each, film in on_pages.items()}
    return found | _by_code(connection, [each for each in every if each.lid and not each.slug], theirs)


def adopt_slugs(connection: sa.Connection, shown: Iterable[Film]) -> None:
    """Give films that archives alone knew the slugs of a feed, where title and year are those of just one."""
    unknown = {film.slug: film for film in shown if not film.film_id and not film.lid}
    known = in_list(connection.dialect.name, films.c.slug)
    stored = set(connection.scalars(sa.select(films.c.slug).where(known), as_list(unknown)))
    wanted = defaultdict(list)
    for slug, film in unknown.items():
        if slug not in stored:
            wanted[film.title, film.year].append(slug)
    alone = _named(connection, {title for title, _ in wanted}, films.c.slug.is_(None))
    for key, slugs in wanted.items():
        if len(slugs) == 1 and len(alone.get(key, ())) == 1:
            connection.execute(films.update().where(films.c.id == alone[key][0]).values(slug=slugs[0]))


def _as_film(named: NamedFilm) -> Film:
    return Film(str(named.slug), named.title, named.year, named.film_id, named.lid)


def _by_code(
    connection: sa.Connection, named: Sequence[NamedFilm], theirs: Collection[int]
) -> dict[NamedFilm, int]:
    ids = _stored(connection, named)
    unknown = [each for each in named if each.lid not in ids]
    for each, film in _of_same_name(connection, unknown, theirs).items():
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
    query = sa.select(lids, films.c.id).where(in_list(connection.dialect.name, lids))
    return {
        row.letterboxd_lid: row.id for row in connection.execute(query, as_list(each.lid for each in named))
    }


def _of_same_name(
    connection: sa.Connection, named: Sequence[NamedFilm], theirs: Collection[int]
) -> dict[NamedFilm, int]:
    """Return the stored films without a code that alone have the title and year of one of the named."""
    stored = _named(connection, {each.title for each in named}, films.c.letterboxd_lid.is_(None))
    wanted = defaultdict(list)
    for each in named:
        wanted[each.title, each.year].append(each)
    found = {}
    for key, same in wanted.items():
        candidates = stored.get(key, [])
        own = [film for film in candidates if film in theirs]
        chosen = candidates if len(candidates) == 1 else own
        if len(chosen) == 1 and len({one.lid for one in same}) == 1:
            found[same[0]] = chosen[0]
    return found


def _named(
    connection: sa.Connection, titles: Collection[str], condition: sa.ColumnElement[bool]
) -> dict[tuple[str, int | None], list[int]]:
    """Return the ids of the stored films with these titles, by title and year."""
    title = films.c.title
    query = sa.select(films.c.id, title, films.c.release_year).where(
        condition, in_list(connection.dialect.name, title)
    )
    found = defaultdict(list)
    for row in connection.execute(query, as_list(titles)):
        found[row.title, row.release_year].append(row.id)
    return found
