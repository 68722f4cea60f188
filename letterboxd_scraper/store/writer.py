"""Saving items: one short function per kind of item, facts and bookmark in the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items import (
    Failure,
    FilmsPage,
    Listing,
    MemberRead,
    Membership,
    MemberStatus,
    PeoplePage,
    Profile,
)
from letterboxd_scraper.store import failures
from letterboxd_scraper.store.films import film_ids
from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    ratings,
    user_scrape_state,
    users,
    watched,
)
from letterboxd_scraper.store.upsert import insert_missing, offered, upsert


@dataclass(frozen=True, slots=True)
class Visit:
    """When a page was read, and in which run."""

    at: datetime
    run: int | None = None


@singledispatch
def save(item: object, connection: sa.Connection, visit: Visit) -> None:
    """Store what ``item`` says; the caller's transaction holds its facts and its bookmark."""
    raise TypeError(f"nothing is known of storing a {type(item).__name__}")


@save.register
def _profile(profile: Profile, connection: sa.Connection, visit: Visit) -> None:
    row = {
        "letterboxd_username": profile.member,
        "display_name": profile.display_name,
        "avatar_url": profile.avatar_url,
        "letterboxd_lid": profile.lid,
        "films_count": profile.films,
        "status": "ok",
    }
    shown = {name: value for name, value in row.items() if value is not None}
    upsert(
        connection,
        users,
        [shown | {"created_at": visit.at}],
        key=["letterboxd_username"],
        along=_KEEP_CREATED,
    )
    user = user_ids(connection, [profile.member])[profile.member]
    _save_favourites(connection, user, profile, visit.at)
    _bookmark(connection, user, Listing.PROFILE, 1, [], visit.at, total=profile.ratings, status="complete")


@save.register
def _films_page(page: FilmsPage, connection: sa.Connection, visit: Visit) -> None:
    user = user_ids(connection, [page.member])[page.member]
    ids = film_ids(connection, [tile.film for tile in page.tiles])
    if page.listing is Listing.UNRATED_WATCHED:
        insert_missing(
            connection, watched, [{"user_id": user, "film_id": film} for film in sorted(ids.values())]
        )
    else:
        _save_ratings(connection, user, page, ids, visit.at)
    if page.complete is not None:
        on_listing = set(film_ids(connection, page.complete).values())
        _REMOVE_ABSENT[page.listing](connection, user, on_listing, visit.at)
    status = "reading" if not page.last else "unproved" if page.complete is None else "complete"
    total = len(page.complete) if page.complete is not None else page.total
    _bookmark(
        connection, user, page.listing, page.number, list(ids.values()), visit.at, total=total, status=status
    )


@save.register
def _people_page(page: PeoplePage, connection: sa.Connection, visit: Visit) -> None:
    rows = [
        {"letterboxd_username": person.member, "films_count": person.films, "likes_count": person.likes}
        | {"display_name": person.display_name, "avatar_url": person.avatar_url}
        | {"counts_seen_at": visit.at, "created_at": visit.at}
        for person in page.people
    ]
    # The profile page knows name and picture better: here they are only a beginning.
    fill = {
        name: lambda stored, new, name=name: sa.func.coalesce(stored[name], new[name]) for name in _FIRST_SEEN
    }
    upsert(connection, users, rows, key=["letterboxd_username"], along=fill | _KEEP_CREATED)
    if not user_ids(connection, [page.owner]):
        insert_missing(connection, users, [{"letterboxd_username": page.owner, "created_at": visit.at}])
    known = user_ids(connection, [page.owner, *(person.member for person in page.people)])
    status = "complete" if page.last else "reading"
    people = [known[person.member] for person in page.people]
    _bookmark(connection, known[page.owner], page.listing, page.number, people, visit.at, status=status)


@save.register
def _membership(found: Membership, connection: sa.Connection, visit: Visit) -> None:
    known = user_ids(connection, [found.seed, *(name for name, _ in found.members)])
    new = {"label": found.cohort, "seed_user_id": known[found.seed], "definition": found.definition}
    insert_missing(connection, cohorts, [new | {"created_at": visit.at, "updated_at": visit.at}])
    where = cohorts.c.label == found.cohort
    row = connection.execute(sa.select(cohorts.c.id, cohorts.c.definition).where(where)).one()
    if found.definition != row.definition:
        connection.execute(
            cohorts.update().where(where).values(definition=found.definition, updated_at=visit.at)
        )
    set_members(
        connection, row.id, {known[name]: depth for name, depth in found.members}, visit.at, found.complete
    )


