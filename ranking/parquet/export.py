"""A cohort's ratings, films and members as files, for analysis and for other engines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, ratings, users, watched, watchlist
from ranking.parquet import films
from ranking.parquet.columns import FILMS, LIST, MEMBERS, NAMES, RATINGS, described, table_of
from ranking.parquet.folder import EXPLANATION, LISTS, About, file_of, refuse_foreign, replacing
from ranking.parquet.rows import Text, moment, read_text

# Rows held in memory at a time, and in a row group of the file; one member's rows are never parted.
_ROWS = 100_000
# Fewer than the variables that a statement may have on SQLite.
_MEMBERS = 5_000


@dataclass(frozen=True, slots=True)
class ExportedMember:
    """One member as exported; the first three numbers are what is stored, the counts are the site's."""

    user: int
    number: int
    depth: int
    rows: int
    rated: int
    liked: int
    favorites: int
    films_count: int | None
    likes_count: int | None
    user_name: str
    display_name: str | None


def export(
    engine: sa.Engine,
    cohort: Cohort,
    folder: Path,
    at: datetime,
    *,
    names: bool,
    base_url: str = "https://letterboxd.com",
) -> dict[str, int]:
    """Write the cohort's data to ``folder`` as of one moment; return the number of rows of each table.

    Without ``names`` nothing in the files names a member; films are linked to the site at ``base_url``. Files
    of an earlier export are replaced when all new ones are complete. Raises InputError if the folder cannot
    be written to, or has files of these names that come from elsewhere.
    """
    refuse_foreign(folder)
    with _snapshot(engine) as connection, replacing(folder) as unfinished:
        named = naming.of_cohort(connection, cohort, names=names)
        label = named.label if named.label != naming.UNNAMED else None
        about = About(uuid4().hex, label, at.isoformat(), names, cohort.definition.get("rank") or {})
        members = _members(connection, cohort, named)
        number = films.numbers(connection, cohort.id)
        schemas = _schemas(about)
        tables: dict[str, Iterator[pa.Table]] = {
            "ratings": _ratings(connection, members, number),
            "films": films.film_rows(connection, number, base_url),
            "members": iter([_members_table(members, schemas["members"])]),
            "watched": _list(connection, watched, members, number),
            "watchlist": _list(connection, watchlist, members, number),
        }
        counts = {
            name: _write_table(file_of(unfinished, name), about.mark(schemas[name]), table)
            for name, table in tables.items()
        }
        (unfinished / EXPLANATION).write_text(_explanation(about), encoding="utf-8")
    return counts


@contextmanager
def _snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction in which all queries see the same state."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect().execution_options(**options) as connection:
        yield connection


def _members(connection: sa.Connection, cohort: Cohort, named: naming.Naming) -> list[ExportedMember]:
    """Return the members by number; who wishes not to be named goes by it."""
    order = list(naming.of_cohort(connection, cohort).members)
    r, of_cohort = ratings.c, cohort_members.c
    liked, favorites = (sa.func.sum(sa.cast(column, sa.Integer)) for column in (r.liked, r.favorite))
    counts = (
        sa.select(
            r.user_id,
            sa.func.count().label("rows"),
            sa.func.count(r.rating).label("rated"),
            liked.label("liked"),
            favorites.label("favorites"),
        )
        # Not joined: so SQLite reads member by member, and has nothing to sort.
        .where(r.user_id.in_(sa.select(of_cohort.user_id).where(of_cohort.cohort_id == cohort.id)))
        .group_by(r.user_id)
        .subquery()
    )
    number = {user: place for place, user in enumerate(order, start=1)}
    own = [sa.func.coalesce(column, 0) for column in list(counts.c)[1:]]
    query = (
        sa.select(
            users.c.id,
            of_cohort.depth,
            *own,
            users.c.films_count,
            users.c.likes_count,
            users.c.letterboxd_username,
            users.c.display_name,
        )
        .join(cohort_members, of_cohort.user_id == users.c.id)
        .outerjoin(counts, counts.c.user_id == users.c.id)
        .where(of_cohort.cohort_id == cohort.id)
    )
    rows = [ExportedMember(user, number[user], *rest) for user, *rest in connection.execute(query)]
    rows = [row if row.user in named.profiles else _unnamed(row, named.members[row.user]) for row in rows]
    return sorted(rows, key=lambda member: member.number)


