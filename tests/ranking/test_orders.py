"""Our own numbers decide nothing: ranks, checksums, what is hidden, tastes, files follow from the films."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.checks.checksums import checksums
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import changed_facts, film_rankings, films, metadata, ratings, users
from ranking.compute import NothingToRank, compute
from ranking.evaluation.data import FromCohort
from ranking.evaluation.evaluate import evaluate
from ranking.parquet import export
from ranking.strategies import STRATEGIES
from ranking.taste import films as taste_films
from ranking.taste import members
from tests.ranking.circles import NOW, days_ago
from tests.store.rows import MONDAY

# Slugs, codes alone, and numbers of other services.
FILMS: list[dict[str, Any]] = [
    *(
        {"slug": f"film-{n}", "title": f"Film {n}", "letterboxd_weighted_average": 3.1 + n / 7}
        for n in range(9)
    ),
    *({"letterboxd_lid": f"A{n:02}", "title": "Namesake"} for n in range(9)),
    *({"imdb_id": f"tt00{n}", "title": "Namesake"} for n in range(4)),
    *({"tmdb_id": n, "tmdb_media_type": "movie", "title": "Namesake"} for n in range(1, 4)),
]
NAMES = ["ann", "ben", "cleo", "dan", "eve", "fay", "gus", "hal"]


def rated() -> dict[tuple[str, int], dict[str, Any]]:
    """Return ratings by member and film; the films of a kind have the same ones, so that ties are many."""
    rng = random.Random(7)
    outcomes = {}
    for place, name in enumerate(NAMES):
        for number in range(len(FILMS)):
            if (number * 3 + place) % 4:
                stars = (number % 3 + place % 4 + rng.choice((1, 1, 2))) / 2
                outcomes[name, number] = {
                    "rating": stars,
                    "rated_at": days_ago(10.3 * ((number + place) % 7)),
                }
    return outcomes


def stored(path: Path, seed: int) -> sa.Engine:
    """Store them in another order for every seed."""
    rng = random.Random(seed)
    engine = make_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    order, names = rng.sample(range(len(FILMS)), len(FILMS)), rng.sample(NAMES, len(NAMES))
    film_id = {number: place for place, number in enumerate(order, start=1)}
    user_id = {name: place for place, name in enumerate(names, start=1)}
    moments = {"first_seen_at": MONDAY, "updated_at": MONDAY}
    with engine.begin() as connection:
        for number in order:
            connection.execute(films.insert().values(FILMS[number] | {"id": film_id[number]}))
        for name in names:
            row = {"id": user_id[name], "letterboxd_username": name, "created_at": MONDAY}
            connection.execute(users.insert().values(row))
        rows = [
            {"user_id": user_id[m], "film_id": film_id[n]} | row | moments for (m, n), row in rated().items()
        ]
        connection.execute(ratings.insert(), rng.sample(rows, len(rows)))
        cohorts.make_from_names(connection, "friends", NAMES, MONDAY)
        connection.execute(changed_facts.insert().prefix_with("OR IGNORE").values(id=0))
    statistics.refresh(engine, NOW)
    return engine


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> list[sa.Engine]:
    folder = tmp_path_factory.mktemp("orders")
    return [stored(folder / f"{seed}.db", seed) for seed in range(3)]


def all_alike(results: Sequence[Any]) -> bool:
    return all(result == results[0] for result in results)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_ranks_and_checksums(engines: list[sa.Engine], name: str) -> None:
    outcomes = []
    for engine in engines:
        with engine.connect() as connection:
            cohort = cohorts.find(connection, "friends")
        try:
            compute(engine, cohort, STRATEGIES[name], {"min_votes": 1}, NOW)
        except NothingToRank:
            assert name == "discovery"
        f, r = films.c, film_rankings.c
        query = sa.select(r.rank, f.slug, f.letterboxd_lid, f.imdb_id, f.tmdb_id).join(
            films, f.id == r.film_id
        )
        with engine.connect() as connection:
            ranks = connection.execute(query.where(r.strategy == name).order_by(r.rank)).all()
            sums = [checksum for checksum in checksums(connection) if checksum.strategy == name]
        outcomes.append((ranks, sums))
    assert all_alike(outcomes)
    assert outcomes[0][0]


def test_scores_of_the_circle_are_the_same_to_the_last_digit(engines: list[sa.Engine]) -> None:
    outcomes = []
    for engine in engines:
        with engine.connect() as connection:
            query = sa.select(film_rankings.c.score).where(film_rankings.c.strategy == "circle")
            outcomes.append(connection.scalars(query.order_by(film_rankings.c.rank)).all())
    assert all_alike(outcomes)


def test_what_is_hidden_and_how_well_it_is_foretold(engines: list[sa.Engine]) -> None:
    outcomes = []
    for engine in engines:
        with engine.connect() as connection:
            source = FromCohort(connection, cohorts.find(connection, "friends"))
            outcomes.append(evaluate(source, 0.3, 5, NOW, ("bayesian", "circle")))
    assert all_alike(outcomes)


def test_exported_files(engines: list[sa.Engine], tmp_path: Path) -> None:
    outcomes = []
    for number, engine in enumerate(engines):
        folder = tmp_path / str(number)
        with engine.connect() as connection:
            cohort = cohorts.find(connection, "friends")
        export.export(engine, cohort, folder, NOW, names=True, base_url="https://letterboxd.com")
        tables = {
            name: pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("films", "members")
        }
        name_of = {row["number"]: row["user_name"] for row in tables["members"]}
        rows = pq.read_table(folder / "ratings.parquet").to_pylist()
        outcomes.append((tables["films"], {(name_of[r["member"]], r["film_id"], r["stars"]) for r in rows}))
    assert all_alike(outcomes)


def test_tastes(engines: list[sa.Engine]) -> None:
    outcomes = []
    for engine in engines:
        with engine.connect() as connection:
            circle = members.read(connection, cohorts.find(connection, "friends"))
            names = members.member_names(connection, circle)
            matches = [replace(match, one=0, other=0) for match in circle.matches()]
            pairs = [(names[match.one], names[match.other]) for match in circle.of_member(circle.users[0])]
            one, two = circle.users[:2]
            films_of = taste_films.compare(connection, circle, one, two, 5, "https://letterboxd.com")
            agreed = [(film.slug, film.link, film.title) for film in (*films_of.agreed, *films_of.disagreed)]
        outcomes.append((matches, pairs, agreed))
    assert all_alike(outcomes)
