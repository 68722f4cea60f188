"""The last import for a cohort: what was stored of its members before, and how that comes back.

What sources call films stays known. So of members whose films follow from their sources it is enough to know
which of these were there: what follows from them is stored again. Of others every row is kept.
"""

import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import sources
from letterboxd_scraper.store.schema import (
    UTCDateTime,
    cohort_film_stats,
    cohort_members,
    film_histograms,
    film_rankings,
    films,
    former_members,
    former_ratings,
    last_imports,
    member_sources,
    metadata,
    own_pages,
    ranking_history,
    ratings,
    user_scrape_state,
    users,
    watched,
    watchlist,
)
from letterboxd_scraper.store.schema import cohorts as cohorts_table
from letterboxd_scraper.store.upsert import insert_missing

_FACTS = (ratings, watched, watchlist)
# What is computed of a cohort, or kept of its imports: it goes with it.
_COMPUTED = (
    cohort_film_stats, film_histograms, film_rankings, former_members, last_imports, ranking_history,
)  # fmt: skip
# Of a source that is kept, these say all.
_OF_SOURCES = (member_sources.c.id, member_sources.c.digest)
# The level at which zlib is the quickest.
_FAST = 1


Before = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Noted:
    """What is stored before an import for the cohort ``label``: of each member; None of those who are new."""

    label: str
    makes_cohort: bool
    members: Mapping[str, Before | None]


@dataclass(frozen=True, slots=True)
class LastImport:
    """An import that may be taken back; ``mark`` tells it from others for the same cohort."""

    cohort: int
    label: str
    at: datetime
    members: Sequence[str]
    mark: str


def note(connection: sa.Connection, label: str, names: Iterable[str], at: datetime) -> Noted:
    """Note what is stored of members before an import for the cohort ``label``, in its transaction.

    Who is new is put down here: of two imports that bring somebody at the same moment, only one is the first.
    """
    _let_no_other_change(connection, cohorts_table.c.label == label)
    in_order = sorted(names)
    rows = [{"letterboxd_username": name, "created_at": at} for name in in_order]
    new = {name for (name,) in insert_missing(connection, users, rows, "letterboxd_username")}
    cohort = _find(connection, label)
    before = {name: None if name in new else _before(connection, cohort, name) for name in in_order}
    return Noted(label, cohort is None, before)


def keep(connection: sa.Connection, noted: Noted, changed: Collection[str], at: datetime) -> None:
    """Keep what was noted, in place of the cohort's last import before; to be called when all is stored.

    ``changed``: the members of whom there was news. An import without any leaves the one before it.
    """
    cohort = _find(connection, noted.label)
    is_news = changed or any(before is None or not before["is_in"] for before in noted.members.values())
    if cohort is None or not is_news:
        return
    connection.execute(last_imports.delete().where(last_imports.c.cohort_id == cohort))
    for name, before in noted.members.items():
        if member := sources.find(connection, name):
            row = {
                "cohort_id": cohort,
                "user_id": member.id,
                "imported_at": at,
                "made_cohort": noted.makes_cohort,
                "before": None if before is None else _packed(before),
                "after": _fingerprint(connection, member.id, before),
            }
            connection.execute(last_imports.insert().values(row))


def every(connection: sa.Connection) -> list[LastImport]:
    """Return the last import for each cohort, by label."""
    query = (
        sa.select(
            cohorts_table.c.id,
            cohorts_table.c.label,
            last_imports.c.imported_at,
            last_imports.c.after,
            users.c.letterboxd_username,
        )
        .join(cohorts_table, cohorts_table.c.id == last_imports.c.cohort_id)
        .join(users, users.c.id == last_imports.c.user_id)
        .order_by(cohorts_table.c.label, users.c.letterboxd_username)
    )
    rows: dict[tuple[int, str, datetime], list[Any]] = {}
    for number, label, at, after, name in connection.execute(query):
        rows.setdefault((number, label, at), []).append((name, after))
    return [
        LastImport(*about, [name for name, _ in members], _mark(after for _, after in members))
        for about, members in rows.items()
    ]


def take_back(connection: sa.Connection, chosen: LastImport) -> None:
    """Let be stored what was before an import; its cohort's rankings go, and the cohort if it made it.

    Raises InputError if another import has come since, or something else has been stored of its members. The
    statistics are the caller's to refresh.
    """
    _let_no_other_change(connection, cohorts_table.c.id == chosen.cohort)
    query = sa.select(last_imports).where(last_imports.c.cohort_id == chosen.cohort)
    names = sa.select(users.c.id, users.c.letterboxd_username).where(
        users.c.letterboxd_username.in_(chosen.members)
    )
    called = {
        user: name for user, name in connection.execute(names.order_by(users.c.id).with_for_update(of=users))
    }
    rows = sorted(connection.execute(query), key=lambda row: called.get(row.user_id, ""))
    if not rows or _mark(row.after for row in rows) != chosen.mark:
        raise InputError(f"files were dropped for {chosen.label} since then: these cannot be taken back")
    members = {row.user_id: None if row.before is None else _unpacked(row.before) for row in rows}
    for row in rows:
        if _fingerprint(connection, row.user_id, members[row.user_id]) != row.after:
            raise InputError(
                f"something else has been stored of {called[row.user_id]} since then: it cannot be taken back"
            )
    for user, before in members.items():
        if before is None:
            connection.execute(users.delete().where(users.c.id == user))
        else:
            _restore(connection, chosen.cohort, user, before, called[user])
    connection.execute(film_rankings.delete().where(film_rankings.c.cohort_id == chosen.cohort))
    since_then = (ranking_history.c.cohort_id == chosen.cohort, ranking_history.c.computed_at >= chosen.at)
    connection.execute(ranking_history.delete().where(*since_then))
    connection.execute(last_imports.delete().where(last_imports.c.cohort_id == chosen.cohort))
    if any(row.made_cohort for row in rows) and not _is_used(connection, chosen.cohort):
        connection.execute(cohorts_table.delete().where(cohorts_table.c.id == chosen.cohort))


