"""Secrets in links: who has one may come in. Only their hashes are stored."""

import hashlib
import secrets

_BYTES = 32


def new() -> tuple[str, str]:
    """Return a secret that nobody can guess, and its hash."""
    secret = secrets.token_urlsafe(_BYTES)
    return secret, hash_of(secret)


def hash_of(secret: str) -> str:
    """Return a secret's hash as it is stored; any text will do.

    It needs no salt and no slowness, as a password's does: there are too many secrets to try.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
