"""Every strategy against a second computation in plain Python, on both databases, and small cases by hand."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store import migrate, statistics
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohort_film_stats, film_rankings, films, ratings, users
from ranking.compute import compute
from ranking.facts import Facts
from ranking.sql import standard_scores
from ranking.strategies import STRATEGIES
from ranking.strategies.recency import weight
from ranking.strategies.wilson import wilson
from tests import postgres
from tests.conftest import Shell, assert_ended, on_both

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Scores = dict[str, float]


@dataclass(frozen=True)
class Rated:
    """One rating as Python sees it; ``age`` in days, None if nothing is known of its date."""

    slug: str
    stars: float
    age: float | None


@dataclass(frozen=True)
class Circle:
    """All that a cohort's members rated, and Letterboxd's averages."""

    ratings: list[Rated]
    site: dict[str, float]

    def stars(self) -> dict[str, list[float]]:
        by_film = defaultdict(list)
        for rated in self.ratings:
            by_film[rated.slug].append(rated.stars)
        return by_film

    def mean(self) -> float:
        return fmean(rated.stars for rated in self.ratings)


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, in which some ratings have a date, some an interval, and most films an average."""
    with crawled_engine.begin() as connection:
        # Numbered by their names: ids depend on which page came first, and with them the dates would change
        # and, now and then, two scores lie on both sides of where ranks round them.
        members = _numbered(connection, users.c.id, users.c.letterboxd_username)
        slugs = _numbered(connection, films.c.id, films.c.slug)
        rows = connection.execute(sa.select(ratings.c.user_id, ratings.c.film_id)).all()
        for user, film in rows:
            place = sa.and_(ratings.c.user_id == user, ratings.c.film_id == film)
            connection.execute(ratings.update().where(place).values(_dates(members[user], slugs[film])))
        for film, number in slugs.items():
            average = 2 + number % 27 / 10 if number % 5 else None
            where = films.c.id == film
            connection.execute(films.update().where(where).values(letterboxd_weighted_average=average))
    statistics.refresh(crawled_engine, NOW)
    return crawled_engine


def _numbered(connection: sa.Connection, key: sa.Column[int], name: sa.Column[Any]) -> dict[int, int]:
    """Return for each id the place of its name in the alphabet, counted from 1."""
    rows = sorted(connection.execute(sa.select(name, key)), key=lambda row: str(row[0]).encode())
    return {row[1]: number for number, row in enumerate(rows, start=1)}


def _dates(user: int, film: int) -> dict[str, datetime | None]:
    long_ago = NOW - timedelta(days=(7 * user + 13 * film) % 2_000, seconds=film, microseconds=1_000 * user)
    seen: dict[str, datetime | None] = {
        "first_seen_at": long_ago,
        "seen_after": long_ago - timedelta(days=film % 30 + 1),
    }
    return {
        0: seen | {"rated_at": long_ago - timedelta(hours=5)},
        1: seen | {"rated_at": NOW + timedelta(days=3)},  # clocks differ, and so do zones
        2: seen | {"rated_at": None},
        3: seen | {"rated_at": None, "seen_after": None},
    }[(user + film) % 4]


def circle(engine: sa.Engine) -> Circle:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(films.c.slug, ratings).join_from(ratings, films).where(ratings.c.rating.is_not(None))
        ).all()
        site = connection.execute(sa.select(films.c.slug, films.c.letterboxd_weighted_average)).all()
    ratings_of_circle = [Rated(row.slug, row.rating, _age(row)) for row in rows]
    return Circle(ratings_of_circle, {slug: float(average) for slug, average in site if average is not None})


def _age(row: Any) -> float | None:
    if row.rated_at is None and row.seen_after is None:
        return None
    moment = row.rated_at or row.seen_after + (row.first_seen_at - row.seen_after) / 2
    return max(0.0, float((NOW - moment) / timedelta(days=1)))


def bayesian_by_hand(ratings: Circle, m: float = 5, min_votes: int = 1) -> Scores:
    mean = ratings.mean()
    return {
        slug: (sum(stars) + m * mean) / (len(stars) + m)
        for slug, stars in ratings.stars().items()
        if len(stars) >= min_votes
    }


