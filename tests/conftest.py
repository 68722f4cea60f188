"""What the tests share: databases, the imitation site, and real crawls in processes of their own."""

import gc
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import sqlalchemy as sa
from filelock import FileLock

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import films, ratings, users
from tests import in_process, migrated, postgres, statements, warm
from tests.postgres_copies import Copies
from tests.site import FEW, Site, own_world

ROOT = Path(__file__).parent.parent

# Else a test that crawls runs on SQLite, and one that needs only a database on both.
on_both = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
# Marla's 35 friends of the demonstration, where the few that most tests make do with are too few.
with_many_friends = pytest.mark.parametrize("friends", [None], ids=["many"])

Names = tuple[str, ...] | None
# Fixtures that start a server, or have one read.
SERVERS = {"site", "crowd", "sound", "postgres_server", "postgres_url", "known_engine", "crawled_engine"}

# Who starts the tests in the background has a shell that makes them ignore Ctrl-C, and with them every crawl.
signal.signal(signal.SIGINT, signal.default_int_handler)
statements.share()
migrated.remember()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a server: the imitation site, or PostgreSQL."""
    for item in items:
        parameters = (
            item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        on_server = "postgresql" in parameters.values()
        if on_server or SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name tests of bytes by a number: an archive holds the time, and the workers must agree on all names."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_finish() -> None:
    """Leave out of every look for garbage what was loaded, which is a fifth of the tests' time else."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    in_process.stop_reactor()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is made once for all of pytest-xdist's workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_server(shared_folder: Path) -> str:
    """The address of a server, which is started when the first test asks for it."""
    return postgres.shared_server(shared_folder, _main_process())


