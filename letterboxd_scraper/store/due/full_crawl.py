"""What spiders are told when they start: members, what was read already, what is stored."""

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
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, films, ratings, user_scrape_state, users, watched

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
    query = (
        sa.select(users)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id)
        .order_by(cohort_members.c.depth, users.c.letterboxd_username)
    )
    rows = list(connection.execute(query))
    names = [row.letterboxd_username for row in rows]
    rows = in_shard(rows[names.index(resume_from) if resume_from else 0 :], shard)
    return starts_of(connection, rows, work, at, cohort.seed)


def in_shard(rows: Sequence[Any], shard: Shard | None) -> list[Any]:
    """Return the rows of ``users`` whose members are in a shard; all of them where there is none."""
    return [row for row in rows if shard is None or shard.holds(row.letterboxd_username)]


def member_start(
    connection: sa.Connection, name: str, work: int | None, at: datetime, seed: str | None = None
) -> list[MemberStart]:
    """Return one stored member's start; an empty list if ``work`` has done it already."""
    rows = list(connection.execute(sa.select(users).where(users.c.letterboxd_username == name)))
    return starts_of(connection, rows, work, at, seed)


def people_bookmarks(
    connection: sa.Connection, listing: Listing, work: int, at: datetime
) -> dict[str, Bookmark]:
    """Return what ``work`` has read, not long ago, of members' following (or followers) pages, by member."""
    recent = user_scrape_state.c.updated_at >= at - HALF_READ_HOLDS_FOR
    return _people(connection, listing, user_scrape_state.c.run >= work, recent)


def people_known(
    connection: sa.Connection, listing: Listing, seed: str, since: datetime
) -> dict[str, Bookmark]:
    """Return whom members other than ``seed`` lead to, where their listing was read whole after ``since``."""
    state = user_scrape_state.c
    whole = (state.status == "complete", state.updated_at > since)
    return _people(connection, listing, users.c.letterboxd_username != seed, *whole)


def _people(connection: sa.Connection, listing: Listing, *conditions: Any) -> dict[str, Bookmark]:
    state = user_scrape_state.c
    query = (
        sa.select(users.c.letterboxd_username, state.page, state.status, state.seen)
        .join(users, users.c.id == state.user_id)
        .where(state.listing == listing, *conditions)
    )
    rows = list(connection.execute(query))
    names = _names(connection, {user for row in rows for user in row.seen})
    return {
        row.letterboxd_username: Bookmark(
            row.page,
            row.status == "complete",
            people=tuple(names[user] for user in row.seen if user in names),
        )
        for row in rows
    }


def stored_films(connection: sa.Connection, member: str, listing: Listing) -> frozenset[int | str]:
    """Return the keys (number, else slug) of the films stored as being on a member's listing."""
    table, condition = {
        Listing.RATED: (ratings, ratings.c.rating.is_not(None)),
        Listing.UNRATED_LIKES: (ratings, sa.and_(ratings.c.rating.is_(None), ratings.c.liked)),
        Listing.UNRATED_WATCHED: (watched, ~_is_rated()),
    }[listing]
    query = (
        sa.select(films.c.letterboxd_film_id, films.c.slug)
        .join(table, table.c.film_id == films.c.id)
        .join(users, users.c.id == table.c.user_id)
        .where(users.c.letterboxd_username == member, condition)
    )
    return frozenset(number or slug for number, slug in connection.execute(query))


def _is_rated() -> Any:
    same = (ratings.c.user_id == watched.c.user_id) & (ratings.c.film_id == watched.c.film_id)
    return sa.exists().where(same, ratings.c.rating.is_not(None)).correlate(watched)


def starts_of(
    connection: sa.Connection, rows: Sequence[Any], work: int | None, at: datetime, seed: str | None
) -> list[MemberStart]:
    """Return how the full crawl of each of these rows of ``users`` starts, if ``work`` has not done it."""
    bookmarks: dict[int, dict[Listing, Bookmark]] = {}
    if work is not None:
        done_by = set(connection.scalars(runs.that_read_as_much(work)))
        rows = [row for row in rows if row.last_full_scrape_run not in done_by]
        bookmarks = _bookmarks(connection, [row.id for row in rows], work, at)
    return [
        MemberStart(
            row.letterboxd_username,
            is_seed=row.letterboxd_username == seed,
            films=row.films_count,
            likes=row.likes_count if _fresh(row, at) else None,
            bookmarks=bookmarks.get(row.id, {}),
        )
        for row in rows
    ]


def _fresh(row: Any, at: datetime) -> bool:
    """Say whether the counts of a following page still hold: seen since the last crawl, and not long ago."""
    seen = row.counts_seen_at
    if seen is None or at - seen > COUNTS_FRESH_FOR:
        return False
    return row.last_full_scrape_at is None or seen > row.last_full_scrape_at


def _bookmarks(
    connection: sa.Connection, user_ids: Sequence[int], work: int, at: datetime
) -> dict[int, dict[Listing, Bookmark]]:
    state = user_scrape_state.c
    query = sa.select(user_scrape_state).where(
        state.user_id.in_(user_ids), state.run >= work, state.listing.not_in(_NOT_FILMS)
    )
    found: dict[int, dict[Listing, Bookmark]] = defaultdict(dict)
    for row in connection.execute(query):
        holds = row.status == "complete" or at - row.updated_at <= HALF_READ_HOLDS_FOR
        if holds and row.status != "unproved":
            found[row.user_id][Listing(row.listing)] = _bookmark(connection, row)
    return found


def _bookmark(connection: sa.Connection, row: Any) -> Bookmark:
    """Return a listing's bookmark; the films read so far are those of the pages before it."""
    finished = row.status == "complete"
    query = (
        sa.select(
            films.c.slug, films.c.title, films.c.letterboxd_film_id, films.c.letterboxd_lid, ratings.c.liked
        )
        .outerjoin(ratings, (ratings.c.film_id == films.c.id) & (ratings.c.user_id == row.user_id))
        .where(films.c.id.in_(row.seen))
    )
    shown = list(connection.execute(query))
    liked = sum(bool(film.liked) for film in shown)
    if finished and row.listing == Listing.RATED:
        liked = _count_liked(connection, row.user_id)
    pages = tuple(
        Film(film.slug, film.title, film_id=film.letterboxd_film_id, lid=film.letterboxd_lid)
        for film in shown
    )
    return Bookmark(row.page, finished, total=row.total, films=pages, liked=liked)


def _count_liked(connection: sa.Connection, user: int) -> int:
    query = sa.select(sa.func.count()).where(
        ratings.c.user_id == user, ratings.c.rating.is_not(None), ratings.c.liked
    )
    return connection.scalar(query) or 0


def _names(connection: sa.Connection, ids: set[int]) -> dict[int, str]:
    query = sa.select(users.c.id, users.c.letterboxd_username).where(users.c.id.in_(ids))
    return {row.id: row.letterboxd_username for row in connection.execute(query)}
