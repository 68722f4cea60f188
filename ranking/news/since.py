"""The moment since which news are asked for: so many days ago, or a day."""

import re
from datetime import UTC, datetime, timedelta

from letterboxd_scraper.errors import InputError

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_MOST = timedelta(days=36_500)


def read_since(text: str, now: datetime) -> datetime:
    """Return the moment that is meant by 12h, 7d, 2w, or a day or moment (in UTC, where it names no zone).

    Raises InputError for anything else, and for what lies ahead.

    >>> now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    >>> f"{read_since('7d', now)}", f"{read_since('2026-11-01', now)}"
    ('2026-11-23 12:00:00+00:00', '2026-11-01 00:00:00+00:00')
    """
    if match := re.fullmatch(r"(\d{1,6})([hdw])", text.strip(), re.ASCII):
        return now - min(int(match[1]) * _UNITS[match[2]], _MOST)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text!r} is neither 7d, 12h or 2w nor a day such as 2026-01-31") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise InputError(f"{text} lies ahead: news are of what was")
    return moment
