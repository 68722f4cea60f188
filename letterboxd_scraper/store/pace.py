"""One pace for one site: kept here, so that every process and every node together are one client.

No library was found that fits: those with a database behind them keep a bucket of permits, but
cannot put all clients on hold, as a site's Retry-After or a challenge demands.
"""

import time

import sqlalchemy as sa

from letterboxd_scraper.store.engine import writing
from letterboxd_scraper.store.schema import site_pace as pace
from letterboxd_scraper.store.upsert import insert_missing


def take_turn(engine: sa.Engine, host: str, delay: float) -> float:
    """Take the turn for a request to ``host`` and return 0, or return in how many seconds to ask again.

    After a turn was taken nobody else gets one for ``delay`` seconds. The request is to be sent
    at once: turns are not booked in advance, so a client that is late makes no two come close.
    """
    with writing(engine) as connection:
        free_at = _free_at(connection, host)
        now = _clock(connection)
        if free_at > now:
            return free_at - now
        connection.execute(pace.update().where(pace.c.host == host).values(free_at=now + delay))
    return 0.0


def hold(engine: sa.Engine, host: str, seconds: float) -> None:
    """Let nobody send a request to ``host`` within the next ``seconds``."""
    with writing(engine) as connection:
        free_at = max(_free_at(connection, host), _clock(connection) + seconds)
        connection.execute(pace.update().where(pace.c.host == host).values(free_at=free_at))


def _free_at(connection: sa.Connection, host: str) -> float:
    """Return from when on a turn can be taken; nobody else can take one before this transaction ends."""
    query = sa.select(pace.c.free_at).where(pace.c.host == host).with_for_update()
    found = connection.scalar(query)
    if found is None:
        insert_missing(connection, pace, [{"host": host, "free_at": 0.0}])
        found = connection.scalar(query)
    return float(found or 0.0)


def _clock(connection: sa.Connection) -> float:
    """Return the time in seconds since 1970: on PostgreSQL the server's, for nodes' clocks differ."""
    if connection.dialect.name == "postgresql":
        return float(connection.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0)
    return time.time()
