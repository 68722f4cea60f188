"""What does it cost to keep a circle fresh? ``python -m benchmarks.nights --data DIR``.

A circle is crawled once; then, night by night, some of its members rate, re-rate, remove, like and un-like
films, and `follow_graph` and `when_rated` run. All requests count. After each night the database is held
against the truth: what differs must be something that no count shows.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean

import sqlalchemy as sa

from benchmarks.circles import draw, real
from benchmarks.crawls import ROOT
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from tests import postgres
from tests.conftest import Fact, stored_facts
from tests.site import Site, World, own_world, parquet_world

STARS = [halves / 2 for halves in range(1, 11)]
MODES: dict[str, tuple[bool, tuple[str, ...]]] = {
    "robots obeyed": (True, ("rate", "re-rate", "remove", "like", "unlike")),
    "not obeyed, no removals": (False, ("rate", "re-rate", "like", "unlike")),
    "not obeyed": (False, ("rate", "re-rate", "remove", "like", "unlike")),
    # What leaves both counts alone waits for the audit.
    "robots obeyed, silent too": (True, ("rate", "remove", "like", "unlike", "re-rate silently", "unrate")),
}


@dataclass
class Life:
    """What members do; ``logged`` is the share of ratings that they enter in their diary, and so the feed."""

    world: World
    does: tuple[str, ...]
    rng: random.Random
    logged: float = 0.5

    def night(self, share: float, day: datetime) -> None:
        """Let a share of the members do one to five things."""
        circle = map(self.world.member, self.world.circle(self.world.seed))
        names = [member.name for member in circle if member.state == "ok"]
        for name in self.rng.sample(names, round(share * len(names))):
            for _ in range(self.rng.randint(1, 5)):
                self._do(self.rng.choice(self.does), name, day)

    def _do(self, what: str, name: str, day: datetime) -> None:
        member = self.world.member(name)
        if what == "rate":
            self._rate(name, self._film(lambda film: film not in member.watched), day)
        elif what.startswith("re-rate") and member.ratings:
            self._rate(name, self.rng.choice(list(member.ratings)), day)
            if what == "re-rate":  # else nobody could see it from outside
                self.world.like(name, self._film(lambda film: film not in member.likes))
        elif what == "unrate" and member.ratings:
            self.world.unrate(name, self.rng.choice(list(member.ratings)))
        elif what == "remove" and member.ratings:
            self.world.unwatch(name, self.rng.choice(list(member.ratings)))
        elif what == "like":
            self.world.like(name, self._film(lambda film: film not in member.likes))
        elif what == "unlike" and member.likes:
            self.world.unlike(name, self.rng.choice(list(member.likes)))

    def _rate(self, name: str, film: str, day: datetime) -> None:
        before = self.world.member(name).ratings.get(film)
        stars = self.rng.choice([other for other in STARS if other != before])
        if self.rng.random() < self.logged:
            self.world.log(name, film, f"{day:%Y-%m-%d}", stars)
        else:
            self.world.rate(name, film, stars)

    def _film(self, fits: Callable[[str], bool]) -> str:
        films = list(self.world.films)
        return next(film for film in self.rng.sample(films, len(films)) if fits(film))


# Runs a module of Python, in a folder and with an environment, to its good end.
Crawl = Callable[[Sequence[str], Path, Mapping[str, str]], None]


def as_process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, check=True)


@dataclass
class Nights:
    """One circle in one database, refreshed night by night."""

    site: Site
    engine: sa.Engine
    folder: Path
    obey: bool
    delay: float
    crawl: Crawl
    metered: bool
    now: datetime = datetime(2026, 1, 1, 3, tzinfo=UTC)
    requests: list[int] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    unseen: int = 0
    peak: float = 0.0

    def begin(self) -> None:
        self.run("follow_graph", f"seed={self.site.world.seed}", "label=circle")
        self.run("profile", "cohort=circle")
        assert self._differing() == set(), "the full crawl"

    def refresh(self, live: Callable[[datetime], None]) -> None:
        """Let a day pass, then refresh; raise AssertionError if something is wrong that the counts show."""
        live(self.now)
        self.now += timedelta(days=1)
        self.site.clear_log()
        self.run("follow_graph", "cohort=circle")
        self.now += timedelta(minutes=10)
        self.run("when_rated", "cohort=circle")
        self.now -= timedelta(minutes=10)
        self.requests.append(len(self.site.log))
        self.kinds.update(kind(hit.path) for hit in self.site.log)
        self.unseen = len(self._differing())
        assert not (wrong := self._visible()), wrong

    def repair(self) -> None:
        """Crawl everything; raise AssertionError if something is wrong then."""
        self.run("profile", "cohort=circle")
        assert self._differing() == set(), "the full crawl at the end"

    def _differing(self) -> set[Fact]:
        return stored_facts(self.engine) ^ self.site.world.truth(self.site.world.circle(self.site.world.seed))

    def _visible(self) -> list[str]:
        """Return the members of whom a page that was read tonight shows other counts than are stored."""
        read = {path.split("/")[1]: path for hit in self.site.log if (path := hit.path).count("/") == 2}
        stored, true = counts(stored_facts(self.engine)), counts(self.site.world.truth())
        return [name for name in read if name in true and stored[name] != true[name]]

    def run(self, spider: str, *arguments: str) -> None:
        """Run a spider to its good end."""
        settings = {
            "DATABASE_URL": self.engine.url.render_as_string(hide_password=False),
            "LETTERBOXD_BASE_URL": self.site.url,
            "LETTERBOXD_NOW": self.now.isoformat(),
            "ROBOTSTXT_OBEY": str(self.obey),
            "DOWNLOAD_DELAY": str(self.delay),
            "AUTOTHROTTLE_ENABLED": "false",
            "LOG_LEVEL": "WARNING",
            "SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings",
            "PYTHONPATH": str(ROOT),
        }
        report = self.folder / "memory"
        words = [word for argument in arguments for word in ("-a", argument)]
        command = ["scrapy", "crawl", spider, *words]
        if spider == "when_rated" and self.metered:
            as_process(["benchmarks.metered", str(report), *command], self.folder, os.environ | settings)
            self.peak = max(self.peak, float(report.read_text()))
        else:
            self.crawl(command, self.folder, os.environ | settings)


# What a request asked for, by what its path ends in.
KINDS = (
    ("robots.txt", "robots.txt"),
    ("/following/", "people"),
    ("/likes/films/", "likes"),
    ("/rss/", "feed"),
    ("/films/rated/none/", "watched"),
    ("/films/rated/.5-5/", "all ratings"),
    ("/films/rated/", "level"),
    ("/films/", "all ratings"),
)


def kind(path: str) -> str:
    """Return what a path asks for: a page of people, a profile, a level of ratings and so on.

    >>> kind("/ann/"), kind("/ann/films/rated/3.5/page/2/"), kind("/ann/likes/films/")
    ('profile', 'level', 'likes')
    """
    return next((name for part, name in KINDS if part in path), "profile")


def counts(facts: set[Fact]) -> dict[str, tuple[Counter[float], int]]:
    """Return what the site shows of each member: how often each number of stars, and how many likes."""
    stars: dict[str, Counter[float]] = defaultdict(Counter)
    likes: Counter[str] = Counter()
    for member, _, rating, liked, _ in facts:
        stars[member][rating or 0] += rating is not None
        likes[member] += liked
    return defaultdict(lambda: (Counter(), 0), {name: (+stars[name], likes[name]) for name in stars})


def resample(world: World, folder: str, ratings: int, rng: random.Random) -> None:
    """Let every member have about so many ratings, drawn as in the real ones."""
    films = list(world.films)
    members = list(world.members.values())
    for member, rows in zip(members, draw(real(folder), ratings * len(members)), strict=False):
        while len(member.ratings) < ratings:
            film = films[rng.choice(rows)[0] % len(films)] if rng.random() < 0.3 else rng.choice(films)
            member.ratings.setdefault(film, rng.choice(STARS))
        member.watched |= member.ratings.keys()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[sa.Engine]:
    if kind == "sqlite":
        engine = make_engine(f"sqlite:///{folder}/nights.db")
        migrate.upgrade(engine)
        yield engine
        engine.dispose()
        return
    with postgres.server() as server, postgres.database(server) as url:
        engine = make_engine(url)
        migrate.upgrade(engine)
        yield engine
        engine.dispose()


def simulate(
    world: World,
    mode: str,
    share: float,
    nights: int,
    kind: str = "sqlite",
    delay: float = 0.0,
    crawl: Crawl = as_process,
    metered: bool = True,
) -> Nights:
    """Crawl a world's first member's circle, then refresh it for so many nights.

    ``crawl`` runs what is not measured: all of it, if the memory of `when_rated` is not ``metered``.
    """
    obey, does = MODES[mode]
    life = Life(world, does, random.Random(1))
    with (
        tempfile.TemporaryDirectory(prefix="nights") as folder,
        Site(world) as site,
        database(kind, Path(folder)) as engine,
    ):
        refreshed = Nights(site, engine, Path(folder), obey, delay, crawl, metered)
        refreshed.begin()
        for _ in range(nights):
            refreshed.refresh(lambda day: life.night(share, day))
        refreshed.repair()
        return refreshed


HEAD = f"{'':<26}{'changed':>8}{'nights':>8}{'requests a member':>19}{'most':>7}{'unseen':>8}{'MB':>6}"


def line(mode: str, share: float, members: int, refreshed: Nights) -> str:
    a_member = [requests / members for requests in refreshed.requests]
    return (
        f"{mode:<26}{share:>8.0%}{len(a_member):>8}{fmean(a_member):>19.3f}{max(a_member):>7.2f}"
        f"{refreshed.unseen:>8}{refreshed.peak:>6.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nights", description=__doc__)
    parser.add_argument("--data", metavar="DIR", help="real ratings: ratings.parquet and films.parquet")
    parser.add_argument("--members", type=int, default=100, help="of the circle, with --data (%(default)s)")
    parser.add_argument("--ratings", type=int, help="so many of each, resampled, with --data")
    parser.add_argument("--nights", type=int, default=30, help="how many (%(default)s)")
    parser.add_argument("--share", type=float, nargs="+", default=[0.0, 0.1, 1.0], help="who change")
    parser.add_argument("--mode", nargs="+", choices=MODES, default=list(MODES), help="what is allowed")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between requests (%(default)s)")
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), default="sqlite", help="the database")
    chosen = parser.parse_args()
    print(HEAD, flush=True)
    for mode in chosen.mode:
        for share in chosen.share:
            world = parquet_world(chosen.data, members=chosen.members) if chosen.data else own_world()
            if chosen.ratings:
                resample(world, chosen.data, chosen.ratings, random.Random(2))
            members = len(world.circle(world.seed))
            refreshed = simulate(world, mode, share, chosen.nights, chosen.kind, chosen.delay)
            print(line(mode, share, members, refreshed), flush=True)
            for name, count in refreshed.kinds.most_common():
                print(f"{name:>26}{'':<16}{count / members / chosen.nights:>19.3f}", flush=True)


if __name__ == "__main__":
    main()
