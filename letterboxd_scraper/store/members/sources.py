"""Storing what archives and saved pages tell, in any order: the newest that tells all is right."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import NamedFilm, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.films.named import named_film_ids
from letterboxd_scraper.store.members.evidence import (
    Marks,
    better_link,
    midnight,
    told_favourite,
    told_like,
    told_rating,
    told_viewing,
)
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import ratings, user_scrape_state, users, watched, watchlist
from letterboxd_scraper.store.upsert import insert_missing, upsert

_MARKS = tuple(Marks.__dataclass_fields__)
_Known = dict[int, Marks]
# Stands for what a source says of the films that it does not name, where it does not name all.
_UNTOLD = object()
# How a kind of mark is told: by what the source says of a film, as of when, and as of when the newest did.
_Telling = Callable[[Marks | None, Any, datetime, datetime | None], Marks | None]


def save_snapshot(connection: sa.Connection, snapshot: Snapshot, provenance: Provenance) -> None:
    """Store what a source tells of a member, who may be new; what it proves to have gone is removed."""
    user = _user(connection, snapshot.member, provenance.at)
    before = _marks(connection, user)
    ids = named_film_ids(connection, _films(snapshot), before.keys())
    complete = _complete(connection, user)
    after = dict(before)
    if snapshot.ratings is not None:
        told = {ids[each.film]: (each.stars, each.day) for each in snapshot.ratings if each.film in ids}
        absent = (None, None) if snapshot.complete else _UNTOLD
        _tell(after, told, absent, _rating, snapshot.as_of, complete.get(Listing.RATED))
    for films, tell, whole in (
        (snapshot.likes, told_like, _likes_complete(complete)),
        (snapshot.favourites, told_favourite, complete.get(Listing.PROFILE)),
    ):
        if films is not None:
            marked = dict.fromkeys(_ids(ids, films), True)
            _tell(after, marked, False if snapshot.complete else _UNTOLD, tell, snapshot.as_of, whole)
    for film, url in snapshot.links:
        marks = after.get(ids.get(film, 0))
        if marks:
            link = better_link(marks.diary_entry_url, url)
            after[ids[film]] = replace(marks, diary_entry_url=link)
    _date(after, ids, snapshot)
    _write(connection, user, before, after)
    for table, listing, told_films in (
        (watched, Listing.UNRATED_WATCHED, snapshot.watched),
        (watchlist, Listing.WATCHLIST, snapshot.watchlist),
    ):
        if told_films is not None and not _is_older(snapshot.as_of, complete.get(listing)):
            _set_films(connection, table, user, set(_ids(ids, told_films)), only_add=not snapshot.complete)
    if snapshot.complete:
        _note(connection, user, snapshot, complete, provenance)


def _rating(known: Marks | None, told: Any, as_of: datetime, complete: datetime | None) -> Marks | None:
    stars, day = told
    return told_rating(known, stars, midnight(day) if day else None, as_of, complete)


def _tell(
    marks: _Known,
    told: dict[int, Any],
    absent: Any,
    tell: _Telling,
    as_of: datetime,
    complete: datetime | None,
) -> None:
    for film in told.keys() | (marks.keys() if absent is not _UNTOLD else set()):
        found = tell(marks.get(film), told.get(film, absent), as_of, complete)
        if found is not None:
            marks[film] = found


def _date(after: _Known, ids: dict[NamedFilm, int], snapshot: Snapshot) -> None:
    """Date and link the ratings by a diary's entries: those with stars date, the newest of each film."""
    told: set[int] = set()
    for entry in sorted(
        snapshot.viewings, key=lambda each: each.stars is None
    ):  # stable: else the newest first
        film = ids.get(entry.film)
        if film in after and film not in told:
            told.add(film)
            after[film] = told_viewing(after[film], entry.stars, midnight(entry.day), entry.url)


def _films(snapshot: Snapshot) -> Iterable[NamedFilm]:
    yield from (each.film for each in snapshot.ratings or ())
    yield from snapshot.likes or ()
    yield from snapshot.favourites or ()
    yield from snapshot.watched or ()
    yield from snapshot.watchlist or ()
    yield from (each.film for each in snapshot.viewings)