@save.register
def _member_status(item: MemberStatus, connection: sa.Connection, visit: Visit) -> None:
    changed = sa.and_(users.c.letterboxd_username == item.member, users.c.status != item.status)
    connection.execute(users.update().where(changed).values(status=item.status))


@save.register
def _member_read(item: MemberRead, connection: sa.Connection, visit: Visit) -> None:
    user = user_ids(connection, [item.member])[item.member]
    whole = sa.select(sa.func.count()).where(
        user_scrape_state.c.user_id == user,
        user_scrape_state.c.listing.in_(item.listings),
        user_scrape_state.c.status == "complete",
    )
    if connection.scalar(whole) == len(item.listings):
        values = {"crawled_films_count": item.films, "crawled_likes_count": item.likes}
        connection.execute(
            users.update().where(users.c.id == user).values(values | {"last_full_scrape_at": visit.at})
        )
        failures.resolve(connection, item.member, visit.at)


@save.register
def _failure(item: Failure, connection: sa.Connection, visit: Visit) -> None:
    failures.record(connection, item, visit.at, visit.run)


def user_ids(connection: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of the members ``names`` who are stored."""
    query = sa.select(users.c.letterboxd_username, users.c.id).where(
        users.c.letterboxd_username.in_(list(names))
    )
    return {row.letterboxd_username: row.id for row in connection.execute(query)}


def set_members(
    connection: sa.Connection, cohort: int, depths: dict[int, int], at: datetime, complete: bool
) -> None:
    """Make ``depths`` (user id → depth) the cohort's membership; drop others only if it is ``complete``."""
    rows = [
        {"cohort_id": cohort, "user_id": user, "depth": depth, "followed_at": at}
        for user, depth in depths.items()
    ]
    upsert(connection, cohort_members, rows, along={"followed_at": lambda stored, new: stored["followed_at"]})
    if complete:
        stored = connection.scalars(
            sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == cohort)
        )
        left = set(stored) - depths.keys()
        here = cohort_members.c.cohort_id == cohort
        connection.execute(cohort_members.delete().where(here, cohort_members.c.user_id.in_(left)))


_FIRST_SEEN = ("display_name", "avatar_url")
_KEEP_CREATED = {"created_at": lambda stored, new: stored["created_at"]}


def _save_favourites(connection: sa.Connection, user: int, profile: Profile, at: datetime) -> None:
    ids = film_ids(connection, profile.favourites)
    rows = [
        {"user_id": user, "film_id": film, "favorite": True, "first_seen_at": at, "updated_at": at}
        for film in ids.values()
    ]
    kept = {"first_seen_at": lambda stored, new: stored["first_seen_at"], "updated_at": offered("updated_at")}
    upsert(connection, ratings, rows, along=kept)
    no_longer = _of(user, ratings.c.favorite, ratings.c.film_id.not_in(ids.values()))
    _withdraw(connection, no_longer, {"favorite": False}, ratings.c.rating.is_(None) & ~ratings.c.liked, at)


def _save_ratings(
    connection: sa.Connection, user: int, page: FilmsPage, ids: dict[int | str, int], at: datetime
) -> None:
    seen = {
        "first_seen_at": at,
        "seen_after": _last_complete(connection, user, page.listing),
        "updated_at": at,
    }
    rows: dict[int, dict[str, Any]] = {}
    for tile in page.tiles:
        film = ids[tile.film.key]
        rated = page.listing is Listing.RATED
        # The unrated likes say nothing of a rating: they only add the like.
        said = {"rating": tile.stars, "liked": tile.liked} if rated else {"liked": True}
        rows[film] = {"user_id": user, "film_id": film} | said | seen
    along = {name: _when_rating_changes(name) for name in ("first_seen_at", "seen_after")}
    if page.listing is not Listing.RATED:
        along = {name: lambda stored, new, name=name: stored[name] for name in along}
    upsert(connection, ratings, list(rows.values()), along=along | {"updated_at": offered("updated_at")})


