"""The strategy `circle`: against the equations it solves, on simulated circles, and on both databases."""

import os
import tracemalloc
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import circle_accuracy, circle_speed
from ranking.strategies import STRATEGIES, circle_model
from ranking.strategies.circle_model import Fit, fit
from ranking.strategies.circle_ratings import Ratings, pack

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CIRCLE = STRATEGIES["circle"]
# Films in the order of their numbers.
ASCENDING = np.arange(5000, dtype=np.int32)
Rated = tuple[int, int, float]  # a member, a film, stars


def packed(rated: Iterable[Rated], averages: dict[int, tuple[float, float]] | None = None) -> Ratings:
    """Return the ratings; ``averages`` are Letterboxd's, with their counts, by film."""
    by_member: dict[int, list[int]] = {}
    for member, film, stars in rated:
        by_member.setdefault(member, []).append(16 * film + round(2 * stars))
    keys = ((member, np.array(keys, np.int64)) for member, keys in by_member.items())
    packed = pack(keys, ASCENDING)
    for film, (average, count) in (averages or {}).items():
        place = packed.film_ids.tolist().index(film)
        packed.site_average[place], packed.site_count[place] = average, count
    return packed


def scores(ratings: Ratings) -> dict[int, float]:
    return dict(zip(ratings.film_ids.tolist(), fit(ratings).score.tolist(), strict=True))


def simulated(
    seed: int, members: int = 60, number: int = 400, rated_by_each: int = 60, *, site: bool = True
) -> tuple[Ratings, np.ndarray]:
    """Return ratings drawn from the model, and the films' true scores in the order of `film_ids`.

    A true score is what these members would give on average. Stars are on the half-star grid; few
    meet its bounds.
    """
    rng = np.random.default_rng(seed)
    average = rng.normal(0, 0.4, number)
    effect = 0.9 * average + rng.normal(0, 0.2, number) if site else rng.normal(0, 0.4, number)
    habit = rng.normal(0, 0.3, members)
    spread = 0.5 * np.exp(rng.normal(0, 0.2, members))
    fame = rng.pareto(1.0, number) + 0.1
    rated: list[Rated] = []
    for member in range(members):
        seen = rng.choice(number, rated_by_each, replace=False, p=fame / fame.sum())
        exact = 3 + effect[seen] + habit[member] + rng.normal(0, spread[member], rated_by_each)
        stars = np.clip(np.round(2 * exact) / 2, 0.5, 5)
        rated += zip([member] * rated_by_each, seen.tolist(), stars.tolist(), strict=True)
    seen_at_all = sorted({film for _, film, _ in rated})
    averages = {film: (3.2 + float(average[film]), 1e6) for film in seen_at_all} if site else None
    return packed(rated, averages), 3 + habit.mean() + effect[seen_at_all]


