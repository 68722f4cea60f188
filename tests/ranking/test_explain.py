"""Where a film's scores come from: every number, against the rows and the formulas, on both databases."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohort_members, film_rankings, films, ratings, users
from ranking.compute import compute
from ranking.explain import Explanation, Standing, explain
from ranking.strategies import STRATEGIES
from ranking.strategies.bayesian import bayesian
from ranking.strategies.circle_model import shrunken
from ranking.strategies.hybrid import hybrid
from ranking.strategies.wilson import wilson
from tests.conftest import Shell, assert_ended, on_sqlite, stored_facts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, ranked by every strategy: ratings have dates, films Letterboxd's average."""
    with crawled_engine.begin() as connection:
        connection.execute(ratings.update().values(rated_at=NOW - timedelta(days=100)))
        average = sa.cast(films.c.id % 27, sa.Double) / 10 + 2
        connection.execute(films.update().values(letterboxd_weighted_average=average))
    compute_all(crawled_engine)
    return crawled_engine


def compute_all(engine: sa.Engine) -> None:
    statistics.refresh(engine, NOW)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    for strategy in STRATEGIES.values():
        compute(engine, cohort, strategy, {}, NOW)


def explained(engine: sa.Engine, film: str) -> Explanation:
    with engine.connect() as connection:
        return explain(connection, cohorts.find(connection, "friends"), film, "https://letterboxd.com")


def told(explanation: Explanation | str) -> Any:
    """What it says (or the JSON of it), to nine places: PostgreSQL adds up rows in any order."""
    text = explanation
    if isinstance(text, Explanation):
        text = json.dumps(asdict(text), default=datetime.isoformat)
    return json.loads(text, parse_float=lambda number: round(float(number), 9))


def standing(engine: sa.Engine, film: str, strategy: str) -> Standing:
    (standing,) = [one for one in explained(engine, film).standings if one.strategy == strategy]
    return standing


def most_rated(engine: sa.Engine) -> str:
    """Return the film with the most ratings of those that every strategy ranks."""
    usual = sa.select(sa.func.avg(ratings.c.rating)).scalar_subquery()
    query = (
        sa.select(films.c.slug)
        .join(ratings, ratings.c.film_id == films.c.id)
        .where(ratings.c.rating.is_not(None))
        .group_by(films.c.slug)
        .having(sa.func.avg(ratings.c.rating) > usual)
        .order_by(sa.func.count().desc(), films.c.slug)
        .limit(1)
    )
    with engine.connect() as connection:
        return str(connection.scalar(query))


def test_it_says_who_rated_it_what_and_how_far_from_their_own_mean(engine: sa.Engine) -> None:
    film = most_rated(engine)
    rows = [row for row in stored_facts(engine) if row[1] == film]
    every = [(member, stars) for member, _, stars, _, _ in stored_facts(engine) if stars is not None]
    opinions = explained(engine, film).opinions
    assert {(o.member, film, o.stars, o.liked, o.favorite) for o in opinions} == set(rows)
    assert len(opinions) == len(rows) > 5
    for opinion in opinions:
        own = fmean(stars for member, stars in every if member == opinion.member)
        assert opinion.own_mean == pytest.approx(own)
        if opinion.stars is not None:
            assert opinion.difference == pytest.approx(opinion.stars - own)
    order = [(-(opinion.stars or 0), opinion.member) for opinion in opinions]
    assert order == sorted(order)


def test_a_like_without_a_rating_is_an_opinion_without_stars(engine: sa.Engine) -> None:
    member, film = next(
        (m, slug) for m, slug, stars, liked, _ in stored_facts(engine) if stars is None and liked
    )
    (opinion,) = [one for one in explained(engine, film).opinions if one.member == member]
    assert (opinion.stars, opinion.difference, opinion.liked) == (None, None, True)


