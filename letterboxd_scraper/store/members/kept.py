"""The sources that told of members, kept as they were read, so that they can be taken over in any order."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from letterboxd_scraper.items.members import FeedEntry
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Service, Snapshot, Viewed
from letterboxd_scraper.store.schema import cohort_members, cohorts, member_sources, users
from letterboxd_scraper.store.upsert import insert_missing

_SNAPSHOT, _FEED = "snapshot", "feed"
# The level at which zlib is six times as fast, and leaves a quarter more.
_FAST = 1
_SOURCE = member_sources.c
_IS_ELSEWHERE = (_SOURCE.kind == _SNAPSHOT) & (_SOURCE.service != Service.LETTERBOXD)
# The condition that a row of `users` has a feed that is kept.
HAS_KEPT_FEED = sa.exists().where(_SOURCE.user_id == users.c.id, _SOURCE.kind == _FEED)


def keep(
    connection: sa.Connection, user: int, snapshots: Sequence[Snapshot], at: datetime
) -> dict[str, Snapshot]:
    """Keep what files or pages told of a member; return, by their digests, those that were not kept yet."""
    new = {}
    for snapshot in snapshots:
        # The member may get another name.
        told = replace(snapshot, member="", lid=None, as_of=snapshot.as_of.astimezone(UTC))
        row = _row(user, _SNAPSHOT, told.service, told.source, told.as_of, at, _snapshots().dump_json(told))
        if insert_missing(connection, member_sources, [row], "digest"):
            new[row["digest"]] = told
    return new


def load(
    connection: sa.Connection, user: int, in_memory: Mapping[str, Snapshot] | None = None
) -> list[tuple[str, Snapshot]]:
    """Return what is kept of a member, with the digests, in the order in which it is to be taken over.

    That is the order of the moments; of one moment the contents decide, never what came first. Those that are
    ``in_memory``, by their digests, are not read again. Each entry of a feed is a source by itself.
    """
    told = list((in_memory or {}).items())
    query = sa.select(_SOURCE.kind, _SOURCE.digest, _SOURCE.content).where(
        _SOURCE.user_id == user, _SOURCE.digest.not_in([digest for digest, _ in told])
    )
    for kind, digest, content in connection.execute(query):
        body = zlib.decompress(content)
        if kind == _FEED:
            told += [(digest, snapshot) for snapshot in _of_feed(_entries().validate_json(body))]
        else:
            told.append((digest, _snapshots().validate_json(body)))
    return sorted(told, key=lambda source: (source[1].as_of, source[1].service, source[0]))


def of_other_services(connection: sa.Connection, label: str) -> list[Snapshot]:
    """Return what files of other services told of a cohort's members, by member and moment."""
    query = (
        sa.select(users.c.letterboxd_username, _SOURCE.content)
        .join(users, users.c.id == _SOURCE.user_id)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .join(cohorts, cohorts.c.id == cohort_members.c.cohort_id)
        .where(cohorts.c.label == label, _IS_ELSEWHERE)
        .order_by(users.c.letterboxd_username, _SOURCE.as_of, _SOURCE.id)
    )
    return [
        replace(_snapshots().validate_json(zlib.decompress(content)), member=name)
        for name, content in connection.execute(query)
    ]


def cohorts_with_other_services(connection: sa.Connection) -> list[str]:
    """Return the labels of the cohorts of whose members files of other services have told."""
    of_cohort = (
        sa.select(cohorts.c.label)
        .join(cohort_members, cohort_members.c.cohort_id == cohorts.c.id)
        .join(member_sources, _SOURCE.user_id == cohort_members.c.user_id)
        .where(_IS_ELSEWHERE)
    )
    return list(connection.scalars(of_cohort.distinct().order_by(cohorts.c.label)))


