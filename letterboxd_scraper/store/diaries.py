"""What a diary adds to ratings: the day on which they were made, and a link to the entry."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items import DiaryEntry
from letterboxd_scraper.store.schema import UTCDateTime, ratings

# A stored film's id and a viewing of it.
Viewing = tuple[int, DiaryEntry]

_HERE = sa.and_(ratings.c.user_id == sa.bindparam("member"), ratings.c.film_id == sa.bindparam("film"))
_STARS = sa.bindparam("stars", type_=ratings.c.rating.type)
_DAY = sa.bindparam("day", type_=UTCDateTime)
_URL = sa.bindparam("url", type_=sa.Text)
_AT = sa.bindparam("at", type_=UTCDateTime)

# An entry with the stored rating is where that rating was given.
_DATE = (
    ratings.update()
    .where(_HERE, ratings.c.rating == _STARS)
    .where(ratings.c.rated_at.is_distinct_from(_DAY) | ratings.c.diary_entry_url.is_distinct_from(_URL))
    .values(rated_at=_DAY, diary_entry_url=_URL, updated_at=_AT)
)
# One with another rating shows that the stored one was given later: nobody knows when.
_UNDATE = (
    ratings.update()
    .where(_HERE, ratings.c.rating.is_distinct_from(_STARS), ratings.c.rated_at <= _DAY)
    .values(rated_at=None, updated_at=_AT)
)
_LINK = (
    ratings.update()
    .where(_HERE, ratings.c.diary_entry_url.is_(None))
    .values(diary_entry_url=_URL, updated_at=_AT)
)


def newest_ratings(entries: Sequence[Viewing], earlier: Collection[int]) -> dict[int, DiaryEntry]:
    """Return each film's newest entry with a rating, but for the films whose newest came ``earlier``."""
    seen = set(earlier)
    rated = ((film, entry) for film, entry in entries if entry.stars is not None and film not in seen)
    return _newest(rated)


def save_entries(
    connection: sa.Connection,
    user: int,
    entries: Sequence[Viewing],
    rated: Mapping[int, DiaryEntry],
    at: datetime,
) -> None:
    """Date the stored ratings by the entries ``rated``; link what has no link yet to its newest entry.

    Only rows that are there, and that change, are written.
    """
    dating = [_values(user, film, entry, at) | {"stars": entry.stars} for film, entry in rated.items()]
    linking = [_values(user, film, entry, at) for film, entry in _newest(entries).items()]
    for statement, rows in ((_DATE, dating), (_UNDATE, dating), (_LINK, linking)):
        if rows:
            connection.execute(statement, rows)


def _newest(entries: Any) -> dict[int, DiaryEntry]:
    newest: dict[int, DiaryEntry] = {}
    for film, entry in entries:
        newest.setdefault(film, entry)
    return newest


def _values(user: int, film: int, entry: DiaryEntry, at: datetime) -> dict[str, Any]:
    day = datetime.combine(entry.date, time(), UTC)
    return {"member": user, "film": film, "day": day, "url": entry.url, "at": at}
