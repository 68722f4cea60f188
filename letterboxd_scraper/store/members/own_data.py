"""What is stored of a member, for themselves: in numbers, and all of it. Nothing of any other member.

Every table that refers to members is told of, also one that is added later.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.schema import (
    MATERIALIZED_VIEWS,
    cohort_members,
    films,
    invitations,
    member_sources,
    metadata,
    own_pages,
    scrape_failures,
    scrape_runs,
    users,
)

# Numbers of this database, which say nothing elsewhere; hashes of secrets; on whose lists others were seen.
_INTERNAL = frozenset(
    {
        "id",
        "user_id",
        "film_id",
        "cohort_id",
        "run_id",
        "run",
        "work_run",
        "invitation_id",
        "last_full_scrape_run",
        "secret_hash",
        "seen",
    }
)
_FILM = (films.c.slug, films.c.letterboxd_lid, films.c.title, films.c.release_year)


@dataclass(frozen=True, slots=True)
class Source:
    """A file, pages or a feed that told of a member; ``kind`` is ``snapshot`` or ``feed``."""

    kind: str
    service: str
    name: str
    as_of: datetime
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle that a member belongs to since a moment.

    ``label`` is "a circle" where it would give another member away. ``is_own``: they are its seed, and it
    goes with them; ``has_page``: they have a page of their own there.
    """

    label: str
    since: datetime
    is_own: bool
    has_page: bool
    shows_name: bool | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a member ``since`` a moment.

    ``rows`` are how many rows each table has of them, those alone that have any. ``own_circles`` are the
    labels of those of which they are the seed, whether they belong to them or not.
    """

    name: str
    display_name: str | None
    since: datetime
    crawled_at: datetime | None
    rows: Mapping[str, int]
    sources: Sequence[Source]
    circles: Sequence[Circle]
    own_circles: Sequence[str]


def about(connection: sa.Connection, user_id: int) -> Stored:
    """Return what is stored of a member, in numbers."""
    row = connection.execute(sa.select(users).where(users.c.id == user_id)).one()
    name = row.letterboxd_username
    counts = {
        table.name: connection.scalar(sa.select(sa.func.count()).where(condition)) or 0
        for table, condition in _of_member(user_id, name)
    }
    s = member_sources.c
    told = sa.select(s.kind, s.service, s.name, s.as_of, s.read_at).where(s.user_id == user_id)
    crawls = [at for at in (row.last_full_scrape_at, row.last_incremental_scrape_at) if at]
    return Stored(
        name,
        row.display_name,
        row.created_at,
        max(crawls, default=None),
        {table: number for table, number in counts.items() if number},
        [Source(*source) for source in connection.execute(told.order_by(s.as_of, s.id))],
        _circles(connection, user_id, name),
        [cohort.label for cohort in cohorts.every(connection) if cohort.seed == name],
    )


def export(connection: sa.Connection, user_id: int) -> dict[str, Any]:
    """Return all that is stored of a member, as JSON has it: by table, with films by name."""
    row = connection.execute(sa.select(users).where(users.c.id == user_id)).one()
    name = row.letterboxd_username
    labels = _labels(connection, user_id, name)
    tables = {
        table.name: [_as_json(fields, labels) for fields in _rows(connection, table, condition)]
        for table, condition in _of_member(user_id, name)
    }
    stored = cohorts.every(connection)
    lists = {
        "own_circles": [cohort.label for cohort in stored if cohort.seed == name],
        "left_out_of": [labels[one.id] for one in stored if name in one.definition.get("exclude", ())],
    }
    return {"member": name, "users": _as_json(row._asdict(), labels)} | tables | lists


def _of_member(user: int, name: str) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Yield each table with rows of a member, and what they are found by."""
    for table in metadata.sorted_tables:
        if "user_id" in table.c and table.name not in MATERIALIZED_VIEWS:
            yield table, table.c.user_id == user
    for table in (invitations, scrape_failures, scrape_runs):
        yield table, table.c.member == name


def _rows(
    connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]
) -> Iterator[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in _INTERNAL or column.name == "cohort_id"]
    if "film_id" not in table.c:
        query = sa.select(*columns).where(condition)
    else:
        query = sa.select(*_FILM, *columns).join_from(table, films, films.c.id == table.c.film_id)
        query = query.where(condition).order_by(films.c.title, films.c.id)
    for row in connection.execute(query):
        yield row._asdict()


def _as_json(fields: Mapping[str, Any], labels: Mapping[int, str]) -> dict[str, Any]:
    values = {name: _value(value) for name, value in fields.items() if name not in _INTERNAL}
    return {"cohort": labels[fields["cohort_id"]]} | values if "cohort_id" in fields else values


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):  # what a source told
        return json.loads(zlib.decompress(value))
    return value


def _circles(connection: sa.Connection, user: int, name: str) -> list[Circle]:
    labels, pages = _labels(connection, user, name), _with_page(connection, user)
    seeds = {cohort.id: cohort.seed for cohort in cohorts.every(connection)}
    m = cohort_members.c
    query = sa.select(m.cohort_id, m.followed_at, m.shows_name).where(m.user_id == user)
    return [
        Circle(labels[cohort], since, seeds[cohort] == name, cohort in pages, shows_name)
        for cohort, since, shows_name in connection.execute(query.order_by(m.cohort_id))
    ]


def _labels(connection: sa.Connection, user: int, name: str) -> dict[int, str]:
    """Return what a member is told that each cohort is called: what would give another away is not said."""
    pages = _with_page(connection, user)
    return {
        cohort.id: cohort.label
        if cohort.seed == name or cohort.id in pages
        else naming.of_cohort(connection, cohort).label
        for cohort in cohorts.every(connection)
    }


def _with_page(connection: sa.Connection, user: int) -> set[int]:
    """Return the cohorts in which a member has a page: they were told its label when they joined."""
    return set(connection.scalars(sa.select(own_pages.c.cohort_id).where(own_pages.c.user_id == user)))
