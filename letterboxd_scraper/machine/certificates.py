"""Whose certificates are believed: the same authorities for the site, and for TMDB."""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import IO

import certifi

from letterboxd_scraper.errors import InputError

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
    Raises InputError where there is no such file.
    """
    named = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    for name, path in named.items():
        if not Path(path).exists():
            raise InputError(f"{name} names {path}, and there is no such file of certificates")
    if not named:
        return next((path for path in _OF_SYSTEMS if Path(path).is_file()), certifi.where())
    paths = tuple(dict.fromkeys(named.values()))
    return paths[0] if len(paths) == 1 and Path(paths[0]).is_file() else _together(paths).name


@cache
def _together(paths: tuple[str, ...]) -> IO[bytes]:
    """Return a file of the certificates in files and folders, which is there as long as this process."""
    file = tempfile.NamedTemporaryFile(prefix="authorities-", suffix=".pem")  # noqa: SIM115
    for path in map(Path, paths):
        for part in sorted(path.iterdir()) if path.is_dir() else [path]:
            file.write(part.read_bytes() + b"\n")
    file.flush()
    return file
