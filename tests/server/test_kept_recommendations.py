"""Recommendations are kept until the data change; what was made of older data does not stay."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.server import kept, recommendations
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import film_names, films, ratings, users
from tests.asked import Asked
from tests.server.test_kept import Clock
from tests.store.rows import add_cohort, add_film, add_rating, add_user

PATH = "/api/v1/cohorts/friends/recommendations"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time passes while models and lists are made: 100 seconds each, so that they rest for 500."""
    clock = Clock()
    monkeypatch.setattr(kept, "time", clock)

    def slowly(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any) -> Any:
            clock.now += 100
            return make(*arguments)

        return made

    for name in ("read_model", "order_films"):
        monkeypatch.setattr(recommendations, name, slowly(getattr(recommendations, name)))
    return clock


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A circle of three, of whom one has rated a film."""
    engine = make_engine(f"sqlite:///{tmp_path}/circle.db")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        for name in ("ann", "bob", "cleo"):
            add_user(connection, name)
        add_cohort(connection, "friends", ["ann", "bob", "cleo"])
    rate(engine, "film-1")
    yield engine
    engine.dispose()


@pytest.fixture
def server(engine: sa.Engine) -> Iterator[Asked]:
    server = Asked(str(engine.url), names=True)
    yield server
    server.engine.dispose()


def rate(engine: sa.Engine, slug: str) -> None:
    with engine.begin() as connection:
        cleo = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "cleo"))
        assert cleo is not None
        add_rating(connection, cleo, add_film(connection, slug), rating=4.0)


def slugs(server: Asked, member: str) -> list[str]:
    reply = server.get(f"{PATH}?member={member}")
    assert reply.status == 200, reply.text
    return sorted(film["slug"] for film in reply.json()["films"])


def test_a_list_by_a_model_of_older_data_is_made_anew_with_the_model(
    engine: sa.Engine, server: Asked, clock: Clock
) -> None:
    assert slugs(server, "ann") == ["film-1"]
    rate(engine, "film-2")
    assert slugs(server, "bob") == ["film-1"]
    clock.now += 1000
    assert slugs(server, "bob") == ["film-1", "film-2"]


def test_a_film_that_is_gone_is_left_out_of_a_list_that_was_made_before(
    engine: sa.Engine, server: Asked, clock: Clock
) -> None:
    rate(engine, "film-2")
    assert slugs(server, "ann") == ["film-1", "film-2"]
    with engine.begin() as connection:  # as when two films turn out to be one
        gone = sa.select(films.c.id).where(films.c.slug == "film-1").scalar_subquery()
        for table in (ratings, film_names):
            connection.execute(table.delete().where(table.c.film_id == gone))
        connection.execute(films.delete().where(films.c.slug == "film-1"))
    assert slugs(server, "ann") == ["film-2"]
