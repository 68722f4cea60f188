"""What members' feeds tell: news, exact days and links; never that something has gone."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.members import FeedEntry, FeedNews, Listing
from letterboxd_scraper.items.tasks import FeedStart, Provenance
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films.identity import film_ids, stored_film_ids
from letterboxd_scraper.store.films.named import adopt_slugs
from letterboxd_scraper.store.members.diaries import Viewing, save_entries
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import cohort_members, films, ratings, user_scrape_state, users
from letterboxd_scraper.store.upsert import as_stored, offered, upsert

# A feed shows no more.
_REMEMBERED_AT_MOST = 50
_Slug = int | str

_TMDB = (
    films.update()
    .where(films.c.id == sa.bindparam("film"), films.c.tmdb_id.is_(None))
    .values(tmdb_id=sa.bindparam("number"), tmdb_media_type=sa.bindparam("kind"))
)


def due(
    connection: sa.Connection, cohort: int | None, name: str | None, shard: Shard | None = None
) -> list[FeedStart]:
    """Return whose feeds are asked for: one member's, or those of a cohort's members who are not gone.

    Where there is a ``shard``, only those of the members in it.
    """
    feed, rated = user_scrape_state.alias("feed"), user_scrape_state.alias("rated")
    query = sa.select(
        users.c.letterboxd_username.label("name"), feed, rated.c.complete_as_of.label("complete")
    )
    for state, listing in ((feed, Listing.FEED), (rated, Listing.RATED)):
        here = sa.and_(state.c.user_id == users.c.id, state.c.listing == listing)
        query = query.join(state, here, isouter=True)
    if name is not None:
        return [_start(row) for row in connection.execute(query.where(users.c.letterboxd_username == name))]
    query = query.join(cohort_members, cohort_members.c.user_id == users.c.id)
    query = query.where(cohort_members.c.cohort_id == cohort, users.c.status != "gone")
    query = query.order_by(cohort_members.c.depth, users.c.letterboxd_username)
    rows = connection.execute(query)
    return [_start(row) for row in rows if shard is None or shard.holds(row.name)]


def _start(row: Any) -> FeedStart:
    if row.updated_at is None or (row.complete is not None and row.complete > row.updated_at):
        return FeedStart(row.name)
    return FeedStart(row.name, row.etag, row.last_modified, dict(row.seen), row.updated_at)


def save_news(connection: sa.Connection, item: FeedNews, provenance: Provenance) -> None:
    """Store what is new in a member's feed, and remember what it said."""
    user = user_ids(connection, [item.member])[item.member]
    ratings_set = _save_entries(connection, user, item, provenance.at)
    row = {
        "user_id": user,
        "listing": Listing.FEED,
        "page": 1,
        "seen": {entry.number: entry.mark for entry in item.entries[:_REMEMBERED_AT_MOST]},
        "total": ratings_set,
        "status": "complete",
        "run": provenance.run,
        "updated_at": provenance.at,
        "etag": item.etag,
        "last_modified": item.last_modified,
    }
    upsert(connection, user_scrape_state, [row])
    save_answered(connection, item.member, provenance.at)


def save_answered(connection: sa.Connection, member: str, at: datetime) -> None:
    """Note that a member's feed can be read."""
    save_status(connection, member, "ok")
    failures.resolve(connection, member, at, [Listing.FEED])


def save_status(connection: sa.Connection, member: str, status: str) -> None:
    """Note what a feed tells of its member: when their profile is to be asked for stands as it is."""
    changes = (users.c.letterboxd_username == member, users.c.status != status)
    connection.execute(users.update().where(*changes).values(status=status))


def ratings_set_by(connection: sa.Connection, run: int) -> int:
    """Return how many ratings the feeds that a run read have set."""
    state = user_scrape_state.c
    here = (state.listing == Listing.FEED, state.run == run)
    return connection.scalar(sa.select(sa.func.sum(state.total)).where(*here)) or 0


