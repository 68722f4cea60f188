"""Numbers and moments in sentences that people read."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal


def counted(number: int, thing: str, plural: str = "") -> str:
    """Return a number and what it counts, in the singular for one; ``plural`` where an s does not make it.

    >>> counted(1, "film"), counted(0, "film"), counted(5636, "film")
    ('1 film', '0 films', '5,636 films')
    >>> counted(1, "open failure"), counted(2, "diary", "diaries"), counted(3, "old run")
    ('1 open failure', '2 diaries', '3 old runs')
    """
    return f"{number:,} {thing if number == 1 else plural or f'{thing}s'}"


def stars_in_words(stars: float) -> str:
    """Return a mean of stars with one decimal, as people round: half a tenth goes up.

    >>> stars_in_words(4.25), stars_in_words(4.75), stars_in_words(4)
    ('4.3', '4.8', '4.0')
    """
    return str(Decimal(str(stars)).quantize(Decimal("0.1"), ROUND_HALF_UP))


def moment_in_words(at: datetime) -> str:
    """Return a moment, which is in UTC, as people write it.

    >>> moment_in_words(datetime(2026, 11, 3, 4, 5))
    '3 November 2026, 04:05 UTC'
    """
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