def test_ranks_and_scores_are_those_stored(engine: sa.Engine) -> None:
    film = most_rated(engine)
    query = sa.select(film_rankings).join(films, films.c.id == film_rankings.c.film_id)
    with engine.connect() as connection:
        rows = {row.strategy: row for row in connection.execute(query.where(films.c.slug == film))}
        counted = sa.select(film_rankings.c.strategy, sa.func.count()).group_by(film_rankings.c.strategy)
        sizes = {strategy: films for strategy, films in connection.execute(counted)}
    standings = explained(engine, film).standings
    assert [one.strategy for one in standings] == list(STRATEGIES)
    for one in standings:
        row = rows[one.strategy]
        assert (one.rank, one.score, one.parameters) == (row.rank, row.score, row.params)
        assert (one.films, one.computed_at, one.remark) == (sizes[one.strategy], NOW, None)


def test_the_numbers_make_the_score(engine: sa.Engine) -> None:
    film = most_rated(engine)
    numbers: dict[str, dict[str, Any]] = {
        one.strategy: one.numbers or {} for one in explained(engine, film).standings
    }
    b = numbers["bayesian"]
    of_bayesian = bayesian(b["mean"], b["votes"], prior_mean=b["prior_mean"], prior_votes=5)
    w = numbers["wilson"]
    r = numbers["recency"]
    of_recency = bayesian(r["weighted_mean"], r["weight"], prior_mean=r["prior_mean"], prior_votes=2)
    d = numbers["discovery"]
    h = numbers["hybrid"]
    of_hybrid = hybrid(h["mean_z"], h["log_votes_z"], h["recency_z"], alpha=0.25, beta=0.25)
    c = numbers["circle"]
    of_circle = shrunken(
        c["without_habits"], c["weight"], expected=c["expected"], expected_weight=c["expected_weight"]
    )
    expected = {
        "circle": of_circle,
        "bayesian": of_bayesian,
        "wilson": wilson(w["positive"], w["votes"], z=1.96),
        "discovery": d["bayesian_z"] - d["site_average_z"],
        "recency": of_recency,
        "hybrid": of_hybrid,
    }
    for strategy, score in expected.items():
        assert numbers[strategy]["score"] == pytest.approx(score, abs=1e-9), strategy
        assert standing(engine, film, strategy).score == pytest.approx(score, abs=1e-9), strategy


def test_each_raters_habit_and_weight_make_what_circle_starts_from(engine: sa.Engine) -> None:
    film = most_rated(engine)
    explained_by = standing(engine, film, "circle")
    voices, numbers = explained_by.voices or [], explained_by.numbers or {}
    opinions = [one for one in explained(engine, film).opinions if one.stars is not None]
    assert [voice.member for voice in voices] == [one.member for one in opinions]
    for voice, opinion in zip(voices, opinions, strict=True):
        assert voice.without_habit == pytest.approx((opinion.stars or 0) - voice.habit)
    whole = sum(voice.weight for voice in voices)
    assert numbers["weight"] == pytest.approx(whole)
    mean = sum(voice.weight * voice.without_habit for voice in voices) / whole
    assert numbers["without_habits"] == pytest.approx(mean)
    low, high = numbers["score_low"], numbers["score_high"]
    assert low is not None
    assert high is not None
    assert low < (explained_by.score or 0) < high
    assert standing(engine, film, "bayesian").voices is None
    (table,) = [rows for columns, rows in explained(engine, film).tables() if "rates higher by" in columns]
    assert len(table) == len(voices)


def test_an_outdated_score_is_told_from_a_current_one(engine: sa.Engine) -> None:
    film = most_rated(engine)
    with engine.begin() as connection:
        number = connection.scalar(sa.select(films.c.id).where(films.c.slug == film))
        connection.execute(ratings.update().where(ratings.c.film_id == number).values(rating=0.5))
    explained_by = standing(engine, film, "bayesian")
    assert explained_by.score is not None
    assert explained_by.score > 3
    assert explained_by.numbers is not None
    assert explained_by.numbers["mean"] == 0.5
    assert "ratings have changed since: `letterboxd rank compute --cohort friends" in str(explained_by.remark)
    compute_all(engine)
    assert standing(engine, film, "bayesian").remark is None