def wilson_by_hand(ratings: Circle, threshold: float = 3.5, z: float = 1.96, min_votes: int = 1) -> Scores:
    scores = {}
    for slug, stars in ratings.stars().items():
        n, p = len(stars), sum(one >= threshold for one in stars) / len(stars)
        root = z * math.sqrt((p * (1 - p) + z**2 / (4 * n)) / n)
        if n >= min_votes:
            scores[slug] = (p + z**2 / (2 * n) - root) / (1 + z**2 / n)
    return scores


def discovery_by_hand(ratings: Circle, m: float = 5, min_votes: int = 3, above: float = 0) -> Scores:
    liked = ratings.mean() + above - 1e-9
    in_circle = {
        s: v for s, v in bayesian_by_hand(ratings, m, min_votes).items() if s in ratings.site and v >= liked
    }
    ours = standard_scores(list(in_circle.values()))
    theirs = standard_scores([ratings.site[slug] for slug in in_circle])
    return {slug: our - their for slug, our, their in zip(in_circle, ours, theirs, strict=True)}


def recency_by_hand(ratings: Circle, tau: float = 180, m: float = 2, min_votes: int = 1) -> Scores:
    mean, scores, votes = ratings.mean(), {}, ratings.stars()
    dated = defaultdict(list)
    for rated in ratings.ratings:
        if rated.age is not None:
            dated[rated.slug].append((math.exp(-rated.age / tau), rated.stars))
    for slug, pairs in dated.items():
        total = sum(w for w, _ in pairs)
        if len(votes[slug]) >= min_votes:
            scores[slug] = (sum(w * stars for w, stars in pairs) + m * mean) / (total + m)
    return scores


def hybrid_by_hand(
    ratings: Circle,
    alpha: float = 0.25,
    beta: float = 0.25,
    tau: float = 180,
    m: float = 2,
    min_votes: int = 3,
) -> Scores:
    votes = {slug: stars for slug, stars in ratings.stars().items() if len(stars) >= min_votes}
    recent = recency_by_hand(ratings, tau, m)
    columns: tuple[list[float | None], ...] = (
        [fmean(stars) for stars in votes.values()],
        [math.log(len(stars)) for stars in votes.values()],
        [recent.get(slug) for slug in votes],
    )
    z = zip(*map(standard_scores, columns), strict=True)
    return {slug: a + alpha * b + beta * c for slug, (a, b, c) in zip(votes, z, strict=True)}


BY_HAND: dict[str, Callable[..., Scores]] = {
    "bayesian": bayesian_by_hand,
    "wilson": wilson_by_hand,
    "discovery": discovery_by_hand,
    "recency": recency_by_hand,
    "hybrid": hybrid_by_hand,
}
CASES: list[tuple[str, dict[str, float]]] = [
    *((name, {}) for name in BY_HAND),
    ("wilson", {"threshold": 4, "z": 1.0, "min_votes": 4}),
    ("discovery", {"m": 1, "min_votes": 1, "above": -0.5}),
    ("recency", {"tau": 2, "m": 0.5, "min_votes": 3}),
    ("hybrid", {"alpha": 1, "beta": 2, "tau": 30, "m": 1, "min_votes": 1}),
]


