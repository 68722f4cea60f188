"""What members rated, liked, favoured and watched: rows set by pages, rows removed by proofs."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS, STARS_OF, FeedEntry, FilmsPage, Listing, Profile
from letterboxd_scraper.store.crawl_state.bookmarks import Place
from letterboxd_scraper.store.films.identity import film_ids
from letterboxd_scraper.store.schema import ratings, user_scrape_state, watched
from letterboxd_scraper.store.upsert import Along, as_stored, insert_missing, offered, upsert


def save_favourites(connection: sa.Connection, user: int, profile: Profile, at: datetime) -> None:
    """Make exactly the profile's favourites the member's: the page shows all there are."""
    ids = film_ids(connection, profile.favourites)
    rows = [
        {"user_id": user, "film_id": film, "favorite": True, "first_seen_at": at, "updated_at": at}
        for film in ids.values()
    ]
    kept = {"first_seen_at": as_stored, "updated_at": offered}
    upsert(connection, ratings, rows, along=kept)
    no_longer = _others(connection, _of(user, ratings.c.favorite), set(ids.values()))
    _withdraw(connection, no_longer, {"favorite": False}, ratings.c.rating.is_(None) & ~ratings.c.liked, at)


_OF_RATED = frozenset({Listing.RATED, Listing.RATED_BY_DATE, *STARS_OF})


def save_tiles(
    connection: sa.Connection, place: Place, page: FilmsPage, ids: dict[int | str, int], at: datetime
) -> None:
    """Store the stars and likes of a page of rated films, or the likes of a page of liked ones."""
    liked = page.listing not in _OF_RATED
    rated = [
        {"film_id": film, "rating": tile.stars, "liked": liked or tile.liked}
        for film, tile in {ids[t.film.key]: t for t in page.tiles if t.stars is not None}.items()
    ]
    before = _last_complete(connection, place, Listing.RATED) if rated else None
    _save_rows(connection, place.user, rated, before, _when_rating_changes, at)
    # The likes say nothing against a rating: of unrated films they only add the like.
    unrated = {ids[tile.film.key] for tile in page.tiles if tile.stars is None}
    liking = [{"film_id": film, "liked": True} for film in unrated]
    _save_rows(connection, place.user, liking, place.complete_as_of, as_stored, at)


def save_viewings(
    connection: sa.Connection, user: int, viewings: Mapping[int, FeedEntry], at: datetime
) -> None:
    """Store the ratings that a feed tells, with their days; the likes only where it speaks of them."""
    before = _last_complete(connection, Place(user, Listing.FEED), Listing.RATED)
    for says in (None, True, False):
        rows = [
            _viewing(film, entry) | ({} if says is None else {"liked": says})
            for film, entry in viewings.items()
            if entry.liked is says
        ]
        _save_rows(connection, user, rows, before, _when_rating_changes, at)


def _viewing(film: int, entry: FeedEntry) -> dict[str, Any]:
    day = datetime.combine(entry.watched, time(), UTC)
    return {"film_id": film, "rating": entry.stars, "rated_at": day, "diary_entry_url": entry.url}


def _save_rows(
    connection: sa.Connection,
    user: int,
    rows: list[dict[str, Any]],
    before: datetime | None,
    interval: Along,
    at: datetime,
) -> None:
    """Store what a listing shows of a member's films, first seen after it was last read whole, ``before``."""
    seen = {"user_id": user, "first_seen_at": at, "seen_after": before, "updated_at": at}
    along = {"first_seen_at": interval, "seen_after": interval, "updated_at": offered}
    upsert(connection, ratings, [seen | row for row in rows], along=along)


def count_ratings(connection: sa.Connection, user: int) -> tuple[tuple[int, ...], int]:
    """Return how many films a member is stored to have rated with half a star, one, … five; and liked."""
    of_member = ratings.c.user_id == user
    query = sa.select(ratings.c.rating, sa.func.count()).where(of_member).group_by(ratings.c.rating)
    stars = {rating: count for rating, count in connection.execute(query)}
    liked = connection.scalar(sa.select(sa.func.count()).where(of_member, ratings.c.liked))
    return tuple(stars.get(each, 0) for each in STARS), liked or 0


def _when_rating_changes(old: Any, new: Any, name: str) -> Any:
    """A rating that is not the stored one was made since the crawl before: the interval starts anew."""
    return sa.case((old["rating"].is_distinct_from(new["rating"]), new[name]), else_=old[name])


def _last_complete(connection: sa.Connection, place: Place, listing: Listing) -> datetime | None:
    """Return when a listing of the member was last read whole; ``place`` may be of another one."""
    if place.listing is listing:
        return place.complete_as_of
    state = user_scrape_state.c
    return connection.scalar(
        sa.select(state.complete_as_of).where(state.user_id == place.user, state.listing == listing)
    )


def _of(user: int, *conditions: Any) -> Any:
    return sa.and_(ratings.c.user_id == user, *conditions)


def _absent(connection: sa.Connection, where: Any, on_listing: set[int], begun: datetime) -> Any:
    """Narrow ``where`` to the rows that are not on the listing and were there before it was ``begun``.

    Another crawl may have stored what this one, which began earlier, could not see yet.
    """
    return _others(connection, sa.and_(where, ratings.c.updated_at <= begun), on_listing)


def _others(connection: sa.Connection, where: Any, films: set[int]) -> Any:
    """Narrow ``where`` to the rows of other films than these; None if there are none."""
    gone = set(connection.scalars(sa.select(ratings.c.film_id).where(where))) - films
    return sa.and_(where, ratings.c.film_id.in_(gone)) if gone else None


def _withdraw(
    connection: sa.Connection, where: Any, values: dict[str, Any], empty: Any, at: datetime
) -> None:
    """Set ``values`` on the rows ``where``; rows that then say nothing (those that are ``empty``) go."""
    if where is not None:
        connection.execute(ratings.delete().where(where, empty))
        connection.execute(ratings.update().where(where).values(values | {"updated_at": at}))


def _remove_unrated(
    connection: sa.Connection, user: int, on_listing: set[int], begun: datetime, at: datetime
) -> None:
    absent = _absent(connection, _of(user, ratings.c.rating.is_not(None)), on_listing, begun)
    values = {"rating": None, "rated_at": None}
    _withdraw(connection, absent, values, ~ratings.c.liked & ~ratings.c.favorite, at)


def _remove_unliked(
    connection: sa.Connection, user: int, on_listing: set[int], begun: datetime, at: datetime
) -> None:
    absent = _absent(connection, _of(user, ratings.c.rating.is_(None), ratings.c.liked), on_listing, begun)
    _withdraw(connection, absent, {"liked": False}, ~ratings.c.favorite, at)


def _remove_all_unliked(
    connection: sa.Connection, user: int, on_listing: set[int], begun: datetime, at: datetime
) -> None:
    absent = _absent(connection, _of(user, ratings.c.liked), on_listing, begun)
    _withdraw(connection, absent, {"liked": False}, ratings.c.rating.is_(None) & ~ratings.c.favorite, at)


def _remove_unwatched(
    connection: sa.Connection, user: int, on_listing: set[int], begun: datetime, at: datetime
) -> None:
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


REMOVE_ABSENT = {
    Listing.RATED: _remove_unrated,
    Listing.RATED_BY_DATE: _remove_unrated,
    Listing.UNRATED_LIKES: _remove_unliked,
    Listing.UNRATED_WATCHED: _remove_unwatched,
    Listing.LIKES: _remove_all_unliked,
}
