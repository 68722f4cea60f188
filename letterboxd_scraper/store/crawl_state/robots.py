"""robots.txt as last read, so that runs of one day ask for it once."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.schema import robots_txt
from letterboxd_scraper.store.upsert import upsert

READ_EVERY = timedelta(days=1)
# A moment of another clock, or of ours before it was set back, may be so far in the future.
CLOCKS_DIFFER = timedelta(hours=1)


def recall(engine: sa.Engine, url: str, not_before: datetime) -> bytes | None:
    """Return the text at ``url`` if it was read within a day after ``not_before``, else None."""
    # What seems to have been read in the future would else hold until then.
    read_at, end = robots_txt.c.read_at, not_before + READ_EVERY + CLOCKS_DIFFER
    query = sa.select(robots_txt.c.body).where(robots_txt.c.url == url, read_at > not_before, read_at <= end)
    body: bytes | None = ask(engine, sa.Connection.scalar, query)
    return body


def remember(engine: sa.Engine, url: str, body: bytes, at: datetime) -> None:
    """Keep the text at ``url`` as read at ``at``."""
    transact(engine, upsert, robots_txt, [{"url": url, "body": body, "read_at": at}])
