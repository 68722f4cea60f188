"""What members rated, liked, favoured and watched: rows set by pages, rows removed by proofs."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa

from letterboxd_scraper.items.members import RATED, STARS, FeedEntry, FilmsPage, Listing, Profile
from letterboxd_scraper.items.sources import Naming, Service
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState, complete_listings
from letterboxd_scraper.store.films.identity import film_ids
from letterboxd_scraper.store.members.evidence import midnight
from letterboxd_scraper.store.schema import member_sources, ratings, watched
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
# The condition that a row has a rating that the site shows: another service's it cannot take away.
RATED_ON_SITE = sa.and_(_HAS["rating"], ratings.c.service == Service.LETTERBOXD)
# The condition that a row of `watched` comes from another service: the site need not show the film.
WATCHED_ELSEWHERE = (
    sa.exists()
    .where(
        member_sources.c.user_id == watched.c.user_id,
        member_sources.c.name == watched.c.source,
        member_sources.c.service != Service.LETTERBOXD,
    )
    .correlate(watched)
)
# What the rows of `watched` come from that a crawl has found.
_SITE = "site"


def save_favourites(connection: sa.Connection, user: int, profile: Profile, at: datetime) -> None:
    """Make exactly the profile's favourites the member's: the page shows all there are."""
    films = set(film_ids(connection, profile.favourites, Naming.of_page(at)).values())
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
    rows = [_rated(film, tile.stars) | {"liked": is_of_likes or tile.liked} for film, tile in rated.items()]
    if rows:
        before = _rated_before(connection, state)
        dates: dict[str, Along] = {"rated_at": _of_same_service}
        _save_rows(connection, state.user, rows, before, _when_rating_changes, at, dates)
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
        row = _rated(film, entry.stars) | {"diary_entry_url": entry.url}
        row["rated_at"] = midnight(entry.watched) if entry.watched else None
        row |= {} if entry.liked is None else {"liked": entry.liked}
        kinds[entry.watched is None, entry.liked].append(row)
    for (undated, _), rows in kinds.items():
        # Without a day it takes none from the same rating, which may have one.
        more: dict[str, Along] = {"rated_at": _when_rating_changes} if undated else {}
        _save_rows(connection, user, rows, before, _when_rating_changes, at, more)


def _rated(film: int, stars: float | None) -> Row:
    """Return what the site shows of a film's rating: it takes the place of another service's."""
    return {"film_id": film, "rating": stars, "service": Service.LETTERBOXD}


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
    is_another = old["rating"].is_distinct_from(new["rating"]) | (old["service"] != new["service"])
    return sa.case((is_another, new[name]), else_=old[name])


def _of_same_service(old: Any, new: Any, name: str) -> Any:
    """The stored value of a column, unless it belongs to another service's rating."""
    return sa.case((old["service"] == new["service"], old[name]))


def count_ratings(connection: sa.Connection, user: int) -> tuple[tuple[int, ...], int]:
    """Return how many films a member has rated there with half a star, one, … five; and liked; as stored."""
    r, count = ratings.c, sa.func.count()
    query = sa.select(r.rating, r.service, count, count.filter(r.liked)).where(r.user_id == user)
    rows = connection.execute(query.group_by(r.rating, r.service)).all()
    rated = {stars: number for stars, service, number, _ in rows if service == Service.LETTERBOXD}
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
        _remove_unwatched(connection, user, on_listing, at)
        return
    conditions = [ratings.c.updated_at <= begun]
    if listing is Listing.UNRATED_LIKES:
        conditions.append(~RATED_ON_SITE)
    mark: _Mark = "liked"
    if listing in RATED:
        mark = "rating"
        conditions.append(RATED_ON_SITE)
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


def _remove_unwatched(connection: sa.Connection, user: int, on_listing: set[int], at: datetime) -> None:
    """Make `watched` hold the rated films and those on the listing of watched, unrated ones."""
    query = sa.select(ratings.c.film_id, ratings.c.service).where(ratings.c.user_id == user, _HAS["rating"])
    rated = {row.film_id: row.service for row in connection.execute(query)}
    query = sa.select(watched.c.film_id).where(watched.c.user_id == user)
    unwatched = set(connection.scalars(query.where(~WATCHED_ELSEWHERE))) - rated.keys() - on_listing
    connection.execute(watched.delete().where(watched.c.user_id == user, watched.c.film_id.in_(unwatched)))
    on_site = {film for film, service in rated.items() if service == Service.LETTERBOXD}
    note_watched(connection, user, on_site - set(connection.scalars(query)), at)


def note_watched(connection: sa.Connection, user: int, films: Collection[int], at: datetime) -> None:
    """Store that the site shows films among the watched ones."""
    row = {"user_id": user, "as_of": at, "source": _SITE}
    insert_missing(connection, watched, [row | {"film_id": film} for film in sorted(films)])
