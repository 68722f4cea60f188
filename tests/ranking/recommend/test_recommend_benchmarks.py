"""The benchmarks of recommendations in short: on invented members they run, and tell what there is."""

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import group_accuracy, personal_accuracy, voice_accuracy
from benchmarks.circle_accuracy import KINDS, Members
from benchmarks.hidden_ratings import Everybody, circles
from benchmarks.peers.exchange import foretold
from ranking.evaluation.groups import CIRCLE, Tally
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
def test_what_one_member_would_give(everybody: Everybody, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_accuracy, "OTHERS", 40)
    judged = personal_accuracy.cases(everybody, kind, 6, few=False)
    lines = list(personal_accuracy.report(kind, personal_accuracy.outcome_of(judged)))
    assert lines[0].startswith(f"{kind}: 6 seeds")
    assert [line.split()[0] for line in lines[2:-1]] == ["average", "circle", "personal"]


# A program for which every hidden rating is what Letterboxd says, and another that knows of none.
_PEER = """
import sys
import pyarrow as pa
import pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
with pq.ParquetWriter(sys.argv[2], pa.schema([("site", pa.float64()), ("three", pa.float64())])) as writer:
    for number in range(file.num_row_groups):
        circle = file.read_row_group(number)
        average = circle.filter(circle["stars"].is_null())["average"].cast(pa.float64())
        writer.write_table(pa.table({"site": average, "three": [3.0] * len(average)}))
"""


def test_another_program_foretells_the_same_ratings(
    everybody: Everybody, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(personal_accuracy, "OTHERS", 40)
    (tmp_path / "peer.py").write_text(_PEER)
    judged = personal_accuracy.cases(everybody, "random", 3, few=False)
    with personal_accuracy.exchanged(judged) as file:
        kept = pq.ParquetFile(file).read_row_group(0)
        by_peer = list(foretold(sys.executable, file, tmp_path / "peer.py"))
    hidden = kept.filter(kept["stars"].is_null())
    assert hidden["film"].to_pylist() == judged[0].films.tolist()
    assert set(hidden["member"].to_pylist()) == {judged[0].member}
    assert len(kept) - len(hidden) == len(judged[0].ratings.film)
    for case, of_peer in zip(judged, by_peer, strict=True):
        # They differ by the seed's habit alone.
        apart = case.foretold["average"] - of_peer["site"]
        assert np.ptp(apart) == pytest.approx(0, abs=1e-6)
        case.foretold.update(of_peer)
    lines = list(personal_accuracy.report("random", personal_accuracy.outcome_of(judged)))
    assert [line.split()[0] for line in lines[2:-1]] == ["average", "circle", "personal", "site", "three"]


def test_which_rule_serves_a_group_best(everybody: Everybody) -> None:
    tally = Tally()
    for judged, cohort, seed, rng in circles(everybody, "random", 40, 4):
        group = group_accuracy.group_of(judged.members.stars[cohort], seed, 2)
        assert group_accuracy.judge(tally, judged, cohort, group, rng)
    lines = list(group_accuracy.report("random", 2, tally))
    assert [line.split("  ")[1] for line in lines[2:]] == [*RULES, CIRCLE]


def test_what_a_circle_says(everybody: Everybody) -> None:
    figures = voice_accuracy.run(everybody.members, "random", 2)
    lines = list(voice_accuracy.report("random", figures))
    assert any(line.startswith("  circle, site = 0") for line in lines)
    assert len(figures["circle", "voice"]) == 2
