"""What members rated, liked, favoured and watched: rows set by pages, rows removed by proofs."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa

from letterboxd_scraper.items.members import RATED, STARS, FeedEntry, FilmsPage, Listing, Profile
from letterboxd_scraper.items.sources import Naming
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState, complete_listings
from letterboxd_scraper.store.films.identity import film_ids
from letterboxd_scraper.store.members.evidence import midnight
from letterboxd_scraper.store.schema import ratings, watched
from letterboxd_scraper.store.upsert import Along, Row, as_stored, insert_missing, offered, upsert

_Mark = Literal["rating", "liked", "favorite"]
# The condition that a row has each mark, and the values of a row that has it no longer.
_HAS: dict[_Mark, sa.ColumnElement[bool]] = {
    "rating": ratings.c.rating.is_not(None),
    "liked": ratings.c.liked,
    "favorite": ratings.c.favorite,
}
_HAS_NOT: dict[_Mark, Row] = {
    "rating": {"rating": None, "rated_at": None},
    "liked": {"liked": False},
    "favorite": {"favorite": False},
}


def save_favourites(connection: sa.Connection, user: int, profile: Profile, at: datetime) -> None:
    """Make exactly the profile's favourites the member's: the page shows all there are."""
    films = set(film_ids(connection, profile.favourites, Naming.shown(at)).values())
    row = {"user_id": user, "favorite": True, "first_seen_at": at, "updated_at": at}
    along = {"first_seen_at": as_stored, "updated_at": offered}
    upsert(connection, ratings, [row | {"film_id": film} for film in films], along=along)
    _withdraw(connection, user, "favorite", films, at)


def save_tiles(
    connection: sa.Connection, state: ListingState, page: FilmsPage, ids: dict[int | str, int], at: datetime
) -> None:
    """Store the stars and likes of a page of rated films, or the likes of a page of liked ones."""
    is_of_likes = page.listing not in RATED
    # A film that a page shows twice has the stars of its last tile.
    rated = {ids[tile.film.key]: tile for tile in page.tiles if tile.stars is not None}
    rows = [
        {"film_id": film, "rating": tile.stars, "liked": is_of_likes or tile.liked}
        for film, tile in rated.items()
    ]
    if rows:
        before = _rated_before(connection, state)
        _save_rows(connection, state.user, rows, before, _when_rating_changes, at)
    # The likes say nothing against a rating: of unrated films they only add the like.
    unrated = {ids[tile.film.key] for tile in page.tiles if tile.stars is None}
    likes = [{"film_id": film, "liked": True} for film in unrated]
    _save_rows(connection, state.user, likes, state.complete_as_of, as_stored, at)


def save_viewings(
    connection: sa.Connection, user: int, viewings: Mapping[int, FeedEntry], at: datetime
) -> None:
    """Store the ratings that a feed tells, with their days; the likes only where it speaks of them."""
    before = _rated_before(connection, ListingState(user, Listing.FEED))
    kinds: dict[tuple[bool, bool | None], list[Row]] = defaultdict(list)
    for film, entry in viewings.items():
        row: Row = {"film_id": film, "rating": entry.stars, "diary_entry_url": entry.url}
        row["rated_at"] = midnight(entry.watched) if entry.watched else None
        row |= {} if entry.liked is None else {"liked": entry.liked}
        kinds[entry.watched is None, entry.liked].append(row)
    for (undated, _), rows in kinds.items():
        # Without a day it takes none from the same rating, which may have one.
        more: dict[str, Along] = {"rated_at": _when_rating_changes} if undated else {}
        _save_rows(connection, user, rows, before, _when_rating_changes, at, more)


def _rated_before(connection: sa.Connection, state: ListingState) -> datetime | None:
    """Return as of when all that the member has rated is known; ``state`` may be of another listing."""
    if state.listing is Listing.RATED:
        return state.complete_as_of
    return complete_listings(connection, state.user).get(Listing.RATED)


def _save_rows(
    connection: sa.Connection,
    user: int,
    rows: list[Row],
    before: datetime | None,
    interval: Along,
    at: datetime,
    more: Mapping[str, Along] = MappingProxyType({}),
) -> None:
    """Store what a member says of films, first seen after the listing was last read whole, ``before``."""
    seen = {"user_id": user, "first_seen_at": at, "seen_after": before, "updated_at": at}
    along = {"first_seen_at": interval, "seen_after": interval, "updated_at": offered, **more}
    upsert(connection, ratings, [seen | row for row in rows], along=along)


def _when_rating_changes(old: Any, new: Any, name: str) -> Any:
    """A rating that is not the stored one was made since the crawl before: the interval starts anew."""
    return sa.case((old["rating"].is_distinct_from(new["rating"]), new[name]), else_=old[name])


def count_ratings(connection: sa.Connection, user: int) -> tuple[tuple[int, ...], int]:
    """Return how many films a member is stored to have rated with half a star, one, … five; and liked."""
    r, count = ratings.c, sa.func.count()
    query = sa.select(r.rating, count, count.filter(r.liked)).where(r.user_id == user).group_by(r.rating)
    rows = connection.execute(query).all()
    rated = {stars: number for stars, number, _ in rows}
    return tuple(rated.get(stars, 0) for stars in STARS), sum(liked for *_, liked in rows)


def remove_absent(
    connection: sa.Connection,
    user: int,
    listing: Listing,
    on_listing: set[int],
    begun: datetime,
    at: datetime,
) -> None:
    """Take the mark that a listing shows from all films but those ``on_listing``: it was read whole.

    Rows that were stored after it was ``begun`` stay: another crawl has seen what it could not see yet.
    """
    if listing is Listing.UNRATED_WATCHED:
        _remove_unwatched(connection, user, on_listing)
        return
    conditions = [ratings.c.updated_at <= begun]
    if listing is Listing.UNRATED_LIKES:
        conditions.append(ratings.c.rating.is_(None))
    mark: _Mark = "rating" if listing in RATED else "liked"
    _withdraw(connection, user, mark, on_listing, at, *conditions)


def _withdraw(
    connection: sa.Connection,
    user: int,
    mark: _Mark,
    kept: set[int],
    at: datetime,
    *conditions: sa.ColumnElement[bool],
) -> None:
    """Take a mark from the member's films but the ``kept`` ones; rows that then say nothing go."""
    marked = sa.and_(ratings.c.user_id == user, _HAS[mark], *conditions)
    lost = set(connection.scalars(sa.select(ratings.c.film_id).where(marked))) - kept
    if not lost:
        return
    rows = sa.and_(marked, ratings.c.film_id.in_(lost))
    others = sa.or_(*(has for name, has in _HAS.items() if name != mark))
    connection.execute(ratings.delete().where(rows, ~others))
    connection.execute(ratings.update().where(rows).values(_HAS_NOT[mark] | {"updated_at": at}))


def _remove_unwatched(connection: sa.Connection, user: int, on_listing: set[int]) -> None:
    """Make `watched` hold the rated films and those on the listing of watched, unrated ones."""
    query = sa.select(ratings.c.film_id).where(ratings.c.user_id == user, _HAS["rating"])
    rated = set(connection.scalars(query))
    stored = set(connection.scalars(sa.select(watched.c.film_id).where(watched.c.user_id == user)))
    unwatched = stored - rated - on_listing
    connection.execute(watched.delete().where(watched.c.user_id == user, watched.c.film_id.in_(unwatched)))
    rows = [{"user_id": user, "film_id": film} for film in sorted(rated - stored)]
    insert_missing(connection, watched, rows)
