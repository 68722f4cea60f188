"""Whose taste is like whose: what must hold of the numbers, the command, and how well they foretell."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohort_members, ratings, users, watched
from ranking.taste import agreement as agreement_module
from ranking.taste import members as taste
from ranking.taste.agreement import Agreements, Matrix, Rated, in_own_measure, of_circle
from ranking.taste.films import compare
from tests.conftest import address, on_sqlite

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DATA = Path(os.environ.get("RATINGS_DATA") or "missing")
Numbers = dict[tuple[int, int], tuple[float, float, float]]


def drawn(
    members: int = 12, films: int = 60, share: float = 0.7, seed: int = 1
) -> list[tuple[int, int, float]]:
    """Return ratings (member, film, stars) of a circle in which everybody half agrees with everybody."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(size=films)
    rows = []
    for member in range(members):
        opinion = 3 + 0.7 * quality + 0.7 * rng.normal(size=films)
        stars = np.clip(np.round(2 * opinion) / 2, 0.5, 5)
        rows += [(member, film, float(stars[film])) for film in range(films) if rng.random() < share]
    return rows


def rated(rows: list[tuple[int, int, float]]) -> Rated:
    members, films, stars = (np.array(column) for column in zip(*rows, strict=True))
    return in_own_measure(members, films, stars.astype(float))


def bounds(agreements: Agreements) -> tuple[Matrix, Matrix, Matrix]:
    """Return everybody's agreement with everybody, and its bounds, as matrices."""
    return agreements.bounds(*np.indices(agreements.overlap.shape))


def believed(rows: list[tuple[int, int, float]]) -> Numbers:
    """Return (agreement, low, high) of each pair."""
    agreements = of_circle(rated(rows))
    agreement, low, high = bounds(agreements)
    size = len(agreement)
    return {
        (one, other): (
            float(agreement[one, other]),
            float(low[one, other]),
            float(high[one, other]),
        )
        for one in range(size)
        for other in range(size)
        if one != other
    }


CIRCLE = drawn()


def test_agreement_is_symmetric_and_lies_within_its_interval() -> None:
    belief = believed(CIRCLE)
    for (one, other), (agreement, low, high) in belief.items():
        assert belief[other, one] == pytest.approx((agreement, low, high))
        assert -1 < low < agreement < high < 1


@given(member=st.integers(0, 11), scale=st.sampled_from([0.25, 0.5, 2.0]), shift=st.floats(-2, 2))
def test_how_many_stars_somebody_usually_gives_does_not_matter(
    member: int, scale: float, shift: float
) -> None:
    changed = [(who, film, shift + scale * stars if who == member else stars) for who, film, stars in CIRCLE]
    expected = believed(CIRCLE)
    for pair, numbers in believed(changed).items():
        assert numbers == pytest.approx(expected[pair], abs=1e-4)


@given(order=st.permutations(range(12)))
def test_the_order_of_members_does_not_matter(order: list[int]) -> None:
    expected = believed(CIRCLE)
    belief = believed([(order[who], film, stars) for who, film, stars in CIRCLE])
    for (one, other), numbers in expected.items():
        assert belief[order[one], order[other]] == pytest.approx(numbers, abs=1e-4)


def test_it_does_not_matter_how_many_members_films_and_pairs_are_worked_on_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = believed(CIRCLE)
    monkeypatch.setattr(agreement_module, "_MEMBERS", 5)
    monkeypatch.setattr(agreement_module, "_FILMS", 7)
    monkeypatch.setattr(agreement_module, "_PAIRS", 2)
    for pair, numbers in believed(CIRCLE).items():
        assert numbers == pytest.approx(expected[pair], abs=1e-6)


def test_more_films_in_common_make_the_interval_narrower() -> None:
    few = [row for row in CIRCLE if row[0] != 0 or row[1] < 12]
    agreements = of_circle(rated(few))
    _, low, high = bounds(agreements)
    overlap = agreements.overlap[1, 2:]
    width = (np.arctanh(high) - np.arctanh(low))[1, 2:]
    assert agreements.overlap[1, 0] < overlap.min()
    assert np.arctanh(high[1, 0]) - np.arctanh(low[1, 0]) > width.max()
    order = np.argsort(overlap)
    assert width[order][0] > width[order][-1]


