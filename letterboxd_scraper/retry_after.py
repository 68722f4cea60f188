"""The header by which a server asks for patience."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_in(value: str) -> float | None:
    """Return the seconds for which a Retry-After header (a number or a date) asks; None without one.

    >>> seconds_in("30"), seconds_in("soon"), seconds_in("Wed, 21 Oct 2015 07:28:00 GMT")
    (30.0, None, 0.0)
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
