"""Rankings, against a second computation in plain Python, on both databases."""

import csv
import io
import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import film_rankings, films, ratings
from ranking.compute import compute
from ranking.exports.texts import CSV_COLUMNS, as_csv
from ranking.results import ranking
from ranking.strategies import STRATEGIES
from ranking.strategies.bayesian import bayesian
from tests.conftest import ROOT, address, assert_ended, on_sqlite, stored_facts

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BAYESIAN = STRATEGIES["bayesian"]


def friends(engine: sa.Engine) -> Cohort:
    with engine.connect() as connection:
        return cohorts.find(connection, "friends")


def ranked(engine: sa.Engine, **parameters: Any) -> list[tuple[int, str, float]]:
    statistics.refresh(engine, NOW)
    compute(engine, friends(engine), BAYESIAN, parameters, NOW)
    with engine.connect() as connection:
        return [
            (film.rank, str(film.slug), film.score)
            for film in ranking(connection, friends(engine), "bayesian")
        ]


def by_hand(engine: sa.Engine, m: float, min_votes: int) -> list[tuple[int, str, float]]:
    """Compute the ranking without SQL."""
    stars = defaultdict(list)
    for _, slug, rating, _, _ in stored_facts(engine):
        if rating is not None:
            stars[slug].append(rating)
    every = [rating for rated in stars.values() for rating in rated]
    mean = sum(every) / len(every)
    scores = {slug: (sum(rated) + m * mean) / (len(rated) + m) for slug, rated in stars.items()}
    order = sorted(
        (slug for slug, rated in stars.items() if len(rated) >= min_votes),
        key=lambda slug: (-round(scores[slug], 10), -len(stars[slug]), slug.encode()),
    )
    return [(rank, slug, scores[slug]) for rank, slug in enumerate(order, start=1)]


@pytest.mark.parametrize(("m", "min_votes"), [(5, 1), (0, 1), (10, 3), (2.5, 2)])
def test_scores_and_ranks_equal_a_second_computation(
    crawled_engine: sa.Engine, m: float, min_votes: int
) -> None:
    films = ranked(crawled_engine, m=m, min_votes=min_votes)
    expected = by_hand(crawled_engine, m, min_votes)
    assert [film[:2] for film in films] == [film[:2] for film in expected]
    assert [film[2] for film in films] == pytest.approx([film[2] for film in expected], abs=1e-9)


def test_a_film_that_is_no_longer_rated_leaves_the_ranking(crawled_engine: sa.Engine) -> None:
    best = ranked(crawled_engine)[0][1]
    with crawled_engine.begin() as connection:
        number = sa.select(films.c.id).where(films.c.slug == best).scalar_subquery()
        connection.execute(ratings.delete().where(ratings.c.film_id == number))
    assert best not in [slug for _, slug, _ in ranked(crawled_engine)]


def test_parameters_come_from_the_call_then_the_cohort_then_the_defaults(crawled_engine: sa.Engine) -> None:
    def stored() -> dict[str, float]:
        with crawled_engine.connect() as connection:
            return dict(connection.execute(sa.select(film_rankings.c.params)).scalars().first() or {})

    ranked(crawled_engine)
    assert stored() == {"m": 5, "min_votes": 1}
    cohort = friends(crawled_engine)
    with crawled_engine.begin() as connection:
        cohorts.redefine(connection, cohort, cohort.definition | {"rank": {"m": 10}}, NOW)
    ranked(crawled_engine)
    assert stored() == {"m": 10, "min_votes": 1}
    ranked(crawled_engine, m=1, min_votes="2")
    assert stored() == {"m": 1, "min_votes": 2}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"m": -1}, "m=-1: must be a number, at least 0"),
        ({"m": "nan"}, "m=nan: must be a number"),
        ({"m": "inf"}, "must be a number"),
        ({"m": 1e300}, "must be a number, at least 0 and at most 1e"),
        ({"min_votes": 0}, "min_votes=0: must be a whole number, at least 1"),
        ({"min_votes": 1.5}, "must be a whole number"),
        ({"votes": 1}, "no parameter 'votes': it has m, min_votes"),
        ({"min_votes": 10_000}, "no film has enough ratings"),
    ],
)
def test_senseless_parameters_are_refused_and_keep_the_old_ranking(
    crawled_engine: sa.Engine, parameters: dict[str, Any], message: str
) -> None:
    before = ranked(crawled_engine)
    with pytest.raises(InputError, match=message):
        ranked(crawled_engine, **parameters)
    with crawled_engine.connect() as connection:
        assert len(ranking(connection, friends(crawled_engine), "bayesian")) == len(before)


