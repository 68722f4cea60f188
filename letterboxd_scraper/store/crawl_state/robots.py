"""robots.txt as last read, so that runs of one day ask for it once."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.schema import robots_txt
from letterboxd_scraper.store.upsert import upsert

READ_EVERY = timedelta(days=1)


def recall(engine: sa.Engine, url: str, not_before: datetime) -> bytes | None:
    """Return the text at ``url`` if it was read after ``not_before``, else None."""
    query = sa.select(robots_txt.c.body).where(robots_txt.c.url == url, robots_txt.c.read_at > not_before)
    body: bytes | None = ask(engine, sa.Connection.scalar, query)
    return body


def remember(engine: sa.Engine, url: str, body: bytes, at: datetime) -> None:
    """Keep the text at ``url`` as read at ``at``."""
    transact(engine, upsert, robots_txt, [{"url": url, "body": body, "read_at": at}])
