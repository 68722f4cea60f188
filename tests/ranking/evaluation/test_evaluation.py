"""`rank evaluate`: what is hidden, what is measured, and that the database stays as it is."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.cli.evaluate import in_short
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_rankings, films
from ranking.evaluation.data import FromCohort, Hidden, kept_and_hidden
from ranking.evaluation.evaluate import Evaluation, Judged, evaluate
from ranking.evaluation.groups import CIRCLE
from ranking.evaluation.measures import Figure, by_member, coverage, ndcg, pairs_right, rmse
from ranking.evaluation.parquet_file import FromParquet
from ranking.recommend.group import RULES
from ranking.strategies import STRATEGIES
from ranking.strategies.circle_ratings import Floats
from tests.conftest import Shell, assert_ended, on_both, stored_facts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def pairs_by_hand(stars: list[float], scores: list[float]) -> float:
    shares = [
        1.0 if one > other else 0.5 if one == other else 0.0
        for a, one in zip(stars, scores, strict=True)
        for b, other in zip(stars, scores, strict=True)
        if a > b
    ]
    return fmean(shares) if shares else math.nan


levels = st.integers(1, 10)


@given(st.lists(st.tuples(levels, levels), min_size=1, max_size=15))
def test_pairs_are_counted_as_by_hand(both: list[tuple[int, int]]) -> None:
    stars, scores = (list(map(float, column)) for column in zip(*both, strict=True))
    share = pairs_right(np.array(stars), np.array(scores))
    assert share == pytest.approx(pairs_by_hand(stars, scores), nan_ok=True)


def test_gains_are_discounted_and_ties_share_theirs() -> None:
    stars = np.array([1.0, 2.0, 3.0])
    best = 7 + 3 / math.log2(3) + 1 / 2
    assert ndcg(stars, stars, 10) == 1
    assert ndcg(stars, np.array([3.0, 2.0, 1.0]), 10) == pytest.approx((1 + 3 / math.log2(3) + 7 / 2) / best)
    assert ndcg(stars, np.array([2.0, 2.0, 1.0]), 10) == pytest.approx((2 + 2 / math.log2(3) + 7 / 2) / best)
    assert ndcg(stars, np.zeros(3), 1) == pytest.approx(11 / 3 / 7)
    assert math.isnan(ndcg(np.ones(3), stars, 10))


def test_a_film_without_a_score_counts_as_an_average_one() -> None:
    hidden = Hidden(np.array([1, 1, 1, 2]), np.array([1, 2, 3, 1]), np.array([5.0, 3.0, 1.0, 4.0]))
    figures = by_member(hidden, {1: 4.0, 3: 2.0}, lambda stars, scores: float(scores[1:2].sum()))
    assert figures.tolist() == [3.0, 0.0]
    assert by_member(hidden, {1: 4.0, 3: 2.0}, pairs_right)[0] == 1
    assert math.isnan(by_member(hidden, {1: 4.0, 3: 2.0}, pairs_right)[1])
    assert by_member(hidden, {1: 4.0, 3: 2.0}, rmse).tolist() == pytest.approx([math.sqrt(2 / 3), 0])


def test_a_figure_is_the_members_mean_with_its_standard_error() -> None:
    values: Floats = np.array([0.5, 0.7, np.nan, 0.9])
    assert Figure.of(values).mean == pytest.approx(0.7)
    assert Figure.of(values).error == pytest.approx(stdev([0.5, 0.7, 0.9]) / math.sqrt(3))
    assert Figure.of(np.array([np.nan])) == Figure(None, None)
    assert Figure.of(np.array([0.5])) == Figure(0.5, None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (Figure(0.02, 0.005), "circle orders pairs best, better than the mean by more than twice its ±"),
        (Figure(0.02, 0.015), "none orders pairs better than the mean by more than chance may make"),
        (Figure(0.02, None), "none orders pairs better"),
    ],
)
def test_what_the_forecast_says_in_short(more: Figure, words: str) -> None:
    mean = Judged("mean", figures={"pairs": Figure(0.6, 0.01)}, more={"pairs": Figure(0.0, 0.0)})
    circle = Judged("circle", figures={"pairs": Figure(0.62, 0.01)}, more={"pairs": more})
    assert words in in_short([mean, circle])


def test_an_interval_is_widened_by_the_noise_of_the_hidden_mean() -> None:
    hidden = Hidden(np.array([1, 2, 3, 1]), np.array([1, 1, 1, 2]), np.array([4.0, 4.0, 4.0, 1.0]))
    raters = {1: (0.5, 0.3), 2: (0.5, 0.3), 3: (0.5, 0.3)}
    reach = 1.6448536 * math.sqrt(0.04 + 0.9 / 9)
    for score, inside in ((3.5 - 0.99 * reach, 1.0), (3.5 - 1.01 * reach, 0.0), (3.5 + 0.99 * reach, 1.0)):
        # The second film has too few hidden ratings to be judged.
        assert coverage(hidden, {1: (score, 0.04), 2: (5.0, 0.01)}, raters).tolist() == [inside]


@pytest.fixture
def averages(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, with Letterboxd's averages of most films."""
    with crawled_engine.begin() as connection:
        slugs = sorted(map(str, connection.scalars(sa.select(films.c.slug))))
        for at, slug in enumerate(slugs):
            average = 2 + at % 27 / 10 if at % 5 else None
            connection.execute(
                films.update().where(films.c.slug == slug).values(letterboxd_weighted_average=average)
            )
    return crawled_engine


