"""The closed formulas on a circle of seven ratings, every number of every film by hand."""

from collections.abc import Callable
from math import exp, log, sqrt
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import pytest
import sqlalchemy as sa

from ranking.facts import Facts
from ranking.strategies import STRATEGIES
from tests.ranking.circles import COHORT, NOW, dated, days_ago, make_circle

# By (member, film).
RATED: dict[tuple[int, int], float | None] = {
    (1, 1): 5.0,
    (1, 2): 3.0,
    (1, 3): 4.0,
    (2, 1): 4.0,
    (2, 2): 2.0,
    (3, 1): 3.5,
    (3, 4): 1.0,
}
LIKED: dict[tuple[int, int], float | None] = {(2, 4): None, (3, 5): None}
DATES = {
    (1, 1): dated(0),
    (2, 1): dated(90),
    # Between 40 and 20 days ago: 30.
    (3, 1): {"rated_at": None, "first_seen_at": days_ago(20), "seen_after": days_ago(40)},
    (1, 2): dated(-3),  # clocks differ, and so do zones: it counts as made now
    (2, 2): dated(700_000),  # as old as a rating can count, 700 τ
}
AVERAGES = {1: (4.0, 1000), 2: (3.5, 500), 4: (2.0, None), 5: (3.0, 7)}
C = fmean(stars for stars in RATED.values() if stars)
STARS = {1: [5.0, 4.0, 3.5], 2: [3.0, 2.0], 3: [4.0], 4: [1.0]}


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return make_circle(tmp_path, RATED | LIKED, dates=DATES, averages=AVERAGES)


def query_rows(engine: sa.Engine, strategy: str, **parameters: float) -> dict[int, dict[str, Any]]:
    """Return each film's numbers by name."""
    chosen = STRATEGIES[strategy]
    with engine.connect() as connection:
        query = chosen.query(connection, Facts(COHORT, NOW), chosen.settle(parameters))
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return {row.pop("film_id"): row for row in rows}


def z(values: dict[int, float]) -> dict[int, float]:
    mean, deviation = fmean(values.values()), pstdev(values.values())
    return {film: (value - mean) / deviation for film, value in values.items()}


def bayesian(film: int, m: float = 5) -> float:
    return (sum(STARS[film]) + m * C) / (len(STARS[film]) + m)


def expect_bayesian(film: int) -> dict[str, float]:
    return {
        "votes": len(STARS[film]),
        "score": bayesian(film),
        "mean": fmean(STARS[film]),
        "prior_mean": C,
    }


def expect_wilson(film: int) -> dict[str, float]:
    n, positive = len(STARS[film]), sum(stars >= 3.5 for stars in STARS[film])
    p = positive / n
    root = 1.96 * sqrt((p * (1 - p) + 1.96**2 / (4 * n)) / n)
    score = (p + 1.96**2 / (2 * n) - root) / (1 + 1.96**2 / n)
    return {"votes": n, "score": score, "positive": positive, "share": p}


# Weights and weighted mean of the ratings that are dated, for τ = 180 days.
WEIGHTS = {1: [1.0, exp(-0.5), exp(-30 / 180)], 2: [1.0, exp(-700)]}


def recent(film: int) -> dict[str, float]:
    weight = sum(WEIGHTS[film])
    mean = sum(w * stars for w, stars in zip(WEIGHTS[film], STARS[film], strict=True)) / weight
    return {"weight": weight, "weighted_mean": mean, "score": (weight * mean + 2 * C) / (weight + 2)}


def expect_recency(film: int) -> dict[str, float]:
    return {"votes": len(STARS[film]), "prior_mean": C} | recent(film)


def expect_discovery(film: int) -> dict[str, float]:
    circle, there = {f: bayesian(f) for f in (1, 2, 4)}, {f: AVERAGES[f][0] for f in (1, 2, 4)}
    return {
        "votes": len(STARS[film]),
        "bayesian": circle[film],
        "bayesian_z": z(circle)[film],
        "site_average": there[film],
        "site_average_z": z(there)[film],
        "score": z(circle)[film] - z(there)[film],
    }


def expect_hybrid(film: int) -> dict[str, float | None]:
    means = {f: fmean(stars) for f, stars in STARS.items()}
    votes = {f: log(len(stars)) for f, stars in STARS.items()}
    lately = {f: recent(f)["score"] for f in (1, 2)}
    terms = {
        "mean": means[film],
        "mean_z": z(means)[film],
        "log_votes": votes[film],
        "log_votes_z": z(votes)[film],
        "recency_z": z(lately).get(film, 0.0),
    }
    score = terms["mean_z"] + 0.5 * terms["log_votes_z"] + 2 * terms["recency_z"]
    return {"votes": len(STARS[film]), "recency": lately.get(film), "score": score, **terms}


CASES: dict[str, tuple[Callable[[int], dict[str, Any]], tuple[int, ...], dict[str, float]]] = {
    "bayesian": (expect_bayesian, (1, 2, 3, 4), {}),
    "wilson": (expect_wilson, (1, 2, 3, 4), {}),
    "recency": (expect_recency, (1, 2), {}),
    "discovery": (expect_discovery, (1, 2, 4), {"min_votes": 1, "above": -5}),
    "hybrid": (expect_hybrid, (1, 2, 3, 4), {"min_votes": 1, "alpha": 0.5, "beta": 2}),
}


