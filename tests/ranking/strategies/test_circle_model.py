"""The model of `circle`, rule by rule, on circles small enough to see through."""

import logging
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from ranking.strategies import circle_model, circle_ratings
from ranking.strategies.circle_model import Fit, fit
from ranking.strategies.circle_ratings import Ratings
from tests.ranking.circles import packed

# Four members and six films; Letterboxd has an average of four, of one of which nobody says how many made it.
STARS = {
    1: {1: 5.0, 2: 4.0, 3: 4.5, 4: 3.0, 5: 2.5, 6: 4.0},
    2: {1: 4.0, 2: 2.5, 3: 3.5, 4: 1.5, 5: 1.0},
    3: {1: 4.5, 2: 3.5, 4: 3.0, 6: 2.0},
    4: {2: 5.0, 3: 4.0, 4: 0.5, 5: 3.5},
}
AVERAGES = {1: (4.2, 1000.0), 2: (3.6, 20.0), 4: (2.4, 3.0), 5: (2.9, np.inf)}

FIGURES: dict[str, Any] = {
    "mu": 3.2310056652,
    "habits": 0.1409602732,
    "effects": 0.3321403472,
    "deviations": 0.0380500724,
    "usual_noise": 0.7276385354,
    "pull": 1.2544267489,
    "fame": 0.0267413753,
    "score": [4.4731403127, 3.6568718861, 3.6655274218, 2.0198102464, 2.6877487032, 3.0456551697],
    "margin": [0.6952831822, 0.5478011844, 0.6602438573, 0.6573618037, 0.5319179032, 0.7368674961],
    "expected": [1.2319618271, 0.3746929023, -0.0150353651, -1.1813507939, -0.485445396, -0.0150353651],
    "spread": [0.0394168877, 0.106390839, 0.3321403472, 0.493655183, 0.0380500724, 0.3321403472],
    "weight": [4.1421468887, 5.4929683004, 4.1188373544, 5.4929683004, 4.1188373544, 2.7646680534],
    "unshrunk": [1.3044411755, 0.5134315644, 0.7631376802, -1.2222015663, -0.9121365332, -0.3708268715],
    "habit": [0.3108735776, -0.3943888316, -0.0213341108, 0.1048493648],
    "habit_variance": [0.0722073102, 0.0784627548, 0.0871658388, 0.0862820254],
    "noise": [0.7191465763, 0.7259639672, 0.7277326829, 0.7402903088],
    "rounds": 19,
}


def circle() -> Ratings:
    rated = [(member, film, stars) for member, films in STARS.items() for film, stars in films.items()]
    return packed(rated, AVERAGES)


def blank(ratings: Ratings, **estimates: object) -> Fit:
    """Return a fit before its first round, but for the given estimates."""
    films, members = len(ratings.film_ids), len(ratings.member_ids)
    by_film = ("effect", "variance", "expected", "spread", "weight", "unshrunk")
    start = {name: np.zeros(films) for name in by_film}
    start |= {"habit": np.zeros(members), "habit_variance": np.zeros(members), "noise": np.ones(members)}
    return Fit(**{"mu": 3.0, **start, **estimates})  # type: ignore[arg-type]


def test_the_figures_of_a_small_circle() -> None:
    """Of no other origin than this model: whoever changes a formula sees here what that does."""
    model = fit(circle())
    assert model.mu == pytest.approx(FIGURES["mu"], abs=1e-8)
    for name in ("habits", "effects", "deviations", "usual_noise", "pull", "fame"):
        assert getattr(model, name) == pytest.approx(FIGURES[name], abs=1e-8), name
    for name in ("score", "margin", "expected", "spread", "weight", "unshrunk"):
        assert getattr(model, name).tolist() == pytest.approx(FIGURES[name], abs=1e-8), name
    for name in ("habit", "habit_variance", "noise"):
        assert getattr(model, name).tolist() == pytest.approx(FIGURES[name], abs=1e-8), name
    assert model.rounds == FIGURES["rounds"]


def test_a_margin_is_that_of_ninety_percent() -> None:
    model = blank(circle(), variance=np.full(6, 0.25))
    assert model.margin == pytest.approx(np.full(6, 0.5 * NormalDist().inv_cdf(0.95)))


def test_the_mean_takes_one_degree_of_freedom_of_the_habits() -> None:
    ratings = circle()
    model = blank(ratings)
    circle_model._fit_members(model, ratings)
    count = np.array([6, 5, 4, 4])
    share = 1 / (count + 1 / 0.12)
    total = np.array([sum(stars - 3.0 for stars in films.values()) for films in STARS.values()])
    habit = share * total
    # Of n habits, n − 1 are free to differ; of each, the ratings determine the share 1 − variance / prior.
    freedom = (1 - share / 0.12).sum() * (1 - 1 / 4)
    assert model.habits == pytest.approx((habit @ habit + 4 * 0.12) / (freedom + 4))
    assert model.mu == pytest.approx(3.0 + habit.mean())
    assert model.habit == pytest.approx(habit - habit.mean())
    assert model.habit_variance == pytest.approx(share)