def stored(engine: sa.Engine, strategy: str) -> list[tuple[int, str, float]]:
    query = (
        sa.select(film_rankings.c.rank, films.c.slug, film_rankings.c.score)
        .join(films, films.c.id == film_rankings.c.film_id)
        .where(film_rankings.c.strategy == strategy)
        .order_by(film_rankings.c.rank)
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def rank(engine: sa.Engine, strategy: str, **parameters: Any) -> list[tuple[int, str, float]]:
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(engine, cohort, STRATEGIES[strategy], parameters, NOW)
    return stored(engine, strategy)


def test_scores_and_ranks_equal_a_second_computation(engine: sa.Engine) -> None:
    ratings = circle(engine)
    votes = {slug: len(stars) for slug, stars in ratings.stars().items()}
    for strategy, parameters in CASES:
        scores = BY_HAND[strategy](ratings, **parameters)
        order = sorted(scores, key=lambda s: (-round(scores[s], 10), -votes[s], s.encode()))
        ranked = rank(engine, strategy, **parameters)
        assert len(scores) > (20 if strategy == "discovery" else 50), strategy
        assert [slug for _, slug, _ in ranked] == order, strategy
        assert [place for place, _, _ in ranked] == list(range(1, len(order) + 1))
        expected = [scores[slug] for slug in order]
        assert [score for _, _, score in ranked] == pytest.approx(expected, abs=1e-9), strategy


def test_a_query_without_a_member_is_the_ranking_of_the_others(engine: sa.Engine) -> None:
    of_circle = circle(engine)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
        (user,) = connection.execute(
            sa.text("SELECT id FROM users WHERE letterboxd_username = 'otto_reels'")
        ).one()
        gone = set(
            connection.execute(
                sa.select(films.c.slug, ratings.c.rating)
                .join_from(ratings, films)
                .where(ratings.c.user_id == user)
            ).all()
        )
    assert gone
    with engine.begin() as connection:
        for strategy in map(STRATEGIES.__getitem__, BY_HAND):
            facts = Facts(cohort.id, NOW, without=user)
            query = strategy.query(connection, facts, strategy.settle()).subquery()
            named = sa.select(films.c.slug, query.c.score).join_from(
                query, films, films.c.id == query.c.film_id
            )
            scores = {slug: score for slug, score in connection.execute(named)}
            rest = connection.execute(
                sa.select(films.c.slug, ratings)
                .join_from(ratings, films)
                .where(ratings.c.rating.is_not(None), ratings.c.user_id != user)
            ).all()
            others = Circle([Rated(row.slug, row.rating, _age(row)) for row in rest], of_circle.site)
            assert scores == pytest.approx(BY_HAND[strategy.name](others), abs=1e-9), strategy.name


ENGLISH = "en_US.UTF-8"
# Bytewise they stand in this order; English takes no notice of hyphens, and of capitals only in the end.
TIED = ["B", "Z", "a", "a-b", "a-c", "a1", "aa", "aab", "ab", "b-1", "b-10", "b1", "b2", "z", "ä", "é-a"]


@pytest.fixture
def english_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database that sorts texts as English does."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.database(postgres_server, locale=ENGLISH))
        except sa.exc.DBAPIError as error:
            pytest.skip(f"this machine has no locale {ENGLISH} and cannot make it: {error.orig}")
        yield url


def test_ranks_are_the_same_where_texts_sort_otherwise(english_url: str, sqlite_url: str) -> None:
    for url in (english_url, sqlite_url):
        engine = make_engine(url)
        migrate.upgrade(engine)
        if url == english_url:
            with engine.connect() as connection:
                values = sa.values(sa.column("slug", sa.Text), name="slugs").data([(slug,) for slug in TIED])
                by_locale = connection.scalars(sa.select(values.c.slug).order_by(values.c.slug)).all()
            assert by_locale != TIED  # else this would show nothing
        rate_alike(engine, TIED)
        for strategy in STRATEGIES:
            assert [slug for _, slug, _ in rank(engine, strategy, min_votes=1)] == TIED, strategy
        engine.dispose()


def rate_alike(engine: sa.Engine, slugs: list[str]) -> None:
    """Make the cohort "friends", whose one member finds these films alike."""
    with engine.begin() as connection:
        # The ids say nothing of the order.
        rows = [{"slug": slug, "title": slug, "letterboxd_weighted_average": 3.0} for slug in slugs[::-1]]
        connection.execute(films.insert(), rows)
        cohorts.make_from_names(connection, "friends", ["ada"], NOW)
        user = connection.scalar(sa.select(users.c.id))
        seen = {"rated_at": NOW, "first_seen_at": NOW, "updated_at": NOW}
        every = connection.scalars(sa.select(films.c.id)).all()
        row = {"user_id": user, "rating": 3.5} | seen
        connection.execute(ratings.insert(), [row | {"film_id": film} for film in every])
    statistics.refresh(engine, NOW)


@pytest.fixture
def alike(engine: sa.Engine) -> sa.Engine:
    """A circle that finds all films alike."""
    with engine.begin() as connection:
        connection.execute(ratings.update().where(ratings.c.rating.is_not(None)).values(rating=3.5))
        connection.execute(films.update().values(letterboxd_weighted_average=3.5))
    statistics.refresh(engine, NOW)
    return engine


def test_where_there_is_no_spread_nothing_stands_out(alike: sa.Engine) -> None:
    assert {score for _, _, score in rank(alike, "discovery")} == {0.0}
    assert {round(score, 10) for _, _, score in rank(alike, "hybrid", alpha=0, beta=1)} == {0.0}


def test_what_cannot_be_ranked_says_why(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(ratings.update().values(rated_at=None, seen_after=None))
        connection.execute(films.update().values(letterboxd_weighted_average=None))
    with pytest.raises(InputError, match="--diary"):
        rank(engine, "recency")
    with pytest.raises(InputError, match="Letterboxd's averages"):
        rank(engine, "discovery")
    # Without any date, hybrid goes by what it has.
    assert len(rank(engine, "hybrid")) == len(hybrid_by_hand(circle(engine)))


def test_very_old_ratings_and_a_short_memory_are_no_error(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(ratings.update().values(rated_at=NOW - timedelta(days=30_000)))
    ranked = rank(engine, "recency", tau=0.5)
    assert {round(score, 9) for _, _, score in ranked} == {round(circle(engine).mean(), 9)}


def test_statistics_that_are_there_are_used(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(cohort_film_stats.c.first_rating_at)).scalars().all()
    assert any(rows)


@on_both
def test_all_strategies_are_computed_at_once(crawled: Shell) -> None:
    told = crawled.letterboxd("rank", "compute", "--cohort", "friends", "--strategy", "all", "--param", "m=3")
    assert_ended(told, 0)
    for name in ("circle", "bayesian", "wilson", "hybrid"):
        assert f"{name}: " in told.stderr
    # There is no average of the site's yet, and one crawl alone dates no rating.
    assert "can be ranked by discovery: it needs Letterboxd's averages" in told.stderr
    assert "can be ranked by recency: no rating has a date" in told.stderr
    for strategy, expected in (
        ("all", "no strategy has a parameter 'x'"),
        ("wilson", "wilson has no parameter"),
    ):
        told = crawled.letterboxd(
            "rank", "compute", "--cohort", "friends", "--strategy", strategy, "--param", "x=3"
        )
        assert_ended(told, 2)
        assert expected in told.stderr


@pytest.mark.parametrize(
    ("stars", "expected"),
    [
        # p = 1: n / (n + z²).
        ([4, 5], 2 / (2 + 1.96**2)),
        ([1], 0.0),
        # p = 1/2 of 4, worked out by hand: (0.5 + 0.4802 − 1.96·√(0.0625 + 0.060025)) / 1.9604
        ([5, 5, 1, 1], 0.150036),
    ],
)
def test_wilson_by_hand(stars: list[float], expected: float) -> None:
    positive = sum(one >= 3.5 for one in stars)
    assert wilson(positive, len(stars), z=1.96) == pytest.approx(expected, abs=1e-5)


@given(votes=st.integers(1, 500), data=st.data(), z=st.floats(0.1, 4))
def test_wilson_lies_below_the_share_and_grows_with_it(votes: int, data: st.DataObject, z: float) -> None:
    positive = data.draw(st.integers(0, votes))
    bound = wilson(positive, votes, z=z)
    assert -1e-12 <= bound <= positive / votes + 1e-12
    if positive < votes:
        assert wilson(positive + 1, votes, z=z) > bound


@given(age=st.floats(0, 10_000), more=st.floats(0.01, 100), tau=st.floats(1, 1_000))
def test_an_older_rating_weighs_no_more(age: float, more: float, tau: float) -> None:
    assert 0 <= weight(age + more, tau=tau) <= weight(age, tau=tau) <= 1


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=50))
def test_standard_scores_have_no_mean_and_the_deviation_one(values: list[float]) -> None:
    z = standard_scores(values)
    assert fmean(z) == pytest.approx(0, abs=1e-5)
    assert all(z[i] <= z[j] + 1e-9 for i in range(len(z)) for j in range(len(z)) if values[i] < values[j])