def equations(ratings: Ratings, fitted: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve for habits and effects at the fit's variances, at once and densely.

    Returns habits, effects and the posterior variances of what the members would give on average.
    """
    members, number = len(ratings.member_ids), len(ratings.film_ids)
    member = np.repeat(np.arange(members), ratings.by_member)
    design = circle_model._Site(ratings).design
    effects = np.eye(number)[ratings.film]
    rows = np.concatenate([np.eye(members)[member], effects, design[ratings.film]], axis=1)
    weight = 1 / fitted.noise[member]
    prior = np.zeros((rows.shape[1],) * 2)
    np.fill_diagonal(prior, [*np.full(members, 1 / fitted.habits), *(1 / fitted.spread), 0, 0, 0])
    prior[-3:, -3:] = circle_model._CERTAINTY
    centre = np.concatenate([np.zeros(members + number), circle_model._COEFFICIENTS])
    left = (rows.T * weight) @ rows + prior
    right = (rows.T * weight) @ (ratings.half_stars / 2 - fitted.mu) + prior @ centre
    solved = np.linalg.solve(left, right)
    of_films = np.concatenate([np.full((number, members), 1 / members), np.eye(number), design], axis=1)
    variances = (of_films @ np.linalg.inv(left) * of_films).sum(1)
    return solved[:members], of_films[:, members:] @ solved[members:], variances


@pytest.mark.parametrize("site", [True, False])
def test_habits_and_effects_solve_the_equations_of_the_mixed_model(site: bool) -> None:
    ratings, _ = simulated(1, members=30, number=120, rated_by_each=40, site=site)
    fitted = fit(ratings)
    habits, effects, variances = equations(ratings, fitted)
    assert fitted.habit == pytest.approx(habits, abs=1e-7)
    assert fitted.effect == pytest.approx(effects, abs=1e-7)
    # The whole inverse is never made; what stands for its diagonal is close.
    assert fitted.variance == pytest.approx(variances, rel=0.1)


@pytest.mark.parametrize("site", [True, False])
def test_nine_in_ten_true_scores_lie_in_their_intervals(site: bool) -> None:
    inside = []
    for seed in range(12):
        ratings, truth = simulated(seed, site=site)
        fitted = fit(ratings)
        inside.append(np.abs(fitted.score - truth) <= fitted.margin)
    assert 0.88 <= np.concatenate(inside).mean() <= 0.92


# Small circles, and large ones of members who rated little.
SPARSE = [(200, 100, 4, 0.88), (12, 200, 20, 0.86)]


@pytest.mark.parametrize(("members", "number", "rated_by_each", "least"), SPARSE)
def test_few_ratings_a_member_do_not_make_it_too_sure(
    members: int, number: int, rated_by_each: int, least: float
) -> None:
    inside, noise = [], []
    for seed in range(12):
        ratings, truth = simulated(seed, members, number, rated_by_each)
        fitted = fit(ratings)
        inside.append(np.abs(fitted.score - truth) <= fitted.margin)
        noise.append(fitted.usual_noise)
    assert np.mean(noise) == pytest.approx(0.5**2 * np.exp(2 * 0.2**2) + 0.25 / 12, rel=0.08)
    assert least <= np.concatenate(inside).mean() <= 0.92


def test_one_film_that_all_rated_is_as_sure_as_its_ratings() -> None:
    stars = np.random.default_rng(0).integers(1, 11, 300) / 2
    fitted = fit(packed((member, 1, float(one)) for member, one in enumerate(stars)))
    assert fitted.margin[0] == pytest.approx(1.645 * stars.std() / np.sqrt(300), rel=0.1)


def test_nobodys_ratings_count_for_more_than_half_stars_can_tell() -> None:
    fitted = fit(packed((member, film, 1 + film % 7 / 2) for member in range(5) for film in range(50)))
    assert fitted.noise.min() == pytest.approx(0.5**2 / 12)


@pytest.mark.slow
def test_it_goes_on_until_scores_and_margins_are_final(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    # Two members with nothing in common; and members whose scores are at once what they remain.
    apart = packed((m, 1000 * m + f, float(rng.integers(1, 11)) / 2) for m in range(2) for f in range(100))
    alike = packed((m, f, 3.5 + m / 2 - (f % 2) * m) for m in range(2) for f in range(40))
    for ratings in (apart, alike):
        fitted = fit(ratings)
        monkeypatch.setattr(circle_model, "_SETTLED", 0.0)
        monkeypatch.setattr(circle_model, "_MOST_ROUNDS", 3 * fitted.rounds)
        longer = fit(ratings)
        monkeypatch.undo()
        assert fitted.score == pytest.approx(longer.score, abs=1e-9)
        assert fitted.margin == pytest.approx(longer.margin, abs=1e-9)


def test_scores_that_have_not_settled_are_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ratings, _ = simulated(1)
    fit(ratings)
    assert not caplog.text
    monkeypatch.setattr(circle_model, "_MOST_ROUNDS", 3)
    fit(ratings)
    assert "had not settled after 3 rounds" in caplog.text


def test_variances_and_what_letterboxd_counts_for_are_found_again() -> None:
    fitted = fit(simulated(5, members=200, number=1_000, rated_by_each=150)[0])
    assert fitted.usual_noise == pytest.approx(0.5**2 * np.exp(2 * 0.2**2) + 0.25 / 12, rel=0.05)
    assert fitted.habits == pytest.approx(0.3**2, rel=0.3)
    assert fitted.deviations == pytest.approx(0.2**2, rel=0.3)
    assert fitted.pull == pytest.approx(0.9, abs=0.05)
    assert fitted.fame == pytest.approx(0, abs=0.02)


def test_a_film_is_worth_more_if_strict_members_gave_its_stars() -> None:
    common = [(member, film, 2.5 + film % 3 / 2) for member in (1, 2, 3, 4) for film in range(20)]
    strict = [(m, f, s - 1) if m > 2 else (m, f, s) for m, f, s in common]
    by_film = scores(packed([*strict, (1, 100, 4.0), (2, 100, 4.0), (3, 101, 4.0), (4, 101, 4.0)]))
    assert by_film[101] > by_film[100] + 0.3
    assert abs(scores(packed([*common, (1, 100, 4.0), (3, 101, 4.0)]))[100] - by_film[100]) < 1


def test_a_rater_who_is_easy_to_foretell_counts_for_more() -> None:
    rng = np.random.default_rng(0)
    rated = [(member, film, 3 + film % 3 / 2) for member in range(6) for film in range(80)]
    rated += [(8, film, float(rng.integers(1, 11)) / 2) for film in range(80)]
    ratings = packed([*rated, (1, 100, 5.0), (8, 100, 1.0), (1, 101, 1.0), (8, 101, 5.0)])
    fitted = fit(ratings)
    assert fitted.noise[-1] > 4 * fitted.noise[1]
    assert scores(ratings)[100] > scores(ratings)[101] + 0.5


def test_letterboxds_average_stands_in_while_ratings_are_few() -> None:
    noise = np.random.default_rng(0).integers(-1, 2, (8, 40)).tolist()
    rated = [(m, f, 2 + f % 5 / 2 + noise[m][f] / 2) for m in range(8) for f in range(40)]
    site = {film: (2.1 + film % 5 / 2, 1e5) for film in range(40)}
    lone = [(1, 100, 3.0), (2, 101, 3.0)]
    by_film = scores(packed([*rated, *lone], site | {100: (4.2, 1e5), 101: (1.8, 1e5)}))
    assert by_film[100] > by_film[101] + 0.5
    without = scores(packed([*rated, *lone]))
    assert abs(without[100] - without[101]) < 0.2
    # An average of few says less.
    doubted = scores(packed([*rated, *lone], site | {100: (4.2, 2), 101: (1.8, 1e5)}))
    assert doubted[100] < by_film[100]


def test_neither_the_order_of_rows_nor_ids_matter() -> None:
    ratings, _ = simulated(3)
    member = np.repeat(ratings.member_ids, ratings.by_member)
    rows = list(zip(member.tolist(), ratings.film.tolist(), (ratings.half_stars / 2).tolist(), strict=True))
    by_film = scores(packed(rows))
    np.random.default_rng(0).shuffle(rows)
    other = scores(packed((7_000 - m, 4_000 - f, s) for m, f, s in rows))
    assert {4_000 - film: score for film, score in other.items()} == pytest.approx(by_film, abs=1e-9)


SMALL: list[Sequence[Rated]] = [
    [(1, 1, 5.0)],
    [(1, film, 0.5) for film in range(4)],
    [(1, 1, 5.0), (2, 2, 0.5)],
    [(member, film, 3.5) for member in range(5) for film in range(5)],
    [(member, 7, 4.0) for member in range(50)],
]


@pytest.mark.parametrize("site", [None, (4.0, 1000.0), (4.0, np.inf)])
@pytest.mark.parametrize("rated", SMALL)
def test_a_circle_of_few_ratings_gets_sensible_scores(
    rated: Sequence[Rated], site: tuple[float, float] | None
) -> None:
    ratings = packed(rated, {film: site for _, film, _ in rated} if site else None)
    fitted = fit(ratings)
    stars = [stars for _, _, stars in rated]
    assert fitted.score.min() >= min(*stars, site[0] if site else 5) - 1e-6
    assert fitted.score.max() <= max(*stars, site[0] if site else 0) + 1e-6
    assert (fitted.margin > 0.05).all()  # a few that agree prove little
    assert (fitted.margin < 3).all()


@settings(deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 5), st.integers(1, 6)), st.integers(1, 10), min_size=1, max_size=30
    ),
    st.dictionaries(st.integers(1, 6), st.floats(0.5, 5)),
)
def test_whatever_the_ratings_scores_are_finite_and_within_their_intervals(
    stars: dict[tuple[int, int], int], site: dict[int, float]
) -> None:
    rated = [(member, film, halves / 2) for (member, film), halves in stars.items()]
    seen = {film for _, film, _ in rated}
    ratings = packed(rated, {film: (average, 50.0) for film, average in site.items() if film in seen})
    fitted = fit(ratings)
    assert np.isfinite(fitted.score).all()
    assert np.isfinite(fitted.margin).all()
    assert (fitted.margin > 0).all()
    assert (np.abs(fitted.score - 2.75) < 4).all()


def test_nobodys_ratings_are_nothing() -> None:
    assert len(fit(packed([])).score) == 0


@pytest.mark.slow
def test_ten_million_ratings_would_take_seconds_and_little_memory() -> None:
    """A small part of them, in this process: memory grows by less than 12 bytes a rating."""
    peaks = []
    # So many that what is worked on at a time, which is the same for all sizes, is the smaller part.
    for number in (400_000, 1_000_000):
        members = enumerate(circle_speed.invented(number, films=3_000), start=1)
        keys = [(at, 16 * film + np.round(2 * stars).astype(np.int64)) for at, (film, stars) in members]
        tracemalloc.start()
        fitted = fit(pack(((at, one.copy()) for at, one in keys), ASCENDING))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert fitted.rounds < 60
    assert (peaks[1] - peaks[0]) / 600_000 < 12


@pytest.mark.slow
def test_who_is_alike_by_chance_is_not_foretold_in_the_benchmark() -> None:
    """Chosen by the ratings that are judged, 61 of a hundred pairs of mere noise would be right."""
    rng = np.random.default_rng(0)
    stars = (rng.integers(1, 11, (400, 40)) / 2).astype(np.float32)
    stars[rng.random(stars.shape) < 0.3] = 0
    outcome = circle_accuracy.run(circle_accuracy.Members(stars), "neighbours", 15, cohorts=4)
    assert np.mean(outcome.pairs["circle"]) == pytest.approx(50, abs=6)


FOLDER = Path(os.environ.get("RATINGS_DATA") or "missing")


@pytest.mark.skipif(not (FOLDER / "ratings.parquet").exists(), reason="RATINGS_DATA names no ratings.parquet")
def test_on_real_ratings_it_foretells_better_than_the_mean() -> None:
    everybody = circle_accuracy.Members.read(str(FOLDER))
    for kind in ("random", "kindred"):
        outcome = circle_accuracy.run(everybody, kind, 50, cohorts=1)
        assert outcome.more("circle", circle_accuracy.BAYESIAN)[0] > 2.5
        assert outcome.more("circle", "letterboxd")[0] > -0.3
        assert outcome.more(circle_accuracy.WITHOUT, circle_accuracy.BAYESIAN)[0] > 0.3
        assert outcome.more(circle_accuracy.WITHOUT, "mean")[0] > 0
        assert 86 < np.mean(outcome.inside["circle"]) < 94
