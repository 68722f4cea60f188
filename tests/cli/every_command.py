"""Every command as somebody calls it, on a small club's database; and what is seen when it is refused."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import sqlalchemy as sa
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from letterboxd_scraper.cli.command_line import letterboxd, ranking
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import invitations
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests import in_process
from tests.cli.test_lazy_commands import lazy_commands
from tests.conftest import environment_for
from tests.site import FEW, own_world
from tests.site.archive import archive
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_run, add_user


class Use(Enum):
    """What a command does with the database."""

    NOTHING = auto()
    READS = auto()
    ASKS = auto()  # reads; what it stores, the site has told
    WRITES = auto()
    CRAWLS = auto()  # writes, but for its first look


@dataclass(frozen=True)
class Row:
    """One way of calling a command: OUT in its words is the file, or the folder, that it writes."""

    words: str
    use: Use
    prints: bool = False


_DATABASE = "data/club.db"
# Nothing listens there: who is refused before anything is sent does not notice.
NO_SITE = "http://127.0.0.1:9"
OUT = "out/made"
ON_CLUB = "--cohort club"
TO = f"--output {OUT}"
COMMANDS = {
    "init": Row(f"--member marla --contact a@b.c {TO}", Use.NOTHING),
    "sync": Row(f"--seed marla --label club {TO}", Use.CRAWLS, prints=True),
    "club make": Row("marla.zip --name taken --yes --no-open", Use.WRITES),
    "club howto": Row(f"--name taken {TO}", Use.NOTHING),
    "club invite": Row("--name guests", Use.WRITES, prints=True),
    "club members": Row("--name club", Use.READS, prints=True),
    "club revoke": Row("1 --name club", Use.WRITES),
    "club naming": Row("tycho --by number --name club", Use.WRITES),
    "club password": Row("--name club --password-file password.txt", Use.WRITES),
    "doctor": Row("--user marla", Use.ASKS, prints=True),
    "help": Row("rank show", Use.NOTHING, prints=True),
    "cohort build": Row("--label few --members names.txt", Use.WRITES),
    "cohort refresh": Row("club", Use.CRAWLS),
    "cohort list": Row("", Use.READS, prints=True),
    "cohort show": Row("club", Use.READS, prints=True),
    "cohort set": Row("club --rank m=10", Use.WRITES),
    "cohort delete": Row("club --yes", Use.WRITES),
    "plan": Row(ON_CLUB, Use.READS, prints=True),
    "scrape": Row(ON_CLUB, Use.CRAWLS),
    "enrich": Row(ON_CLUB, Use.CRAWLS),
    "watch": Row(ON_CLUB, Use.CRAWLS),
    "import files": Row("marla.zip --member marla --cohort taken --yes", Use.WRITES),
    "import zip": Row("marla.zip --user marla --cohort archived", Use.WRITES),
    "import pages": Row("pages --cohort saved", Use.WRITES),
    "schedule run": Row(f"{ON_CLUB} --job nightly --local", Use.CRAWLS, prints=True),
    "schedule install": Row(f"{ON_CLUB} --as systemd --write", Use.READS),
    "schedule remove": Row(f"{ON_CLUB} --as systemd --yes", Use.NOTHING),
    "rank compute": Row(ON_CLUB, Use.WRITES),
    "rank list": Row("", Use.NOTHING, prints=True),
    "rank show": Row(ON_CLUB, Use.READS, prints=True),
    "rank explain": Row(f"{ON_CLUB} --film film-1", Use.READS, prints=True),
    "rank evaluate": Row(ON_CLUB, Use.READS, prints=True),
    "recommend": Row(f"{ON_CLUB} --member marla --seen-by-some {TO}", Use.READS),
    "news": Row(f"{ON_CLUB} {TO}", Use.READS),
    "taste": Row(f"{ON_CLUB} --member marla", Use.READS, prints=True),
    "report": Row(f"{ON_CLUB} {TO}", Use.READS),
    "year": Row(f"{ON_CLUB} --year 2026 {TO}", Use.READS, prints=True),
    "export csv": Row(f"{ON_CLUB} {TO}", Use.READS),
    "export json": Row(f"{ON_CLUB} {TO}", Use.READS),
    "export html": Row(f"{ON_CLUB} {TO}", Use.READS),
    "export letterboxd": Row(f"{ON_CLUB} {TO}", Use.READS),
    "export radarr": Row(f"{ON_CLUB} --max-age 36500 {TO}", Use.READS),
    "export kometa": Row(f"{ON_CLUB} --max-age 36500 {TO}", Use.READS),
    "export parquet": Row(f"{ON_CLUB} {TO}", Use.READS),
    "serve": Row("--port 0", Use.READS),
    "status": Row("", Use.READS, prints=True),
    "config show": Row("", Use.NOTHING, prints=True),
    "runs": Row("", Use.READS, prints=True),
    "failures": Row("", Use.READS, prints=True),
    "refresh stats": Row("", Use.WRITES),
    "db upgrade": Row("", Use.READS),
    "db backup": Row(OUT, Use.READS),
    "db check": Row("", Use.READS, prints=True),
    "db tidy": Row("--yes", Use.WRITES),
    "stored": Row(f"marla {TO}", Use.READS),
    "forget": Row("marla --yes", Use.WRITES),
}
OF_SPIDERS = Row("-a cohort=club", Use.CRAWLS)
SPIDERS = dict.fromkeys(("film", "follow_graph", "profile", "rss", "when_rated"), OF_SPIDERS)
RANKING = [name for name, _ in lazy_commands(ranking())]
# By what is typed: `letterboxd …`, `python -m ranking …`, `scrapy crawl …`.
EVERY = {
    **{f"letterboxd {name}": row for name, row in COMMANDS.items()},
    **{f"ranking {name}": COMMANDS.get(f"rank {name}") or COMMANDS[name] for name in RANKING},
    **{f"crawl {name}": row for name, row in SPIDERS.items()},
}
# What deletes: its words hold --yes.
DELETING = ("cohort delete", "db tidy", "forget", "schedule remove")
# How a line begins that tells of an error.
_TELLS = ("letterboxd: ", "python -m ranking: ", "scrapy crawl: ", '{"error": ')


def known_commands() -> set[str]:
    """Return the names of all commands and spiders that there are."""
    loader = SpiderLoader(Settings({"SPIDER_MODULES": ["letterboxd_scraper.spiders"]}))
    return {name for name, _ in lazy_commands(letterboxd())} | set(loader.list())


@dataclass(frozen=True)
class Place:
    """A folder of a test's own, in which every command finds what it needs: a copy of ``model``."""

    folder: Path
    model: Path

    @property
    def database(self) -> Path:
        return self.folder / _DATABASE

    def renew(self) -> Path:
        """Put back what a command may have changed, if it did; return the database."""
        if _state(self.folder) == _state(self.model):
            return self.database
        for name in ("data", "out", "config"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).unlink(missing_ok=True)
            shutil.copytree(self.model / name, self.folder / name)
        return self.database

    def call(
        self,
        name: str,
        *more: str,
        url: str | None = None,
        site: str = NO_SITE,
        without: str = "",
        **streams: Any,
    ) -> CompletedProcess[str]:
        """Call a command by its name in EVERY, with ``more`` words or ``without`` one.

        Database, site and streams may be of the call's own.
        """
        program, *command = name.split()
        module = {"letterboxd": "letterboxd_scraper", "ranking": "ranking", "crawl": "scrapy"}[program]
        first = ["crawl"] if program == "crawl" else []
        words = [word for word in EVERY[name].words.split() if word != without]
        line = [sys.executable, "-m", module, *first, *command, *words, *more]
        return in_process.run(line, self.folder, self._environment(url, site), **streams)

    def run(self, words: str, url: str | None = None, **environment: str) -> CompletedProcess[str]:
        """Call `letterboxd` with these words."""
        line = [sys.executable, "-m", "letterboxd_scraper", *words.split()]
        return in_process.run(line, self.folder, self._environment(url) | environment)

    def _environment(self, url: str | None, site: str = NO_SITE) -> dict[str, str]:
        return environment_for(site, url or f"sqlite:///{self.database}") | {
            "DATABASE_PATIENCE": "0.01" if site == NO_SITE else "10",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }


