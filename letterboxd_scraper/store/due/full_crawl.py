"""Which members a full crawl reads, how far earlier runs have read them, and what is stored of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.tasks import Bookmark, MemberStart
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.ratings import RATED_ON_SITE, WATCHED_ELSEWHERE
from letterboxd_scraper.store.members.users import names_of
from letterboxd_scraper.store.schema import films, ratings, user_scrape_state, users, watched

# Counts seen longer ago than this prove nothing any more.
COUNTS_FRESH_FOR = timedelta(days=1)
# A listing that was left half read longer ago than this is read from its beginning: it may have moved.
HALF_READ_HOLDS_FOR = timedelta(hours=1)
# Listings whose bookmarks do not name films.
_NOT_FILMS = (Listing.FOLLOWING, Listing.FOLLOWERS, Listing.FEED)


def cohort_starts(
    connection: sa.Connection,
    cohort: Cohort,
    work: int | None,
    at: datetime,
    resume_from: str | None = None,
    shard: Shard | None = None,
) -> list[MemberStart]:
    """Return the cohort's members that are still to be crawled, nearest first, from ``resume_from`` on.

    Where there is a ``shard``, these are members in it. Members whose crawl was completed by a run of
    ``work`` (its first run's number), or by a later one that read as much, are left out.
    """
    rows = cohorts.user_rows(connection, cohort)
    names = [row.letterboxd_username for row in rows]
    rows = rows[names.index(resume_from) if resume_from else 0 :]
    return starts_of(connection, in_shard(rows, shard), work, at, cohort.seed)


def in_shard(rows: Sequence[Any], shard: Shard | None) -> list[Any]:
    """Return the rows of ``users`` whose members are in a shard; all of them where there is none."""
    return [row for row in rows if shard is None or shard.holds(row.letterboxd_username)]


def member_start(
    connection: sa.Connection, name: str, work: int | None, at: datetime, seed: str | None = None
) -> list[MemberStart]:
    """Return one stored member's start; an empty list if ``work`` has done it already."""
    rows = connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).all()
    return starts_of(connection, rows, work, at, seed)


def people_bookmarks(
    connection: sa.Connection, listing: Listing, work: int, at: datetime
) -> dict[str, Bookmark]:
    """Return what ``work`` has read, not long ago, of members' following (or followers) pages, by member."""
    recent = user_scrape_state.c.updated_at >= at - HALF_READ_HOLDS_FOR
    return _people(connection, listing, user_scrape_state.c.run >= work, recent)


def people_read_since(
    connection: sa.Connection, listing: Listing, seed: str, since: datetime
) -> dict[str, Bookmark]:
    """Return whom members other than ``seed`` lead to, where their listing was read whole after ``since``."""
    state = user_scrape_state.c
    whole = (state.status == "complete", state.updated_at > since)
    return _people(connection, listing, users.c.letterboxd_username != seed, *whole)


def people_read_last(connection: sa.Connection, listing: Listing) -> dict[str, Bookmark]:
    """Return whom members led to when their listing was read whole the last time, by member."""
    return _people(connection, listing, user_scrape_state.c.status == "complete")


def _people(connection: sa.Connection, listing: Listing, *conditions: Any) -> dict[str, Bookmark]:
    state = user_scrape_state.c
    query = (
        sa.select(users.c.letterboxd_username, state.page, state.status, state.seen, state.total)
        .join(users, users.c.id == state.user_id)
        .where(state.listing == listing, *conditions)
    )
    rows = connection.execute(query).all()
    names = names_of(connection, {user for row in rows for user in row.seen})
    return {
        member: Bookmark(
            page, status == "complete", total, people=tuple(names[user] for user in seen if user in names)
        )
        for member, page, status, seen, total in rows
    }


def stored_films(connection: sa.Connection, member: str, listing: Listing) -> frozenset[int | str]:
    """Return the keys (number, else slug) of the films stored as being on a member's listing."""
    same = (ratings.c.user_id == watched.c.user_id) & (ratings.c.film_id == watched.c.film_id)
    is_rated = sa.exists().where(same, RATED_ON_SITE).correlate(watched)
    table, condition = {
        Listing.RATED: (ratings, RATED_ON_SITE),
        Listing.UNRATED_LIKES: (ratings, ~RATED_ON_SITE & ratings.c.liked),
        Listing.UNRATED_WATCHED: (watched, ~is_rated & ~WATCHED_ELSEWHERE),
    }[listing]
    query = (
        sa.select(films.c.letterboxd_film_id, films.c.slug)
        .join(table, table.c.film_id == films.c.id)
        .join(users, users.c.id == table.c.user_id)
        .where(users.c.letterboxd_username == member, condition)
    )
    return frozenset(number or slug for number, slug in connection.execute(query))


