"""The schema on both databases: up, down and up again; new, older, newer and unreachable ones."""

import os
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.store import migrate, open, schema
from letterboxd_scraper.store.engine import make_engine, revision_of
from letterboxd_scraper.store.schema import MATERIALIZED_VIEWS, metadata, users
from tests.conftest import ROOT
from tests.warm import Process


def tables(engine: sa.Engine) -> set[str]:
    tables = set(sa.inspect(engine).get_table_names())
    if engine.dialect.name == "postgresql":
        tables |= set(sa.inspect(engine).get_materialized_view_names())
    return tables - {"alembic_version"}


def test_up_down_and_up_again(database_url: str) -> None:
    engine = make_engine(database_url)
    for _ in range(2):
        assert migrate.upgrade(engine)
        assert tables(engine) == set(metadata.tables)
        assert not migrate.upgrade(engine)
        migrate.downgrade(engine, "base")
        assert tables(engine) == set()
    engine.dispose()


def rows(engine: sa.Engine, columns: dict[str, set[str]]) -> dict[str, list[str]]:
    """Return what stands in these columns of these tables."""
    stored = sa.MetaData()
    stored.reflect(engine, only=list(columns))
    with engine.connect() as connection:
        queries = {
            name: sa.select(*(stored.tables[name].c[column] for column in sorted(columns[name])))
            for name in columns
        }
        return {name: sorted(map(repr, connection.execute(query))) for name, query in queries.items()}


def test_newer_migrations_leave_every_row_of_a_crawled_circle_as_it_was(crawled_engine: sa.Engine) -> None:
    migrate.downgrade(crawled_engine, "0012")
    inspector = sa.inspect(crawled_engine)
    names = set(inspector.get_table_names()) - {"alembic_version"}
    columns = {name: {column["name"] for column in inspector.get_columns(name)} for name in names}
    before = rows(crawled_engine, columns)
    assert sum(map(len, before.values())) > 1000
    assert migrate.upgrade(crawled_engine)
    assert rows(crawled_engine, columns) == before


def test_the_migrations_make_the_schema(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        command.check(migrate.alembic_config(connection))


def test_the_statistics_view_has_the_tables_columns(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate.upgrade(engine)
    for name in MATERIALIZED_VIEWS:
        columns = {column["name"] for column in sa.inspect(engine).get_columns(name)}
        assert columns == set(metadata.tables[name].columns.keys())
    engine.dispose()


def test_the_schema_is_that_of_the_newest_migration() -> None:
    assert migrate.head() == schema.REVISION


def test_a_fresh_sqlite_file_migrates_itself(sqlite_url: str) -> None:
    engine = open.open_store(sqlite_url)
    assert tables(engine) == set(metadata.tables)
    engine.dispose()


@pytest.mark.slow
def test_four_processes_may_start_at_once(sqlite_url: str, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "letterboxd_scraper", "db", "upgrade")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DATABASE_URL": sqlite_url}
    processes = [Process(command, tmp_path, environment) for _ in range(4)]
    told = [process.communicate() for process in processes]
    assert [process.wait() for process in processes] == [0] * 4, told
    engine = make_engine(sqlite_url)
    assert revision_of(engine) == schema.REVISION
    engine.dispose()
    assert list(tmp_path.glob("*.backup")) == []


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Migrations of a later version of this program: ours and one more."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in (ROOT / "migrations").rglob("*.py"):
        target = folder / path.relative_to(ROOT / "migrations")
        target.parent.mkdir(exist_ok=True)
        target.write_text(path.read_text())
    revision = f"revision = 'later'\ndown_revision = {migrate.head()!r}\n"
    (folder / "versions" / "later.py").write_text(
        f"from alembic import op\n{revision}\n"
        "def upgrade():\n    op.execute('CREATE TABLE later (id INTEGER)')\n"
        "def downgrade():\n    op.execute('DROP TABLE later')\n"
    )
    monkeypatch.setattr(migrate, "migrations_dir", lambda: folder)
    monkeypatch.setattr(open, "REVISION", "later")
    return folder


def test_an_older_sqlite_file_is_backed_up_and_migrated(
    sqlite_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine = open.open_store(sqlite_url)
    with engine.begin() as connection:
        connection.execute(users.insert().values(letterboxd_username="ada", created_at=sa.func.now()))
    engine.dispose()
    request.getfixturevalue("next_version")
    later = open.open_store(sqlite_url)
    assert "later" in tables(later)
    later.dispose()
    (backup,) = tmp_path.glob("*.backup")
    copy = make_engine(f"sqlite:///{backup}")
    assert tables(copy) == set(metadata.tables)
    with copy.connect() as connection:
        assert connection.scalar(sa.select(users.c.letterboxd_username)) == "ada"
    copy.dispose()


def test_a_postgresql_database_that_is_behind_is_refused(postgres_url: str) -> None:
    with pytest.raises(StoreNotReady, match="behind: run `letterboxd db upgrade`"):
        open.open_store(postgres_url)


def test_a_database_of_a_later_version_is_refused(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue("next_version")
    engine = make_engine(database_url)
    migrate.upgrade(engine)
    engine.dispose()
    monkeypatch.undo()
    with pytest.raises(StoreNotReady, match="newer than this program"):
        open.open_store(database_url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://ada:secret@127.0.0.1:1/nothing",
        "sqlite:////proc/nowhere/x.db",
        "sqlite:////proc/x.db",
    ],
)
def test_an_unreachable_database_is_one_line_without_a_password(url: str) -> None:
    with pytest.raises(StoreNotReady) as caught:
        open.open_store(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is a text " * 100)
    with pytest.raises(StoreNotReady, match="not a database"):
        open.open_store(f"sqlite:///{tmp_path / 'x.db'}")