def evaluated(engine: sa.Engine, seed: int = 0) -> Evaluation:
    with engine.connect() as connection:
        return evaluate(FromCohort(connection, cohorts.find(connection, "friends")), 0.2, seed, NOW)


def named(evaluation: Evaluation) -> dict[str, Judged]:
    return {judged.strategy: judged for judged in evaluation.rankings}


def test_a_fifth_of_each_members_ratings_is_hidden_and_the_others_kept(crawled_engine: sa.Engine) -> None:
    facts = [(member, slug, stars) for member, slug, stars, *_ in stored_facts(crawled_engine) if stars]
    names = sorted({member for member, *_ in facts})
    with crawled_engine.connect() as connection:
        source = FromCohort(connection, cohorts.find(connection, "friends"))
        with kept_and_hidden(source, 0.2, 0, NOW) as (engine, hidden), engine.connect() as kept:
            slugs = {number: slug for number, slug in kept.execute(sa.select(films.c.id, films.c.slug))}
            rows = kept.execute(sa.text("SELECT user_id, film_id, rating FROM ratings")).all()
    members, numbers, given_stars = hidden.member.tolist(), hidden.film.tolist(), hidden.stars.tolist()
    away = [
        (names[m - 1], slugs[f], stars) for m, f, stars in zip(members, numbers, given_stars, strict=True)
    ]
    assert sorted(away + [(names[m - 1], slugs[f], stars) for m, f, stars in rows]) == sorted(facts)
    whole, of_member = Counter(member for member, *_ in facts), Counter(member for member, *_ in away)
    assert of_member == Counter({member: round(0.2 * count) for member, count in whole.items()})


def mean_by_hand(engine: sa.Engine) -> list[float]:
    """Judge the plain mean without any of the code that is tested, but for what is hidden."""
    with engine.connect() as connection:
        source = FromCohort(connection, cohorts.find(connection, "friends"))
        with kept_and_hidden(source, 0.2, 0, NOW) as (store, hidden), store.connect() as kept:
            rows = kept.execute(sa.text("SELECT film_id, rating FROM ratings")).all()
    stars = defaultdict(list)
    for film, rating in rows:
        stars[film].append(rating)
    own: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for member, film, rating in zip(hidden.member, hidden.film, hidden.stars, strict=True):
        if film in stars:
            own[member].append((rating, round(fmean(stars[film]), 10)))
    shares = [pairs_by_hand([a for a, _ in pairs], [b for _, b in pairs]) for pairs in own.values()]
    return [share for share in shares if not math.isnan(share)]


def test_each_strategy_is_judged_beside_the_plain_mean(averages: sa.Engine) -> None:
    evaluation = evaluated(averages)
    by_name = named(evaluation)
    assert list(by_name) == ["mean", "letterboxd", *STRATEGIES]
    expected = mean_by_hand(averages)
    assert by_name["mean"].figures["pairs"].mean == pytest.approx(fmean(expected))
    error = stdev(expected) / math.sqrt(len(expected))
    assert by_name["mean"].figures["pairs"].error == pytest.approx(error)
    assert by_name["mean"].more["pairs"] == Figure(0.0, 0.0)
    for name in ("circle", "bayesian", "wilson", "discovery", "hybrid"):
        judged = by_name[name]
        own, mean, more = judged.figures["pairs"].mean, by_name["mean"].figures["pairs"].mean, judged.more
        assert (own or 0) - (mean or 0) == pytest.approx(more["pairs"].mean)
    assert by_name["recency"].remark == STRATEGIES["recency"].why_empty
    assert not by_name["recency"].figures
    assert "rmse" in by_name["circle"].figures
    assert "rmse" not in by_name["wilson"].figures
    assert by_name["circle"].inside is not None
    assert by_name["circle"].scored == 1
    assert (by_name["hybrid"].scored or 1) < 1
    rated = sum(stars is not None for _, _, stars, *_ in stored_facts(averages))
    assert evaluation.kept + evaluation.hidden + evaluation.left_out == rated