def starts_of(
    connection: sa.Connection, rows: Sequence[Any], work: int | None, at: datetime, seed: str | None
) -> list[MemberStart]:
    """Return how the full crawl of these rows of ``users`` starts, but for those that ``work`` has done.

    Of who is gone or private, that was to find out that they still are.
    """
    bookmarks: dict[int, dict[Listing, Bookmark]] = {}
    if work is not None:
        done_by = set(connection.scalars(runs.that_read_as_much(work)))
        began = runs.began(connection, work)
        rows = [
            row
            for row in rows
            if row.last_full_scrape_run not in done_by and not _was_asked_after(row, began)
        ]
        bookmarks = bookmarks_of(connection, [row.id for row in rows], work, at)
    return [
        MemberStart(
            row.letterboxd_username,
            is_seed=row.letterboxd_username == seed,
            films=row.films_count,
            likes=row.likes_count if _counts_hold(row, at) else None,
            bookmarks=bookmarks.get(row.id, {}),
        )
        for row in rows
    ]


def _was_asked_after(row: Any, began: datetime | None) -> bool:
    """Say whether the work that ``began`` then has found that a member is gone or private."""
    asked: datetime | None = row.last_incremental_scrape_at
    return row.status != "ok" and asked is not None and began is not None and asked > began


def _counts_hold(row: Any, at: datetime) -> bool:
    """Say whether the counts of a following page still hold: seen since the last crawl, and not long ago."""
    seen = row.counts_seen_at
    if seen is None or at - seen > COUNTS_FRESH_FOR:
        return False
    return row.last_full_scrape_at is None or seen > row.last_full_scrape_at


def bookmarks_of(
    connection: sa.Connection, user_ids: Sequence[int], work: int, at: datetime, *, lately: bool = False
) -> dict[int, dict[Listing, Bookmark]]:
    """Return the bookmarks of ``work`` that still hold, by member and listing.

    What was read whole holds as long as its work does. With ``lately`` it is all that was read not long ago;
    a listing that was read to its end, and proved nothing, is at its beginning then.
    """
    state = user_scrape_state.c
    is_recent = state.updated_at >= at - HALF_READ_HOLDS_FOR
    holds = is_recent if lately else (state.status == "complete") | ((state.status == "reading") & is_recent)
    query = sa.select(user_scrape_state).where(
        state.user_id.in_(user_ids), state.run >= work, state.listing.not_in(_NOT_FILMS), holds
    )
    bookmarks: dict[int, dict[Listing, Bookmark]] = defaultdict(dict)
    for row in connection.execute(query).all():
        unproved = row.status not in ("complete", "reading")
        bookmark = Bookmark(0, False, row.total) if unproved else _bookmark(connection, row)
        bookmarks[row.user_id][Listing(row.listing)] = bookmark
    return bookmarks


def _bookmark(connection: sa.Connection, row: Any) -> Bookmark:
    """Return a listing's bookmark; the films read so far are those of the pages before it."""
    finished = row.status == "complete"
    query = (
        sa.select(films, ratings.c.liked)
        .outerjoin(ratings, (ratings.c.film_id == films.c.id) & (ratings.c.user_id == row.user_id))
        .where(films.c.id.in_(row.seen))
    )
    rows = connection.execute(query).all()
    liked = sum(bool(film.liked) for film in rows)
    if finished and row.listing == Listing.RATED:  # its films are not kept
        rated = (ratings.c.user_id == row.user_id, RATED_ON_SITE)
        liked = connection.scalar(sa.select(sa.func.count()).where(*rated, ratings.c.liked)) or 0
    seen = tuple(
        Film(film.slug, film.title, film_id=film.letterboxd_film_id, lid=film.letterboxd_lid) for film in rows
    )
    return Bookmark(row.page, finished, total=row.total, films=seen, liked=liked)
