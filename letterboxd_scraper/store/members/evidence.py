"""What is known of a member and a film, as one source after the other tells it.

The newest source that tells a whole listing says what is so. An older one still tells two things: since when
it is so at the latest, if it says the same, and since when at the earliest, if it says something else. (Kept
sources are taken over in the order of their moments: there older ones come only to what a crawl has read.)

Every function takes what is stored of the film (None: nothing), what a source says of it, the moment
``as_of`` which it says so, and the moment ``complete``, that of the newest source so far that told all
(None: there was none). It returns what is to be stored; None for nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from letterboxd_scraper.items.sources import Service, Viewed

# The beginning of the links that archives give.
SHORT_LINK = "https://boxd.it/"
# The day of a rating is written in a zone that is neither UTC nor always the member's.
_OFF_BY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a member has done with a film, as stored; an undated rating was made within the interval.

    The rating is one that the member gave at the ``service``.
    """

    rating: float | None
    liked: bool
    favorite: bool
    rated_at: datetime | None
    diary_entry_url: str | None
    first_seen_at: datetime
    seen_after: datetime | None
    updated_at: datetime
    service: str = Service.LETTERBOXD

    @property
    def say_something(self) -> bool:
        """Whether a row of them is to be kept: the film is rated, liked or a favourite."""
        return self.rating is not None or self.liked or self.favorite


def with_rating(
    stored: Marks | None,
    stars: float | None,
    day: datetime | None,
    as_of: datetime,
    complete: datetime | None,
    told: datetime | None = None,
) -> Marks | None:
    """Take over what a source says that tells all that a member has rated.

    ``stars`` is None where the film is not among them, ``day`` where the source does not date it. ``told``:
    when the source before this one told of the film.
    """
    outdated = is_outdated(as_of, complete)
    if stored is None and (stars is None or outdated):
        return None  # a newer source would name it, too
    if stored is None:
        return Marks(stars, False, False, _since(day, complete), None, as_of, complete, as_of)
    # Where a rating is stored, the row says as of when it is known; where none is, any that comes is news.
    if outdated or (stored.rating is not None and stored.updated_at > as_of):
        return _with_older_rating(stored, stars, day, as_of, complete)
    if stored.rating == stars:
        return _dated(stored, day, as_of)
    # An interval is that of a rating.
    after = max(filter(None, (complete, told)), default=None) if stars is not None else None
    return replace(
        stored,
        rating=stars,
        rated_at=_since(day, after),
        first_seen_at=as_of,
        seen_after=after,
        updated_at=as_of,
    )


def _with_older_rating(
    stored: Marks, stars: float | None, day: datetime | None, as_of: datetime, complete: datetime | None
) -> Marks:
    if stored.rating is None:
        return stored
    if stored.rating == stars:
        return _dated(stored, day, as_of)
    after = max(filter(None, (stored.seen_after, as_of)))
    first_seen = stored.first_seen_at
    if first_seen <= after:  # whoever saw it earlier saw it before it was something else
        first_seen = complete or stored.updated_at
    return replace(
        stored, seen_after=after, first_seen_at=first_seen, rated_at=_since(stored.rated_at, after)
    )


def _dated(stored: Marks, day: datetime | None, as_of: datetime) -> Marks:
    """Take over the day of the same rating, if it is the latest, and since when it was seen."""
    if stored.rating is None or (stored.seen_after and as_of <= stored.seen_after):
        return stored
    rated_at = max(filter(None, (stored.rated_at, _since(day, stored.seen_after))), default=None)
    first_seen = min(stored.first_seen_at, as_of)
    if (rated_at, first_seen) == (stored.rated_at, stored.first_seen_at):
        return stored
    return replace(stored, rated_at=rated_at, first_seen_at=first_seen)


def _since(day: datetime | None, after: datetime | None) -> datetime | None:
    """Return the day of a rating; None for one that cannot be that of the rating made ``after`` then."""
    if day is None or (after is not None and day.date() < after.date() - _OFF_BY):
        return None
    return day


def with_like(stored: Marks | None, liked: bool, as_of: datetime, complete: datetime | None) -> Marks | None:
    """Take over whether a film is among all that a member likes."""
    if is_outdated(as_of, complete):
        return stored
    if stored is None:
        return Marks(None, True, False, None, None, as_of, None, as_of) if liked else None
    if stored.liked is liked or (stored.liked and stored.updated_at > as_of):
        return stored  # a feed may have told of it since
    return replace(stored, liked=liked)  # not `updated_at`, which is that of the rating


def with_favourite(
    stored: Marks | None, favourite: bool, as_of: datetime, complete: datetime | None
) -> Marks | None:
    """Take over whether a film is among a member's favourites."""
    if is_outdated(as_of, complete):
        return stored
    if stored is None:
        return Marks(None, False, True, None, None, as_of, None, as_of) if favourite else None
    return stored if stored.favorite is favourite else replace(stored, favorite=favourite)


def with_viewings(stored: Marks, viewings: Collection[Viewed]) -> Marks:
    """Date a rating by a diary's entries: the latest with its stars, unless a later one has others.

    That one shows that the film was rated anew after it, nobody knows when.
    """
    if stored.rating is None:
        return stored
    rated = [viewing for viewing in viewings if viewing.stars is not None]
    same = [_since(midnight(v.day), stored.seen_after) for v in rated if v.stars == stored.rating]
    other = max((midnight(v.day) for v in rated if v.stars != stored.rating), default=None)
    rated_at = max(filter(None, (stored.rated_at, *same)), default=None)
    if rated_at and other and rated_at <= other:
        rated_at = None
    return stored if rated_at == stored.rated_at else replace(stored, rated_at=rated_at)


def is_outdated(as_of: datetime, complete: datetime | None) -> bool:
    """Say whether a newer source than this one has told all."""
    return complete is not None and as_of < complete


def rank_of_link(url: str, viewing: Viewed | None = None) -> tuple[bool, bool, date, int, str]:
    """Return what is greater of the better of two links to diary entries: the site's address says most.

    Then it is an entry with stars, then the newest. Of two codes the later one is better: they grow.
    """
    if viewing is None or url.startswith(SHORT_LINK):
        return not url.startswith(SHORT_LINK), False, date.min, len(url), url
    return True, viewing.stars is not None, viewing.day, len(url), url


def is_better_link(url: str, stored: str | None) -> bool:
    """Say whether a link is to take the place of the stored one; one of the site's own addresses stays."""
    if stored is None or not stored.startswith(SHORT_LINK):
        return stored is None
    return rank_of_link(url) > rank_of_link(stored)


def midnight(day: date) -> datetime:
    """Return the moment by which a day is stored."""
    return datetime.combine(day, time(), UTC)