def rounded(evaluation: Evaluation) -> Any:
    return json.loads(json.dumps(asdict(evaluation)), parse_float=lambda number: round(float(number), 9))


# What one database found, for the other to agree with.
_FOUND: list[Any] = []


def test_a_seed_hides_the_same_everywhere_and_another_hides_others(averages: sa.Engine) -> None:
    first = rounded(evaluated(averages))
    _FOUND.append(first)
    assert rounded(evaluated(averages)) == first == _FOUND[0]
    assert rounded(evaluated(averages, seed=1)) != first


@on_both
def test_the_database_is_only_read_on_the_command_line(crawled: Shell, crawled_engine: sa.Engine) -> None:
    before = stored_facts(crawled_engine)
    process = crawled.letterboxd("rank", "evaluate", "--cohort", "friends", "--json")
    assert_ended(process, 0)
    printed = json.loads(process.stdout)
    assert (printed["seed"], printed["hide"]) == (0, 0.2)
    (circle,) = [one for one in printed["rankings"] if one["strategy"] == "circle"]
    assert 0 < circle["figures"]["pairs"]["mean"] < 1
    table = crawled.letterboxd("rank", "evaluate", "--cohort", "friends")
    assert_ended(table, 0)
    for words in ("Forecast: pairs of films", "NDCG@10", "circle: the 90 % interval holds"):
        assert words in table.stdout
    assert "apart was not judged: no Letterboxd average is known" in table.stderr
    assert "discovery was not judged: it needs Letterboxd's averages" in table.stderr
    assert stored_facts(crawled_engine) == before
    with crawled_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_rankings)) == 0


def test_three_questions_are_answered_in_tables(averages: sa.Engine, crawled: Shell) -> None:
    parquet(crawled.folder / "ratings.parquet", ratings())
    asked = {
        "voice": ("circle", ("--data", "ratings.parquet", "--hide", "0.7")),
        "apart": ("discovery", ("--cohort", "friends")),
    }
    for question, (strategy, ask) in asked.items():
        table = crawled.letterboxd("rank", "evaluate", *ask)
        assert_ended(table, 0)
        blocks = {block.split(":")[0]: block for block in table.stdout.split("\n\n")}
        assert list(blocks) == ["Forecast", question.capitalize()]
        answer = json.loads(crawled.letterboxd("rank", "evaluate", *ask, "--json").stdout)
        (judged,) = [ranking for ranking in answer["rankings"] if ranking["strategy"] == strategy]
        figure = judged[question]
        for number in (figure["mean"], figure["error"]):
            assert f"{number:.3f}" in blocks[question.capitalize()]


def test_groups_are_judged_by_each_rule(averages: sa.Engine, crawled: Shell) -> None:
    ask = ("rank", "evaluate", "--cohort", "friends", "--groups")
    process = crawled.letterboxd(*ask, "--json")
    assert_ended(process, 0)
    answer = json.loads(process.stdout)
    assert (answer["seed"], answer["hide"]) == (0, 0.6)
    assert [of_size["size"] for of_size in answer["sizes"]] == [2, 3, 4]
    twos = answer["sizes"][0]
    assert twos["groups"] >= 2
    assert twos["films"] >= 6
    assert [rule["rule"] for rule in twos["rules"]] == [*RULES, CIRCLE]
    for rule in twos["rules"]:
        assert 0 < rule["worst_off"]["mean"] <= rule["mean"]["mean"] <= 1
        more = rule["mean"]["mean"] - twos["rules"][0]["mean"]["mean"]
        assert rule["mean_more"]["mean"] == pytest.approx(more)
    table = crawled.letterboxd(*ask)
    assert_ended(table, 0)
    assert table.stdout.startswith(f"{twos['groups']} groups of 2: NDCG@5 of")
    assert f"{twos['groups']} groups of 2 only: the cohort is too small to tell rules apart" in table.stderr
    assert json.loads(crawled.letterboxd(*ask, "--json", "--draw", "1").stdout)["sizes"] != answer["sizes"]
    few = crawled.letterboxd(*ask, "--hide", "0.01")
    assert_ended(few, 0)
    assert "no groups of 2: there are none who have rated 550 films in common" in few.stderr


