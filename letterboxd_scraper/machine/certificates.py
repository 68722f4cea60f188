"""Whose certificates are believed: the same authorities for the site, and for TMDB."""

import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import IO

import certifi

from letterboxd_scraper.errors import InputError, refusal

# Where operators name authorities, their own among them: OpenSSL reads the first, requests the others.
VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# The system's own: Debian and Alpine, Fedora, openSUSE, macOS and FreeBSD.
_OF_SYSTEMS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def trust_authorities() -> None:
    """Let all that asks for anything from here on believe `authorities` alone. Raises InputError."""
    path = authorities()
    os.environ.update(dict.fromkeys(VARIABLES, path))


def authorities() -> str:
    """Return the file of those who are trusted: whom the operator names, else the system, else Mozilla.

    All that the variables name are trusted: one of them is often set for the whole machine, by others.
    Raises InputError where there is no such file, or it cannot be read.
    """
    named = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    for name, path in named.items():
        if not Path(path).exists():
            raise InputError(f"{name} names {path}, and there is no such file of certificates")
    if not named:
        return next((path for path in _OF_SYSTEMS if Path(path).is_file()), certifi.where())
    paths = tuple(dict.fromkeys(named.values()))
    if len(paths) == 1 and Path(paths[0]).is_file():
        return paths[0]
    return str(_together(paths)[0])


@cache
def _together(paths: tuple[str, ...]) -> tuple[Path, IO[bytes]]:
    """Return where the certificates in files and folders stand together, for as long as the file is open."""
    file: IO[bytes]
    if sys.platform == "linux":
        # In memory alone: a process that is killed leaves nothing behind.
        file = os.fdopen(os.memfd_create("authorities"), "wb")
        path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    else:
        file = tempfile.NamedTemporaryFile(prefix="authorities-", suffix=".pem")  # noqa: SIM115
        path = Path(file.name)
    for part in map(Path, paths):
        for certificates in sorted(part.iterdir()) if part.is_dir() else [part]:
            file.write(_read(certificates))
    file.flush()
    return path, file


def _read(certificates: Path) -> bytes:
    """Return what a file holds; nothing where it is none, as in folders. Raises InputError."""
    try:
        return certificates.read_bytes() + b"\n" if certificates.is_file() else b""
    except OSError as error:
        raise InputError(f"the certificates in {certificates} cannot be read: {refusal(error)}") from None
