"""Whose ratings foretell a member's: shares of pairs, their intervals, and that chance is chance."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.store.members import cohorts
from ranking.evaluation.measures import pairs_right
from ranking.taste import members as taste
from ranking.taste.agreement import Matrix, Rated, in_own_measure
from ranking.taste.foretellers import foretellers
from ranking.taste.foretelling import by_scores, count_pairs, foretold, tables
from tests.conftest import on_sqlite

DATA = Path(os.environ.get("RATINGS_DATA") or "missing")
FILMS = 60


def drawn(members: int = 12, *, taste_in_common: float = 0.7, seed: int = 1) -> Matrix:
    """Return stars, a row each member; in part they follow what a film is, in part nothing."""
    rng = np.random.default_rng(seed)
    opinion = taste_in_common * rng.normal(size=FILMS) + 0.7 * rng.normal(size=(members, FILMS))
    stars: Matrix = np.clip(np.round(2 * (3 + opinion)) / 2, 0.5, 5)
    return stars


def rated(stars: Matrix) -> Rated:
    """Return the ratings of a matrix; 0 is none."""
    members, films = np.nonzero(stars)
    return in_own_measure(members, films, stars[members, films])


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), min_size=2, max_size=12))
def test_shares_equal_a_count_pair_by_pair(ratings: list[tuple[int, int]]) -> None:
    stars = np.array(ratings).T / 2
    counted = count_pairs(tables(rated(stars), 0))
    assert float(counted.share[1]) == pytest.approx(pairs_right(*stars), nan_ok=True)
    assert counted.films[1] == len(ratings)


def test_shares_have_a_direction() -> None:
    coarse = np.array([[1.0, 2, 3, 4], [1, 1, 4, 4]])
    assert count_pairs(tables(rated(coarse), 0)).share[1] == pytest.approx(5 / 6)
    assert count_pairs(tables(rated(coarse), 1)).share[0] == 1


def test_errors_are_as_large_as_shares_scatter() -> None:
    counted = [count_pairs(tables(rated(drawn(2, seed=seed)), 0)) for seed in range(300)]
    scatter = np.var([float(of_draw.share[1]) for of_draw in counted])
    assert np.mean([float(of_draw.error[1]) for of_draw in counted]) / FILMS == pytest.approx(
        scatter, rel=0.3
    )


def test_chance_is_half_and_its_intervals_say_so() -> None:
    members = 40
    stars = np.random.default_rng(1).integers(1, 11, (members, FILMS)) / 2
    shares = foretold(rated(stars), range(members))
    others = ~np.eye(members, dtype=bool)
    assert shares.share[others].mean() == pytest.approx(0.5, abs=0.02)
    assert np.mean((shares.low <= 0.5) & (shares.high >= 0.5), where=others) > 0.95


def test_one_taste_and_the_opposite_stand_out() -> None:
    stars = drawn()
    shares = foretold(rated(np.vstack([stars, stars[0], 5.5 - stars[0]])), [0])
    usual = shares.share[0, 1:12]
    assert shares.low[0, 12] > usual.max()
    assert shares.high[0, 13] < usual.min()


def test_few_films_in_common_say_little() -> None:
    stars = drawn()
    twin = np.where(np.arange(FILMS) < 5, stars[0], 0)
    shares = foretold(rated(np.vstack([stars, twin])), [0])
    usual = shares.share[0, 1:12]
    assert shares.films[0, 12] == 5
    assert shares.share[0, 12] == pytest.approx(usual.mean(), abs=0.08)
    assert (shares.high - shares.low)[0, 12] > (shares.high - shares.low)[0, 1:12].max()


def test_the_order_of_members_does_not_matter() -> None:
    stars, order = drawn(), np.random.default_rng(2).permutation(12)
    expected, turned = foretold(rated(stars), range(12)), foretold(rated(stars[order]), range(12))
    assert turned.share == pytest.approx(expected.share[np.ix_(order, order)], abs=1e-9)


def test_scores_that_order_all_alike_and_scores_that_say_nothing() -> None:
    stars = drawn(1)[0]
    once = np.ones(FILMS, int)
    right, low, high = by_scores(stars, stars, once)
    assert low <= right <= high
    assert right > 0.95
    assert by_scores(stars, np.zeros(FILMS), once)[0] == pytest.approx(0.5, abs=0.02)
    usual, low, high = by_scores(stars[:1], stars[:1], once[:1])
    assert low < usual < high


def test_all_others_together_are_the_circle_without_the_member(crawled_engine: sa.Engine) -> None:
    with crawled_engine.connect() as connection:
        circle = taste.read(connection, cohorts.find(connection, "friends"))
        marla = taste.find_member(connection, circle, None, "marla")
        shares = foretellers(connection, circle, marla)
        assert set(shares.others) == set(circle.users) - {marla}
        # Who is alone has nobody to be foretold by.
        alone = taste.CircleTaste([marla], rated(drawn(1)), circle.film_ids[:FILMS], circle.beliefs)
        assert foretellers(connection, alone, marla).others == {}
    for share in (shares.together, *shares.others.values()):
        assert 0 <= share.low < share.share < share.high <= 1


@on_sqlite
def test_the_command_says_whose_ratings_foretell(
    crawled_engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["taste", "--member", "marla", "--cohort", "friends", "--db-url", str(crawled_engine.url)]
    assert run([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    best = max(rows, key=lambda row: row["foretells"])
    assert {row["together"] for row in rows} == {rows[0]["together"]}
    assert all(row["foretells_low"] < row["foretells"] < row["foretells_high"] for row in rows)
    assert run(words) == 0
    out = capsys.readouterr().out
    assert "whose ratings foretell marla's" in out
    assert f"{best['member']} has {100 * best['foretells']:.0f} in marla's order" in out
    assert f"all others together have {100 * best['together']:.0f}" in out
    other = best["member"]
    assert run([*words, "--with", other]) == 0
    assert f"{other} has {100 * best['foretells']:.0f} in marla's order" in capsys.readouterr().out


@pytest.mark.skipif(
    not (DATA / "ratings.parquet").exists(), reason="RATINGS_DATA names no folder with ratings"
)
def test_intervals_hold_and_chance_is_half_of_real_members() -> None:
    from benchmarks.circle_accuracy import Members
    from benchmarks.foretelling_accuracy import Outcome, judge, without_taste
    from benchmarks.hidden_ratings import Everybody, circles, read_facts

    members = Members.read(str(DATA))
    facts = read_facts(str(DATA), members.slugs)
    for judged_members, usual in ((members, None), (without_taste(members), 50)):
        outcome = Outcome()
        for judged, cohort, seed, rng in circles(Everybody(judged_members, facts), "random", 39, 4):
            judge(outcome, judged, cohort, seed, rng)
        assert 86 <= np.mean(outcome.held) <= 97
        assert usual is None or np.mean(outcome.shares) == pytest.approx(usual, abs=2)