def parquet(file: Path, rows: Iterable[tuple[object, object, object]], film: str = "film") -> Path:
    columns = zip(*rows, strict=True)
    pq.write_table(pa.table(dict(zip(("user", film, "rating"), columns, strict=True))), file)
    return file


def ratings(members: int = 8, number: int = 30) -> list[tuple[object, object, object]]:
    return [(f"m{m}", f"f{f}", 1 + (m * f + f) % 9 / 2) for m in range(members) for f in range(number)]


@pytest.mark.parametrize("film", ["film", "slug"])
def test_a_parquet_file_is_judged_whatever_the_order_of_its_rows(tmp_path: Path, film: str) -> None:
    rows = ratings()
    evaluation = evaluate(FromParquet(parquet(tmp_path / "a.parquet", rows, film)), 0.2, 0, NOW)
    other = evaluate(FromParquet(parquet(tmp_path / "b.parquet", rows[::-1], film)), 0.2, 0, NOW)
    assert rounded(evaluation) == rounded(other)
    assert (evaluation.members, evaluation.kept, evaluation.hidden) == (8, 8 * 24, 8 * 6)
    assert named(evaluation)["discovery"].remark


def test_an_export_of_ours_is_judged(crawled: Shell) -> None:
    assert_ended(crawled.letterboxd("export", "parquet", "--cohort", "friends", "--output", "files"), 0)
    process = crawled.letterboxd("rank", "evaluate", "--data", "files/ratings.parquet", "--json")
    assert_ended(process, 0)
    rated = pq.read_table(crawled.folder / "files" / "ratings.parquet")["stars"]
    printed = json.loads(process.stdout)
    assert printed["kept"] + printed["hidden"] + printed["left_out"] == len(rated) - rated.null_count > 0


def test_names_may_be_stored_in_any_way_but_must_be_names(tmp_path: Path) -> None:
    evaluation = evaluate(FromParquet(parquet(tmp_path / "a.parquet", ratings())), 0.2, 0, NOW)
    users, numbers, stars = map(list, zip(*ratings(), strict=True))
    for kind in (pa.dictionary(pa.int32(), pa.string()), pa.large_string(), pa.binary()):
        columns = {"user": pa.array(users).cast(kind), "film": pa.array(numbers).cast(kind), "rating": stars}
        pq.write_table(pa.table(columns), tmp_path / "b.parquet")
        other = evaluate(FromParquet(tmp_path / "b.parquet"), 0.2, 0, NOW)
        assert rounded(other) == rounded(evaluation)
    pq.write_table(pa.table({"user": [["a"]], "film": ["x"], "rating": [5.0]}), tmp_path / "c.parquet")
    with pytest.raises(InputError, match="a user and a film must be a text or a number"):
        FromParquet(tmp_path / "c.parquet")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "x", 5.5)], "a rating of 5.5; they must be 0.5 to 5 stars"),
        ([("a", "x", 3.3)], "a rating of 3.3"),
        ([("a", "x", math.nan)], "a rating of nan"),
        ([("a", "x", "5")], "ratings must be numbers"),
        ([("a", "x", 5.0), ("a", "x", 4.0)], "several ratings of one film by one user"),
        ([(None, "x", 5.0)], "ratings without a user"),
        ([("a", "x", None)], "ratings must be numbers|nothing to judge"),
        ([("a", "x", 5.0), ("b", "y", 4.0)], "nothing to judge"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_a_line(
    tmp_path: Path, rows: list[tuple[object, object, object]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(FromParquet(parquet(tmp_path / "x.parquet", rows)), 0.2, 0, NOW)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no")
    for file, message in (("x.parquet", "cannot read"), ("missing.parquet", "cannot read")):
        with pytest.raises(InputError, match=message):
            FromParquet(tmp_path / file)
    pq.write_table(pa.table({"user": ["a"], "title": ["x"], "rating": [5.0]}), tmp_path / "y.parquet")
    with pytest.raises(InputError, match="no column 'slug'"):
        FromParquet(tmp_path / "y.parquet")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no database"),
        (["--cohort", "a", "--data", "b"], "--cohort a and --data b: give one of them"),
        (["--cohort", "a", "--hide", "1"], "a share between 0 and 1"),
        (["--cohort", "a", "--hide", "nan"], "--hide: 'nan' is not a number"),
        (["--data", "b", "--groups"], "groups are drawn from a stored cohort; give --cohort"),
        (["--cohort", "nothing"], "no database"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from letterboxd_scraper.cli.main import run

    assert run(["rank", "evaluate", "--db-url", f"sqlite:///{tmp_path}/x.db", *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert message in told[-1] + told[0]
