"""The benchmarks of recommendations in short: on invented members they run, and tell what there is."""

import numpy as np
import pytest

from benchmarks import group_accuracy, personal_accuracy, voice_accuracy
from benchmarks.circle_accuracy import KINDS, Members
from benchmarks.hidden_ratings import Everybody, circles
from ranking.recommend.film_facts import FilmFacts
from ranking.recommend.group import RULES


@pytest.fixture(scope="module")
def everybody() -> Everybody:
    """Members who rate half of eighty films, of which half are westerns, which they like or do not."""
    rng = np.random.default_rng(1)
    worth, liking = rng.normal(3.2, 0.5, 80), rng.normal(0, 0.6, (130, 1))
    western = np.arange(80) % 2
    stars = np.rint(2 * (worth + liking * western + rng.normal(0, 0.5, (130, 80)))).clip(1, 10) / 2
    rated = rng.random(stars.shape) < 0.5
    members = Members(np.where(rated, stars, 0).astype(np.float32), tuple(f"film-{n}" for n in range(80)))
    facts = FilmFacts.of([{"genres": ["Western"] if is_western else ["Drama"]} for is_western in western])
    return Everybody(members, facts)


@pytest.mark.parametrize("kind", KINDS)
def test_what_one_member_would_give(everybody: Everybody, kind: str) -> None:
    outcome = personal_accuracy.Outcome()
    for judged, cohort, seed, rng in circles(everybody, kind, 40, 6):
        personal_accuracy.judge(outcome, judged, cohort, seed, rng, few=False)
    lines = list(personal_accuracy.report(kind, outcome))
    assert lines[0].startswith(f"{kind}: 6 seeds")
    assert all(name in lines[3] for name in personal_accuracy.NAMES)


def test_which_rule_serves_a_group_best(everybody: Everybody) -> None:
    outcome = group_accuracy.Outcome()
    for judged, cohort, seed, rng in circles(everybody, "random", 40, 4):
        group = group_accuracy.group_of(judged.members.stars[cohort], seed, 2)
        assert group_accuracy.judge(outcome, judged, cohort, group, rng)
    lines = list(group_accuracy.report("random", 2, outcome))
    assert all(rule in lines[1] for rule in (*RULES, group_accuracy.CIRCLE))


def test_what_a_circle_says(everybody: Everybody) -> None:
    figures = voice_accuracy.run(everybody.members, "random", 2)
    lines = list(voice_accuracy.report("random", figures))
    assert any(line.startswith("  circle, site = 0") for line in lines)
    assert len(figures["circle", "voice"]) == 2
