"""Two rows that are one member, or one film; and members who have what only those of a circle have."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.checks.finding import Finding, of_query
from letterboxd_scraper.store.schema import cohort_members, cohorts, users
from letterboxd_scraper.store.schema import films as film_table
from letterboxd_scraper.store.schema import own_pages as own_page_table

_READ_MEMBERS = "read both, which tells who is who: letterboxd scrape --member NAME"
_READ_FILMS = "read them, which makes one of two that are one: letterboxd enrich --film FILM --force"


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


def own_pages(connection: sa.Connection) -> Finding:
    """Find members with a page of their own in a circle that they do not belong to: it cannot be opened."""
    p, m = own_page_table.c, cohort_members.c
    belongs = sa.exists().where(m.cohort_id == p.cohort_id, m.user_id == p.user_id)
    query = sa.select(users.c.letterboxd_username.label("member"), cohorts.c.label.label("cohort"))
    query = query.join_from(own_page_table, users, users.c.id == p.user_id)
    query = query.join(cohorts, cohorts.c.id == p.cohort_id).where(~belongs)
    advice = "let them belong to it again, which opens it, or delete these rows of own_pages"
    return of_query(connection, "who has a page of their own is in the circle", query, advice)


def films(connection: sa.Connection) -> Finding:
    """Find films with one slug but for case, or one entry of TMDB's or IMDb's; numbers and codes are unique.

    A slug without a code and a code without a slug that have one title and year may be one film: that is but
    remarked, where there are several of either, and nobody can tell.
    """
    f = film_table.c
    # A season or an episode has its show's number.
    entry = (f.tmdb_id, f.tmdb_media_type, f.tmdb_season_number, f.tmdb_episode_number)
    twice = sa.union_all(
        _alike("slug", sa.func.lower(f.slug)),
        _alike("tmdb", *entry).where(f.gone_at.is_(None), ~f.tmdb_guessed),
        _alike("imdb", f.imdb_id).where(f.gone_at.is_(None)),
    ).subquery("twice")
    query = sa.select(twice.c.film, twice.c.other, twice.c.same, twice.c.value)
    finding = of_query(connection, "no film is stored twice", query, _READ_FILMS)
    return finding if finding.wrong else replace(finding, remark=_halves(connection))


def _halves(connection: sa.Connection) -> str:
    """Say which slug and code may be one film, for their title and year; "" where there are none."""
    slug, code = film_table.alias("slug"), film_table.alias("code")
    same = (slug.c.title == code.c.title, slug.c.release_year == code.c.release_year)
    query = (
        sa.select(slug.c.slug, code.c.letterboxd_lid, slug.c.title)
        .join(code, sa.and_(*same, code.c.slug.is_(None), code.c.letterboxd_lid.is_not(None)))
        .where(slug.c.slug.is_not(None), slug.c.letterboxd_lid.is_(None))
        .order_by(slug.c.slug, code.c.letterboxd_lid)
    )
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return ""
    return f"{row.slug} and boxd.it/{row.letterboxd_lid} may both be {row.title!r}: {_READ_FILMS}"


def _alike(kind: str, *same: Any) -> sa.Select[Any]:
    f = film_table.c
    name = sa.func.coalesce(f.slug, "boxd.it/" + f.letterboxd_lid, f.title)
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
