"""One pace for one site: kept here, so that every process and every node together are one client.

Libraries for this with a database behind them keep a bucket of permits, but cannot put all clients on
hold, as a site's Retry-After or a challenge demands.
"""

import time
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.config import LONGEST_WAIT
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.schema import site_pace as pace
from letterboxd_scraper.store.upsert import insert_missing

# Whoever's request is under way renews the turn until it is answered. Not heard of for so many seconds they
# were killed, and keep the others waiting no longer.
LEASE = 5.0
# When to ask again while somebody else's request is under way: nobody knows how long it takes.
_LOOK_AGAIN = 0.1


def take_turn(engine: sa.Engine, host: str, turn: str) -> float:
    """Take the turn for a request to ``host`` and return 0, or return in how many seconds to ask again.

    ``turn`` is a name for it that nobody else uses. Until it is ended, nobody else gets one. Turns are not
    booked in advance, so a client that is late makes no two requests come close.
    """
    return transact(engine, _take_turn, host, turn)


def _take_turn(connection: sa.Connection, host: str, turn: str) -> float:
    free_at, busy_until = _locked(connection, host)
    now = _clock(connection)
    if free_at > now + LONGEST_WAIT or busy_until > now + LEASE:
        # Nobody has meant this: the clock was set back. Who has a turn shows it by renewing it.
        free_at = busy_until = now + LEASE
        _set(connection, host, free_at=free_at, busy_until=busy_until)
    if free_at > now:
        return free_at - now
    if busy_until > now:
        return min(busy_until - now, _LOOK_AGAIN)
    _set(connection, host, busy_until=now + LEASE, turn=turn)
    return 0.0


def end_turn(engine: sa.Engine, host: str, turn: str, delay: float) -> None:
    """Give the turn back: its request was answered, or failed. The next is at least ``delay`` seconds later.

    The delay counts from the answer: only by then is it certain that the request has arrived.
    """
    transact(engine, _end_turn, host, turn, delay)


def _end_turn(connection: sa.Connection, host: str, turn: str, delay: float) -> None:
    _hold(connection, host, delay)
    connection.execute(pace.update().where(_is_mine(host, turn)).values(busy_until=0.0, turn=None))


def renew_turn(engine: sa.Engine, host: str, turn: str) -> None:
    """Keep the turn for another LEASE seconds: its request is still under way."""
    transact(engine, _renew_turn, host, turn)


def _renew_turn(connection: sa.Connection, host: str, turn: str) -> None:
    until = _clock(connection) + LEASE
    connection.execute(pace.update().where(_is_mine(host, turn)).values(busy_until=until))


def hold(engine: sa.Engine, host: str, seconds: float) -> None:
    """Let nobody send a request to ``host`` within the next ``seconds``."""
    transact(engine, _hold, host, seconds)


def _hold(connection: sa.Connection, host: str, seconds: float) -> None:
    free_at, _ = _locked(connection, host)
    now = _clock(connection)
    if free_at > now + LONGEST_WAIT:  # by a clock that was set back
        free_at = now
    _set(connection, host, free_at=max(free_at, now + seconds))


def _is_mine(host: str, turn: str) -> sa.ColumnElement[bool]:
    return sa.and_(pace.c.host == host, pace.c.turn == turn)


def _locked(connection: sa.Connection, host: str) -> tuple[float, float]:
    """Return from when on the site is free, and until when it is busy, and keep others from changing it."""
    query = sa.select(pace.c.free_at, pace.c.busy_until).where(pace.c.host == host).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        insert_missing(connection, pace, [{"host": host, "free_at": 0.0}])
        row = connection.execute(query).one()
    return row.free_at, row.busy_until


def _set(connection: sa.Connection, host: str, **values: Any) -> None:
    connection.execute(pace.update().where(pace.c.host == host).values(values))


def _clock(connection: sa.Connection) -> float:
    """Return the time in seconds since 1970: on PostgreSQL the server's, for nodes' clocks differ."""
    if connection.dialect.name == "postgresql":
        return float(connection.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())")) or 0.0)
    return time.time()
