"""Who asked to be forgotten: no crawl, feed or import stores them again.

What is kept of them is a keyed hash of their name, and of the code of their profile, which would
survive a changed name. The key is this database's own, so that hashes of two databases cannot be compared.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import opt_outs
from letterboxd_scraper.store.upsert import insert_missing

_EVERY = sa.select(opt_outs)


class OptOuts:
    """The list as it is now: ``in`` asks for a member's name, `has_code` for the code of a profile."""

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        rows = list(rows)
        self._salts = {row.salt for row in rows}
        self._names = {row.name_hash for row in rows}
        self._codes = {row.code_hash for row in rows}

    def __contains__(self, name: object) -> bool:
        return any(_hash(str(name), salt) in self._names for salt in self._salts)

    def has_code(self, lid: str) -> bool:
        """Say whether whoever has this code asked to be forgotten."""
        return any(_hash(lid, salt) in self._codes for salt in self._salts)


def load(connection: sa.Connection) -> OptOuts:
    """Return the list: it is short, for each entry is a person's own wish."""
    return OptOuts(connection.execute(_EVERY))


def add(connection: sa.Connection, name: str, lid: str | None, at: datetime) -> None:
    """Put a member on the list, by their name and, where it is known, by their profile's code."""
    salt = connection.scalar(sa.select(opt_outs.c.salt).limit(1)) or secrets.token_hex(16)
    code = {"code_hash": _hash(lid, salt)} if lid else {}
    row = {"name_hash": _hash(name, salt), "salt": salt, "created_at": at}
    insert_missing(connection, opt_outs, [row | code])


def remove(connection: sa.Connection, name: str) -> bool:
    """Take a member from the list again; False if they are not on it."""
    salts = set(connection.scalars(sa.select(opt_outs.c.salt)))
    listed = opt_outs.c.name_hash.in_([_hash(name, salt) for salt in salts])
    return bool(connection.execute(opt_outs.delete().where(listed)).rowcount)


def _hash(text: str, salt: str) -> str:
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()
