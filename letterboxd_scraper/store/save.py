"""Saving items: one short function per kind of item, facts and bookmark in the caller's transaction."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import DirectorPage, FilmFacts, FilmGone, FilmHistogram, FilmUnmatched
from letterboxd_scraper.items.members import (
    BEYOND,
    STARS_OF,
    DiaryPage,
    Failure,
    FeedNews,
    FeedPage,
    FeedUnchanged,
    FilmsPage,
    Listing,
    MemberRead,
    MemberRefreshed,
    Membership,
    MemberStatus,
    PeoplePage,
    Person,
    Profile,
)
from letterboxd_scraper.items.sources import Naming, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import bookmarks, failures
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState
from letterboxd_scraper.store.films.directors import save_director_page
from letterboxd_scraper.store.films.facts import save_facts, save_gone, save_histogram, save_unmatched
from letterboxd_scraper.store.films.identity import film_ids, stored_film_ids
from letterboxd_scraper.store.members import feeds, sources
from letterboxd_scraper.store.members.cohorts import set_members
from letterboxd_scraper.store.members.diaries import Viewing, newest_ratings, save_entries
from letterboxd_scraper.store.members.forgetting import allowed
from letterboxd_scraper.store.members.ratings import (
    count_ratings,
    note_watched,
    remove_absent,
    save_favourites,
    save_tiles,
    save_viewings,
)
from letterboxd_scraper.store.members.renaming import note_renaming
from letterboxd_scraper.store.members.sources import Outcome
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import cohorts, user_scrape_state, users
from letterboxd_scraper.store.upsert import Along, as_stored, insert_missing, upsert
from letterboxd_scraper.words import counted


def _renewed(old: Any, new: Any, name: str) -> Any:
    """The new value of a column where the page shows one, for `along`."""
    return sa.func.coalesce(new[name], old[name])


def _filled(old: Any, new: Any, name: str) -> Any:
    """The first value of a column, for `along`: the profile page knows better than a list of people."""
    return sa.func.coalesce(old[name], new[name])


_KEEP_CREATED: dict[str, Along] = {"created_at": as_stored}
_PERSON = _KEEP_CREATED | {"display_name": _filled, "avatar_url": _filled}
_UNCOUNTED_PERSON = _PERSON | {"films_count": _renewed, "likes_count": _renewed}


def save(item: object, connection: sa.Connection, provenance: Provenance) -> None:
    """Store what ``item`` says; the caller's transaction holds its facts and its bookmark.

    Nothing is stored of members who asked to be forgotten.
    """
    if (item := allowed(connection, item, provenance.at)) is not None:
        _store(item, connection, provenance)


def save_sources(snapshots: Sequence[Snapshot], connection: sa.Connection, provenance: Provenance) -> Outcome:
    """Store what several sources tell of one member; nothing of one who asked to be forgotten."""
    told = [snapshot for snapshot in snapshots if allowed(connection, snapshot, provenance.at)]
    return sources.save_snapshots(connection, told, provenance) if told else Outcome()


@singledispatch
def _store(item: object, connection: sa.Connection, provenance: Provenance) -> None:
    raise TypeError(f"no way to store a {type(item).__name__}")


@_store.register
def _profile(profile: Profile, connection: sa.Connection, provenance: Provenance) -> None:
    note_renaming(connection, profile, provenance.at)
    row: dict[str, Any] = {
        "letterboxd_username": profile.member,
        "display_name": profile.display_name,
        "avatar_url": profile.avatar_url,
        "letterboxd_lid": profile.lid,
        "status": "ok",
    }
    row = {name: value for name, value in row.items() if value is not None} | {"created_at": provenance.at}
    upsert(connection, users, [row], key=["letterboxd_username"], along=_KEEP_CREATED)
    user = user_ids(connection, [profile.member])[profile.member]
    save_favourites(connection, user, profile, provenance.at)
    itself = ListingState(user, Listing.PROFILE)
    bookmarks.move(connection, itself, 1, [], provenance, status="complete", total=profile.films)
    # What the listing of rated films must agree with, and that it is to be read from its beginning.
    rated = ListingState(user, Listing.RATED)
    bookmarks.move(connection, rated, 0, [], provenance, status="reading", total=profile.ratings)


@_store.register
def _films_page(page: FilmsPage, connection: sa.Connection, provenance: Provenance) -> None:
    state = bookmarks.find(connection, page.member, page.listing)
    # Those of a whole listing are those of its last page, too.
    named = [*(page.complete or ()), *(tile.film for tile in page.tiles)]
    ids = film_ids(connection, named, Naming.of_page(provenance.at))
    on_page = list(dict.fromkeys(ids[tile.film.key] for tile in page.tiles))
    if page.listing is Listing.UNRATED_WATCHED:
        note_watched(connection, state.user, on_page, provenance.at)
    else:
        save_tiles(connection, state, page, ids, provenance.at)
    # A level proves nothing by itself, but it has been read.
    ended = "unproved" if page.complete is None and page.listing not in STARS_OF else "complete"
    status = ended if page.last else "reading"
    total = len(page.complete) if page.complete is not None else page.total
    moved = bookmarks.move(connection, state, page.number, on_page, provenance, status=status, total=total)
    # Where a page before this one was not saved, the listing is not whole here, whatever was read.
    if page.complete is not None and moved:
        on_listing = {ids[film.key] for film in page.complete}
        begun = page.begun or provenance.at
        remove_absent(connection, state.user, page.listing, on_listing, begun, provenance.at)


@_store.register
def _diary_page(page: DiaryPage, connection: sa.Connection, provenance: Provenance) -> None:
    state = bookmarks.find(connection, page.member, Listing.DIARY)
    ids = stored_film_ids(connection, [entry.film for entry in page.entries])
    entries = [
        Viewing(ids[entry.film.key], entry.date, entry.stars, entry.url)
        for entry in page.entries
        if entry.film.key in ids
    ]
    rated = newest_ratings(entries, state.seen_before(page.number) or ())
    status = "complete" if page.last else "reading"
    # Where the page before was not saved, nobody knows which entries of this one are the newest.
    if bookmarks.move(connection, state, page.number, list(rated), provenance, status=status):
        save_entries(connection, state.user, entries, rated, provenance.at)


@_store.register
def _feed_page(page: FeedPage, connection: sa.Connection, provenance: Provenance) -> None:
    user = user_ids(connection, [page.member])[page.member]
    ids = film_ids(connection, [entry.film for entry in page.entries], Naming.of_page(provenance.at))
    save_viewings(connection, user, {ids[entry.film.key]: entry for entry in page.entries}, provenance.at)


@_store.register
def _feed_news(item: FeedNews, connection: sa.Connection, provenance: Provenance) -> None:
    feeds.save_news(connection, item, provenance)


@_store.register
def _feed_unchanged(item: FeedUnchanged, connection: sa.Connection, provenance: Provenance) -> None:
    feeds.save_answered(connection, item.member, provenance.at)


@_store.register
def _people_page(page: PeoplePage, connection: sa.Connection, provenance: Provenance) -> None:
    people = {person.member: person for person in page.people}
    for with_counts in (True, False):
        same = [p for p in people.values() if (None not in (p.films, p.likes)) is with_counts]
        _save_people(connection, same, provenance, counted=with_counts)
    if not user_ids(connection, [page.owner]):
        insert_missing(connection, users, [{"letterboxd_username": page.owner, "created_at": provenance.at}])
    ids = user_ids(connection, [page.owner, *people])
    if page.last:
        failures.resolve(connection, page.owner, provenance.at, [page.listing])
    if not page.whole:  # what is left out here may belong to another cohort that goes on from it
        bookmarks.drop(connection, ids[page.owner], page.listing)
        return
    status = "complete" if page.last else "reading"
    state = bookmarks.find(connection, page.owner, page.listing)
    on_page = [ids[name] for name in people]
    bookmarks.move(connection, state, page.number, on_page, provenance, status=status, total=page.total)


def _save_people(
    connection: sa.Connection, people: Sequence[Person], provenance: Provenance, *, counted: bool
) -> None:
    """Store people of whom both counts are shown, or others: what is stored of their counts holds no more."""
    rows = [
        {
            "letterboxd_username": person.member,
            "films_count": person.films,
            "likes_count": person.likes,
            "display_name": person.display_name,
            "avatar_url": person.avatar_url,
            "counts_seen_at": provenance.at if counted else None,
            "created_at": provenance.at,
        }
        for person in people
    ]
    upsert(
        connection, users, rows, key=["letterboxd_username"], along=_PERSON if counted else _UNCOUNTED_PERSON
    )


@_store.register
def _membership(item: Membership, connection: sa.Connection, provenance: Provenance) -> None:
    ids = user_ids(connection, [item.seed, *(name for name, _ in item.members)])
    new = {"label": item.cohort, "seed_user_id": ids[item.seed], "definition": item.definition}
    insert_missing(connection, cohorts, [new | {"created_at": provenance.at, "updated_at": provenance.at}])
    query = sa.select(cohorts.c.id, cohorts.c.definition).where(cohorts.c.label == item.cohort)
    cohort, definition = connection.execute(query).one()
    if item.definition != definition:
        values = {"definition": item.definition, "updated_at": provenance.at}
        connection.execute(cohorts.update().where(cohorts.c.id == cohort).values(values))
    depths = {ids[name]: depth for name, depth in item.members}
    set_members(connection, cohort, depths, provenance.at, item.complete)


@_store.register
def _member_status(item: MemberStatus, connection: sa.Connection, provenance: Provenance) -> None:
    if item.listing is Listing.FEED:
        feeds.save_status(connection, item.member, item.status)
    else:
        values = {"status": item.status, "last_incremental_scrape_at": provenance.at}
        connection.execute(users.update().where(users.c.letterboxd_username == item.member).values(values))
    # Whatever could not be read of them before: now it is known why.
    failures.resolve(connection, item.member, provenance.at)


@_store.register
def _member_read(item: MemberRead, connection: sa.Connection, provenance: Provenance) -> None:
    user = user_ids(connection, [item.member])[item.member]
    complete = sa.select(sa.func.count()).where(
        user_scrape_state.c.user_id == user,
        user_scrape_state.c.listing.in_(item.listings),
        user_scrape_state.c.status == "complete",
    )
    if connection.scalar(complete) == len(item.listings):
        counts = {"crawled_films_count": item.films, "crawled_likes_count": item.likes}
        read = {"last_full_scrape_at": provenance.at, "last_full_scrape_run": provenance.run}
        connection.execute(users.update().where(users.c.id == user).values(counts | read))
        failures.resolve(
            connection, item.member, provenance.at, [Listing.PROFILE, *item.listings, *STARS_OF, BEYOND]
        )
    sources.add_to_crawled(connection, user)


@_store.register
def _member_refreshed(item: MemberRefreshed, connection: sa.Connection, provenance: Provenance) -> None:
    user = user_ids(connection, [item.member])[item.member]
    if (stored := count_ratings(connection, user)) != (item.histogram, item.liked):
        # A page could not be stored, or another crawl has seen something newer: the next one reads it all.
        both = f"{counted(sum(stored[0]), 'rating')} and {counted(stored[1], 'like')}"
        error = f"{both} are stored, not those that the pages showed"
        failure = Failure(failures.STORED, item.url, error, item.member)
        failures.record(connection, failure, provenance.at, provenance.run)
        return
    counts = {"crawled_films_count": item.films, "crawled_likes_count": item.likes}
    read = {"last_incremental_scrape_at": provenance.at}
    connection.execute(users.update().where(users.c.id == user).values(counts | read))
    if item.whole:
        # What is stored agrees with the profile: it is as complete as after the whole listing.
        state = user_scrape_state
        rated = (state.c.user_id == user, state.c.listing == Listing.RATED)
        connection.execute(
            state.update().where(*rated).values(status="complete", complete_as_of=provenance.at)
        )
    failures.resolve(connection, item.member, provenance.at, failures.READ_BY_DELTA)
    sources.add_to_crawled(connection, user)


@_store.register
def _film_facts(item: FilmFacts, connection: sa.Connection, provenance: Provenance) -> None:
    save_facts(connection, item, provenance)


@_store.register
def _film_gone(item: FilmGone, connection: sa.Connection, provenance: Provenance) -> None:
    save_gone(connection, item, provenance)


@_store.register
def _film_unmatched(item: FilmUnmatched, connection: sa.Connection, provenance: Provenance) -> None:
    save_unmatched(connection, item, provenance)


@_store.register
def _film_histogram(item: FilmHistogram, connection: sa.Connection, provenance: Provenance) -> None:
    save_histogram(connection, item, provenance)


@_store.register
def _director_page(item: DirectorPage, connection: sa.Connection, provenance: Provenance) -> None:
    save_director_page(connection, item, provenance.at)


@_store.register
def _snapshot(item: Snapshot, connection: sa.Connection, provenance: Provenance) -> None:
    sources.save_snapshots(connection, [item], provenance)


@_store.register
def _failure(item: Failure, connection: sa.Connection, provenance: Provenance) -> None:
    failures.record(connection, item, provenance.at, provenance.run)