def test_readers_never_see_half_a_ranking(crawled_engine: sa.Engine) -> None:
    whole = len(ranked(crawled_engine))
    seen, stop = set(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            with crawled_engine.connect().execution_options(reading=True) as connection:
                seen.add(connection.scalar(sa.select(sa.func.count()).select_from(film_rankings)))

    reader = threading.Thread(target=read)
    reader.start()
    for m in range(10):
        ranked(crawled_engine, m=m)
    stop.set()
    reader.join()
    assert seen == {whole}


def test_a_ranking_that_was_never_computed_says_what_to_do(crawled_engine: sa.Engine) -> None:
    cohort = friends(crawled_engine)
    what_to_do = "run `letterboxd rank compute --cohort friends --strategy bayesian`"
    with crawled_engine.connect() as connection, pytest.raises(InputError, match=what_to_do):
        ranking(connection, cohort, "bayesian")


def test_a_csv_has_the_columns_and_can_be_cut_at_a_score(crawled_engine: sa.Engine) -> None:
    ranked(crawled_engine)
    with crawled_engine.connect() as connection:
        films = ranking(connection, friends(crawled_engine), "bayesian", min_score=3.5)
    text = as_csv(films, "https://letterboxd.com")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [float(row["score"]) for row in rows] == [film.score for film in films]
    assert min(film.score for film in films) >= 3.5
    assert json.loads(rows[0]["parameters"]) == {"m": 5, "min_votes": 1}
    assert rows[0]["link"] == f"https://letterboxd.com/film/{rows[0]['slug']}/"


numbers = st.floats(0.5, 5)


@given(mean=numbers, prior_mean=numbers, votes=st.integers(1, 1000), m=st.floats(0, 100))
def test_a_score_lies_between_the_films_mean_and_the_prior(
    mean: float, prior_mean: float, votes: int, m: float
) -> None:
    score = bayesian(mean, votes, prior_mean=prior_mean, prior_votes=m)
    assert min(mean, prior_mean) - 1e-9 <= score <= max(mean, prior_mean) + 1e-9


@given(mean=numbers, prior_mean=numbers, votes=st.integers(1, 1000), m=st.floats(0.1, 100))
def test_more_votes_pull_less(mean: float, prior_mean: float, votes: int, m: float) -> None:
    fewer = bayesian(mean, votes, prior_mean=prior_mean, prior_votes=m)
    more = bayesian(mean, votes + 1, prior_mean=prior_mean, prior_votes=m)
    assert abs(more - mean) <= abs(fewer - mean) + 1e-9


# What crawling needs and ranking does not.
CRAWLING = ("scrapy", "twisted", "parsel", "itemadapter", "lxml", "playwright")
_NONE_IS_FOUND = """
import sys
from importlib.util import find_spec
assert not [name for name in sys.argv[1:] if find_spec(name)]
"""
_ALL_END_WELL = """
import sys
from letterboxd_scraper.cli.main import run_ranking
for words in sys.argv[1:]:
    assert run_ranking(words.split()) == 0, words
"""


@pytest.fixture
def packages_without_scrapy(tmp_path: Path) -> Path:
    """A folder of installed packages that lacks those for crawling."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        # Not the project itself, whose installation may lead to another copy of it.
        if not entry.name.lower().startswith((*CRAWLING, "letterboxd", "__editable__")):
            (folder / entry.name).symlink_to(entry)
    return folder


@on_sqlite
def test_it_runs_where_scrapy_is_not_installed(
    crawled_engine: sa.Engine, packages_without_scrapy: Path, tmp_path: Path
) -> None:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        # -S: nothing of the installation but what the path below names.
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            env={
                "DATABASE_URL": address(crawled_engine),
                "PYTHONPATH": f"{ROOT}{os.pathsep}{packages_without_scrapy}",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert_ended(run("-c", _NONE_IS_FOUND, *CRAWLING), 0)
    computed = run("-m", "ranking", "compute", "--cohort", "friends")
    assert_ended(computed, 0)
    with crawled_engine.connect() as connection:
        films = ranking(connection, friends(crawled_engine), "circle")
    assert f"circle: {len(films)} films ranked for friends" in computed.stderr
    film = str(films[0].slug)
    commands = (
        "show --cohort friends --min-watchers 5",
        f"explain --cohort friends --film {film}",
        "export csv --cohort friends",
        "list",
    )
    assert_ended(run("-c", _ALL_END_WELL, *commands), 0)
