"""Films as sources name them: by their code or slug, else by what another service knows of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedFilm, Naming
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.films import namesakes
from letterboxd_scraper.store.films.elsewhere import give_numbers, named_elsewhere_ids, stored_elsewhere_ids
from letterboxd_scraper.store.films.identity import film_ids, stored_film_ids
from letterboxd_scraper.store.films.told import LID, SLUG, Told, borne_by_others
from letterboxd_scraper.store.films.told_before import told_before
from letterboxd_scraper.store.schema import film_names, films
from letterboxd_scraper.store.upsert import as_list, in_list, insert_missing, upsert

_lid = films.c.letterboxd_lid


def named_film_ids(
    connection: sa.Connection, named: Iterable[NamedFilm], naming: Naming
) -> dict[NamedFilm, int]:
    """Return the ids of films; those that are not stored yet are inserted.

    One that has no code is stored under its slug; of a code without a title, the address stands for the title
    until a source names it. What has neither is told by its numbers elsewhere, or by title and year, where
    these tell one film; else it is left out.
    """
    distinct = list(dict.fromkeys(named))
    of_slug = _of_slugs(distinct)
    with_code = [name for name in distinct if name.lid and not name.slug]
    others = [name for name in distinct if not (name.slug or name.lid)]
    by_slug = film_ids(connection, _one_each(of_slug.values()), naming)
    by_code, moved = _ids_by_code(connection, with_code, naming)
    ids = {name: by_slug[film.key] for name, film in of_slug.items()}
    ids |= {name: by_code[name.lid] for name in with_code if name.lid}
    if moved:
        ids = stored_named_film_ids(connection, ids)
    if numbered := {ids[name]: name for name in ids if name.imdb_id or name.tmdb_id}:
        give_numbers(connection, numbered)
    return ids | (named_elsewhere_ids(connection, others, naming) if others else {})


def stored_named_film_ids(connection: sa.Connection, named: Iterable[NamedFilm]) -> dict[NamedFilm, int]:
    """Return the ids of those of the films that are stored; nothing is written."""
    distinct = list(dict.fromkeys(named))
    of_slug = _of_slugs(distinct)
    ids = stored_film_ids(connection, of_slug.values())
    of_code = {name: name.lid for name in distinct if name.lid and not name.slug}
    by_code = _stored_codes(connection, of_code.values())
    others = [name for name in distinct if not (name.slug or name.lid)]
    return {
        **{name: ids[film.key] for name, film in of_slug.items() if film.key in ids},
        **{name: by_code[lid] for name, lid in of_code.items() if lid in by_code},
        **stored_elsewhere_ids(connection, others),
    }


def adopt_slugs(connection: sa.Connection, feed_films: Iterable[Film], naming: Naming) -> None:
    """Give films that archives alone knew the slugs of a feed, where title and year are those of just one."""
    unnumbered = {film.slug: film for film in feed_films if not film.film_id and not film.lid}
    query = sa.select(films.c.slug).where(in_list(connection.dialect.name, films.c.slug))
    stored = set(connection.scalars(query, as_list(unnumbered)))
    new = [film for slug, film in unnumbered.items() if slug not in stored]
    names = sa.select(film_names).where(in_list(connection.dialect.name, film_names.c.title))
    kinds = defaultdict(set)
    for row in connection.execute(names, as_list({film.title for film in new})):
        kinds[row.title, row.release_year].add((row.kind, row.film_id))
    for film in new:
        kinds[film.title, film.year or 0].add((SLUG, film.slug))
    # Where it would stay open which of them it is, the film of an entry that tells nothing is not stored.
    meeting = [
        film for film in new if sorted(kind for kind, _ in kinds[film.title, film.year or 0]) == [LID, SLUG]
    ]
    film_ids(connection, meeting, naming)


def _of_slugs(named: Sequence[NamedFilm]) -> dict[NamedFilm, Film]:
    """Return those that have a slug as films: where one has its number, all of that slug have it."""
    numbers = {name.slug: name.film_id for name in named if name.slug and name.film_id}
    return {
        name: Film(name.slug, name.title, name.year, name.film_id or numbers.get(name.slug), name.lid)
        for name in named
        if name.slug
    }


def _one_each(named: Iterable[Film]) -> list[Film]:
    """Return each film once, as it is called with a year; of several titles, the same one in any order."""
    distinct: dict[int | str, Film] = {}
    for film in sorted(named, key=lambda film: (film.year is not None, film.title, film.year or 0)):
        distinct[film.key] = film
    return list(distinct.values())


def _ids_by_code(
    connection: sa.Connection, named: Sequence[NamedFilm], naming: Naming
) -> tuple[dict[str, int], bool]:
    """Return the ids of films by their codes, and whether those of other films have changed by that."""
    ids = told_before(connection, named, naming)
    anew = [name for name in named if name.lid not in ids]
    if not anew:
        return ids, False
    others, moved = _ids_of_new_names(connection, anew, naming)
    return ids | others, moved


def _ids_of_new_names(
    connection: sa.Connection, named: Sequence[NamedFilm], naming: Naming
) -> tuple[dict[str, int], bool]:
    told = {name.lid: name for name in sorted(named, key=_strength) if name.lid}
    ids = _stored_codes(connection, told)
    _rename(connection, {ids[lid]: name for lid, name in told.items() if lid in ids}, naming)
    rows = [{"letterboxd_lid": lid} | _columns(name, naming) for lid, name in told.items() if lid not in ids]
    new = {
        row.letterboxd_lid: int(row.id)
        for row in insert_missing(connection, films, rows, "letterboxd_lid", "id")
    }
    ids |= new
    if len(ids) < len(told):
        ids |= _stored_codes(connection, told)  # which another process has inserted meanwhile
    titled = [
        Told(name.lid, name.title, name.year, ids[name.lid]) for name in named if name.lid and name.title
    ]
    namesakes.note_names(connection, LID, titled, naming)
    # Names that no slug and no other service has settle nothing.
    names = borne_by_others(connection, LID, {one.name for one in titled})
    return ids, bool(names) and namesakes.settle(connection, names, (), new.values())


def _strength(name: NamedFilm) -> tuple[bool, bool, str, int]:
    return bool(name.title), name.year is not None, name.title, name.year or 0


def _columns(name: NamedFilm, naming: Naming) -> dict[str, object]:
    if name.title:
        return titles.columns_of(name.title, name.year, naming)
    return titles.columns_of_link(name.lid or "")


def _stored_codes(connection: sa.Connection, lids: Iterable[str]) -> dict[str, int]:
    """Return the ids of the stored films that have these codes, or of which one that had it became part."""
    dialect, listed = connection.dialect.name, as_list(lids)
    n = film_names.c
    former = sa.select(n.key, n.film_id).where(n.kind == LID, in_list(dialect, n.key))
    current = sa.select(_lid, films.c.id).where(in_list(dialect, _lid))
    return {
        code: int(film) for query in (former, current) for code, film in connection.execute(query, listed)
    }


def _rename(connection: sa.Connection, named: Mapping[int, NamedFilm], naming: Naming) -> None:
    """Let stored films have the titles and years of a source, where it is the newest."""
    columns = [films.c[name] for name in titles.COLUMNS]
    query = sa.select(films.c.id, *columns).where(in_list(connection.dialect.name, films.c.id))
    rows = []
    for stored in connection.execute(query, as_list(named)):
        name = named[stored.id]
        if name.title and titles.renamed(stored._mapping, name.title, name.year, naming):
            rows.append({"id": stored.id} | titles.together(stored._mapping, _columns(name, naming)))
    upsert(connection, films, rows)
