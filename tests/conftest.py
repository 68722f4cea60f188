"""What the tests share: databases, the imitation site, and real crawls in processes of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import films, ratings, users
from tests import postgres
from tests.site import Site, own_world

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'letterboxd.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind, without any table."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A database of each kind with the current schema."""
    engine = make_engine(database_url)
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(own_world()) as site:
        yield site


@dataclass(frozen=True)
class Shell:
    """Runs our commands as a user would, on one site and one database, without pauses between requests."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        environment = self.environment | {name: str(value) for name, value in settings.items()}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def scrapy(self, spider: str, *options: str, **arguments: Any) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy crawl spider -a …`` with ``options`` after it."""
        given = [word for name, value in arguments.items() for word in ("-a", f"{name}={value}")]
        return self.run(sys.executable, "-m", "scrapy", "crawl", spider, *given, *options)

    def letterboxd(self, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "letterboxd_scraper", *arguments, **settings)


@pytest.fixture
def shell(tmp_path: Path, site: Site, engine: sa.Engine) -> Shell:
    """The site and an empty database with the current schema."""
    return make_shell(tmp_path, site, engine)


@pytest.fixture(scope="session")
def snapshots(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A database of each kind in which marla's circle has been crawled; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("snapshots")
    with postgres.database(postgres_server) as postgres_url, Site(own_world()) as site:
        urls = {"sqlite": f"sqlite:///{folder / 'letterboxd.db'}", "postgresql": postgres_url}
        for url in urls.values():
            engine = make_engine(url)
            migrate.upgrade(engine)
            crawl_friends(make_shell(folder, site, engine))
            engine.dispose()
        yield urls


@pytest.fixture
def crawled_engine(
    request: pytest.FixtureRequest, snapshots: dict[str, str], postgres_server: str, tmp_path: Path
) -> Iterator[sa.Engine]:
    """A database of each kind (parametrize indirectly for one) in which marla's circle has been crawled."""
    if request.param == "sqlite":
        source, target = sa.make_url(snapshots["sqlite"]).database, tmp_path / "copy.db"
        shutil.copy(str(source), target)
        engine = make_engine(f"sqlite:///{target}")
        yield engine
        engine.dispose()
        return
    template = sa.make_url(snapshots["postgresql"]).database
    with postgres.database(postgres_server, template=str(template)) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = any(mark.args[0] == "crawled_engine" for mark in metafunc.definition.iter_markers("parametrize"))
    if "crawled_engine" in metafunc.fixturenames and not chosen:
        metafunc.parametrize("crawled_engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def crawled(tmp_path: Path, site: Site, crawled_engine: sa.Engine) -> Shell:
    """The site, and a database in which marla's circle has been crawled from it."""
    return make_shell(tmp_path, site, crawled_engine)


def crawl_friends(shell: Shell) -> None:
    """Crawl marla's circle into the cohort "friends"."""
    assert_ended(shell.scrapy("follow_graph", seed="marla", label="friends"), 0)
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)


def assert_ended(process: subprocess.CompletedProcess[str], code: int) -> None:
    assert process.returncode == code, process.stderr


def make_shell(folder: Path, site: Site, engine: sa.Engine) -> Shell:
    return Shell(folder, _environment(site.url, engine.url.render_as_string(hide_password=False)))


def _environment(base_url: str, database_url: str) -> dict[str, str]:
    settings = {
        "DATABASE_URL": database_url,
        "LETTERBOXD_BASE_URL": base_url,
        "DOWNLOAD_DELAY": "0",
        "AUTOTHROTTLE_ENABLED": "false",
        "RETRY_BACKOFF_BASE": "0.01",
        "CHALLENGE_PAUSE": "0.2",
        "LOG_LEVEL": "WARNING",
        "SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings",
        "PYTHONPATH": str(ROOT),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LETTERBOXD_")}
    return inherited | settings


Fact = tuple[str, str, float | None, bool, bool]


def stored_facts(engine: sa.Engine) -> set[Fact]:
    """Return every stored (member, slug, rating, liked, favorite)."""
    query = (
        sa.select(
            users.c.letterboxd_username, films.c.slug, ratings.c.rating, ratings.c.liked, ratings.c.favorite
        )
        .join(ratings, ratings.c.user_id == users.c.id)
        .join(films, films.c.id == ratings.c.film_id)
    )
    with engine.connect() as connection:
        return {(row[0], row[1], row[2], bool(row[3]), bool(row[4])) for row in connection.execute(query)}
