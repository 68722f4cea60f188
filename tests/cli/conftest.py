"""Commands called in this process, on a small SQLite database: two members, three films, one cohort."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from letterboxd_scraper.cli import run_spider
from letterboxd_scraper.cli.main import run
from letterboxd_scraper.server import running
from letterboxd_scraper.store import engine, migrate
from letterboxd_scraper.store.engine import make_engine
from tests import in_process
from tests.cli.every_command import Place, furnish
from tests.store.rows import add_cohort, add_film, add_rating, add_user


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, what it printed, and what it told the user beside that."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def club_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the cohort `club` of marla and tycho."""
    file = tmp_path_factory.mktemp("club") / "club.db"
    club = make_engine(f"sqlite:///{file}")
    migrate.upgrade(club)
    with club.begin() as connection:
        members = [add_user(connection, name, films_count=3, likes_count=0) for name in ("marla", "tycho")]
        films = [
            add_film(connection, slug, release_year=year)
            for slug, year in (("ordet", 1955), ("gertrud", 1964), ("heat", 1995))
        ]
        for member in members:
            for film, stars in zip(films, (5.0, 4.0, 3.0), strict=True):
                add_rating(connection, member, film, rating=stars)
        add_cohort(connection, "club", ["marla", "tycho"])
    club.dispose()
    return file


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call `letterboxd` in a folder of the test's own, where the database is to be `letterboxd.db`.

    The crawls that it starts run in the tests' process, too.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_spider, "start", in_process.Crawl)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'letterboxd.db'}")

    def call(*arguments: str) -> Ended:
        code = run(arguments)
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def club(empty: Run, club_file: Path, tmp_path: Path) -> Run:
    """Call `letterboxd` where the database is a copy of the club's."""
    shutil.copy(club_file, tmp_path / "letterboxd.db")
    return empty


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every command finds what it needs."""
    folder = tmp_path_factory.mktemp("furnished")
    furnish(folder)
    return folder


@pytest.fixture
def place(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of it, where nobody waits for a database, and `serve` ends at once."""
    monkeypatch.setattr(engine, "_BUSY_ONCE", 10)
    monkeypatch.setattr(running, "serve", lambda app, listening: None)
    shutil.copytree(furnished, tmp_path / "place")
    return Place(tmp_path / "place", furnished)
