"""The time, which simulations may set."""

from datetime import UTC, datetime


def now(fixed: str = "") -> datetime:
    """Return the time in UTC: the clock, or ``fixed`` (the setting LETTERBOXD_NOW) for simulations."""
    if not fixed:
        return datetime.now(UTC)
    moment = datetime.fromisoformat(fixed)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
