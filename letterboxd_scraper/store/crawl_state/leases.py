"""Who reads a member now: one crawl at a time, and for no longer than it shows life.

Moments are those of the database's clock.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.config import LONGEST_WAIT
from letterboxd_scraper.store.engine import database_time
from letterboxd_scraper.store.schema import member_leases, users
from letterboxd_scraper.store.upsert import insert_into

# With every page: a statement costs more to build than to send.
_USER = sa.select(users.c.id).where(users.c.letterboxd_username == sa.bindparam("name"))
_HOLDER = (
    sa.select(member_leases.c.run_id)
    .join(users, users.c.id == member_leases.c.user_id)
    .where(users.c.letterboxd_username == sa.bindparam("name"))
    .with_for_update(read=True, of=member_leases)
)


def take(connection: sa.Connection, run: int, member: str, seconds: float) -> bool:
    """Lease a member to a run for so long; say whether it has them now.

    It has not while another run's lease lasts. Who is not stored (any more) can be read by everybody.
    """
    user = connection.scalar(_USER, {"name": member})
    if user is None:
        return True
    now = database_time(connection)
    row = {"user_id": user, "run_id": run, "expires_at": now + timedelta(seconds=seconds)}
    statement = insert_into(member_leases, connection.dialect.name).values(row)
    expires_at = member_leases.c.expires_at
    # Nobody takes a lease for longer: the clock was set back.
    is_over = sa.or_(expires_at <= now, expires_at > now + timedelta(seconds=LONGEST_WAIT))
    free = sa.or_(member_leases.c.run_id == run, is_over)
    statement = statement.on_conflict_do_update(
        index_elements=["user_id"], set_={name: row[name] for name in ("run_id", "expires_at")}, where=free
    )
    return connection.execute(statement.returning(member_leases.c.user_id)).first() is not None


def holds(connection: sa.Connection, run: int, member: str) -> bool:
    """Say whether a member is leased to a run; if so, nobody else can take them before this transaction ends.

    It does not matter whether the time is over, as long as nobody else came.
    """
    holder = connection.scalar(_HOLDER, {"name": member})
    if holder is None:  # there is nobody to protect where the member has gone from the database
        return connection.scalar(_USER, {"name": member}) is None
    return bool(holder == run)


def renew(connection: sa.Connection, run: int, seconds: float) -> None:
    """Let all leases of a run last for so long from now."""
    until = database_time(connection) + timedelta(seconds=seconds)
    connection.execute(member_leases.update().where(member_leases.c.run_id == run).values(expires_at=until))


def release(connection: sa.Connection, run: int, member: str | None = None) -> None:
    """End a run's lease on a member, or all its leases."""
    conditions: list[Any] = [member_leases.c.run_id == run]
    if member is not None:
        user = sa.select(users.c.id).where(users.c.letterboxd_username == member).scalar_subquery()
        conditions.append(member_leases.c.user_id == user)
    connection.execute(member_leases.delete().where(*conditions))
