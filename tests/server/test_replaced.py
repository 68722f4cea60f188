"""A database whose file is replaced, restored or gone while it is served."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import migrate, statistics
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import films
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests.asked import Asked
from tests.store.rows import MONDAY, add_cohort, add_film, add_rating, add_user


def make(file: Path, title: str) -> None:
    """Make a database with two members, and one film of this title that both have rated."""
    engine = make_engine(f"sqlite:///{file}")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        members = [add_user(connection, name) for name in ("ann", "bob")]
        film = add_film(connection, "a-film")
        connection.execute(films.update().values(title=title))
        for member in members:
            add_rating(connection, member, film, rating=4.0)
        add_cohort(connection, "club", ["ann", "bob"])
    statistics.refresh(engine, MONDAY)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "club")
    compute(engine, cohort, STRATEGIES["bayesian"], {}, MONDAY)
    engine.dispose()  # the last connection that ends takes -wal and -shm away


def moved(new: Path, served: Path) -> None:
    new.replace(served)


def copied(new: Path, served: Path) -> None:
    """Restore a backup as the documents say, but for ending the server."""
    for ending in ("-wal", "-shm"):
        Path(f"{served}{ending}").unlink(missing_ok=True)
    shutil.copyfile(new, served)


@pytest.mark.parametrize("replace", [moved, copied])
def test_another_file_in_the_place_of_the_database_is_noticed(
    tmp_path: Path, replace: Callable[[Path, Path], None]
) -> None:
    served, new = tmp_path / "served.db", tmp_path / "new.db"
    make(served, "Emerald")
    make(new, "Vermilion")
    asked = Asked(f"sqlite:///{served}")
    paths = ("/cohorts/club/films/a-film", "/cohorts/club/report", "/api/v1/cohorts/club/rankings/bayesian")
    for path in paths:
        assert "Emerald" in asked.get(path).text
    replace(new, served)
    for path in paths:
        # A report that was copied over may be made anew a little later: while a crawl writes, it rests, too.
        end = time.monotonic() + 60
        while "Emerald" in (text := asked.get(path).text) and "report" in path and time.monotonic() < end:
            time.sleep(0.1)
        assert "Vermilion" in text, path
        assert "Emerald" not in text
    asked.engine.dispose()


def test_a_database_that_is_gone_comes_back(tmp_path: Path) -> None:
    served, aside = tmp_path / "served.db", tmp_path / "aside.db"
    make(served, "Emerald")
    asked = Asked(f"sqlite:///{served}")
    path = "/api/v1/cohorts/club"
    assert asked.get(path).status == 200
    served.rename(aside)
    gone = asked.get(path)
    assert (gone.status, gone.headers["retry-after"]) == (503, "5")
    assert "cannot be read" in asked.get("/cohorts/club", accept="text/html").text
    assert not served.exists()
    aside.rename(served)
    assert asked.get(path).status == 200
    asked.engine.dispose()


def test_a_restored_database_of_an_older_version_is_told_and_served_once_it_is_upgraded(
    tmp_path: Path,
) -> None:
    served, old = tmp_path / "served.db", tmp_path / "old.db"
    make(served, "Emerald")
    engine = make_engine(f"sqlite:///{old}")
    migrate.upgrade(engine, "0006")
    with engine.begin() as connection:
        row = {"label": "older", "at": MONDAY.replace(tzinfo=None).isoformat(" ")}
        insert = (
            "INSERT INTO cohorts (label, definition, created_at, updated_at) VALUES (:label, '{}', :at, :at)"
        )
        connection.execute(sa.text(insert), row)
    engine.dispose()
    asked = Asked(f"sqlite:///{served}")
    path = "/api/v1/cohorts/older/films/alien"
    assert "no cohort" in asked.get(path).text
    old.replace(served)
    refused = asked.get(path)
    assert refused.status == 503
    assert "db upgrade" in refused.json()["detail"]
    engine = make_engine(f"sqlite:///{served}")
    migrate.upgrade(engine)
    engine.dispose()
    assert "no film" in asked.get(path).text
    asked.engine.dispose()
