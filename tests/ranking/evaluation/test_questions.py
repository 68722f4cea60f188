"""What a circle says of films, and what sets it apart, of few hidden ratings."""

from statistics import fmean

import numpy as np
import pytest

from ranking.evaluation.data import Hidden
from ranking.evaluation.measures import Figure
from ranking.evaluation.questions import HiddenFilms, apart, voice


def hidden(stars: dict[int, list[float]]) -> Hidden:
    """Return ratings by film of the members 1, 2, …, in this order."""
    rows = sorted((member, film, value) for film, one in stars.items() for member, value in enumerate(one, 1))
    member, film, values = zip(*rows, strict=True)
    return Hidden(np.array(member, np.int32), np.array(film, np.int32), np.array(values, float))


def test_habits_are_taken_out_of_hidden_ratings() -> None:
    films = HiddenFilms.of(hidden({3: [5.0, 3.0], 7: [4.0]}), {1: 0.5})
    assert films.film.tolist() == [3, 7]
    assert films.mean.tolist() == [3.75, 3.5]
    assert films.stars.tolist() == [4.0, 4.0]
    assert films.votes.tolist() == [2, 1]


def test_the_voice_is_spearmans_correlation_of_films_with_enough_hidden_ratings() -> None:
    stars = {film: [film / 4] * 5 for film in range(2, 14)} | {20: [5.0]}
    films = HiddenFilms.of(hidden(stars), {})
    scores = {film: float(film) ** 3 for film in range(2, 14)} | {20: 0.0}
    whole = voice(films, scores)
    assert whole.mean == pytest.approx(1)
    assert whole.error == pytest.approx(0)
    backwards = voice(films, {film: -score for film, score in scores.items()})
    assert backwards.mean == pytest.approx(-1)
    # Two neighbours change places: 1 − 6·2 / (12·143).
    scores[5], scores[6] = scores[6], scores[5]
    r = 1 - 12 / (12 * 143)
    error = (1 - r**2) * ((1 + r**2 / 2) / 9) ** 0.5
    part = voice(films, scores)
    assert part.mean == pytest.approx(r)
    assert part.error == pytest.approx(error)
    # Equal scores share their ranks.
    level = voice(films, {film: float(film > 7) for film in range(2, 14)}).mean
    assert level == pytest.approx(0.8697, abs=1e-3)


def test_few_films_or_one_score_for_all_are_no_voice() -> None:
    films = HiddenFilms.of(hidden({film: [film / 4] * 5 for film in range(2, 14)}), {})
    assert voice(films, {film: 1.0 for film in range(2, 10)}) == Figure(None, None)
    assert voice(films, dict.fromkeys(range(2, 14), 1.0)) == Figure(None, None)


def test_apart_is_how_far_a_lists_first_films_are_above_letterboxd() -> None:
    films = HiddenFilms.of(hidden({1: [4.0, 5.0], 2: [3.0], 3: [2.0], 4: [5.0], 5: [1.0]}), {})
    averages = {1: 3.5, 2: 3.0, 3: 3.0, 4: 4.0}
    usual = (2 * 1.0 + 0.0 - 1.0 + 1.0) / 5
    above, stars = apart(films, [1, 9, 4, 3], averages, top=3)
    assert above.mean == pytest.approx(fmean([1.0, 1.0]) - usual)
    assert stars.mean == pytest.approx(4.75)
    assert apart(films, [1], {}) == (Figure(None, None), Figure(None, None))
