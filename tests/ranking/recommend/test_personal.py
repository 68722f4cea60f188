"""What a member would give: the parts add up, the equations hold, and nothing is read from chance."""

import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.evaluation.measures import pairs_right
from ranking.recommend.columns import GROUPS
from ranking.recommend.film_facts import FilmFacts
from ranking.recommend.personal import PARTS, CircleModel, PersonalModel, solve
from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import Ratings
from tests.ranking.circles import packed

GENRES = ("Western", "Drama", "Comedy", "Horror", "Crime", "War", "Music", "Family", "History", "Romance")
LANGUAGES = ("en", "en", "fr", "ja")


def facts_of(ratings: Ratings) -> FilmFacts:
    """Return facts that follow from the films' numbers; of every ninth film nothing is known."""
    return FilmFacts.of([fact_of(film) for film in ratings.film_ids.tolist()])


def fact_of(film: int) -> dict[str, Any]:
    if film % 9 == 8:
        return {}
    return {
        "deviation": 0.7 + film % 7 / 20,
        "year": 1930 + film * 37 % 95,
        "minutes": 40 + film * 13 % 160,
        "genres": [GENRES[film % 10], GENRES[film // 10 % 10]],
        "language": LANGUAGES[film // 3 % 4],
        "tv": film % 11 == 0,
    }


def circle(
    seed: int = 1,
    members: int = 20,
    films: int = 150,
    rated_by_each: int = 60,
    taste: Mapping[str, float] | None = None,
) -> Ratings:
    """Return ratings by chance, but for films' worth and habits; member 0 gives ``taste`` more by genre."""
    rng = np.random.default_rng(seed)
    worth, habit = rng.normal(3.2, 0.5, films), rng.normal(0, 0.3, members)
    rated = []
    for member in range(members):
        for film in rng.choice(films, rated_by_each, replace=False).tolist():
            more = sum((taste or {}).get(genre, 0) for genre in set(fact_of(film).get("genres", ())))
            exact = worth[film] + habit[member] + rng.normal(0, 0.7) + (more if member == 0 else 0)
            rated.append((member, film, float(np.clip(np.round(2 * exact) / 2, 0.5, 5))))
    averages = {film: (round(float(worth[film]), 2), 50.0 + film) for _, film, _ in rated if film % 5}
    return packed(rated, averages)


def circle_model(ratings: Ratings) -> CircleModel:
    return CircleModel(ratings, fit(ratings), facts_of(ratings))


def model(ratings: Ratings, member: int | None = 0) -> PersonalModel:
    return circle_model(ratings).of(member)


def test_the_circle_and_the_parts_are_what_is_expected() -> None:
    forecast = model(circle()).forecast()
    assert forecast.parts.shape == (len(forecast.film_ids), len(PARTS))
    assert forecast.circle + forecast.parts.sum(1) == pytest.approx(forecast.expected, abs=1e-12)
    assert (forecast.low <= forecast.expected).all()
    assert (forecast.expected <= forecast.high).all()
    assert forecast.low.min() >= 0.5
    assert forecast.high.max() <= 5
    assert forecast.ratings == 60


def test_the_coefficients_solve_the_mixed_models_equations() -> None:
    """All members' coefficients at once, from Henderson's equations over rows of single ratings."""
    ratings = circle(members=7, films=80, rated_by_each=40)
    circles = circle_model(ratings)
    fitted, variances, groups = circles.fit, circles.variances, circles.columns.groups
    size, members = len(groups), len(ratings.member_ids)
    left, right = np.zeros((members * size,) * 2), np.zeros(members * size)
    for member in range(members):
        columns = circles.of(member).columns
        own = slice(ratings.starts[member], ratings.starts[member + 1])
        for film, stars in zip(ratings.film[own].tolist(), ratings.half_stars[own] / 2, strict=True):
            score, variance = without(circles, member, film)
            row = np.zeros(members * size)
            row[member * size : (member + 1) * size] = columns.rows(np.array([film], np.int32))[0]
            weight = 1 / (variances.noise[member] * (1 + variance / 0.5))
            left += weight * np.outer(row, row)
            right += weight * row * (stars - fitted.habit[member] - score)
    left += np.diag(np.tile(1 / variances.groups[groups], members))
    solution = np.linalg.solve(left, right).reshape(members, size)
    covariance = np.linalg.inv(left)
    for member in (0, 5, 6):
        taste = circles.of(member).taste
        assert taste.coefficients == pytest.approx(solution[member], abs=1e-8)
        block = slice(member * size, (member + 1) * size)
        assert taste.covariance == pytest.approx(covariance[block, block], abs=1e-8)


def without(circles: CircleModel, member: int, film: int) -> tuple[float, float]:
    """Return a film's score and variance from the ratings of all members but one, habits and noise kept."""
    ratings, fitted, total, weight = circles.ratings, circles.fit, 0.0, 0.0
    for other in range(len(ratings.member_ids)):
        own = slice(ratings.starts[other], ratings.starts[other + 1])
        for at in np.flatnonzero(ratings.film[own] == film).tolist() if other != member else ():
            stars = float(ratings.half_stars[own][at]) / 2
            total += (stars - fitted.habit[other] - fitted.mu) / fitted.noise[other]
            weight += 1 / fitted.noise[other]
    precision = weight + 1 / fitted.spread[film]
    return float(fitted.mu + (total + fitted.expected[film] / fitted.spread[film]) / precision), float(
        1 / precision
    )


def test_a_members_own_rating_of_a_film_is_no_part_of_what_the_others_say_of_it() -> None:
    ratings = circle()
    circles = circle_model(ratings)
    own = slice(ratings.starts[0], ratings.starts[1])
    films, stars = ratings.film[own], ratings.half_stars[own] / 2
    score, variance = circles.others(0, films, stars)
    expected = [without(circles, 0, film) for film in films.tolist()]
    assert score == pytest.approx(np.array([score for score, _ in expected]), abs=1e-9)
    assert variance == pytest.approx(np.array([variance for _, variance in expected]), abs=1e-9)
    forecast = circles.of(0).forecast()
    assert forecast.circle[films] == pytest.approx(score.clip(0.5, 5), abs=1e-12)


def test_without_ratings_of_the_member_it_is_the_circle() -> None:
    ratings = circle()
    personal = model(ratings, None)
    forecast = personal.forecast()
    assert forecast.score == pytest.approx(personal.circle.fit.score)
    assert forecast.expected.tolist() == forecast.circle.tolist()
    assert not forecast.parts.any()
    assert forecast.ratings == 0
    # Who is not known is less sure.
    assert (forecast.high - forecast.low).mean() > 2


def test_the_variances_are_those_of_mackays_update_with_twenty_usual_members() -> None:
    circles = circle_model(circle(members=12))
    usual, columns = circles.columns.usual, circles.columns
    variances = replace(circles.variances, groups=usual, noise=circles.fit.noise)
    for _ in range(2):
        squares, freedom, residual, left = [], [], [], []
        for member in range(12):
            equations = circles.equations(member, columns)
            prior = variances.groups[columns.groups]
            taste = solve(equations, prior, float(variances.noise[member]))
            determined = 1 - taste.covariance.diagonal() / prior
            squares.append([(taste.coefficients[columns.groups == g] ** 2).sum() for g in range(len(GROUPS))])
            freedom.append([determined[columns.groups == g].sum() for g in range(len(GROUPS))])
            b = taste.coefficients
            residual.append(equations.squares - 2 * b @ equations.right + b @ equations.left @ b)
            left.append(60 - determined.sum())
        all_freedom = np.sum(freedom, 0)
        groups = (np.sum(squares, 0) + 20 / 12 * all_freedom * usual) / (all_freedom * (1 + 20 / 12))
        pooled = np.sum(residual) / np.sum(left)
        noise = (np.array(residual) + 20 * pooled) / (np.array(left) + 20)
        variances = replace(variances, groups=groups, noise=noise, usual_noise=float(pooled))
    assert circles.variances.groups == pytest.approx(variances.groups)
    assert circles.variances.noise == pytest.approx(variances.noise)
    assert circles.variances.usual_noise == pytest.approx(variances.usual_noise)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_taste_is_found(seed: int) -> None:
    """Whatever chance makes of the rest: of half a star, as far as some hundred ratings tell of it."""
    ratings = circle(seed=seed, members=30, films=800, rated_by_each=400, taste={"Western": 0.5})
    circles = circle_model(ratings)
    western = np.array(["Western" in fact_of(film).get("genres", ()) for film in ratings.film_ids.tolist()])

    def more_for_westerns(member: int) -> float:
        parts = circles.of(member).forecast().parts[:, PARTS.index("genre")]
        return float(parts[western].mean() - parts[~western].mean())

    assert 0.1 < more_for_westerns(0) < 0.5
    # Somebody else of the same circle has no such part.
    assert abs(more_for_westerns(7)) < 0.15
    forecast = circles.of(0).forecast()
    best, best_by_circle = np.argsort(-forecast.score)[:100], np.argsort(-forecast.circle)[:100]
    assert western[best].sum() > western[best_by_circle].sum()


def test_of_pure_noise_nothing_is_foretold() -> None:
    shares = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        rated = [
            (member, film, float(rng.integers(1, 11)) / 2)
            for member in range(15)
            for film in rng.choice(120, 60, replace=False).tolist()
        ]
        hidden = [rating for rating in rated if rating[0] == 0][:30]
        ratings = packed([rating for rating in rated if rating not in hidden])
        scores = dict(zip(ratings.film_ids.tolist(), model(ratings).forecast().score.tolist(), strict=True))
        both = [(stars, scores[film]) for _, film, stars in hidden if film in scores]
        shares.append(pairs_right(*np.array(both).T))
    assert abs(np.mean(shares) - 0.5) < 2 * np.std(shares, ddof=1) / np.sqrt(len(shares))


NOTHING_KNOWN: Sequence[Sequence[tuple[int, int, float]]] = (
    [(1, 1, 4.0)],
    [(1, 1, 4.0), (2, 1, 2.0)],
    [(1, film, 3.0) for film in range(1, 15)],
    [(member, film, 3.0) for member in range(1, 5) for film in range(1, 15)],
)


@pytest.mark.parametrize("rated", NOTHING_KNOWN)
def test_small_circles_and_films_of_which_nothing_is_known(rated: Sequence[tuple[int, int, float]]) -> None:
    ratings = packed(rated)
    nothing = FilmFacts.of([{} for _ in ratings.film_ids])
    for member in (0, None):
        forecast = CircleModel(ratings, fit(ratings), nothing).of(member).forecast()
        for values in (forecast.expected, forecast.low, forecast.high, forecast.circle, forecast.parts):
            assert np.isfinite(values).all()
        stars = np.mean([stars for *_, stars in rated])
        assert forecast.expected == pytest.approx(np.full(len(ratings.film_ids), stars), abs=1.0)


def test_a_circle_without_ratings_has_no_films_to_recommend() -> None:
    ratings = packed([])
    forecast = CircleModel(ratings, fit(ratings), FilmFacts.of([])).of(None).forecast()
    assert forecast.expected.tolist() == []


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 12), st.integers(1, 10)),
        min_size=1,
        unique_by=lambda rating: rating[:2],
    )
)
def test_whatever_was_rated_the_parts_add_up_within_bounds(rated: list[tuple[int, int, int]]) -> None:
    ratings = packed((member, film, half / 2) for member, film, half in rated)
    forecast = model(ratings).forecast()
    assert forecast.circle + forecast.parts.sum(1) == pytest.approx(forecast.expected, abs=1e-9)
    assert ((forecast.low >= 0.5) & (forecast.low <= forecast.expected)).all()
    assert ((forecast.high <= 5) & (forecast.high >= forecast.expected)).all()


def peak(ratings: Ratings) -> int:
    """Return the most bytes that the model holds at a time, beside the circle's."""
    fitted, facts = fit(ratings), facts_of(ratings)
    tracemalloc.start()
    CircleModel(ratings, fitted, facts).of(0).forecast()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_it_takes_at_most_twelve_bytes_a_rating_beside_the_circle() -> None:
    few, many = (circle(members=members, films=300, rated_by_each=200) for members in (20, 80))
    assert peak(many) - peak(few) < 12 * (len(many.film) - len(few.film))
