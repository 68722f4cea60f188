"""What could not be read: one open row per address and stage, resolved by the next success."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS_OF, Failure, Listing
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


def record(connection: sa.Connection, failure: Failure, at: datetime, run: int | None = None) -> None:
    """Note a failure; one that is open already counts up."""
    same = sa.and_(
        scrape_failures.c.url == failure.url,
        scrape_failures.c.stage == failure.stage,
        scrape_failures.c.resolved_at.is_(None),
    )
    again = {
        "error": failure.error,
        "last_seen_at": at,
        "run_id": run,
        "attempts": scrape_failures.c.attempts + 1,
    }
    if not connection.execute(scrape_failures.update().where(same).values(again)).rowcount:
        what = {"member": failure.member, "film": failure.film, "url": failure.url, "stage": failure.stage}
        seen = {"run_id": run, "error": failure.error, "first_seen_at": at, "last_seen_at": at}
        connection.execute(scrape_failures.insert().values(what | seen))


def resolve(
    connection: sa.Connection, member: str, at: datetime, stages: Iterable[str] | None = None
) -> None:
    """Close a member's open failures of these ``stages`` (default: of all): they have been read since."""
    still_open = [scrape_failures.c.member == member, scrape_failures.c.resolved_at.is_(None)]
    if stages is not None:
        still_open.append(scrape_failures.c.stage.in_(list(stages)))
    connection.execute(scrape_failures.update().where(*still_open).values(resolved_at=at))


def resolve_film(
    connection: sa.Connection, slugs: Iterable[str], at: datetime, stages: Iterable[str] | None = None
) -> None:
    """Close a film's open failures of these ``stages`` (default: of all), whichever slug they name."""
    failed = scrape_failures.c
    still_open = [failed.film.in_(list(slugs)), failed.resolved_at.is_(None)]
    if stages is not None:
        still_open.append(failed.stage.in_(list(stages)))
    connection.execute(scrape_failures.update().where(*still_open).values(resolved_at=at))


def rename_film(connection: sa.Connection, old: str, new: str) -> None:
    """Let the open failures of a film name it by its present slug."""
    still_open = (scrape_failures.c.film == old, scrape_failures.c.resolved_at.is_(None))
    connection.execute(scrape_failures.update().where(*still_open).values(film=new))


def resolve_url(connection: sa.Connection, url: str, at: datetime) -> None:
    """Close the open failures to read an address."""
    still_open = (scrape_failures.c.url == url, scrape_failures.c.resolved_at.is_(None))
    connection.execute(scrape_failures.update().where(*still_open).values(resolved_at=at))


def stored_by(connection: sa.Connection, run: int) -> int:
    """Return how many members a run has read whose pages are not what is stored."""
    failed = scrape_failures.c
    here = (failed.run_id == run, failed.stage == STORED, failed.resolved_at.is_(None))
    return connection.scalar(sa.select(sa.func.count()).where(*here)) or 0


def to_be_read_again(connection: sa.Connection) -> set[str]:
    """Return the members with open failures that a delta crawl may make good."""
    failed = scrape_failures.c
    still_open = (failed.resolved_at.is_(None), failed.stage.in_(READ_BY_DELTA))
    return set(connection.scalars(sa.select(failed.member).where(*still_open, failed.member.is_not(None))))