def _when_rating_changes(name: str) -> Any:
    """A rating that is not the stored one was made since the crawl before: the interval starts anew."""
    return lambda stored, new: sa.case(
        (stored["rating"].is_distinct_from(new["rating"]), new[name]), else_=stored[name]
    )


def _last_complete(connection: sa.Connection, user: int, listing: Listing) -> datetime | None:
    state = user_scrape_state.c
    return connection.scalar(
        sa.select(state.complete_as_of).where(state.user_id == user, state.listing == listing)
    )


def _of(user: int, *conditions: Any) -> Any:
    return sa.and_(ratings.c.user_id == user, *conditions)


def _absent(connection: sa.Connection, where: Any, on_listing: set[int]) -> Any:
    """Narrow ``where`` to the stored rows that are not on the listing."""
    stored = set(connection.scalars(sa.select(ratings.c.film_id).where(where)))
    return sa.and_(where, ratings.c.film_id.in_(stored - on_listing))


def _withdraw(
    connection: sa.Connection, where: Any, values: dict[str, Any], empty: Any, at: datetime
) -> None:
    """Set ``values`` on the rows ``where``; rows that then say nothing (those that are ``empty``) go."""
    connection.execute(ratings.delete().where(where, empty))
    connection.execute(ratings.update().where(where).values(values | {"updated_at": at}))


def _remove_unrated(connection: sa.Connection, user: int, on_listing: set[int], at: datetime) -> None:
    absent = _absent(connection, _of(user, ratings.c.rating.is_not(None)), on_listing)
    values = {"rating": None, "rated_at": None}
    _withdraw(connection, absent, values, ~ratings.c.liked & ~ratings.c.favorite, at)


def _remove_unliked(connection: sa.Connection, user: int, on_listing: set[int], at: datetime) -> None:
    absent = _absent(connection, _of(user, ratings.c.rating.is_(None), ratings.c.liked), on_listing)
    _withdraw(connection, absent, {"liked": False}, ~ratings.c.favorite, at)


def _remove_unwatched(connection: sa.Connection, user: int, on_listing: set[int], at: datetime) -> None:
    """Make `watched` hold the rated films and those on the listing of watched, unrated ones."""
    rated = set(
        connection.scalars(sa.select(ratings.c.film_id).where(_of(user, ratings.c.rating.is_not(None))))
    )
    stored = set(connection.scalars(sa.select(watched.c.film_id).where(watched.c.user_id == user)))
    gone = stored - rated - on_listing
    connection.execute(watched.delete().where(watched.c.user_id == user, watched.c.film_id.in_(gone)))
    insert_missing(
        connection, watched, [{"user_id": user, "film_id": film} for film in sorted(rated - stored)]
    )


_REMOVE_ABSENT = {
    Listing.RATED: _remove_unrated,
    Listing.UNRATED_LIKES: _remove_unliked,
    Listing.UNRATED_WATCHED: _remove_unwatched,
}


def _bookmark(
    connection: sa.Connection,
    user: int,
    listing: Listing,
    number: int,
    seen: list[int],
    at: datetime,
    *,
    status: str,
    total: int | None = None,
) -> None:
    """Move the bookmark to page ``number``: from the page before it, or from anywhere to the first.

    A page whose predecessor was not saved leaves the bookmark alone, so that a listing with a
    hole in it never becomes complete.
    """
    state = user_scrape_state
    here = sa.and_(state.c.user_id == user, state.c.listing == listing)
    values: dict[str, Any] = {"page": number, "total": total, "status": status, "updated_at": at}
    if status == "complete":
        values["complete_as_of"] = at
    if number > 1:
        before = connection.scalar(sa.select(state.c.seen).where(here, state.c.page == number - 1))
        if before is None:
            return
        seen = before + seen
    if status != "reading" and listing in _REMOVE_ABSENT:
        seen = []  # the rows themselves say it from now on
    upsert(connection, state, [{"user_id": user, "listing": listing, "seen": seen} | values])
