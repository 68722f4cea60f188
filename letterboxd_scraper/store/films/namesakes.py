"""Slugs and codes that nothing but a name puts together.

Archives know films by codes, old archives, feeds and old pages by slugs, and hardly a source knows both. A
slug and a code are one film where they have ever had one title and year in common, and neither has one in
common with any other. That is decided anew whenever a source adds a name: so it follows from all sources, in
whatever order they came. A page that shows both settles it for good.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import Naming
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.films import elsewhere
from letterboxd_scraper.store.films.told import ELSEWHERE, LID, SLUG, Name, Told, note, related, titled
from letterboxd_scraper.store.merge import have_sources_folded_anew, merge_films
from letterboxd_scraper.store.schema import film_names, films
from letterboxd_scraper.store.upsert import as_list, in_list

_n, _f = film_names.c, films.c


def tell(
    connection: sa.Connection,
    named: Mapping[Film, int],
    naming: Naming,
    *,
    new: Collection[int] = (),
    parted: Collection[int] = (),
) -> bool:
    """Take in how films are named, whose ids these are; return whether ids have changed by that.

    Those that are ``new`` have just been inserted, those that are ``parted`` have come apart from others.
    """
    if not named and not parted:
        return False
    by_slug = [
        Told(film.slug, film.title, film.year, id_)
        for film, id_ in named.items()
        if not (film.lid and naming.live)
    ]
    note_names(connection, SLUG, by_slug, naming)
    names = {(film.title, film.year or 0) for film in named}
    return settle(connection, names, [*named.values(), *parted], new)


def note_names(connection: sa.Connection, kind: str, told: Sequence[Told], naming: Naming) -> None:
    """Keep what a source calls films, but for what a page has shown with both slug and code, and calls so."""
    if not told:
        return
    open_ = _f.letterboxd_lid.is_(None) if kind == SLUG else _f.slug.is_(None)
    is_open = sa.or_(open_, _f.joined_by_name).label("is_open")
    query = sa.select(_f.id, _f.title, _f.release_year, is_open)
    query = query.where(in_list(connection.dialect.name, _f.id))
    rows = {row.id: row for row in connection.execute(query, as_list({one.film for one in told}))}
    settled = {film: (row.title, row.release_year or 0) for film, row in rows.items() if not row.is_open}
    note(connection, kind, [one for one in told if one.name != settled.get(one.film)], naming)


def settle(
    connection: sa.Connection, names: Iterable[Name], film_ids: Iterable[int], new: Collection[int] = ()
) -> bool:
    """Decide anew which slugs and codes are one film among those of these names and films.

    Return whether films have come together or apart. Nothing refers to ``new`` films yet but what they are
    called now, which is among the ``names``.
    """
    rows = related(connection, set(names), set(film_ids).difference(new))
    if not rows:
        return False
    units = _units(connection, [row for row in rows if row.kind != ELSEWHERE])
    pairs = _pairs(units)
    joined = {unit.film for unit in units if unit.joined}
    codes = {film: part(connection, film) for film in sorted(joined) if (film, film) not in pairs}
    meeting = sorted((slug, codes.get(code, code)) for slug, code in pairs if slug != code)
    for slug, code in meeting:
        if code in new or slug in new:
            keep, other = (slug, code) if code in new else (code, slug)
            _take_over(connection, keep, other)
        else:
            keep = slug
            merge_films(connection, slug, code)
        connection.execute(films.update().where(_f.id == keep).values(joined_by_name=True))
    if any(row.kind == ELSEWHERE for row in rows):
        elsewhere.settle(connection, {(row.title, row.release_year) for row in rows})
    return bool(codes or meeting)


def _take_over(connection: sa.Connection, keep: int, new: int) -> None:
    """Let a film have the names of a new one, to which nothing refers: much quicker than to merge them."""
    columns = [_f.slug, _f.letterboxd_lid, _f.letterboxd_film_id, *(_f[name] for name in titles.COLUMNS)]
    kept, added = (
        connection.execute(sa.select(*columns).where(_f.id == film)).one()._mapping for film in (keep, new)
    )
    values = {name: value for name, value in added.items() if kept[name] is None} | titles.together(
        kept, added
    )
    connection.execute(film_names.update().where(_n.film_id == new).values(film_id=keep))
    connection.execute(films.delete().where(_f.id == new))
    connection.execute(films.update().where(_f.id == keep).values(values))


def part(connection: sa.Connection, film: int) -> int:
    """Let the code that a name has put together with a film's slug be a film of its own; return its id."""
    have_sources_folded_anew(connection, [film])
    row = connection.execute(sa.select(films).where(_f.id == film)).one()
    rows = connection.execute(sa.select(film_names).where(_n.film_id == film)).all()
    of = {kind: titled([row for row in rows if row.kind == kind]) for kind in (SLUG, LID)}
    left = {"letterboxd_lid": None, "joined_by_name": False} | of[SLUG]
    connection.execute(films.update().where(_f.id == film).values(left))
    code = {"letterboxd_lid": row.letterboxd_lid, "title": row.title} | of[LID]
    new = connection.execute(films.insert().values(code).returning(_f.id)).scalar_one()
    connection.execute(film_names.update().where(_n.film_id == film, _n.kind == LID).values(film_id=new))
    return int(new)


class _Unit(NamedTuple):
    """A slug without a code, or a code without a slug, and all its names; ``joined``: its film has both."""

    film: int
    kind: str
    names: frozenset[Name]
    joined: bool


def _units(connection: sa.Connection, rows: Sequence[Any]) -> list[_Unit]:
    """Return the slugs and codes of these rows of which no page has shown the other."""
    names: dict[tuple[int, str], set[Name]] = defaultdict(set)
    for row in rows:
        if row.release_year:
            names[row.film_id, row.kind].add((row.title, row.release_year))
    query = sa.select(_f.id, _f.slug, _f.letterboxd_lid, _f.letterboxd_film_id, _f.joined_by_name)
    query = query.where(in_list(connection.dialect.name, _f.id))
    units = []
    for film in connection.execute(query, as_list({film for film, _ in names})):
        has_slug = film.slug is not None or film.letterboxd_film_id is not None
        kinds = [SLUG] * (film.letterboxd_lid is None or film.joined_by_name)
        kinds += [LID] * (not has_slug or film.joined_by_name)
        units += [
            _Unit(film.id, kind, frozenset(names[film.id, kind]), film.joined_by_name) for kind in kinds
        ]
    return units


def _pairs(units: Sequence[_Unit]) -> set[tuple[int, int]]:
    """Return the films of slugs and codes that fit each other and nothing else."""
    names = {(unit.kind, unit.film): unit.names for unit in units}
    bearers: dict[tuple[str, Name], set[int]] = defaultdict(set)
    for unit in units:
        for name in unit.names:
            bearers[unit.kind, name].add(unit.film)

    def fitting(kind: str, of: Iterable[Name]) -> set[int]:
        return {film for name in of for film in bearers.get((kind, name), ())}

    candidates = {film: fitting(LID, of_film) for (kind, film), of_film in names.items() if kind == SLUG}
    sure = {film: next(iter(codes)) for film, codes in candidates.items() if len(codes) == 1}
    return {(film, code) for film, code in sure.items() if fitting(SLUG, names[LID, code]) == {film}}
