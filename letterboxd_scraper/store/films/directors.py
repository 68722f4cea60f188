"""Directors: found by their number on TMDB, else by their slug; never by name, which others have too."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Director, DirectorPage
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.credits import DIRECTOR_ROLE
from letterboxd_scraper.store.merge import merge_people
from letterboxd_scraper.store.schema import film_people, people
from letterboxd_scraper.store.upsert import upsert


def save_directors(
    connection: sa.Connection, film: int, directors: Sequence[Director], at: datetime, *, by_tmdb: bool
) -> None:
    """Let a film have just these directors, in this order; if nobody is named, those stored stay."""
    if not directors:
        return
    ids = [
        _person(connection, director, at, by_tmdb=by_tmdb and director.tmdb_id is not None)
        for director in directors
    ]
    order = {person: place for place, person in reversed(list(enumerate(ids)))}
    of_film = (film_people.c.film_id == film, film_people.c.role == DIRECTOR_ROLE)
    connection.execute(film_people.delete().where(*of_film, film_people.c.person_id.not_in(order)))
    rows = [
        {"film_id": film, "role": DIRECTOR_ROLE, "person_id": person, "credit_order": place}
        for person, place in order.items()
    ]
    upsert(connection, film_people, rows, key=["film_id", "role", "person_id"])


def save_director_page(connection: sa.Connection, item: DirectorPage, at: datetime) -> None:
    """Note who a director is on TMDB; films that waited for it may be complete now."""
    asked = people.c.letterboxd_slug == item.asked
    connection.execute(people.update().where(asked).values(page_read_at=at))
    failures.resolve_url(connection, item.url, at)
    director = item.director
    if director is None or director.tmdb_id is None:
        return  # the page does not say it
    person = _person(connection, Director(director.name, item.asked, director.tmdb_id), at, by_tmdb=False)
    if director.slug != item.asked:  # they go by another name now
        person = _person(connection, director, at, by_tmdb=False)
    films_of_person = sa.select(film_people.c.film_id).where(film_people.c.person_id == person)
    enrichment.settle(connection, connection.scalars(films_of_person).all(), at, looked=False)


def need_no_page(connection: sa.Connection, since: datetime, slugs: Sequence[str]) -> frozenset[str]:
    """Return whose number on TMDB is stored, or whose page was read after ``since``, by their slugs."""
    settled = sa.or_(people.c.tmdb_id.is_not(None), people.c.page_read_at > since)
    query = sa.select(people.c.letterboxd_slug).where(people.c.letterboxd_slug.in_(slugs), settled)
    return frozenset(connection.scalars(query))


def _person(connection: sa.Connection, director: Director, at: datetime, *, by_tmdb: bool) -> int:
    """Return the id of a director's row, made or completed; two rows that are one person become one."""
    numbered = _find(connection, people.c.tmdb_id, director.tmdb_id)
    slugged = _find(connection, people.c.letterboxd_slug, director.slug)
    if slugged and director.tmdb_id and slugged.tmdb_id not in (None, director.tmdb_id):
        # The site's page of that name is of another.
        director, slugged = replace(director, slug=None), None
    if numbered and slugged and numbered.id != slugged.id:
        merge_people(connection, numbered.id, slugged.id)
    row = numbered or slugged
    values = _values(director, row, at, by_tmdb=by_tmdb)
    if row is None:
        new = people.insert().values(values | {"created_at": at}).returning(people.c.id)
        return int(connection.execute(new).scalar_one())
    changed = {name: value for name, value in values.items() if row._mapping[name] != value}
    if changed.keys() - {"updated_at"}:
        connection.execute(people.update().where(people.c.id == row.id).values(changed))
    return int(row.id)


def _find(connection: sa.Connection, column: sa.Column[Any], value: int | str | None) -> sa.Row[Any] | None:
    if value is None:
        return None
    return connection.execute(sa.select(people).where(column == value)).first()


def _values(director: Director, row: sa.Row[Any] | None, at: datetime, *, by_tmdb: bool) -> dict[str, Any]:
    """Return what a row is to say; a name of TMDB's counts more than one of the site's."""
    columns = {
        "tmdb_id": director.tmdb_id,
        "letterboxd_slug": director.slug,
        "profile_url": director.profile_url,
        "known_for_department": director.department,
    }
    values: dict[str, Any] = {name: value for name, value in columns.items() if value is not None}
    if row is None or by_tmdb or row.tmdb_synced_at is None:
        values["name"] = director.name
    if by_tmdb:
        values["tmdb_synced_at"] = at
    return values | {"updated_at": at}