def _main_process() -> int:
    """Return the number of the process that was started as `pytest`: with -n, this one's parent."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'letterboxd.db'}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on both databases, or, with a site to crawl, on SQLite; unless it chooses by itself."""
    chosen = any("database_kind" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database_kind" in metafunc.fixturenames and not chosen:
        kinds = ["sqlite"] if "site" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("database_kind", kinds)


@pytest.fixture
def database_kind() -> str:
    """The kind of database that a test uses; `on_both`, `on_sqlite` and `on_postgresql` choose."""
    return "sqlite"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """A database of each kind, without any table."""
    return str(request.getfixturevalue("sqlite_url" if database_kind == "sqlite" else "postgres_url"))


@pytest.fixture
def friends() -> Names:
    """Whom marla follows; None stands for the 35 of the demonstration."""
    return FEW


@pytest.fixture
def site(friends: Names) -> Iterator[Site]:
    with Site(own_world(follows=friends)) as site:
        yield site


@dataclass(frozen=True)
class Shell:
    """Runs our commands as a user would, on one site and one database, without pauses between requests."""

    folder: Path
    environment: dict[str, str]
    starts_processes: bool = False

    def in_processes(self) -> "Shell":
        """Return a shell whose commands are processes, as a user's are: they say what they do meanwhile."""
        return replace(self, starts_processes=True)

    def run(self, *command: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        environment = self.environment | {name: str(value) for name, value in settings.items()}
        if in_process.can_run(command) and not self.starts_processes:
            return in_process.run(command, self.folder, environment)
        return warm.run(command, self.folder, environment)

    def start(self, *command: str, **settings: Any) -> warm.Process:
        """Start ``python -m …`` and return while it runs, to be watched, interrupted or killed."""
        environment = self.environment | {name: str(value) for name, value in settings.items()}
        return warm.Process((sys.executable, "-m", *command), self.folder, environment)

    def scrapy(self, spider: str, *options: str, **arguments: Any) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy crawl spider -a …`` with ``options`` after it."""
        words = [word for name, value in arguments.items() for word in ("-a", f"{name}={value}")]
        return self.run(sys.executable, "-m", "scrapy", "crawl", spider, *words, *options)

    def letterboxd(self, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "letterboxd_scraper", *arguments, **settings)


class Snapshots:
    """Databases with a part of the work done: each made when first asked for, and copied from then on.

    They are made once for all workers; on a server that is there before the tests, by each worker.
    """

    def __init__(self, folder: Path, server: Callable[[], str], stack: ExitStack) -> None:
        self._folder = folder
        self._server = server
        self._stack = stack
        self._databases: dict[tuple[str, Names], str] = {}
        self._copies: dict[str, Copies] = {}

    @contextmanager
    def copy(self, kind: str, file: Path, work: str, friends: Names = None) -> Iterator[sa.Engine]:
        """A database in which that ``work`` is done; one of SQLite becomes ``file``."""
        if kind == "sqlite":
            shutil.copyfile(self._file(work, friends), file)
            yield from _opened(f"sqlite:///{file}")
        else:
            with self._copies_of(self._database(work, friends)).lend() as url:
                yield from _opened(url)

    def _file(self, work: str, friends: Names) -> Path:
        file = self._folder / f"{work}-{crc32(repr(friends).encode())}.db"
        with FileLock(f"{file}.lock"):
            if not file.exists():
                unfinished = file.with_suffix(".unfinished")
                if work != "schema":
                    shutil.copyfile(self._file(STEPS[work][0], friends), unfinished)
                self._do(work, friends, f"sqlite:///{unfinished}")
                _without_log(unfinished)
                unfinished.rename(file)
        return file

    def _database(self, work: str, friends: Names) -> str:
        if (work, friends) not in self._databases:
            name = self._folder / f"{work}-{crc32(repr(friends).encode())}.postgresql"
            with FileLock(f"{name}.lock"):
                if postgres.is_given() or not name.exists():
                    name.write_text(self._made(work, friends))
                self._databases[work, friends] = name.read_text()
        return self._databases[work, friends]

    def _made(self, work: str, friends: Names) -> str:
        template = "template0" if work == "schema" else self._database(STEPS[work][0], friends)
        if postgres.is_given():
            url = self._stack.enter_context(postgres.database(self._server(), template))
        else:
            url = postgres.kept_database(self._server(), template)
        self._do(work, friends, url)
        return str(sa.make_url(url).database)

    def _copies_of(self, database: str) -> Copies:
        if database not in self._copies:
            self._copies[database] = Copies(self._server(), database)
            self._stack.callback(self._copies[database].close)
        return self._copies[database]

    def _do(self, work: str, friends: Names, url: str) -> None:
        """Do the work in a database, and close all connections: one that is in use cannot be copied."""
        for engine in _opened(url):
            if work == "schema":
                migrate.upgrade(engine)
                continue
            with Site(own_world(follows=friends)) as site:
                STEPS[work][1](make_shell(self._folder, site, engine))


def _without_log(file: Path) -> None:
    """Have all that was committed stand in the file itself, which two processes may then copy at once."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _opened(url: str) -> Iterator[sa.Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def snapshots(request: pytest.FixtureRequest, shared_folder: Path) -> Iterator[Snapshots]:
    def server() -> str:
        return str(request.getfixturevalue("postgres_server"))

    with ExitStack() as stack:
        yield Snapshots(shared_folder, server, stack)


@pytest.fixture
def engine(database_kind: str, snapshots: Snapshots, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of each kind with the current schema."""
    with snapshots.copy(database_kind, tmp_path / "letterboxd.db", "schema") as engine:
        yield engine


@pytest.fixture
def known_engine(
    database_kind: str, snapshots: Snapshots, friends: Names, tmp_path: Path
) -> Iterator[sa.Engine]:
    """A database of each kind in which marla's circle is known as the cohort "friends"."""
    with snapshots.copy(database_kind, tmp_path / "known.db", "known", friends) as engine:
        yield engine


@pytest.fixture
def crawled_engine(
    database_kind: str, snapshots: Snapshots, friends: Names, tmp_path: Path
) -> Iterator[sa.Engine]:
    """A database of each kind in which marla's circle has been crawled."""
    with snapshots.copy(database_kind, tmp_path / "copy.db", "crawled", friends) as engine:
        yield engine


@pytest.fixture
def shell(tmp_path: Path, site: Site, engine: sa.Engine) -> Shell:
    """The site and an empty database with the current schema."""
    return make_shell(tmp_path, site, engine)


@pytest.fixture
def known(tmp_path: Path, site: Site, known_engine: sa.Engine) -> Shell:
    """The site, and a database that knows whom marla follows there, and nothing of their films."""
    return make_shell(tmp_path, site, known_engine)


@pytest.fixture
def crawled(tmp_path: Path, site: Site, crawled_engine: sa.Engine) -> Shell:
    """The site, and a database in which marla's circle has been crawled from it."""
    return make_shell(tmp_path, site, crawled_engine)


def find_friends(shell: Shell) -> None:
    """Make marla's circle the cohort "friends"."""
    assert_ended(shell.scrapy("follow_graph", seed="marla", label="friends"), 0)


def crawl_members(shell: Shell) -> None:
    """Read what the cohort's members rated and liked."""
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)


def crawl_friends(shell: Shell) -> None:
    """Crawl marla's circle into the cohort "friends"."""
    find_friends(shell)
    crawl_members(shell)


# What a snapshot is a copy of, and what is done in it.
STEPS: dict[str, tuple[str, Callable[[Shell], None]]] = {
    "known": ("schema", find_friends),
    "crawled": ("known", crawl_members),
}


def assert_ended(process: subprocess.CompletedProcess[str], code: int) -> None:
    assert process.returncode == code, process.stderr


def address(engine: sa.Engine) -> str:
    """Return how a command is told of a database."""
    return engine.url.render_as_string(hide_password=False)


def make_shell(folder: Path, site: Site, engine: sa.Engine) -> Shell:
    return Shell(folder, environment_for(site.url, address(engine)))


def environment_for(base_url: str, database_url: str) -> dict[str, str]:
    """Return the environment of a command: that of the tests, with settings of its own."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("LETTERBOXD_", "TMDB_"))
    }
    ours = {"SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings", "PYTHONPATH": str(ROOT)}
    return inherited | ours | settings_for(base_url, database_url)


def settings_for(base_url: str, database_url: str) -> dict[str, str]:
    """Return the settings of a crawl without pauses of the site at an address."""
    return {
        "DATABASE_URL": database_url,
        "TMDB_BASE_URL": f"{base_url}/3",
        "TMDB_API_KEY": Site.tmdb_key,
        "TMDB_REQUESTS_PER_SECOND": "1000",
        "LETTERBOXD_BASE_URL": base_url,
        "DOWNLOAD_DELAY": "0",
        "AUTOTHROTTLE_ENABLED": "false",
        "RETRY_BACKOFF_BASE": "0.01",
        "CHALLENGE_PAUSE": "0.2",
        "LEASE_SECONDS": "2",
        "LOG_LEVEL": "WARNING",
    }


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