def _unnamed(member: ExportedMember, called: str) -> ExportedMember:
    return replace(member, user_name=called, display_name=None)


def _schemas(about: About) -> dict[str, pa.Schema]:
    members = pa.schema([*MEMBERS, *(NAMES if about.names else ())])
    return {"ratings": RATINGS, "films": FILMS, "members": members} | dict.fromkeys(LISTS, LIST)


def _write_table(file: Path, schema: pa.Schema, parts: Iterator[pa.Table]) -> int:
    """Write a table part by part, each a row group; return the number of rows."""
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(part.cast(schema))
            rows += part.num_rows
    return rows


def _ratings(
    connection: sa.Connection, members: Sequence[ExportedMember], number: Mapping[int, int]
) -> Iterator[pa.Table]:
    """Yield the members' rows in the order of their numbers, with the ``number`` of each film for its id."""
    r = ratings.c
    moments = (
        moment(column, connection.dialect.name) for column in (r.rated_at, r.first_seen_at, r.seen_after)
    )
    query = sa.select(r.user_id, r.film_id, r.rating, r.liked, r.favorite, *moments)
    member_number = _numbers({member.user: member.number for member in members})
    film_number = _numbers(number)

    def table(text: Text) -> pa.Table:
        rows = text.table(RATINGS)
        own = [pa.array(of[rows[name]]) for name, of in (("member", member_number), ("film_id", film_number))]
        part = pa.Table.from_arrays([*own, *rows.columns[2:]], schema=RATINGS)
        # As read they would be in the order of ids, which follows the lists on the site.
        return part.sort_by([("member", "ascending"), ("film_id", "ascending")])

    of_groups = (query.where(r.user_id.in_([one.user for one in group])) for group in _groups(members))
    yield from _ahead(table, (read_text(connection, one) for one in of_groups))


def _ahead(make: Callable[[Text], pa.Table], texts: Iterable[Text]) -> Iterator[pa.Table]:
    """Yield a table of each text; a thread makes it while the database tells the next text."""
    with ThreadPoolExecutor(1) as pool:
        begun: Future[pa.Table] | None = None
        for text in texts:
            before, begun = begun, pool.submit(make, text)
            if before:
                yield before.result()
        if begun:
            yield begun.result()


def _numbers(number: Mapping[int, int]) -> npt.NDArray[np.int32]:
    """Return the number of each id, at its place."""
    numbers = np.zeros(max(number, default=0) + 1, np.int32)
    numbers[list(number)] = list(number.values())
    return numbers


def _list(
    connection: sa.Connection,
    table: sa.Table,
    members: Sequence[ExportedMember],
    number: Mapping[int, int],
) -> Iterator[pa.Table]:
    """Yield the films that members have on a list, member by member; nothing of those who have none."""
    c = table.c
    moments = (sa.type_coerce(column, sa.DateTime) for column in (c.since, c.as_of))
    query = sa.select(c.film_id, *moments, c.source)
    having = set(connection.scalars(sa.select(c.user_id).distinct()))
    for member in members:
        if member.user in having:
            rows = sorted(
                (number[film], *rest)
                for film, *rest in connection.execute(query.where(c.user_id == member.user))
            )
            yield table_of(LIST, [[member.number] * len(rows), *zip(*rows, strict=True)])


def _groups(members: Sequence[ExportedMember]) -> Iterator[list[ExportedMember]]:
    """Yield the members who have rows, together so many that their rows fit into memory."""
    group: list[ExportedMember] = []
    rows = 0
    for member in members:
        if group and (rows + member.rows > _ROWS or len(group) == _MEMBERS):
            yield group
            group, rows = [], 0
        if member.rows:
            group.append(member)
            rows += member.rows
    if group:
        yield group


def _members_table(members: Sequence[ExportedMember], schema: pa.Schema) -> pa.Table:
    return table_of(schema, [[getattr(member, name) for member in members] for name in schema.names])


def _explanation(about: About) -> str:
    facts = {
        "exported_at": about.exported_at,
        "cohort": about.cohort or "not named, as its label is a member's name",
        "cohort_argument": about.cohort or "LABEL",
        "members": "named in members.parquet" if about.names else "numbered, not named",
    }
    tables = [(f"{name}.parquet", schema) for name, schema in _schemas(about).items()]
    return described(tables, facts)
