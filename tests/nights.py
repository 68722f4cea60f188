"""What tests of nightly jobs share: a changed world, the hour, and nodes that want a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import films
from tests import scrapyd
from tests.conftest import Shell
from tests.scrapyd import Scrapyd
from tests.site import Site
from tests.test_when_rated import CHANGES, TONIGHT

USER, PASSWORD = "operator", "open sesame"


def let_films_wait(engine: sa.Engine) -> None:
    """Let all films but the newest be looked at some other night: there are hundreds."""
    newest = sa.select(films.c.id).order_by(films.c.id.desc()).limit(3)
    later = films.update().where(films.c.id.not_in(newest.scalar_subquery()))
    with engine.begin() as connection:
        connection.execute(later.values(enrich_after=TONIGHT + timedelta(days=9)))


def change(site: Site) -> None:
    for each in CHANGES:
        each(site.world)


def at_night(shell: Shell, **more: str) -> Shell:
    """Return the shell of an operator who may use the nodes, a day after the crawl."""
    own = {"LETTERBOXD_NOW": TONIGHT.isoformat(), "SCHEDULE_POLL_SECONDS": "0.2", "LEASE_SECONDS": "2"}
    own |= {"SCRAPYD_USERNAME": USER, "SCRAPYD_PASSWORD": PASSWORD, "HOME": str(shell.folder)}
    return Shell(shell.folder, shell.environment | own | more)


@contextmanager
def node(shell: Shell, name: str = "one", **how: Any) -> Iterator[Scrapyd]:
    """A Scrapyd that lets only its operator in, and is a deploy target."""
    own = {key: value for key, value in shell.environment.items() if not key.startswith("SCRAPYD_")}
    given = {"username": USER, "password": PASSWORD} | how
    with scrapyd.server(shell.folder / name, own | {"LETTERBOXD_NODE": name}, **given) as server:
        if "port" not in how:  # else it is one already
            target(shell, name, server.url)
        yield server


def target(shell: Shell, name: str, url: str) -> None:
    with (shell.folder / "scrapy.cfg").open("a") as file:
        file.write(f"[deploy:{name}]\nurl = {url}/\nproject = letterboxd\n")


def pids(server: Scrapyd) -> list[int]:
    """Return the processes of the jobs that a server is running."""
    return [int(job["pid"]) for job in server.ask("listjobs.json?project=letterboxd")["running"]]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
