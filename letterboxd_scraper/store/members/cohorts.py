"""Cohorts: looked up by label or number, made from a list of names, changed and deleted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.items.names import member_name
from letterboxd_scraper.store import names
from letterboxd_scraper.store.members import opt_outs
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import (
    UTCDateTime,
    cohort_members,
    cohorts,
    film_rankings,
    former_members,
    member_sources,
    own_pages,
    users,
)
from letterboxd_scraper.store.upsert import as_stored, insert_missing, upsert


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as stored; ``seed`` is None for one that was made from a list of names."""

    id: int
    label: str
    seed: str | None
    definition: dict[str, Any]
    size: int
    updated_at: datetime


def find(connection: sa.Connection, label_or_id: str) -> Cohort:
    """Return the cohort. Raises UnknownName, naming those that exist."""
    stored = every(connection)
    for cohort in stored:
        if label_or_id in (cohort.label, str(cohort.id)):
            return cohort
    if not stored:
        raise no_cohort_yet()
    raise names.unknown("cohort", label_or_id, [cohort.label for cohort in stored])


def no_cohort_yet() -> UnknownName:
    """Return the error that no cohort is stored."""
    make = "`letterboxd sync --seed NAME`, or `letterboxd import FOLDER --cohort LABEL`"
    return UnknownName(f"there is no cohort yet; make one with {make}")


def is_crawled(connection: sa.Connection, cohort: Cohort) -> bool:
    """Say whether the site was ever read for a member of the cohort: of others, files alone tell."""
    u = users.c
    last_read = sa.func.coalesce(u.last_full_scrape_at, u.last_incremental_scrape_at, u.counts_seen_at)
    members = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == cohort.id)
    was_read = (users.c.id.in_(members), last_read.is_not(None))
    return bool(connection.scalar(sa.select(sa.exists().where(*was_read))))


def every(connection: sa.Connection) -> list[Cohort]:
    """Return all cohorts, by label."""
    members = cohort_members.c
    size = sa.select(sa.func.count()).where(members.cohort_id == cohorts.c.id).scalar_subquery()
    query = (
        sa.select(
            cohorts.c.id,
            cohorts.c.label,
            users.c.letterboxd_username,
            cohorts.c.definition,
            size,
            cohorts.c.updated_at,
        )
        .outerjoin(users, users.c.id == cohorts.c.seed_user_id)
        .order_by(cohorts.c.label)
    )
    return [Cohort(*row) for row in connection.execute(query)]


def members(connection: sa.Connection, cohort: Cohort) -> list[sa.Row[Any]]:
    """Return (member, depth, status, last_full_scrape_at, films_count, likes_count), nearest first."""
    query = (
        sa.select(
            users.c.letterboxd_username.label("member"),
            cohort_members.c.depth,
            users.c.status,
            users.c.last_full_scrape_at,
            # A seed is on no list of its own cohort: its last crawl counted instead.
            sa.func.coalesce(users.c.films_count, users.c.crawled_films_count).label("films_count"),
            sa.func.coalesce(users.c.likes_count, users.c.crawled_likes_count).label("likes_count"),
        )
        .join(users, users.c.id == cohort_members.c.user_id)
        .where(cohort_members.c.cohort_id == cohort.id)
        .order_by(cohort_members.c.depth, users.c.letterboxd_username)
    )
    return list(connection.execute(query))


def user_rows(connection: sa.Connection, cohort: Cohort) -> Sequence[sa.Row[Any]]:
    """Return the members' rows of ``users``, nearest first."""
    query = (
        sa.select(users)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id)
        .order_by(cohort_members.c.depth, users.c.letterboxd_username)
    )
    return connection.execute(query).all()


def make_from_names(connection: sa.Connection, label: str, names: Iterable[str], at: datetime) -> Cohort:
    """Make a cohort of exactly ``names``, or set an existing one's members to them.

    Those who asked to be forgotten are left out. Raises InputError if nobody remains.
    """
    return _put(connection, label, names, at, complete=True)


def add_names(connection: sa.Connection, label: str, names: Iterable[str], at: datetime) -> Cohort:
    """Let ``names`` belong to a list of names, too, which is made if there is none. Raises InputError.

    Whom others add at the same moment stays.
    """
    cohort = next((cohort for cohort in every(connection) if cohort.label == label), None)
    present = {row.member for row in members(connection, cohort)} if cohort else set()
    new = [name for name in names if name not in present]
    return cohort if cohort and not new else _put(connection, label, new, at, complete=False)