@pytest.mark.parametrize("strategy", CASES)
def test_every_number_of_every_film(engine: sa.Engine, strategy: str) -> None:
    expected, films, parameters = CASES[strategy]
    rows = query_rows(engine, strategy, **parameters)
    assert rows.keys() == set(films)
    for film, row in rows.items():
        assert row == pytest.approx(expected(film), abs=1e-9), film


@pytest.mark.parametrize("strategy", CASES)
def test_films_with_fewer_ratings_are_left_out(engine: sa.Engine, strategy: str) -> None:
    _, _, parameters = CASES[strategy]
    assert query_rows(engine, strategy, **parameters | {"min_votes": 2}).keys() == {1, 2}
    assert query_rows(engine, strategy, **parameters | {"min_votes": 3}).keys() == {1}


def test_a_discovery_is_a_film_that_the_circle_likes(engine: sa.Engine) -> None:
    every = query_rows(engine, "discovery", min_votes=1, above=-5)
    liked = query_rows(engine, "discovery", min_votes=1)
    assert every.keys() == {1, 2, 4}
    # Films 2 and 4 have less than the mean of all ratings, and are no part of what is usual.
    assert liked == {1: every[1] | {"bayesian_z": 0, "site_average_z": 0, "score": 0}}
    difference = bayesian(1) - C
    assert query_rows(engine, "discovery", min_votes=1, above=difference) == liked
    assert query_rows(engine, "discovery", min_votes=1, above=difference + 1e-6) == {}


def test_parameters_count(engine: sa.Engine) -> None:
    assert query_rows(engine, "bayesian", m=1)[3]["score"] == pytest.approx((4 + C) / 2)
    assert query_rows(engine, "wilson", threshold=4)[1]["positive"] == 2
    half, whole = (query_rows(engine, "wilson", z=z)[1]["score"] for z in (0, 1.96))
    assert half == pytest.approx(1.0)
    assert whole < half
    assert query_rows(engine, "recency", tau=90)[1]["weight"] == pytest.approx(1 + exp(-1) + exp(-1 / 3))
    assert query_rows(engine, "recency", m=0)[1]["score"] == pytest.approx(recent(1)["weighted_mean"])
    m = query_rows(engine, "discovery", min_votes=1, m=0)[1]["bayesian"]
    assert m == pytest.approx(fmean(STARS[1]))


def test_without_a_member_only_the_others_count(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        strategy = STRATEGIES["bayesian"]
        query = strategy.query(connection, Facts(COHORT, NOW, without=1), strategy.settle({"m": 0}))
        rows = {row.film_id: (row.votes, row.score) for row in connection.execute(query)}
    assert rows == {1: (2, 3.75), 2: (1, 2.0), 4: (1, 1.0)}


SENTENCES = {
    "bayesian": "3 ratings, mean 4.17; counted with 5 more of 3.21, the circle's mean",
    "wilson": "3 of 3 ratings with 3.5 stars or more: with 95 % confidence, a share of 44 % at least",
    "recency": "3 ratings weigh as much as 2.45 of today, mean 4.24; counted with 2 more of 3.21, "
    "the circle's mean",
    "discovery": "3 ratings make 3.57 here (+1.38 deviations from the usual), "
    "Letterboxd's average is 4.00 (+0.98)",
    "hybrid": "mean 4.17 (+0.97 deviations from the usual), 3 ratings (+1.38), lately 3.78 (+1.00)",
}


@pytest.mark.parametrize("strategy", SENTENCES)
def test_the_sentence_of_a_film(engine: sa.Engine, strategy: str) -> None:
    chosen = STRATEGIES[strategy]
    with engine.connect() as connection:
        parameters = chosen.settle({"min_votes": 1, "above": -5})
        reasons = chosen.reasons(connection, Facts(COHORT, NOW), parameters)
    assert reasons[1] == SENTENCES[strategy]


def test_the_sentence_of_a_film_without_a_recent_rating(engine: sa.Engine) -> None:
    chosen = STRATEGIES["hybrid"]
    with engine.connect() as connection:
        reasons = chosen.reasons(connection, Facts(COHORT, NOW), chosen.settle({"min_votes": 1}))
    assert reasons[4].endswith("1 rating (-0.95), no recent verdict")


def test_the_sentence_of_the_fitted_strategy() -> None:
    terms = {
        "votes": 2,
        "mean": 4.25,
        "without_habits": 4.123,
        "expected": 3.5,
        "expected_weight": 1.66,
        "score_low": 3.301,
        "score_high": 4.299,
        "site_average": 3.777,
    }
    because = STRATEGIES["circle"].because
    assert because(terms) == (
        "2 ratings, mean 4.25, 4.12 once it is evened out who rates high and who low; counted with "
        "1.7 more of 3.50, which Letterboxd's 3.78 lets expect; with 90 % confidence 3.30 to 4.30"
    )
    assert "counted with 1.7 more of 3.50, which is usual here;" in because(terms | {"site_average": None})
