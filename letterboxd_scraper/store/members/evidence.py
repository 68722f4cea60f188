"""What is known of a member and a film, from sources that may arrive in any order.

The newest source that tells a whole listing says what is so. An older one still tells two things: since when
it is so at the latest, if it says the same, and since when at the earliest, if it says something else.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

# The beginning of the links that archives give.
SHORT = "https://boxd.it/"
# The day of a rating is written in a zone that is neither UTC nor always the member's.
_OFF_BY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a member has done with a film, as stored; an undated rating was made within the interval."""

    rating: float | None
    liked: bool
    favorite: bool
    rated_at: datetime | None
    diary_entry_url: str | None
    first_seen_at: datetime
    seen_after: datetime | None
    updated_at: datetime

    @property
    def say_something(self) -> bool:
        return self.rating is not None or self.liked or self.favorite


def told_rating(
    known: Marks | None, stars: float | None, day: datetime | None, as_of: datetime, complete: datetime | None
) -> Marks | None:
    """Return what is known of a film after a source told a member's ratings, all of them, ``as_of`` then.

    ``stars`` is None where the film is not among them; ``complete``: the newest source so far that told all.
    """
    is_older = complete is not None and as_of < complete
    if known is None and (stars is None or is_older):
        return None  # a newer source would name it, too
    if known is None:
        dated = None if day and _too_early(day, complete) else day
        return Marks(stars, False, False, dated, None, as_of, complete, as_of)
    # Where a rating is stored, the row says as of when it is known; where none is, any that comes is news.
    if is_older or (known.rating is not None and known.updated_at > as_of):
        return _told_by_older(known, stars, day, as_of, complete)
    if known.rating == stars:
        return _dated(known, day, as_of)
    after = complete if stars is not None else None  # an interval is that of a rating
    dated = None if day and _too_early(day, after) else day
    return replace(
        known, rating=stars, rated_at=dated, first_seen_at=as_of, seen_after=after, updated_at=as_of
    )


def _told_by_older(
    known: Marks, stars: float | None, day: datetime | None, as_of: datetime, complete: datetime | None
) -> Marks:
    if known.rating is None:
        return known
    if known.rating == stars:
        return _dated(known, day, as_of)
    after = max(filter(None, (known.seen_after, as_of)))
    since = known.first_seen_at
    if since <= after:  # whoever saw it earlier saw it before it was something else
        since = complete or known.updated_at
    dated = known.rated_at if known.rated_at and not _too_early(known.rated_at, after) else None
    return replace(known, seen_after=after, first_seen_at=since, rated_at=dated)


def _dated(known: Marks, day: datetime | None, as_of: datetime) -> Marks:
    """Take over the day of the same rating, if it is the latest, and since when it was seen."""
    if known.rating is None or (known.seen_after and as_of <= known.seen_after):
        return known
    days = [each for each in (known.rated_at, day) if each and not _too_early(each, known.seen_after)]
    return replace(known, rated_at=max(days, default=None), first_seen_at=min(known.first_seen_at, as_of))


def _too_early(day: datetime, after: datetime | None) -> bool:
    """Say whether a rating of that day cannot be the one that was made ``after`` then."""
    return after is not None and day.date() < after.date() - _OFF_BY


def told_like(known: Marks | None, liked: bool, as_of: datetime, complete: datetime | None) -> Marks | None:
    """Return what is known of a film after a source told whether it is among all that a member likes."""
    if complete is not None and as_of < complete:
        return known
    if known is None:
        return Marks(None, True, False, None, None, as_of, None, as_of) if liked else None
    if known.liked == liked or (known.updated_at > as_of and known.liked):
        return known  # a feed may have told of it since
    return replace(known, liked=liked)  # not `updated_at`, which is that of the rating


def told_favourite(
    known: Marks | None, favourite: bool, as_of: datetime, complete: datetime | None
) -> Marks | None:
    """Return what is known of a film after a source told whether it is among a member's favourites."""
    if complete is not None and as_of < complete:
        return known
    if known is None:
        return Marks(None, False, True, None, None, as_of, None, as_of) if favourite else None
    return known if known.favorite == favourite else replace(known, favorite=favourite)


def told_viewing(known: Marks, stars: float | None, day: datetime, url: str) -> Marks:
    """Return what is known of a film after a diary told its newest viewing, with the stars given then."""
    linked = replace(known, diary_entry_url=better_link(known.diary_entry_url, url))
    if stars is None or known.rating is None:
        return linked
    if known.rating == stars:
        later = max(filter(None, (known.rated_at, day)))
        return replace(linked, rated_at=known.rated_at if _too_early(later, known.seen_after) else later)
    # It was rated anew after this viewing.
    return replace(linked, rated_at=None) if known.rated_at and known.rated_at <= day else linked


def better_link(known: str | None, told: str) -> str:
    """Return which of two links to diary entries to keep: the site's address says more than a short code.

    Of two codes it is the one that was given later: they grow.
    """
    if known is None or (is_short(known) and not is_short(told)):
        return told
    if is_short(told) and (not is_short(known) or (len(known), known) >= (len(told), told)):
        return known
    return told


def is_short(url: str) -> bool:
    return url.startswith(SHORT)


def midnight(day: date) -> datetime:
    """Return the moment by which a day is stored."""
    return datetime.combine(day, time(), UTC)
