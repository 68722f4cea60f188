"""A cohort's ratings in memory, and the fitted circle as columns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from ranking.facts import Facts
from ranking.strategies import STRATEGIES, circle_ratings
from ranking.strategies.base import FittedStrategy
from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import pack, read
from ranking.strategies.fitted_circle import FittedCircle, fit_circle
from tests.ranking.circles import ASCENDING, COHORT, NOW, make_circle, packed

RATED = {(1, 10): 5.0, (1, 30): 0.5, (2, 20): 3.0, (2, 30): 3.5, (2, 40): 4.0, (4, 30): 2.0}
AVERAGES = {10: (4.25, 100), 20: (3.25, 1), 30: (2.5, None), 40: (3.75, 0), 50: (1.0, 10)}
FACTS = Facts(COHORT, NOW)


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return make_circle(tmp_path, RATED | {(3, 50): None, (4, 50): None}, averages=AVERAGES)


def test_what_is_read(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        ratings = read(connection, FACTS)
    assert ratings.member_ids.tolist() == [1, 2, 4]
    assert ratings.film_ids.tolist() == [10, 20, 30, 40]
    assert ratings.starts.tolist() == [0, 2, 5, 6]
    assert ratings.film.tolist() == [0, 2, 1, 2, 3, 2]
    assert ratings.half_stars.tolist() == [10, 1, 6, 7, 8, 4]
    assert ratings.by_member.tolist() == [2, 3, 1]
    assert ratings.by_film.tolist() == [1, 1, 3, 1]
    assert ratings.means.tolist() == [5.0, 3.0, 2.0, 4.0]
    assert ratings.site_average.tolist() == [4.25, 3.25, 2.5, 3.75]
    # Nobody says how many ratings an average is of, or none: it is taken for one of many.
    assert ratings.site_count.tolist() == [100.0, 1.0, np.inf, np.inf]


def test_an_average_of_a_film_that_nobody_rated_is_no_others(tmp_path: Path) -> None:
    engine = make_circle(
        tmp_path, {(1, 2): 3.0, (1, 3): None, (1, 1): None}, averages={1: (1.0, 5), 3: (4.0, 9)}
    )
    with engine.connect() as connection:
        ratings = read(connection, FACTS)
    assert ratings.film_ids.tolist() == [2]
    assert np.isnan(ratings.site_average).all()
    assert ratings.site_count.tolist() == [np.inf]


def test_without_averages_nothing_is_known_of_letterboxd(tmp_path: Path) -> None:
    with make_circle(tmp_path, {(1, 1): 3.0}).connect() as connection:
        ratings = read(connection, FACTS)
    assert np.isnan(ratings.site_average).all()


def test_a_cohort_without_ratings(tmp_path: Path) -> None:
    with make_circle(tmp_path, {(1, 1): None}, averages={1: (3.0, 3)}).connect() as connection:
        ratings = read(connection, FACTS)
        assert list(STRATEGIES["circle"].reasons(connection, FACTS, {"site": 1, "min_votes": 1})) == []
    assert (
        len(ratings.film_ids) == len(ratings.member_ids) == len(ratings.film) == len(ratings.half_stars) == 0
    )
    assert ratings.starts.tolist() == [0]


def test_who_rated_a_film() -> None:
    ratings = packed((member, film, stars) for (member, film), stars in RATED.items())
    assert [ratings.raters(film) for film in (10, 20, 30, 40, 5, 25, 50)] == [
        [0],
        [1],
        [0, 1, 2],
        [1],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("chunk", "members"), [(1, [1, 1, 1]), (4, [1, 2]), (5, [2, 1]), (6, [3]), (99, [3])]
)
def test_blocks_are_whole_members(monkeypatch: pytest.MonkeyPatch, chunk: int, members: list[int]) -> None:
    monkeypatch.setattr(circle_ratings, "CHUNK", chunk)
    ratings = packed((member, film, stars) for (member, film), stars in RATED.items())
    blocks = list(ratings.blocks())
    assert [block.members.stop - block.members.start for block in blocks] == members
    assert np.concatenate([block.film for block in blocks]).tolist() == ratings.film.tolist()
    assert np.concatenate([block.stars for block in blocks]).tolist() == [5.0, 0.5, 3.0, 3.5, 4.0, 2.0]
    of_member = np.array([1.0, 2.0, 4.0])
    assert np.concatenate([block.spread(of_member) for block in blocks]).tolist() == [1, 1, 2, 2, 2, 4]
    assert np.concatenate([block.sums(block.stars) for block in blocks]).tolist() == [5.5, 10.5, 2.0]
    # In chunks of any size the films are numbered, and counted, alike.
    assert ratings.film.tolist() == [0, 2, 1, 2, 3, 2]
    assert ratings.by_film.tolist() == [1, 1, 3, 1]


def test_films_of_a_member_are_packed_in_order() -> None:
    keys = [(7, np.array([16 * 9 + 4, 16 * 2 + 10], np.int64))]
    ratings = pack(keys, ASCENDING)
    assert ratings.film_ids.tolist() == [2, 9]
    assert ratings.half_stars.tolist() == [10, 4]
    assert pack(keys, ASCENDING[::-1]).film_ids.tolist() == [9, 2]
    assert ratings.film_ids.dtype == ratings.film.dtype == ratings.member_ids.dtype == np.int32


def circle() -> FittedCircle:
    averages = {10: (4.25, 100.0), 30: (2.5, np.inf)}
    ratings = packed(((member, film, stars) for (member, film), stars in RATED.items()), averages)
    return FittedCircle(ratings, fit(ratings), min_votes=1)


def test_columns_are_what_the_score_is_made_of() -> None:
    fitted = circle()
    model, columns = fitted.fit, fitted.columns()
    assert columns["film_id"] == [10, 20, 30, 40]
    assert columns["votes"] == [1, 1, 3, 1]
    assert columns["mean"] == [5.0, 3.0, 2.0, 4.0]
    assert columns["score"] == model.score.tolist()
    assert columns["score_low"] == (model.score - model.margin).clip(0.5, 5).tolist()
    assert columns["score_high"] == (model.score + model.margin).clip(0.5, 5).tolist()
    assert columns["site_average"] == [4.25, None, 2.5, None]
    assert columns["site_count"] == [100.0, None, None, None]
    assert columns["lambda"] == [model.pull, None, model.pull, None]
    assert columns["phi"] == [model.fame, None, None, None]
    # The score is the weighted mean of the ratings without habits and of what is expected.
    rated, weight, expected, worth = (
        np.array(columns[name], float) for name in ("without_habits", "weight", "expected", "expected_weight")
    )
    assert (weight * rated + worth * expected) / (weight + worth) == pytest.approx(model.score)
    assert weight == pytest.approx([w * model.usual_noise for w in model.weight])


def test_scores_and_intervals_end_where_stars_do() -> None:
    ratings = packed([(1, 1, 5.0), (2, 1, 5.0), (1, 2, 0.5), (2, 2, 0.5)])
    model = replace(fit(ratings), mu=2.75, effect=np.array([2.5, -2.5]), variance=np.array([0.1, 0.1]))
    fitted = FittedCircle(ratings, model, min_votes=1)
    columns = fitted.columns()
    assert columns["score"] == [columns["score_high"][0], columns["score_low"][1]] == [5.0, 0.5]
    assert columns["score_low"][0] == 5.25 - model.margin[0]
    # What foretells ratings is not bounded.
    assert fitted.estimates() == {1: (5.25, 0.1), 2: (0.25, 0.1)}


def test_films_with_few_votes_are_fitted_but_no_part_of_the_columns() -> None:
    fitted = circle()
    few = FittedCircle(fitted.ratings, fitted.fit, min_votes=3)
    assert few.columns()["film_id"] == [30]
    assert few.columns()["score"] == [fitted.columns()["score"][2]]


def test_members_and_voices() -> None:
    fitted = circle()
    model = fitted.fit
    assert fitted.members() == {
        member: {"habit": model.habit[place], "noise": model.noise[place]}
        for place, member in enumerate((1, 2, 4))
    }
    assert fitted.voices(40) == {2: {"habit": model.habit[1], "weight": model.usual_noise / model.noise[1]}}
    assert fitted.voices(30).keys() == {1, 2, 4}
    assert fitted.voices(50) == {}


def test_the_scores_go_into_the_database_and_come_out_as_they_were(engine: sa.Engine) -> None:
    strategy = STRATEGIES["circle"]
    assert isinstance(strategy, FittedStrategy)
    with engine.connect() as connection:
        parameters = strategy.settle({"min_votes": 1})
        columns = fit_circle(connection, FACTS, parameters).columns()
        rows = connection.execute(strategy.query(connection, FACTS, parameters)).mappings().all()
        fitted = strategy.fit(connection, FACTS, parameters).columns()
    assert fitted == columns
    assert {name: [row[name] for row in rows] for name in columns} == columns
    assert [type(row["votes"]) for row in rows] == [int] * 4