def _let_no_other_change(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    """Let other imports for a cohort wait until this one is done: one of them is the last."""
    connection.execute(sa.select(cohorts_table.c.id).where(which).with_for_update(key_share=True))


def _find(connection: sa.Connection, label: str) -> int | None:
    return connection.scalar(sa.select(cohorts_table.c.id).where(cohorts_table.c.label == label))


def _mark(after: Iterable[str]) -> str:
    # Sorted: databases order names each in their own way.
    return hashlib.sha256("".join(sorted(after)).encode()).hexdigest()


def _before(connection: sa.Connection, cohort: int | None, name: str) -> Before | None:
    member = sources.find(connection, name)
    if member is None:
        return None
    s, m = member_sources.c, cohort_members.c
    is_in = sa.exists().where(m.cohort_id == cohort, m.user_id == member.id)
    kept = (user_scrape_state,) if member.follows_sources else (user_scrape_state, *_FACTS)
    return {
        "is_in": bool(connection.scalar(sa.select(is_in))),
        "folded": member.folded,
        "follows_sources": member.follows_sources,
        "former_ratings": connection.scalar(sa.select(sa.func.max(former_ratings.c.id))) or 0,
        "sources": list(connection.scalars(sa.select(s.id).where(s.user_id == member.id))),
        "rows": {table.name: _rows(connection, table, member.id) for table in kept},
    }


def _rows(connection: sa.Connection, table: sa.Table, user: int) -> list[dict[str, Any]]:
    rows = connection.execute(sa.select(table).where(table.c.user_id == user))
    return [dict(row) for row in rows.mappings()]


def _packed(before: Before) -> bytes:
    return zlib.compress(json.dumps(before, default=datetime.isoformat).encode(), _FAST)


def _unpacked(content: bytes) -> Before:
    """Return what was kept, its moments as moments."""
    before: Before = json.loads(zlib.decompress(content))
    for name, rows in before["rows"].items():
        moments = [column.name for column in metadata.tables[name].c if isinstance(column.type, UTCDateTime)]
        for row in rows:
            row |= {name: datetime.fromisoformat(row[name]) for name in moments if row[name]}
    return before


def _restore(connection: sa.Connection, cohort: int, user: int, before: Before, name: str) -> None:
    s = member_sources.c
    connection.execute(member_sources.delete().where(s.user_id == user, s.id.not_in(before["sources"])))
    if not before["is_in"]:
        for table in (cohort_members, own_pages):
            connection.execute(table.delete().where(table.c.cohort_id == cohort, table.c.user_id == user))
    _refuse_gone_films(connection, before["rows"], name)
    for table, rows in ((metadata.tables[name], rows) for name, rows in before["rows"].items()):
        connection.execute(table.delete().where(table.c.user_id == user))
        if rows:
            connection.execute(table.insert(), rows)
    if before["follows_sources"]:
        sources.fold(connection, user)
    if not before["follows_sources"] or before["folded"] is None:
        connection.execute(users.update().where(users.c.id == user).values(sources_folded=before["folded"]))
    # All is as it was then: nothing has changed since.
    f = former_ratings.c
    connection.execute(former_ratings.delete().where(f.user_id == user, f.id > before["former_ratings"]))


def _refuse_gone_films(
    connection: sa.Connection, kept: Mapping[str, Sequence[Mapping[str, Any]]], name: str
) -> None:
    """Raise InputError if the import has shown that films which a member had rated are one."""
    rated = {row["film_id"] for table in _FACTS for row in kept.get(table.name, ())}
    if not rated <= set(connection.scalars(sa.select(films.c.id))):
        raise InputError(
            f"films that {name} has rated have turned out to be one by that import: it cannot be taken back"
        )


def _fingerprint(connection: sa.Connection, user: int, before: Before | None) -> str:
    """Return a digest of what is stored of a member, without what follows from their sources."""
    of_sources = sa.select(*_OF_SOURCES).where(member_sources.c.user_id == user)
    told: list[Any] = [sorted(map(repr, connection.execute(of_sources)))]
    if before is None:
        # All that goes with them.
        columns = [column for column in users.c if column is not users.c.sources_folded]
        told.append(repr(connection.execute(sa.select(*columns).where(users.c.id == user)).one()))
    for table in _compared(before):
        told.append(sorted(repr(tuple(row.values())) for row in _rows(connection, table, user)))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _compared(before: Before | None) -> Iterable[sa.Table]:
    if before is not None:
        return [metadata.tables[name] for name in before["rows"]]
    aside = {*_FACTS, former_ratings, member_sources, last_imports}
    return [table for table in metadata.sorted_tables if "user_id" in table.c and table not in aside]


def _is_used(connection: sa.Connection, cohort: int) -> bool:
    """Say whether a cohort has members, or anything else but what is computed of it."""
    others = [
        column
        for table in metadata.sorted_tables
        if table not in _COMPUTED
        for column in table.c
        if column.references(cohorts_table.c.id)
    ]
    return any(connection.scalar(sa.select(sa.exists().where(column == cohort))) for column in others)