def _put(
    connection: sa.Connection, label: str, names: Iterable[str], at: datetime, *, complete: bool
) -> Cohort:
    """Put names on a list, which has no others afterwards if it is ``complete``."""
    forgotten = opt_outs.load(connection)
    names = [name for name in dict.fromkeys(names) if name not in forgotten]
    if not names:
        raise InputError(f"cohort {label!r} would be empty: all its members asked to be forgotten")
    if any(cohort.label == label and cohort.seed for cohort in every(connection)):
        raise InputError(f"cohort {label!r} was built from a seed: choose another label for a list of names")
    insert_missing(connection, users, [{"letterboxd_username": name, "created_at": at} for name in names])
    cohort = make_empty(connection, label, at)
    depths = dict.fromkeys(user_ids(connection, names).values(), 0)
    set_members(connection, cohort.id, depths, at, complete=complete)
    return find(connection, label)


def make_empty(connection: sa.Connection, label: str, at: datetime) -> Cohort:
    """Make a list of names with nobody on it, which others may join."""
    row = {"label": label, "definition": {}, "created_at": at, "updated_at": at}
    insert_missing(connection, cohorts, [row])
    return find(connection, label)


def imported_names(connection: sa.Connection) -> list[str]:
    """Return the names of those of whom a file or saved pages were taken in, in their order."""
    s = member_sources.c
    imported = sa.select(s.user_id).where(s.kind == "snapshot")
    names = sa.select(users.c.letterboxd_username).where(users.c.id.in_(imported))
    return sorted(connection.scalars(names))


def redefine(connection: sa.Connection, cohort: Cohort, definition: dict[str, Any], at: datetime) -> None:
    """Replace a cohort's definition; membership follows at the next refresh."""
    values = {"definition": definition, "updated_at": at}
    connection.execute(cohorts.update().where(cohorts.c.id == cohort.id).values(values))


def rankings_of(connection: sa.Connection, cohort: Cohort) -> list[str]:
    """Return the strategies of which a cohort has a ranking, by name."""
    ranked = film_rankings.c
    query = sa.select(ranked.strategy).where(ranked.cohort_id == cohort.id).distinct()
    return list(connection.scalars(query.order_by(ranked.strategy)))


def delete(connection: sa.Connection, cohort: Cohort) -> None:
    """Delete a cohort, its membership and its rankings; members and their ratings stay."""
    connection.execute(cohorts.delete().where(cohorts.c.id == cohort.id))


def set_members(
    connection: sa.Connection, cohort: int, depths: dict[int, int], at: datetime, complete: bool
) -> None:
    """Make ``depths`` (user id → depth) the cohort's membership; drop others only if it is ``complete``."""
    rows = [
        {"cohort_id": cohort, "user_id": user, "depth": depth, "followed_at": at}
        for user, depth in depths.items()
    ]
    upsert(connection, cohort_members, rows, along={"followed_at": as_stored})
    _recall_wishes(connection, cohort, at)
    if complete:
        of_cohort = cohort_members.c.cohort_id == cohort
        stored = connection.scalars(sa.select(cohort_members.c.user_id).where(of_cohort))
        if left := set(stored) - depths.keys():
            _dismiss(connection, cohort, left, at)


def _recall_wishes(connection: sa.Connection, cohort: int, at: datetime) -> None:
    """Let those who have come back to a cohort at this moment be named, or not, as they wished before."""
    m, f = cohort_members.c, former_members.c
    before = sa.select(f.shows_name).where(f.cohort_id == m.cohort_id, f.user_id == m.user_id)
    wish = before.order_by(f.left_at.desc()).limit(1).scalar_subquery()
    back = (m.cohort_id == cohort, m.followed_at == at, m.shows_name.is_(None), wish.is_not(None))
    connection.execute(cohort_members.update().where(*back).values(shows_name=wish))


def _dismiss(connection: sa.Connection, cohort: int, members: Collection[int], at: datetime) -> None:
    """Take members (ids) from a cohort, with their own pages there, and note when they left it."""
    m = cohort_members.c
    names = ("cohort_id", "user_id", "followed_at", "shows_name")
    those = (m.cohort_id == cohort, m.user_id.in_(members))
    gone = sa.select(*(m[name] for name in names), sa.literal(at, UTCDateTime)).where(*those)
    connection.execute(former_members.insert().from_select([*names, "left_at"], gone))
    for table in (cohort_members, own_pages):
        gone_there = (table.c.cohort_id == cohort, table.c.user_id.in_(members))
        connection.execute(table.delete().where(*gone_there))


def find_member_of(connection: sa.Connection, cohort: Cohort | None, name: str) -> int:
    """Return the id of a member of the cohort, or of any who is stored. Raises UnknownName."""
    within, query = "", sa.select(users.c.letterboxd_username, users.c.id)
    if cohort is not None:
        within = f" of cohort {cohort.label!r}"
        query = query.join(cohort_members, cohort_members.c.user_id == users.c.id)
        query = query.where(cohort_members.c.cohort_id == cohort.id)
    people: list[tuple[str, int]] = [(member, user) for member, user in connection.execute(query)]
    return names.find("member", [as_member_name(name)], people, within=within)[0]


def as_member_name(text: str) -> str:
    """Return a name as it is stored, of one as people write it; what is none, as it is."""
    try:
        return member_name(text)
    except ValueError:
        return text.strip()