def keep_feed(
    connection: sa.Connection,
    user: int,
    entries: Iterable[FeedEntry],
    at: datetime,
    read_before: datetime | None,
) -> bool:
    """Keep what a member's feed tells ``at`` that moment, beside what it told; say whether that is news.

    An entry that was edited says something else since it was ``read_before`` the last time.
    """
    of_feed = (_SOURCE.user_id == user, _SOURCE.kind == _FEED)
    # More than one where two members have turned out to be the same.
    contents = connection.scalars(sa.select(_SOURCE.content).where(*of_feed)).all()
    told = [entry for content in contents for entry in _entries().validate_json(zlib.decompress(content))]
    latest = {entry.number: entry for entry in told}
    # What was published first comes first.
    for entry in reversed(list(entries)):
        earlier = latest.get(entry.number)
        if earlier is None or earlier.mark != entry.mark:
            edited_at = read_before if earlier and read_before else entry.published
            latest[entry.number] = replace(entry, published=min(at, max(entry.published, edited_at)))
            told.append(latest[entry.number])
    body = _entries().dump_json(tuple(told))
    as_of = max((entry.published for entry in told), default=at)
    row = _row(user, _FEED, Service.LETTERBOXD, _FEED, as_of, at, body)
    if len(contents) == 1 and row["content"] == contents[0]:
        return False
    connection.execute(member_sources.delete().where(*of_feed))
    connection.execute(member_sources.insert().values(row))
    return True


def _of_feed(entries: Sequence[FeedEntry]) -> Iterator[Snapshot]:
    """Yield what each entry of a feed tells, as of when it was published or edited.

    An entry is there as often as it was edited. That is news of the film only where no other entry of it is
    newer; and its day, and what it says of a like, are those that it has now.
    """
    first: dict[str, FeedEntry] = {}
    for entry in entries:
        first.setdefault(entry.number, entry)
    latest = {entry.number: entry for entry in entries}

    def published(entry: FeedEntry) -> tuple[datetime, int]:
        return first[entry.number].published, int(entry.number)

    speaking = {e.film.key: e for e in sorted(latest.values(), key=published) if e.liked is not None}
    rated = [entry for entry in first.values() if entry.stars is not None]
    for entry in entries:
        film = named_in_feed(entry)
        is_latest = latest[entry.number] is entry
        is_news = entry.stars is not None and not any(
            published(entry) < published(other) and other.published <= entry.published
            for other in rated
            if other.film.key == entry.film.key
        )
        day = entry.watched if is_latest else None
        yield Snapshot(
            "",
            entry.published,
            _FEED,
            ratings=(RatedFilm(film, entry.stars, day),) if entry.stars is not None and is_news else None,
            likes=(film,) if entry.liked and speaking[entry.film.key] is entry else None,
            viewings=(Viewed(film, day, entry.stars, entry.url),) if day else (),
            links=((film, entry.url),) if is_latest and not day else (),
            complete=False,
            of_pages=True,
        )


def named_in_feed(entry: FeedEntry) -> NamedFilm:
    """Return the film of an entry, as the feed names it."""
    film = entry.film
    return NamedFilm(
        film.title,
        film.year,
        film.lid,
        film.slug,
        film.film_id,
        tmdb_id=entry.tmdb_id,
        tmdb_kind=entry.tmdb_kind,
    )


def _row(
    user: int, kind: str, service: str, name: str, as_of: datetime, read_at: datetime, body: bytes
) -> dict[str, Any]:
    return {
        "user_id": user,
        "kind": kind,
        "service": service,
        "name": name,
        "as_of": as_of,
        "read_at": read_at,
        "digest": hashlib.sha256(body).hexdigest(),
        "content": zlib.compress(body, _FAST),
    }


# Made when they are needed: most commands read no source.
@cache
def _snapshots() -> TypeAdapter[Snapshot]:
    return TypeAdapter(Snapshot)


@cache
def _entries() -> TypeAdapter[tuple[FeedEntry, ...]]:
    return TypeAdapter(tuple[FeedEntry, ...])