@on_sqlite
def test_why_a_film_is_not_ranked_is_said(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        rated = sa.select(ratings.c.film_id).where(ratings.c.rating.is_not(None))
        once = rated.group_by(ratings.c.film_id).having(sa.func.count() == 1)
        slug = str(connection.scalar(sa.select(films.c.slug).where(films.c.id.in_(once)).limit(1)))
        connection.execute(films.insert().values(slug="nobodys-film", title="Nobody's Film"))
    (rare,) = [one for one in explained(engine, slug).standings if one.strategy == "hybrid"]
    assert (rare.rank, rare.score) == (None, None)
    assert rare.remark == "it has 1 of the 3 ratings that min_votes asks for"
    assert {one.remark for one in explained(engine, "nobodys-film").standings} == {
        "nobody in the cohort has rated it"
    }


@on_sqlite
def test_a_strategy_that_was_never_computed_says_how(crawled_engine: sa.Engine) -> None:
    explained_by = standing(crawled_engine, most_rated(crawled_engine), "wilson")
    assert (explained_by.rank, explained_by.numbers) == (None, None)
    assert (
        explained_by.remark == "never computed: `letterboxd rank compute --cohort friends --strategy wilson`"
    )


@on_sqlite
def test_what_was_never_computed_is_no_row_of_a_table(crawled_engine: sa.Engine) -> None:
    explanation = explained(crawled_engine, most_rated(crawled_engine))
    assert explanation.never_computed == list(STRATEGIES)
    assert [columns[0] for columns, _ in explanation.tables()] == ["film", "member"]


def test_others_outside_the_cohort_have_no_say(engine: sa.Engine) -> None:
    film = most_rated(engine)
    before = told(explained(engine, film))
    with engine.begin() as connection:
        stranger = {"letterboxd_username": "stranger", "created_at": NOW}
        user = connection.scalar(users.insert().values(stranger).returning(users.c.id))
        number = connection.scalar(sa.select(films.c.id).where(films.c.slug == film))
        row = {"user_id": user, "film_id": number, "rating": 0.5, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert().values(row))
        assert not connection.scalar(
            sa.select(cohort_members.c.depth).where(cohort_members.c.user_id == user)
        )
    assert told(explained(engine, film)) == before


@on_sqlite
def test_a_film_is_found_by_its_address_or_refused_with_what_is_alike(engine: sa.Engine) -> None:
    film = most_rated(engine)
    by_address = explained(engine, f"https://letterboxd.com/film/{film}/")
    assert told(by_address) == told(explained(engine, film.upper()))
    with pytest.raises(UnknownName, match=f"no film '{film}x': did you mean .*{by_address.title}"):
        explained(engine, f"{film}x")


def test_on_the_command_line(crawled: Shell, engine: sa.Engine) -> None:
    film, site = most_rated(engine), crawled.environment["LETTERBOXD_BASE_URL"]
    process = crawled.letterboxd("rank", "explain", "--cohort", "friends", "--film", film)
    assert_ended(process, 0)
    explanation = explained(engine, film)
    for word in (explanation.title, "otto_reels", *STRATEGIES, "prior_mean", "site_average_z"):
        assert word in process.stdout
    assert all(str(standing.because) in process.stdout for standing in explanation.standings)
    as_json = crawled.letterboxd("rank", "explain", "--cohort", "friends", "--film", film, "--json")
    assert_ended(as_json, 0)
    assert told(as_json.stdout) == told(replace(explanation, link=f"{site}/film/{film}/"))
    refused = crawled.letterboxd("rank", "explain", "--cohort", "friends", "--film", "no-such-film")
    assert_ended(refused, 2)
    assert refused.stdout == ""