def _save_entries(connection: sa.Connection, user: int, item: FeedNews, at: datetime) -> int:
    """Store the new entries; return how many ratings they set."""
    new = item.new
    adopt_slugs(connection, [entry.film for entry in new])
    ids = stored_film_ids(connection, [entry.film for entry in new])
    complete = _complete(connection, user)
    rows = _rows(connection, user, ids)
    rated = _newest(new, (entry for entry in item.entries if entry.stars is not None))
    spoken_of = _newest(new, (entry for entry in item.entries if entry.liked is not None))
    setting = {
        slug: entry
        for slug, entry in rated.items()
        if _is_news(entry, rows.get(slug), complete) and _stars(rows.get(slug)) != entry.stars
    }
    liking = {
        slug: entry
        for slug, entry in spoken_of.items()
        if entry.liked and _is_news(entry, rows.get(slug), complete)
    }
    ids |= film_ids(connection, [entry.film for entry in [*setting.values(), *liking.values()]])
    for slug in sorted(setting.keys() | liking.keys(), key=lambda slug: ids[slug]):
        _set(connection, user, ids[slug], setting.get(slug), liking.get(slug), complete, at)
    dating = {ids[slug]: _viewing(ids, entry) for slug, entry in rated.items() if slug in ids}
    # An entry with stars is the better link.
    linking = [_viewing(ids, entry) for entry in [*rated.values(), *new] if entry.film.key in ids]
    save_entries(connection, user, linking, dating, at, keep_later=True)
    _save_tmdb(connection, ids, new)
    return len(setting)


def _complete(connection: sa.Connection, user: int) -> datetime | None:
    state = user_scrape_state.c
    here = (state.user_id == user, state.listing == Listing.RATED)
    return connection.scalar(sa.select(state.complete_as_of).where(*here))


def _rows(connection: sa.Connection, user: int, ids: Mapping[_Slug, int]) -> dict[_Slug, Any]:
    """Return what is stored of a member's films, by the keys of the films."""
    query = sa.select(ratings.c.film_id, ratings.c.rating, ratings.c.updated_at).where(
        ratings.c.user_id == user, ratings.c.film_id.in_(ids.values())
    )
    stored = {row.film_id: row for row in connection.execute(query)}
    return {slug: stored[film] for slug, film in ids.items() if film in stored}


def _newest(new: Iterable[FeedEntry], entries: Iterable[FeedEntry]) -> dict[_Slug, FeedEntry]:
    """Return the newest of ``entries`` for each film, where it is a new one."""
    newest: dict[_Slug, FeedEntry] = {}
    for entry in entries:
        newest.setdefault(entry.film.key, entry)
    guids = {entry.guid for entry in new}
    return {slug: entry for slug, entry in newest.items() if entry.guid in guids}


def _is_news(entry: FeedEntry, row: Any, complete: datetime | None) -> bool:
    """Say whether an entry tells more than what is stored: it is newer than the whole listing and the row."""
    if complete is not None and entry.published <= complete:
        return False
    return row is None or row.updated_at <= entry.published


def _stars(row: Any) -> float | None:
    return None if row is None else row.rating


def _set(
    connection: sa.Connection,
    user: int,
    film: int,
    rated: FeedEntry | None,
    liked: FeedEntry | None,
    complete: datetime | None,
    at: datetime,
) -> None:
    """Store the rating and the like of a film, as of when they were published: other sources may be newer."""
    as_of = min(at, max(entry.published for entry in (rated, liked) if entry))
    row: dict[str, Any] = {"user_id": user, "film_id": film, "updated_at": as_of}
    row |= {"first_seen_at": as_of, "seen_after": complete}
    if rated:
        day = datetime.combine(rated.watched, time(), UTC)
        row |= {"rating": rated.stars, "rated_at": day, "diary_entry_url": rated.url}
    if liked:
        row["liked"] = True
    interval = offered if rated else as_stored
    along = {"first_seen_at": interval, "seen_after": interval, "updated_at": offered}
    upsert(connection, ratings, [row], along=along)


def _viewing(ids: Mapping[_Slug, int], entry: FeedEntry) -> Viewing:
    return Viewing(ids[entry.film.key], entry.watched, entry.stars, entry.url)


def _save_tmdb(connection: sa.Connection, ids: Mapping[_Slug, int], entries: Iterable[FeedEntry]) -> None:
    """Note where TMDB has the films of which nobody knew it."""
    found = {
        ids[entry.film.key]: {"film": ids[entry.film.key], "number": entry.tmdb_id, "kind": entry.tmdb_kind}
        for entry in entries
        if entry.tmdb_id and entry.film.key in ids
    }
    if found:
        connection.execute(_TMDB, [found[film] for film in sorted(found)])
