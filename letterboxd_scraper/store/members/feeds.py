"""What members' feeds tell: news, exact days and links; never that something has gone."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.members import FeedEntry, FeedNews, Listing
from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming, Service
from letterboxd_scraper.items.tasks import FeedStart, Provenance
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.crawl_state.bookmarks import complete_listings
from letterboxd_scraper.store.films.elsewhere import give_numbers
from letterboxd_scraper.store.films.identity import film_ids, stored_film_ids
from letterboxd_scraper.store.films.named import adopt_slugs, named_film_ids
from letterboxd_scraper.store.members import kept
from letterboxd_scraper.store.members.diaries import Viewing, save_entries
from letterboxd_scraper.store.members.evidence import midnight
from letterboxd_scraper.store.members.kept import HAS_KEPT_FEED
from letterboxd_scraper.store.members.sources import WAS_CRAWLED, find_or_make, fold
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import cohort_members, ratings, user_scrape_state, users
from letterboxd_scraper.store.upsert import Along, Row, as_stored, offered, upsert

# Interrupted work that is carried on later than this asks again for the feeds that it has read already.
_READ_HOLDS_FOR = timedelta(hours=1)
# A feed shows no more.
_REMEMBERED_AT_MOST = 50
# The key of a film: its number, else its slug.
_Key = int | str


def due(
    connection: sa.Connection, cohort: int | None, name: str | None, shard: Shard | None = None
) -> list[FeedStart]:
    """Return whose feeds are asked for: one member's, or those of a cohort's members who are not gone.

    Where there is a ``shard``, only those of the members in it. A ``name`` may be nobody's yet.
    """
    feed, rated = user_scrape_state.alias("feed"), user_scrape_state.alias("rated")
    query = sa.select(
        users.c.letterboxd_username.label("name"),
        feed,
        rated.c.complete_as_of.label("complete"),
        (users.c.sources_folded.is_not(None) & ~WAS_CRAWLED).label("follows_sources"),
        HAS_KEPT_FEED.label("is_kept"),
    )
    for state, listing in ((feed, Listing.FEED), (rated, Listing.RATED)):
        query = query.outerjoin(state, (state.c.user_id == users.c.id) & (state.c.listing == listing))
    if name is not None:
        query = query.where(users.c.letterboxd_username == name)
    else:
        query = (
            query.join(cohort_members, cohort_members.c.user_id == users.c.id)
            .where(cohort_members.c.cohort_id == cohort, users.c.status != "gone")
            .order_by(cohort_members.c.depth, users.c.letterboxd_username)
        )
    starts = [
        _start(row) for row in connection.execute(query) if shard is None or name or shard.holds(row.name)
    ]
    return starts or ([FeedStart(name)] if name else [])


def read_by(connection: sa.Connection, work: int, at: datetime) -> frozenset[str]:
    """Return whose feeds interrupted ``work`` (its first run's number) has read, not long before ``at``.

    Who is told that a feed has not changed has read nothing.
    """
    state = user_scrape_state.c
    recent = (state.listing == Listing.FEED, state.run >= work, state.updated_at >= at - _READ_HOLDS_FOR)
    query = sa.select(users.c.letterboxd_username).join(user_scrape_state, state.user_id == users.c.id)
    return frozenset(connection.scalars(query.where(*recent)))


def _start(row: Any) -> FeedStart:
    if row.updated_at is None:
        return FeedStart(row.name)
    # What is kept of a feed is taken over again with the other sources; else a listing may know better.
    is_known = row.is_kept if row.follows_sources else row.complete is None or row.complete <= row.updated_at
    if not is_known:
        return FeedStart(row.name)
    return FeedStart(row.name, row.etag, row.last_modified, dict(row.seen), row.updated_at)


def is_known_whole(connection: sa.Connection, name: str) -> bool:
    """Say whether anything but a feed has told all that a member has rated."""
    user = user_ids(connection, [name]).get(name)
    return user is not None and Listing.RATED in complete_listings(connection, user)


def save_news(connection: sa.Connection, item: FeedNews, provenance: Provenance) -> None:
    """Store what is new in the feed of a member, who may be new, and remember what it said."""
    member = find_or_make(connection, item.member, provenance.at)
    user = member.id
    save_entries_of = _keep_entries if member.follows_sources else _save_entries
    row = {
        "user_id": user,
        "listing": Listing.FEED,
        "page": 1,
        "seen": {entry.number: entry.mark for entry in item.entries[:_REMEMBERED_AT_MOST]}
        | {entry.name: entry.reason for entry in item.unread[:_REMEMBERED_AT_MOST]},
        "total": save_entries_of(connection, user, item, provenance.at),
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
    """Note what a feed tells of its member; when their profile is to be asked for stands as it is."""
    changes = (users.c.letterboxd_username == member, users.c.status != status)
    connection.execute(users.update().where(*changes).values(status=status))


def ratings_set_by(connection: sa.Connection, run: int) -> int:
    """Return how many ratings the feeds that a run read have set."""
    state = user_scrape_state.c
    query = sa.select(sa.func.sum(state.total)).where(state.listing == Listing.FEED, state.run == run)
    return connection.scalar(query) or 0


def _keep_entries(connection: sa.Connection, user: int, item: FeedNews, at: datetime) -> int:
    """Keep the entries with the member's other sources; return how many ratings they set."""
    state = user_scrape_state.c
    read_before = sa.select(state.updated_at).where(state.user_id == user, state.listing == Listing.FEED)
    # What it calls films is so as of now, whenever its entries were published.
    named_film_ids(connection, map(kept.named_in_feed, item.entries), Naming(NamedBy.PAGE, at))
    if not kept.keep_feed(connection, user, item.entries, at, connection.scalar(read_before)):
        return 0
    return fold(connection, user).rated


def _save_entries(connection: sa.Connection, user: int, item: FeedNews, at: datetime) -> int:
    """Store the new entries; return how many ratings they set."""
    films_of_new = [entry.film for entry in item.new]
    naming = Naming.of_page(at)
    adopt_slugs(connection, films_of_new, naming)
    ids = stored_film_ids(connection, films_of_new)
    complete = complete_listings(connection, user).get(Listing.RATED)
    stored = _stored_ratings(connection, user, ids)
    rated = _newest(item, (entry for entry in item.entries if entry.stars is not None))
    speaking = _newest(item, (entry for entry in item.entries if entry.liked is not None))

    def is_news(key: _Key, entry: FeedEntry) -> bool:
        """Say whether an entry is newer than the whole listing, and than what is stored of the film."""
        is_newer = complete is None or entry.published > complete
        return is_newer and (key not in stored or stored[key].updated_at <= entry.published)

    rating = {
        key: entry
        for key, entry in rated.items()
        if is_news(key, entry) and (key not in stored or stored[key].rating != entry.stars)
    }
    liking = {key: entry for key, entry in speaking.items() if entry.liked and is_news(key, entry)}
    ids |= film_ids(connection, [entry.film for entry in [*rating.values(), *liking.values()]], naming)
    for key in sorted(rating.keys() | liking.keys(), key=lambda key: ids[key]):
        row, along = _marks(rating.get(key), liking.get(key), complete, at)
        upsert(connection, ratings, [row | {"user_id": user, "film_id": ids[key]}], along=along)
    dating = {ids[key]: _viewing(ids, entry) for key, entry in rated.items() if key in ids and entry.watched}
    # An entry with stars is the better link.
    linking = [_viewing(ids, entry) for entry in [*rated.values(), *item.new] if entry.film.key in ids]
    save_entries(connection, user, linking, dating, at, keep_later=True)
    _save_tmdb(connection, ids, item.new)
    return len(rating)


def _stored_ratings(connection: sa.Connection, user: int, ids: Mapping[_Key, int]) -> dict[_Key, Any]:
    """Return what is stored of a member's films, by the keys of the films; the site's ratings alone."""
    query = sa.select(ratings).where(ratings.c.user_id == user, ratings.c.film_id.in_(ids.values()))
    query = query.where(ratings.c.service == Service.LETTERBOXD)
    stored = {row.film_id: row for row in connection.execute(query)}
    return {key: stored[film] for key, film in ids.items() if film in stored}


def _newest(item: FeedNews, entries: Iterable[FeedEntry]) -> dict[_Key, FeedEntry]:
    """Return the newest of ``entries`` for each film, where it is a new one."""
    newest: dict[_Key, FeedEntry] = {}
    for entry in entries:
        newest.setdefault(entry.film.key, entry)
    return {key: entry for key, entry in newest.items() if entry.guid not in item.read_before}


def _marks(
    rated: FeedEntry | None, liked: FeedEntry | None, complete: datetime | None, at: datetime
) -> tuple[Row, dict[str, Along]]:
    """Return a film's row, as of when it was published (other sources may be newer), and what goes along."""
    as_of = min(at, max(entry.published for entry in (rated, liked) if entry))
    row: Row = {"first_seen_at": as_of, "seen_after": complete, "updated_at": as_of}
    if rated:
        day = midnight(rated.watched) if rated.watched else None
        row |= {"rating": rated.stars, "rated_at": day, "diary_entry_url": rated.url}
        row["service"] = Service.LETTERBOXD
    if liked:
        row["liked"] = True
    interval = offered if rated else as_stored  # an interval is that of a rating
    return row, {"first_seen_at": interval, "seen_after": interval, "updated_at": offered}


def _viewing(ids: Mapping[_Key, int], entry: FeedEntry) -> Viewing:
    return Viewing(ids[entry.film.key], entry.watched, entry.stars, entry.url)


def _save_tmdb(connection: sa.Connection, ids: Mapping[_Key, int], entries: Iterable[FeedEntry]) -> None:
    """Note where TMDB has the films of which nobody knew it."""
    numbered = {
        ids[entry.film.key]: NamedFilm("", tmdb_id=entry.tmdb_id, tmdb_kind=entry.tmdb_kind)
        for entry in entries
        if entry.tmdb_id and entry.film.key in ids
    }
    if numbered:
        give_numbers(connection, numbered)
