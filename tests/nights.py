"""What tests of nightly jobs share: a changed world, the hour, and nodes that want a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import films
from tests import scrapyd, small_scrapyd
from tests.conftest import Shell
from tests.scrapyd import Scrapyd
from tests.site import Site
from tests.small_scrapyd import SmallScrapyd
from tests.spiders.test_when_rated import CHANGES, TONIGHT

USER, PASSWORD = "operator", "open sesame"


def let_films_wait(engine: sa.Engine, number: int = 3, at: datetime = TONIGHT) -> None:
    """Let all films but the newest be looked at some other night: there are hundreds."""
    newest = sa.select(films.c.id).order_by(films.c.id.desc()).limit(number)
    later = films.update().where(films.c.id.not_in(newest.scalar_subquery()))
    with engine.begin() as connection:
        connection.execute(later.values(enrich_after=at + timedelta(days=9), histogram_synced_at=at))


def change(site: Site) -> None:
    for one in CHANGES:
        one(site.world)


def at_night(shell: Shell, **more: str) -> Shell:
    """Return the shell of an operator who may use the nodes, a day after the crawl."""
    own = {"LETTERBOXD_NOW": TONIGHT.isoformat(), "SCHEDULE_POLL_SECONDS": "0.1", "LEASE_SECONDS": "2"}
    own |= {"SCRAPYD_USERNAME": USER, "SCRAPYD_PASSWORD": PASSWORD, "HOME": str(shell.folder)}
    own |= {"SCRAPYD_TARGETS": str(shell.folder / "scrapy.cfg")}
    return Shell(shell.folder, shell.environment | own | more)


@contextmanager
def node(shell: Shell, name: str = "one", **how: Any) -> Iterator[Scrapyd]:
    """A Scrapyd that lets only its operator in, and is a deploy target."""
    own = {key: value for key, value in shell.environment.items() if not key.startswith("SCRAPYD_")}
    options = {"username": USER, "password": PASSWORD} | how
    with scrapyd.server(shell.folder / name, own | {"LETTERBOXD_NODE": name}, **options) as server:
        if "port" not in how:  # else it is one already
            target(shell, name, server.url)
        yield server


@contextmanager
def small_node(shell: Shell, name: str = "one", slots: int = 4) -> Iterator[SmallScrapyd]:
    """A node that costs little, and is a deploy target."""
    environment = shell.environment | {"LETTERBOXD_NODE": name}
    with small_scrapyd.running(SmallScrapyd(shell.folder, environment, USER, PASSWORD, slots)) as node:
        target(shell, name, node.url)
        yield node


def target(shell: Shell, name: str, url: str) -> None:
    with (shell.folder / "scrapy.cfg").open("a") as file:
        file.write(f"[deploy:{name}]\nurl = {url}/\nproject = letterboxd\n")
