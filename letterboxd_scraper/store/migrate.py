"""Bringing a database to the current schema. SQLite files migrate themselves; PostgreSQL on request."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from filelock import FileLock

import letterboxd_scraper
from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.store.backup import back_up
from letterboxd_scraper.store.engine import masked_url, revision_of

# Any number will do, as long as every process of ours uses the same.
_ADVISORY_LOCK = 5_215_027


def upgrade(engine: sa.Engine, revision: str = "head") -> bool:
    """Migrate to ``revision``; False if there was nothing to do. Safe with several processes at once."""
    with _one_at_a_time(engine):
        current = revision_of(engine)
        if current is not None and current not in _revisions():
            raise behind(engine.url, current)
        if current == (head() if revision == "head" else revision):
            return False
        _back_up(engine)
        with _unlimited(engine) as connection:
            command.upgrade(alembic_config(connection), revision)
            connection.commit()
    return True


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Migrate back to ``revision`` ("base": no tables at all)."""
    with _one_at_a_time(engine), _unlimited(engine) as connection:
        command.downgrade(alembic_config(connection), revision)
        connection.commit()


def head() -> str:
    """Return the revision that this program works with."""
    return str(ScriptDirectory(str(migrations_dir())).get_current_head())


@cache
def migrations_dir() -> Path:
    """Return the folder of the migrations; inside an egg there are no files, so they are copied out.

    They are installed within our package, and lie beside it where it is not installed, or editable.
    """
    package = files(letterboxd_scraper)
    if isinstance(package, Path):
        installed = package / "migrations"
        return installed if installed.is_dir() else package.parent / "migrations"
    copy = Path(tempfile.mkdtemp(prefix="letterboxd-migrations-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    _copy(package / "migrations", copy)
    return copy


def _copy(source: Traversable, target: Path) -> None:
    for entry in source.iterdir():
        if entry.is_dir():
            (target / entry.name).mkdir()
            _copy(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())


def alembic_config(connection: sa.Connection) -> Config:
    """Return what Alembic has to know: where the migrations are, and the connection that they run on."""
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(migrations_dir())).walk_revisions()}


def behind(url: str | sa.URL, revision: str | None) -> StoreNotReady:
    """Return the error that says what to do about a database of another revision than this program's."""
    if revision is not None and revision not in _revisions():
        return StoreNotReady(
            f"the database {masked_url(url)} is newer than this program (revision {revision}): "
            "update the program"
        )
    return StoreNotReady(f"the database {masked_url(url)} is behind: run `letterboxd db upgrade`")


@contextmanager
def _unlimited(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose transaction may wait for locks, and take, as long as it likes."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            for limit in ("lock_timeout", "idle_in_transaction_session_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
        yield connection


@contextmanager
def _one_at_a_time(engine: sa.Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with FileLock(f"{engine.url.database}.lock", mode=0o600):
            yield
        return
    with _unlimited(engine) as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_ADVISORY_LOCK)))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_ADVISORY_LOCK)))


def _back_up(engine: sa.Engine) -> None:
    """Copy an SQLite file that has something in it, before it is changed."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database:
        return
    if set(sa.inspect(engine).get_table_names()) - {"alembic_version"}:
        copy = f"{database}.before-{head()}-{datetime.now(UTC):%Y%m%dT%H%M%S}.backup"
        back_up(engine.url, Path(copy), force=True)
