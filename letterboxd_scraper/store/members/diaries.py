"""What a diary adds to ratings: the day on which they were made, and a link to the entry."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.items.sources import Service
from letterboxd_scraper.store.members.evidence import SHORT_LINK, midnight
from letterboxd_scraper.store.schema import UTCDateTime, ratings


class Viewing(NamedTuple):
    """What an entry in a diary or a feed says of a stored film; ``day`` is None for a review without one."""

    film: int
    day: date | None
    stars: float | None
    url: str


_OF_FILM = sa.and_(ratings.c.user_id == sa.bindparam("member"), ratings.c.film_id == sa.bindparam("film"))
_STARS = sa.bindparam("stars", type_=ratings.c.rating.type)
_DAY = sa.bindparam("day", type_=UTCDateTime)
_URL = sa.bindparam("url", type_=sa.Text)
_AT = sa.bindparam("at", type_=UTCDateTime)

# Whatever a diary says of it, another service's rating was given there.
_IS_OF_SITE = ratings.c.service == Service.LETTERBOXD

# An entry with the stored rating is where that rating was given.
_DATE = (
    ratings.update()
    .where(_OF_FILM, _IS_OF_SITE, ratings.c.rating == _STARS)
    .where(ratings.c.rated_at.is_distinct_from(_DAY) | ratings.c.diary_entry_url.is_distinct_from(_URL))
    .values(rated_at=_DAY, diary_entry_url=_URL, updated_at=_AT)
)
_DATE_LATER = _DATE.where(ratings.c.rated_at.is_(None) | (ratings.c.rated_at < _DAY))
# One with another rating shows that the stored one was given later: nobody knows when.
_UNDATE = (
    ratings.update()
    .where(_OF_FILM, _IS_OF_SITE, ratings.c.rating.is_distinct_from(_STARS), ratings.c.rated_at <= _DAY)
    .values(rated_at=None, updated_at=_AT)
)
_LINK = (
    ratings.update()
    # The short code that an archive gave says less than the site's own address.
    .where(_OF_FILM, ratings.c.diary_entry_url.is_(None) | ratings.c.diary_entry_url.startswith(SHORT_LINK))
    .values(diary_entry_url=_URL, updated_at=_AT)
)


def newest_ratings(entries: Sequence[Viewing], earlier: Collection[int]) -> dict[int, Viewing]:
    """Return each film's newest entry with a rating, but for the films whose newest came ``earlier``."""
    seen = set(earlier)
    return _newest(entry for entry in entries if entry.stars is not None and entry.film not in seen)


def save_entries(
    connection: sa.Connection,
    user: int,
    entries: Sequence[Viewing],
    rated: Mapping[int, Viewing],
    at: datetime,
    *,
    keep_later: bool = False,
) -> None:
    """Date the stored ratings by the entries ``rated``; link what has no link yet to its newest entry.

    Those have days. Only rows that are there, and that change, are written. ``keep_later``: a rating that
    has a later date keeps it, as where an entry may not be the film's newest by its day.
    """
    dating = [_values(user, entry, at) | {"stars": entry.stars} for entry in rated.values()]
    linking = [_values(user, entry, at) for entry in _newest(entries).values()]
    date = _DATE_LATER if keep_later else _DATE
    for statement, rows in ((date, dating), (_UNDATE, dating), (_LINK, linking)):
        if rows:
            connection.execute(statement, rows)


def _newest(entries: Iterable[Viewing]) -> dict[int, Viewing]:
    newest: dict[int, Viewing] = {}
    for entry in entries:
        newest.setdefault(entry.film, entry)
    return newest


def _values(user: int, entry: Viewing, at: datetime) -> dict[str, Any]:
    day = midnight(entry.day) if entry.day else None
    return {"member": user, "film": entry.film, "day": day, "url": entry.url, "at": at}
