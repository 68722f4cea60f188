"""Two rows that are one member, or one film."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.checks.finding import Finding, of_query
from letterboxd_scraper.store.schema import films as film_table
from letterboxd_scraper.store.schema import users

_READ_MEMBERS = "read both, which tells who is who: letterboxd scrape --user NAME"
_READ_FILMS = "read them, which makes one of two that are one: letterboxd enrich --slug FILM --force"


def members(connection: sa.Connection) -> Finding:
    """Find members with one profile code, or with names that differ in case alone or are not lower case."""
    u = users.c
    name = sa.func.lower(u.letterboxd_username)
    member = sa.func.min(u.letterboxd_username)
    large = sa.select(name.label("name"), sa.null().label("code"), u.letterboxd_username.label("member"))
    twice = sa.union_all(
        _shared(sa.null(), u.letterboxd_lid, member, u.letterboxd_lid),
        _shared(name, sa.null(), member, name),
        large.where(u.letterboxd_username != name),
    ).subquery("twice")
    query = sa.select(twice.c.member, twice.c.name, twice.c.code)
    return of_query(connection, "no member is stored twice", query, _READ_MEMBERS)


def _shared(name: Any, code: Any, member: Any, *same: Any) -> sa.Select[Any]:
    columns = (
        sa.cast(name, sa.Text).label("name"),
        sa.cast(code, sa.Text).label("code"),
        member.label("member"),
    )
    there = (column.is_not(None) for column in same)
    return sa.select(*columns).where(*there).group_by(*same).having(sa.func.count() > 1)


def films(connection: sa.Connection) -> Finding:
    """Find films with one slug but for case, or one entry of TMDB's; numbers and codes are unique."""
    f = film_table.c
    # A season or an episode has its show's number.
    entry = (f.tmdb_id, f.tmdb_media_type, f.tmdb_season_number, f.tmdb_episode_number)
    twice = sa.union_all(
        _alike("slug", sa.func.lower(f.slug)), _alike("tmdb", *entry).where(f.gone_at.is_(None))
    ).subquery("twice")
    query = sa.select(twice.c.film, twice.c.other, twice.c.same, twice.c.value)
    return of_query(connection, "no film is stored twice", query, _READ_FILMS)


def _alike(kind: str, *same: Any) -> sa.Select[Any]:
    f = film_table.c
    name = sa.func.coalesce(f.slug, f.title)
    return (
        sa.select(
            sa.func.min(name).label("film"),
            sa.func.max(name).label("other"),
            sa.literal(kind, literal_execute=True).label("same"),
            sa.cast(same[0], sa.Text).label("value"),
        )
        .where(same[0].is_not(None))
        .group_by(*same)
        .having(sa.func.count() > 1)
    )
