"""How long a server asks us to wait."""

import sys

from urllib3 import Retry
from urllib3.exceptions import InvalidHeader


def retry_after(header: str) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if it does not say, or not readably.

    >>> retry_after("120"), retry_after(""), retry_after("soon")
    (120.0, None, None)
    """
    # However long: by default it says no more than six hours.
    parser = Retry(retry_after_max=sys.maxsize)
    try:
        seconds = parser.parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return None
    return float(seconds)
