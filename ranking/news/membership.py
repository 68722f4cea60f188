"""Who has joined a circle, and who has left it, from one moment to another."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_members, former_members, users
from ranking.history import Point


def joined(connection: sa.Connection, cohort: int, before: Point, after: Point | None) -> list[int]:
    """Return the members (ids) who came in between, and were no members before."""
    m, f = cohort_members.c, former_members.c
    was_member = sa.exists().where(
        f.cohort_id == cohort, f.user_id == m.user_id, f.followed_at <= before.at, f.left_at > before.at
    )
    query = sa.select(m.user_id).where(m.cohort_id == cohort, m.followed_at > before.at, ~was_member)
    if after is not None:
        query = query.where(m.followed_at <= after.at)
    return list(connection.scalars(query.order_by(m.user_id)))


def left(connection: sa.Connection, cohort: int, before: Point, after: Point | None) -> dict[int, str | None]:
    """Return what those (ids) are called who went in between and have not come back.

    None stands for one who wished not to be named there.
    """
    m, f = cohort_members.c, former_members.c
    is_member = sa.exists().where(m.cohort_id == cohort, m.user_id == f.user_id)
    query = (
        sa.select(f.user_id, f.shows_name, users.c.display_name, users.c.letterboxd_username)
        .join(users, users.c.id == f.user_id)
        .where(f.cohort_id == cohort, f.followed_at <= before.at, f.left_at > before.at, ~is_member)
    )
    if after is not None:
        query = query.where(f.left_at <= after.at)
    rows = connection.execute(query.order_by(users.c.letterboxd_username))
    return {
        user: None if shows_name is False else (display_name or "").strip() or name
        for user, shows_name, display_name, name in rows
    }