def _ids(ids: dict[NamedFilm, int], named: Sequence[NamedFilm]) -> list[int]:
    return [ids[film] for film in named if film in ids]


def _user(connection: sa.Connection, name: str, at: datetime) -> int:
    insert_missing(connection, users, [{"letterboxd_username": name, "created_at": at}])
    return user_ids(connection, [name])[name]


def _complete(connection: sa.Connection, user: int) -> dict[str, datetime | None]:
    """Return as of when each of a member's listings was told whole."""
    state = user_scrape_state.c
    query = sa.select(state.listing, state.complete_as_of).where(state.user_id == user)
    return {row.listing: row.complete_as_of for row in connection.execute(query)}


def _likes_complete(complete: dict[str, datetime | None]) -> datetime | None:
    """Return as of when all likes are known: by both of their listings, or by the one of them all."""
    parts = [complete.get(Listing.RATED), complete.get(Listing.UNRATED_LIKES)]
    whole = [complete.get(Listing.LIKES)]
    if None not in parts:
        whole.append(min(part for part in parts if part))
    return max(filter(None, whole), default=None)


def _is_older(as_of: datetime, complete: datetime | None) -> bool:
    return complete is not None and as_of < complete


def _marks(connection: sa.Connection, user: int) -> _Known:
    columns = [ratings.c[name] for name in _MARKS]
    query = sa.select(ratings.c.film_id, *columns).where(ratings.c.user_id == user)
    return {row[0]: Marks(*row[1:]) for row in connection.execute(query)}


def _write(connection: sa.Connection, user: int, before: _Known, after: _Known) -> None:
    empty = [film for film, marks in after.items() if not marks.say_something]
    here = ratings.c.user_id == user
    for start in range(0, len(empty), 500):
        some = empty[start : start + 500]
        connection.execute(ratings.delete().where(here, ratings.c.film_id.in_(some)))
    rows = [
        {"user_id": user, "film_id": film} | {name: getattr(marks, name) for name in _MARKS}
        for film, marks in after.items()
        if marks.say_something and before.get(film) != marks
    ]
    upsert(connection, ratings, rows)


def _set_films(
    connection: sa.Connection, table: sa.Table, user: int, wanted: set[int], *, only_add: bool
) -> None:
    """Let a member's films in ``table`` be just these."""
    theirs = table.c.user_id == user
    stored = set(connection.scalars(sa.select(table.c.film_id).where(theirs)))
    gone = [] if only_add else sorted(stored - wanted)
    for start in range(0, len(gone), 500):
        connection.execute(table.delete().where(theirs, table.c.film_id.in_(gone[start : start + 500])))
    new = [{"user_id": user, "film_id": film} for film in sorted(wanted - stored)]
    insert_missing(connection, table, new)


def _note(
    connection: sa.Connection,
    user: int,
    snapshot: Snapshot,
    complete: dict[str, datetime | None],
    provenance: Provenance,
) -> None:
    """Note as of when the listings are known whole, where that is later than before."""
    told = {
        Listing.RATED: snapshot.ratings,
        Listing.LIKES: snapshot.likes,
        Listing.PROFILE: snapshot.favourites,
        Listing.UNRATED_WATCHED: snapshot.watched,
        Listing.WATCHLIST: snapshot.watchlist,
    }
    state = user_scrape_state
    for listing, films in told.items():
        if films is None or _is_older(snapshot.as_of, complete.get(listing)):
            continue
        here = sa.and_(state.c.user_id == user, state.c.listing == listing)
        if not connection.execute(state.update().where(here).values(complete_as_of=snapshot.as_of)).rowcount:
            new = {"user_id": user, "listing": listing, "page": 0, "seen": [], "status": "complete"}
            when = {"updated_at": provenance.at, "complete_as_of": snapshot.as_of}
            connection.execute(state.insert().values(new | when))
