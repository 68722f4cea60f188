"""Passwords that open the pages of a circle to readers; only slow, salted hashes of them are stored."""

import hashlib
import hmac
import secrets

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.schema import reading_passwords
from letterboxd_scraper.store.upsert import upsert

SHORTEST, _LONGEST = 8, 1000
# scrypt's cost, block size and parallelism: 16 MB and some 50 ms for each guess.
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1


def set_password(connection: sa.Connection, cohort_id: int, password: str | None) -> None:
    """Let a password open a circle's pages, and no other any more; None: no password does.

    Raises InputError for one that is too short or too long.
    """
    if password is None:
        connection.execute(reading_passwords.delete().where(reading_passwords.c.cohort_id == cohort_id))
        return
    if not SHORTEST <= len(password) <= _LONGEST:
        raise InputError(f"a password has {SHORTEST} to {_LONGEST} characters: choose another")
    salt = secrets.token_hex(16)
    row = {"cohort_id": cohort_id, "salt": salt, "password_hash": _hash(password, salt)}
    upsert(connection, reading_passwords, [row])


def is_right(connection: sa.Connection, cohort_id: int, password: str) -> bool:
    """Say whether a password opens a circle's pages; none does where none is set.

    How long that takes tells nothing, not even whether there is such a circle.
    """
    r = reading_passwords.c
    row = connection.execute(sa.select(r.salt, r.password_hash).where(r.cohort_id == cohort_id)).first()
    salt, stored = row or (secrets.token_hex(16), "")
    return hmac.compare_digest(_hash(password[:_LONGEST], salt), stored) and len(password) <= _LONGEST


def mark(connection: sa.Connection, cohort_id: int) -> str | None:
    """Return what changes with each new password of a circle, and tells nothing of it; None without one."""
    return connection.scalar(
        sa.select(reading_passwords.c.salt).where(reading_passwords.c.cohort_id == cohort_id)
    )


def is_set(connection: sa.Connection, cohort_id: int) -> bool:
    """Say whether a circle has a password for reading."""
    of_cohort = reading_passwords.c.cohort_id == cohort_id
    return bool(connection.scalar(sa.select(sa.exists().where(of_cohort))))


def _hash(password: str, salt: str) -> str:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt.encode(), n=_COST, r=_BLOCK, p=_PARALLEL).hex()
