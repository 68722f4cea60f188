"""A copy of the whole database in one file, made while others go on writing."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, StoreNotReady, refusal
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store.engine import busy_timeout, masked_url, name_database
from letterboxd_scraper.store.sqlite_file import refuse_folder

PG_DUMP, PG_RESTORE = "pg_dump", "pg_restore"


def back_up(url: str | sa.URL, file: Path, *, force: bool = False) -> int:
    """Copy the database to ``file``, as it is at one moment; return the copy's size in bytes.

    Only its owner can read the file, for it tells of other people. It appears when it is whole. Raises
    InputError for a file that exists, unless ``force``, StoreNotReady where there is nothing to copy, and
    DBAPIError for a database that cannot be read.
    """
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite":
        database = Path(str(address.database))
        if not database.exists():
            raise StoreNotReady(f"no database {masked_url(address)}: there is nothing to copy")
        refuse_folder(database)
        if file.exists() and file.samefile(database):
            raise InputError(f"{file} is the database itself: name another file")
        return _whole(file, lambda part: copy_sqlite(database, part), force=force)
    return _whole(file, lambda part: _dump(address, part), force=force)


def copy_sqlite(database: Path, copy: Path) -> None:
    """Copy an SQLite file; a crawl that is writing to it neither waits nor gets in half.

    Raises StoreNotReady where the copy is damaged, as what was copied is.
    """
    engine = _engine(sa.URL.create("sqlite", database=str(database)))
    with engine.connect() as source, closing(sqlite3.connect(copy)) as target:
        # Who has begun to read is told of a lock or of damage; a copy alone would wait for the lock for ever.
        source.exec_driver_sql(f"PRAGMA busy_timeout={busy_timeout()}")
        source.exec_driver_sql("BEGIN")
        source.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        driver: Any = source.connection.driver_connection
        driver.backup(target)
        # A copy of what is damaged shall not take the place of one that is not.
        try:
            said = str(target.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        line = said.strip().replace("\n", ": ")
        raise StoreNotReady(
            f"the database {database} is damaged ({line}), and a copy of it would be, too: nothing was "
            "written; see `letterboxd db check`, and restore a backup"
        )


def _whole(file: Path, write: Callable[[Path], None], *, force: bool) -> int:
    """Let ``write`` fill a file beside ``file``, which then takes its name."""
    taken = f"{file} is there already: name another file, or replace it with --force"
    if file.is_dir():
        raise InputError(f"{file} is a folder: name a file in it")
    if file.exists() and not file.is_file():
        raise InputError(f"{file} is a device, which a copy would replace: name a file")
    if file.exists() and not force:
        raise InputError(taken)
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    except OSError as error:
        raise InputError(f"cannot write {file}: {refusal(error)}") from None
    os.close(descriptor)
    part = Path(name)  # mkstemp's files are their owner's alone
    try:
        write(part)
        if file.exists() and not force:
            raise InputError(taken)
        part.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"cannot write {file}: {refusal(error)}") from None
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _dump(url: sa.URL, part: Path) -> None:
    program = shutil.which(PG_DUMP)
    if program is None:
        raise InputError(
            f"{PG_DUMP} is not installed here, or not on the PATH: it comes with PostgreSQL's client programs"
        )
    _refuse_older(program, url)
    target, environment = _target(url)
    command = [program, "--format=custom", "--no-password", f"--file={part}", f"--dbname={target}"]
    process = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if process.returncode:
        errors = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        raise StoreNotReady(f"cannot copy the database {masked_url(url)}: {errors[0]}")
    if restorer := shutil.which(PG_RESTORE):
        listed = subprocess.run(
            [restorer, "--list", str(part)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if listed.returncode:
            errors = listed.stderr.strip().splitlines() or [f"exit code {listed.returncode}"]
            raise StoreNotReady(f"the copy of the database {masked_url(url)} cannot be read: {errors[0]}")


def _engine(url: sa.URL) -> sa.Engine:
    extras.require("postgres", "PostgreSQL")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    name_database(engine, url)
    return engine


def _refuse_older(program: str, url: sa.URL) -> None:
    """Raise InputError if the program is older than the server: it would refuse to copy."""
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+", output)
    with _engine(url).connect() as connection:
        server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
    if version is None or int(version[0]) < server:
        raise InputError(
            f"{program} is {output.strip() or 'of an unknown version'}, and the server is PostgreSQL "
            f"{server}: put a {PG_DUMP} of version {server} or newer first on the PATH"
        )


def _target(url: sa.URL) -> tuple[str, Mapping[str, str]]:
    """Return how libpq is told where the database is, and the environment, in which the password stands.

    Others on the machine can see a command's words. Without a password here, libpq looks for one in
    PGPASSWORD, PGPASSFILE and ~/.pgpass itself.
    """
    from psycopg2.extensions import make_dsn  # who keeps an SQLite file may not have it

    _, options = url.get_dialect()().create_connect_args(url)
    if "sslpassword" in options:
        raise InputError(
            "DATABASE_URL has an sslpassword, which only a command's words could pass on: leave it out"
        )
    password: Any = options.pop("password", None)
    return make_dsn(**options), os.environ | ({"PGPASSWORD": str(password)} if password else {})