def test_one_taste_stands_out_and_independent_ones_do_not() -> None:
    rng = np.random.default_rng(3)
    twin = [(12, film, stars) for who, film, stars in CIRCLE if who == 0]
    stranger = [(13, film, float(rng.integers(1, 11)) / 2) for film in range(60)]
    agreements = of_circle(rated(CIRCLE + twin + stranger))
    agreement, low, _ = bounds(agreements)
    others = agreement[:12, :12][np.triu_indices(12, 1)]
    assert agreement[0, 12] > 0.9
    assert low[0, 12] > np.quantile(others, 0.9)
    assert abs(agreement[13, :12].mean()) < 0.25 < others.mean()


def test_opposite_tastes_are_found() -> None:
    opposite = [(12, film, 5.5 - stars) for who, film, stars in CIRCLE if who == 0]
    agreements = of_circle(rated(CIRCLE + opposite))
    assert bounds(agreements)[2][0, 12] < -0.3


def test_without_films_in_common_two_are_believed_to_agree_as_is_usual() -> None:
    apart = [(12, film, float(1 + film % 4)) for film in range(60, 100)]
    agreements = of_circle(rated(CIRCLE + apart))
    agreement, low, high = bounds(agreements)
    assert agreements.overlap[0, 12] == 0
    belief = agreements.model.belief(*np.array([[0], [12]]))
    assert belief.mean == belief.usual
    average = agreement[:12, :12][np.triu_indices(12, 1)].mean()
    assert agreement[0, 12] == pytest.approx(average, abs=0.15)
    assert high[0, 12] - low[0, 12] > (high - low)[0, 1]


def test_who_always_gives_the_same_stars_says_nothing_of_their_taste() -> None:
    agreements = of_circle(rated(CIRCLE + [(12, film, 3.5) for film in range(60)]))
    agreement, low, high = bounds(agreements)
    belief = agreements.model.belief(*np.array([[0], [12]]))
    assert belief.mean == belief.usual
    assert high[0, 12] - low[0, 12] > (high - low)[0, 1]
    assert np.isfinite(agreement).all()


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, 3.0)],
        [(0, 0, 3.0), (1, 0, 3.0)],
        [(0, 0, 3.0), (1, 1, 4.0)],
        [(who, film, float(1 + film)) for who in (0, 1) for film in range(5)],
    ],
    ids=["one member", "one film in common", "none in common", "two members"],
)
def test_hardly_any_ratings(rows: list[tuple[int, int, float]]) -> None:
    for agreement, low, high in believed(rows).values():
        assert -1 < low < agreement < high < 1


def test_no_rating_at_all() -> None:
    nothing = np.array([], int)
    agreements = of_circle(in_own_measure(nothing, nothing, np.array([], float)))
    assert bounds(agreements)[0].size == 0


# --- from a database ---


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    return crawled_engine


