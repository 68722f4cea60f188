"""What could not be read: one open row per address and stage, resolved by the next success."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.items.members import BEYOND, STARS_OF, Failure, Listing
from letterboxd_scraper.store.schema import scrape_failures

# The stage of a failure to store what pages showed.
STORED = "stored"
# The stages that a delta crawl makes good.
READ_BY_DELTA = (
    STORED,
    Listing.PROFILE,
    Listing.RATED,
    Listing.RATED_BY_DATE,
    Listing.LIKES,
    Listing.UNRATED_LIKES,
    Listing.UNRATED_WATCHED,
    *STARS_OF,
)

_FAILED = scrape_failures.c
_IS_OPEN = _FAILED.resolved_at.is_(None)


def record(connection: sa.Connection, failure: Failure, at: datetime, run: int | None = None) -> None:
    """Note a failure; one that is open already counts up."""
    same = (_FAILED.url == failure.url, _FAILED.stage == failure.stage, _IS_OPEN)
    latest = {"error": failure.error, "last_seen_at": at, "run_id": run}
    update = scrape_failures.update().where(*same).values(latest | {"attempts": _FAILED.attempts + 1})
    if not connection.execute(update).rowcount:
        row = {"member": failure.member, "film": failure.film, "url": failure.url, "stage": failure.stage}
        connection.execute(scrape_failures.insert().values(row | latest | {"first_seen_at": at}))


def resolve(
    connection: sa.Connection, member: str, at: datetime, stages: Iterable[str] | None = None
) -> None:
    """Close a member's open failures of these ``stages`` (default: of all): they have been read since."""
    _resolve(connection, _FAILED.member == member, at, stages)


def resolve_film(
    connection: sa.Connection, slugs: Iterable[str], at: datetime, stages: Iterable[str] | None = None
) -> None:
    """Close a film's open failures of these ``stages`` (default: of all), whichever slug they name."""
    _resolve(connection, _FAILED.film.in_(list(slugs)), at, stages)


def resolve_url(connection: sa.Connection, url: str, at: datetime) -> None:
    """Close the open failures to read an address."""
    _resolve(connection, _FAILED.url == url, at)


def _resolve(
    connection: sa.Connection,
    which: sa.ColumnElement[bool],
    at: datetime,
    stages: Iterable[str] | None = None,
) -> None:
    conditions = [which, _IS_OPEN]
    if stages is not None:
        conditions.append(_FAILED.stage.in_(list(stages)))
    connection.execute(scrape_failures.update().where(*conditions).values(resolved_at=at))


def rename_film(connection: sa.Connection, old: str, new: str) -> None:
    """Let the open failures of a film name it by its present slug."""
    update = scrape_failures.update().where(_FAILED.film == old, _IS_OPEN)
    connection.execute(update.values(film=new))


def stored_by(connection: sa.Connection, run: int) -> int:
    """Return how many members a run has read whose pages are not what is stored."""
    query = sa.select(sa.func.count()).where(_FAILED.run_id == run, _FAILED.stage == STORED, _IS_OPEN)
    return connection.scalar(query) or 0


def beyond_last_page(connection: sa.Connection) -> set[str]:
    """Return the members of whom the site does not show all that a listing holds."""
    query = sa.select(_FAILED.member).where(_IS_OPEN, _FAILED.stage == BEYOND, _FAILED.member.is_not(None))
    return set(connection.scalars(query))


def to_be_read_again(connection: sa.Connection) -> set[str]:
    """Return the members with open failures that a delta crawl may make good."""
    query = sa.select(_FAILED.member).where(
        _IS_OPEN, _FAILED.stage.in_(READ_BY_DELTA), _FAILED.member.is_not(None)
    )
    return set(connection.scalars(query))
