"""The command `letterboxd serve` in a process of its own, and a database that it can show."""

import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    films,
    genres,
    people,
    ratings,
    user_scrape_state,
    users,
    watched,
    watchlist,
)
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests import warm
from tests.conftest import ROOT, STEPS, Shell, Snapshots
from tests.site import FEW

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GENRES = ("Horror", "Comédie", "Drama")
COUNTRIES = {"FR": "France", "CI": "Côte d'Ivoire"}


@dataclass
class Server:
    """A running server: ``get`` asks it, by the path and what follows it."""

    address: str
    process: warm.Process
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.session.get(self.address + path, timeout=60, **more)

    def json(self, path: str, **parameters: Any) -> Any:
        """Return what the API answers, which must be a success."""
        answer = self.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def serving(
    url: str, *options: str, stopped: tuple[int, ...] = (0, 130), **environment: str
) -> Iterator[Server]:
    """Start the server at a free port, and end it as Ctrl-C does; ``stopped`` are good exit codes."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LETTERBOXD_")}
    command = [sys.executable, "-m", "letterboxd_scraper", "serve", "--port", "0", *options]
    whole = inherited | {"DATABASE_URL": url, "PYTHONPATH": str(ROOT)} | environment
    process = warm.Process(command, Path(tempfile.gettempdir()), whole)
    try:
        address = _address(process)
        with requests.Session() as session:
            yield Server(address, process, session)
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    assert process.returncode in stopped, told
    assert "Traceback" not in told
    assert "Error" not in told, told


def _address(process: warm.Process) -> str:
    """Return where a server listens, as soon as it says so."""
    deadline = time.monotonic() + 60
    while not (address := re.search(r"(http://\S+)/ ", process.said())):
        assert process.poll() is None, process.said()
        assert time.monotonic() < deadline, process.said()
        time.sleep(0.01)
    return address[1]


def furnish(engine: sa.Engine) -> None:
    """Give a crawled circle all that can be shown: facts, rankings, a cohort with a member's name."""
    with engine.begin() as connection:
        _describe(connection, sorted(connection.scalars(sa.select(films.c.id))))
        dated = {"rated_at": NOW - timedelta(days=100)}
        connection.execute(ratings.update().where(ratings.c.film_id % 2 == 0).values(dated))
        members = [row.member for row in cohorts.members(connection, cohorts.find(connection, "friends"))]
        cohorts.make_from_names(connection, "marla", members, NOW)
        _watch(connection)
        _want(connection)
    statistics.refresh(engine, NOW)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    for strategy in STRATEGIES.values():
        compute(engine, cohort, strategy, {}, NOW)


@contextmanager
def furnished(kind: str, snapshots: Snapshots, folder: Path) -> Iterator[sa.Engine]:
    """A crawled circle in a database of this kind, with all that can be shown."""
    with snapshots.copy(kind, folder / "letterboxd.db", "furnished", FEW) as engine:
        yield engine


def _furnish(shell: Shell) -> None:
    engine = make_engine(shell.environment["DATABASE_URL"])
    furnish(engine)
    engine.dispose()


STEPS["furnished"] = ("crawled", _furnish)


def _describe(connection: sa.Connection, ids: list[int]) -> None:
    person = {"id": 1, "name": "Jane Smith", "created_at": NOW, "updated_at": NOW}
    rows: list[tuple[sa.Table, list[dict[str, Any]]]] = [
        (genres, [{"id": i, "name": name} for i, name in enumerate(GENRES)]),
        (countries, [{"code": code, "name": name} for code, name in COUNTRIES.items()]),
        (people, [person]),
        (film_genres, [{"film_id": film, "genre_id": film % 3} for film in ids]),
        (film_countries, [{"film_id": film, "country_code": list(COUNTRIES)[film % 2]} for film in ids]),
        (film_people, [{"film_id": film, "person_id": 1, "role": "director"} for film in ids if film % 4]),
        (
            film_histograms,
            [
                {"film_id": film, "bucket_label": str(stars), "count": film, "computed_at": NOW}
                for film in ids
                for stars in STARS
            ],
        ),
    ]
    for table, values in rows:
        connection.execute(table.insert(), values)
    for film in ids:
        described = {
            "tmdb_media_type": ("movie", "tv", None)[film % 3],
            "tmdb_id": film,
            "runtime_minutes": 60 + film % 60,
            "original_language": ("ja", "fr")[film % 2],
            "overview": f"No. {film}",
            "tmdb_synced_at": NOW,
            "letterboxd_weighted_average": 2 + film % 27 / 10,
        }
        connection.execute(films.update().where(films.c.id == film).values(described))


def _watch(connection: sa.Connection) -> None:
    """Let marla have watched one more film; that is all that she has watched."""
    marla = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "marla"))
    rated = sa.select(ratings.c.film_id).where(ratings.c.user_id == marla)
    seen_by_marla = sa.select(watched.c.film_id).where(watched.c.user_id == marla)
    unseen = sa.select(films.c.id).where(films.c.id.not_in(rated), films.c.id.not_in(seen_by_marla)).limit(1)
    connection.execute(watched.insert().values(user_id=marla, film_id=connection.scalar(unseen)))
    state = {"user_id": marla, "listing": "unrated_watched"}
    there = sa.select(user_scrape_state.c.page).filter_by(**state)
    if connection.execute(there).first() is None:
        whole = {"page": 1, "seen": [], "status": "complete", "updated_at": NOW, "complete_as_of": NOW}
        connection.execute(user_scrape_state.insert().values(state | whole))


def _want(connection: sa.Connection) -> None:
    """Put every second film on marla's watchlist, and every third on noor's."""
    for name, step in (("marla", 2), ("noor", 3)):
        user = sa.select(users.c.id).where(users.c.letterboxd_username == name).scalar_subquery()
        watchlisted = sa.select(user, films.c.id).where(films.c.id % step == 0)
        connection.execute(watchlist.insert().from_select(["user_id", "film_id"], watchlisted))