def test_pairs_of_a_cohort_equal_a_count_by_hand(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
        matches = taste.read(connection, cohort).matches()
        rows = connection.execute(
            sa.select(ratings.c.user_id, ratings.c.film_id)
            .join(cohort_members, cohort_members.c.user_id == ratings.c.user_id)
            .where(cohort_members.c.cohort_id == cohort.id, ratings.c.rating.is_not(None))
        ).all()
    seen: dict[int, set[int]] = {}
    for user, film in rows:
        seen.setdefault(user, set()).add(film)
    expected = {
        frozenset((one, other)): len(seen[one] & seen[other])
        for one in seen
        for other in seen
        if one < other and len(seen[one] & seen[other]) >= 5
    }
    assert expected
    assert {frozenset((match.one, match.other)): match.overlap for match in matches} == expected


def test_a_comparison_shows_films_that_both_or_only_the_other_rated(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        circle = taste.read(connection, None)
        match = max(circle.matches(), key=lambda pair: pair.overlap)
        one, two = match.one, match.other
        stars = {
            (user, film): rated
            for user, film, rated in connection.execute(
                sa.select(ratings.c.user_id, ratings.c.film_id, ratings.c.rating)
            )
        }
        compared = compare(connection, circle, one, two, 1000, "https://letterboxd.com")
        for film in (*compared.agreed, *compared.disagreed):
            assert (film.stars, film.other_stars) == (stars[one, film.film_id], stars[two, film.film_id])
        assert not {film.film_id for film in compared.agreed} & {film.film_id for film in compared.disagreed}
        assert all((film.above or 0) * (film.other_above or 0) > 0 for film in compared.agreed)
        assert compared.to_see
        for film in compared.to_see:
            assert film.other_stars == stars[two, film.film_id]
            assert stars.get((one, film.film_id)) is None
            assert film.stars is None
        first = compared.to_see[0].film_id
        connection.execute(watched.delete().where(watched.c.user_id == one, watched.c.film_id == first))
        connection.execute(watched.insert().values(user_id=one, film_id=first))
        again = compare(connection, circle, one, two, 1000, "https://letterboxd.com")
        assert first not in {film.film_id for film in again.to_see}


# --- the command ---


def letterboxd(engine: sa.Engine, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    """Run the command in this process; return its exit code, what it prints as JSON, and stderr."""
    url = address(engine)
    code = run([*words, "--json", "--db-url", url])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


@on_sqlite
def test_the_command_lists_the_circle_most_alike_first(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    code, rows, err = letterboxd(engine, capsys, "taste", "--member", "Marla", "--cohort", "friends")
    assert code == 0, err
    agreements = [row["agreement"] for row in rows]
    assert len(rows) > 1
    assert agreements == sorted(agreements, reverse=True)
    assert "marla" not in [row["member"] for row in rows]
    limited = letterboxd(engine, capsys, "taste", "--member", "marla", "--cohort", "friends", "--limit", "1")
    assert limited[1] == rows[:1]


@on_sqlite
def test_a_circle_of_one_or_two_is_compared_with_nobody_who_is_not_there(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    url = address(engine)
    with engine.begin() as connection:
        cohort = cohorts.find(connection, "friends")
        marla = cohorts.find_member_of(connection, cohort, "marla")
        ids = sa.select(ratings.c.user_id).where(ratings.c.user_id != marla, ratings.c.rating.is_not(None))
        other = connection.scalar(ids.group_by(ratings.c.user_id).order_by(sa.func.count().desc()))
        leave = cohort_members.delete().where(cohort_members.c.cohort_id == cohort.id)
        connection.execute(leave.where(cohort_members.c.user_id.not_in([marla, other])))
    assert run(["taste", "--member", "marla", "--cohort", "friends", "--db-url", url]) == 0
    told = " ".join("".join(capsys.readouterr()).split())
    assert "chance has 50" in told
    assert "agreement: 1 is one taste, 0 tells nothing, -1 the opposite" in told
    assert "all others together" not in told
    with engine.begin() as connection:
        connection.execute(leave.where(cohort_members.c.user_id == other))
    assert run(["taste", "--member", "marla", "--cohort", "friends", "--db-url", url]) == 0
    assert "nobody but marla is in this circle" in "".join(capsys.readouterr())


def test_the_command_compares_two_members(engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    _, rows, _ = letterboxd(engine, capsys, "taste", "--member", "marla")
    other = rows[0]["member"]
    code, out, err = letterboxd(engine, capsys, "taste", "--member", "marla", "--with", other)
    assert code == 0, err
    assert (out["member"], out["with"]) == ("marla", other)
    numbers = ("agreement", "low", "high", "overlap", "usual")
    assert [out[name] for name in numbers] == [rows[0][name] for name in numbers]
    assert {"title", "stars", "other_stars", "above", "other_above", "why"} <= out["agreed"][0].keys()
    code = run(["taste", "--member", "marla", "--with", other, "--db-url", str(engine.url)])
    if engine.dialect.name == "sqlite":
        assert code == 0
        told = capsys.readouterr()
        assert f"loved by {other}, not seen by marla" in told.out
        assert "agreement: 1 is one taste" in told.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--member", "marlo"), "no member 'marlo'"),
        (("--member", "marla", "--with", "marlo"), "no member 'marlo'"),
        (("--member", "marlo", "--cohort", "friends"), "no member 'marlo' of cohort 'friends'"),
        (("--member", "marla", "--cohort", "foes"), "no cohort 'foes'"),
        (("--member", "marla", "--with", "marla"), "name another member"),
        (("--member", "nobody"), "no rating of nobody is stored"),
    ],
)
@on_sqlite
def test_what_makes_no_sense_is_one_line(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    with engine.begin() as connection:
        connection.execute(users.insert().values(letterboxd_username="nobody", created_at=NOW))
    code, _, err = letterboxd(engine, capsys, "taste", *words)
    assert code == 2
    assert message in err
    assert "marla" in err or "nobody" in err or "foes" in err


# --- how well it foretells ---


@pytest.mark.skipif(
    not (DATA / "ratings.parquet").exists(), reason="RATINGS_DATA names no folder with ratings"
)
def test_one_half_of_the_films_foretells_the_other_better_than_the_raw_correlation() -> None:
    from benchmarks.taste_accuracy import accuracy, read

    accuracies = accuracy(read(DATA), members=150, seed=1)
    assert accuracies["shrunken"].correlation > accuracies["raw"].correlation + 0.05
    assert accuracies["shrunken"].error < accuracies["raw"].error - 0.05
    assert 0.87 <= accuracies["shrunken"].held <= 0.94