def test_an_average_of_few_ratings_is_doubted() -> None:
    ratings = circle()
    model = blank(ratings, coefficients=np.array([0.0, 0.5, 0.0]), usual_noise=0.8, habits=0.2)
    circle_model._fit_films(model, ratings, circle_model._Site(ratings))
    # λ² times the variance of an average of n ratings, each with the noise and the habit of its rater.
    one = 0.5**2 * (0.8 + 0.2)
    expected = [0.04 + one / 1000, 0.04 + one / 20, 0.35, 0.04 + one / 3, 0.04, 0.35]
    assert model.spread == pytest.approx(np.array(expected))


def test_what_letterboxd_says_is_centred_and_unknown_is_nothing() -> None:
    site = circle_model._Site(circle())
    average = np.mean([4.2, 3.6, 2.4, 2.9])
    fame = np.mean(np.log([1000, 20, 3]))
    assert site.rated.tolist() == [True, True, False, True, True, False]
    assert site.design[:, 0].tolist() == [1.0] * 6
    assert site.design[:, 1] == pytest.approx(
        [4.2 - average, 3.6 - average, 0, 2.4 - average, 2.9 - average, 0]
    )
    assert site.design[:, 2] == pytest.approx(
        [np.log(1000) - fame, np.log(20) - fame, 0, np.log(3) - fame, 0, 0]
    )
    assert site.doubt == pytest.approx([1 / 1000, 1 / 20, 0, 1 / 3, 0, 0])


def test_members_of_one_noise_share_it_and_no_more_than_two_hundred_degrees_of_freedom() -> None:
    ratings = circle()
    model = blank(ratings)
    freedom = np.full(4, 50.0)
    circle_model._fit_noise(model, np.array([50.0, 51.0, 49.0, 50.0]), freedom)
    usual = (200 + 4 * 0.6) / (200 + 4)
    assert model.usual_noise == pytest.approx(usual)
    assert model.noise == pytest.approx((np.array([50.0, 51.0, 49.0, 50.0]) + 200 * usual) / 250)


def test_members_of_unlike_noise_keep_their_own_but_for_half_a_degree_of_freedom() -> None:
    ratings = circle()
    model = blank(ratings)
    residual = np.array([0.01, 0.01, 0.01, 400.0])
    circle_model._fit_noise(model, residual, np.array([50.0, 50.0, 50.0, 10.0]))
    usual = (400.03 + 4 * 0.6) / (160 + 4)
    assert model.noise[3] == pytest.approx((400 + 0.5 * usual) / 10.5)
    assert model.noise[0] == pytest.approx(max(0.5**2 / 12, (0.01 + 0.5 * usual) / 50.5))


def test_noise_is_never_less_than_half_stars_make() -> None:
    ratings = circle()
    model = blank(ratings)
    circle_model._fit_noise(model, np.zeros(4), np.full(4, 1000.0))
    assert model.usual_noise == pytest.approx(0.5**2 / 12)
    assert model.noise == pytest.approx(np.full(4, 0.5**2 / 12))


def test_a_variance_is_never_nothing() -> None:
    nothing = np.zeros(6)
    among = np.ones(6, bool)
    assert circle_model._variance(1e-9, 0.0, nothing, np.full(6, 1e9), among) == 1e-6
    # MacKay's update, with four films more of the usual variance.
    surprise, precision = np.full(6, 2.0), np.full(6, 3.0)
    variance = circle_model._variance(0.5, 0.35, surprise, precision, np.array([True, True, False] * 2))
    assert variance == pytest.approx((0.25 * 4 * 4 + 4 * 0.35) / (0.5 * 3 * 4 + 4))


def test_it_gives_up_after_two_thousand_rounds_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(circle_model, "_SETTLED", -1.0)
    with caplog.at_level(logging.WARNING):
        assert fit(packed([(1, 1, 5.0), (2, 1, 3.0), (2, 2, 1.0)])).rounds == 2000
    assert "circle: the scores had not settled after 2000 rounds; they may be off by some" in caplog.text


def test_it_stops_when_scores_and_margins_stay(caplog: pytest.LogCaptureFixture) -> None:
    model = fit(circle())
    assert 5 < model.rounds < 500
    assert not caplog.records
    assert circle_model._moved((np.zeros(2), np.zeros(2)), (np.array([0.0, -3.0]), np.array([1.0, 0.0]))) == 3
    assert circle_model._moved((np.zeros(2), np.zeros(2)), (np.array([0.0, 1.0]), np.array([4.0, 0.0]))) == 4


def test_a_circle_without_ratings_has_no_scores() -> None:
    model = fit(packed([]))
    assert model.score.tolist() == []
    assert (model.mu, model.rounds) == (0.0, 0)


def test_one_rating_is_a_score() -> None:
    model = fit(packed([(1, 1, 4.0)]))
    assert model.mu + model.effect[0] == pytest.approx(4.0, abs=1e-6)
    assert np.isfinite(model.margin).all()


def test_it_makes_no_difference_how_many_members_are_worked_on_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = fit(circle())
    monkeypatch.setattr(circle_ratings, "CHUNK", 1)
    ratings = circle()
    assert len(list(ratings.blocks())) == 4
    assert fit(ratings).score == pytest.approx(whole.score, abs=1e-9)
    assert fit(ratings).margin == pytest.approx(whole.margin, abs=1e-9)
