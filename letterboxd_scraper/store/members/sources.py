"""Storing what archives and saved pages tell, in any order: the newest that tells all is right."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import NamedFilm, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state.bookmarks import complete_listings
from letterboxd_scraper.store.films.named import named_film_ids
from letterboxd_scraper.store.members.evidence import (
    Marks,
    better_link,
    is_outdated,
    midnight,
    with_favourite,
    with_like,
    with_rating,
    with_viewing,
)
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import ratings, user_scrape_state, users, watched, watchlist
from letterboxd_scraper.store.upsert import as_list, as_stored, in_list, insert_missing, upsert

_MARKS = tuple(field.name for field in fields(Marks))
_Complete = Mapping[Listing, datetime]


def save_snapshot(connection: sa.Connection, snapshot: Snapshot, provenance: Provenance) -> None:
    """Store what a source tells of a member, who may be new; what it proves to have gone is removed."""
    insert_missing(connection, users, [{"letterboxd_username": snapshot.member, "created_at": provenance.at}])
    user = user_ids(connection, [snapshot.member])[snapshot.member]
    before = _stored_marks(connection, user)
    ids = named_film_ids(connection, _films(snapshot), snapshot.naming)
    complete = complete_listings(connection, user)
    after = dict(before)
    _take_over_marks(after, ids, snapshot, complete)
    _link_and_date(after, ids, snapshot)
    _write(connection, user, before, after)
    for table, listing, listed in (
        (watched, Listing.UNRATED_WATCHED, snapshot.watched),
        (watchlist, Listing.WATCHLIST, snapshot.watchlist),
    ):
        films = None if listed is None else [dated.film for dated in listed]
        if films is not None and not is_outdated(snapshot.as_of, complete.get(listing)):
            _set_films(connection, table, user, _ids(ids, films), only_add=not snapshot.complete)
    if snapshot.complete:
        _note_complete(connection, user, snapshot, complete, provenance.at)


def _films(snapshot: Snapshot) -> Iterable[NamedFilm]:
    yield from (rated.film for rated in snapshot.ratings or ())
    for films in (snapshot.likes, snapshot.favourites):
        yield from films or ()
    for listed in (snapshot.watched, snapshot.watchlist):
        yield from (dated.film for dated in listed or ())
    yield from (viewing.film for viewing in snapshot.viewings)


def _ids(ids: Mapping[NamedFilm, int], films: Sequence[NamedFilm] | None) -> set[int]:
    return {ids[film] for film in films or () if film in ids}


def _stored_marks(connection: sa.Connection, user: int) -> dict[int, Marks]:
    columns = [ratings.c[name] for name in _MARKS]
    query = sa.select(ratings.c.film_id, *columns).where(ratings.c.user_id == user)
    return {row[0]: Marks(*row[1:]) for row in connection.execute(query)}


def _take_over_marks(
    marks: dict[int, Marks], ids: Mapping[NamedFilm, int], snapshot: Snapshot, complete: _Complete
) -> None:
    """Take over ratings, likes and favourites; films that a complete source does not name have none."""
    rated = {ids[rating.film]: rating for rating in snapshot.ratings or () if rating.film in ids}
    liked, favourites = _ids(ids, snapshot.likes), _ids(ids, snapshot.favourites)
    as_of, every = snapshot.as_of, marks.keys() if snapshot.complete else set()
    for film in every | rated.keys() | liked | favourites:
        changed = marks.get(film)
        if snapshot.ratings is not None and (snapshot.complete or film in rated):
            stars, day = (rated[film].stars, rated[film].day) if film in rated else (None, None)
            whole = complete.get(Listing.RATED)
            changed = with_rating(changed, stars, midnight(day) if day else None, as_of, whole)
        if snapshot.likes is not None and (snapshot.complete or film in liked):
            changed = with_like(changed, film in liked, as_of, _likes_complete(complete))
        if snapshot.favourites is not None and (snapshot.complete or film in favourites):
            changed = with_favourite(changed, film in favourites, as_of, complete.get(Listing.PROFILE))
        if changed is not None:
            marks[film] = changed


def _likes_complete(complete: _Complete) -> datetime | None:
    """Return as of when all likes are known: by both of their listings, or by the one of them all."""
    moments = [complete[Listing.LIKES]] if Listing.LIKES in complete else []
    if {Listing.RATED, Listing.UNRATED_LIKES} <= complete.keys():
        moments.append(min(complete[Listing.RATED], complete[Listing.UNRATED_LIKES]))
    return max(moments, default=None)


def _link_and_date(marks: dict[int, Marks], ids: Mapping[NamedFilm, int], snapshot: Snapshot) -> None:
    """Link and date what is marked by the diary's entries: each film's newest with stars, else its newest."""
    for named, url in snapshot.links:
        film = ids.get(named)
        if film in marks:
            link = better_link(marks[film].diary_entry_url, url)
            marks[film] = replace(marks[film], diary_entry_url=link)
    viewings: dict[int | None, Viewed] = {}
    for viewing in sorted(snapshot.viewings, key=lambda viewing: viewing.stars is None):
        viewings.setdefault(ids.get(viewing.film), viewing)
    for film, viewing in viewings.items():
        if film in marks:
            marks[film] = with_viewing(marks[film], viewing.stars, midnight(viewing.day), viewing.url)


def _write(
    connection: sa.Connection, user: int, before: Mapping[int, Marks], after: Mapping[int, Marks]
) -> None:
    _delete(connection, ratings, user, [film for film, marks in after.items() if not marks.say_something])
    rows = [
        {"user_id": user, "film_id": film} | {name: getattr(marks, name) for name in _MARKS}
        for film, marks in after.items()
        if marks.say_something and before.get(film) != marks
    ]
    upsert(connection, ratings, rows)


def _set_films(
    connection: sa.Connection, table: sa.Table, user: int, films: set[int], *, only_add: bool
) -> None:
    """Let a member's films in ``table`` be just these, or these as well."""
    stored = set(connection.scalars(sa.select(table.c.film_id).where(table.c.user_id == user)))
    if not only_add:
        _delete(connection, table, user, stored - films)
    rows = [{"user_id": user, "film_id": film} for film in sorted(films - stored)]
    insert_missing(connection, table, rows)


def _delete(connection: sa.Connection, table: sa.Table, user: int, films: Collection[int]) -> None:
    """Delete a member's rows of these films, of which there may be more than a statement has parameters."""
    if films:
        of_films = in_list(connection.dialect.name, table.c.film_id)
        connection.execute(table.delete().where(table.c.user_id == user, of_films), as_list(films))


def _note_complete(
    connection: sa.Connection, user: int, snapshot: Snapshot, complete: _Complete, at: datetime
) -> None:
    """Note as of when the listings are known whole, where that is later than before."""
    parts = {
        Listing.RATED: snapshot.ratings,
        Listing.LIKES: snapshot.likes,
        Listing.PROFILE: snapshot.favourites,
        Listing.UNRATED_WATCHED: snapshot.watched,
        Listing.WATCHLIST: snapshot.watchlist,
    }
    new = {"page": 0, "seen": [], "status": "complete", "updated_at": at}
    rows = [
        new | {"user_id": user, "listing": listing, "complete_as_of": snapshot.as_of}
        for listing, part in parts.items()
        if part is not None and not is_outdated(snapshot.as_of, complete.get(listing))
    ]
    # How far a crawl has read a listing stands as it is.
    upsert(connection, user_scrape_state, rows, along=dict.fromkeys(new, as_stored))