def furnish(folder: Path) -> None:
    """Put into a folder what commands work on: a database, a backup beside it, names, an archive, pages."""
    for name in ("data", "out", "config/systemd/user", "pages"):
        (folder / name).mkdir(parents=True)
    make_club(folder / _DATABASE)
    (folder / "data" / "letterboxd-1.db").write_text("a backup")
    (folder / "names.txt").write_text("ann\nbob\n")
    (folder / "password.txt").write_text("correct horse\n")
    (folder / "marla.zip").write_bytes(archive(own_world(follows=FEW), "marla"))
    shutil.copy(Path(__file__).parents[1] / "pages" / "profile" / "january-2026.html", folder / "pages")


def make_club(file: Path) -> None:
    """Make a database of three members who have rated the same films, ranked, and of a cohort of them."""
    engine = make_engine(f"sqlite:///{file}")
    migrate.upgrade(engine)
    fill_club(engine)
    engine.dispose()


def fill_club(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        names = ("marla", "tycho", "kip")
        members = [add_user(connection, name, films_count=12, likes_count=0) for name in names]
        films = [
            add_film(
                connection,
                f"film-{number}",
                release_year=1950 + number,
                tmdb_id=100 + number,
                tmdb_media_type="movie",
            )
            for number in range(12)
        ]
        for place, member in enumerate(members):
            for number, film in enumerate(films):
                add_rating(connection, member, film, rating=1 + (number + place) % 5)
        cohort = add_cohort(connection, "club", names, seed="marla")
        invitations.create(connection, "club", MONDAY, 14, "tycho")
        for days in (3000, 2000):  # of which the older may go
            at = {"started_at": MONDAY - days * DAY, "finished_at": MONDAY - days * DAY}
            add_run(connection, type="rss", cohort="club", status="finished", **at)
    compute(engine, cohort, STRATEGIES["circle"], {}, MONDAY)


def content(file: Path) -> list[bytes]:
    """Return all bytes of a database, which are others as soon as anything was stored."""
    parts = (file, file.with_name(f"{file.name}-wal"))
    return [part.read_bytes() if part.is_file() else b"" for part in parts]


def files_in(folder: Path) -> set[str]:
    """Return what is in a folder but for what SQLite and locks keep beside a database."""
    beside = ("-wal", "-shm", ".lock")
    paths = [path for path in folder.rglob("*") if not path.name.endswith(beside)]
    return {f"{path.relative_to(folder)}{'/' * path.is_dir()}" for path in paths}


def _state(folder: Path) -> object:
    return {path.name for path in (folder / "data").iterdir()}, files_in(folder), content(folder / _DATABASE)


def lines_of(ended: CompletedProcess[str]) -> Iterator[str]:
    """Yield what was said, but for the name of the database, which follows everything."""
    yield from (line for line in ended.stderr.splitlines() if not line.startswith("database: "))


def what_is_wrong(ended: CompletedProcess[str], *words: str) -> str | None:
    """Return what is not as it is to be of a command that was refused; None if all is.

    The last line on stderr, and no other, tells what was refused and where, in these ``words``.
    """
    *others, last = list(lines_of(ended)) or [""]
    tells = [line for line in (*others, last) if line.startswith(_TELLS) or " ERROR: " in line]
    if ended.returncode != 2:
        return f"exit code {ended.returncode}: {ended.stderr}"
    if "Traceback" in ended.stderr or tells != [last]:
        return f"not one line: {ended.stderr}"
    return None if all(word in last for word in words) else f"no {words}: {last}"
