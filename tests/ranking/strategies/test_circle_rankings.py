"""The strategy `circle` on both databases: scores, ranks, and why films stand where they do."""

import numpy as np
import pytest
import sqlalchemy as sa

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_rankings, films, users
from letterboxd_scraper.store.schema import ratings as ratings_table
from ranking.choices.filters import Choices
from ranking.compute import compute
from ranking.facts import Facts
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES
from ranking.strategies.circle_ratings import read
from tests.conftest import Shell, assert_ended, stored_facts
from tests.ranking.strategies.test_circle_strategy import CIRCLE, NOW, packed, scores


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle; most films have Letterboxd's average, and most of these its number of ratings."""
    with crawled_engine.begin() as connection:
        slugs = sorted(map(str, connection.scalars(sa.select(films.c.slug))))
        for at, slug in enumerate(slugs):
            values = {"letterboxd_weighted_average": 2 + at % 27 / 10 if at % 5 else None}
            values["letterboxd_rating_count"] = 10 + at * 37 if at % 3 else None
            connection.execute(films.update().where(films.c.slug == slug).values(values))
    statistics.refresh(crawled_engine, NOW)
    return crawled_engine


def from_python(engine: sa.Engine, without: str | None = None) -> dict[str, float]:
    """Fit what the database has, read in another order and with other ids than the strategy reads."""
    facts = sorted(
        (row for row in stored_facts(engine) if row[2] is not None and row[0] != without), reverse=True
    )
    slugs = sorted({slug for _, slug, *_ in facts}, reverse=True)
    names = sorted({name for name, *_ in facts}, reverse=True)
    query = sa.select(films.c.slug, films.c.letterboxd_weighted_average, films.c.letterboxd_rating_count)
    with engine.connect() as connection:
        site = {slug: (average, count) for slug, average, count in connection.execute(query)}
    averages = {
        at: (float(site[slug][0]), site[slug][1] or np.inf)
        for at, slug in enumerate(slugs)
        if site[slug][0] is not None
    }
    rated = ((names.index(name), slugs.index(slug), stars or 0.0) for name, slug, stars, *_ in facts)
    return {slugs[film]: score for film, score in scores(packed(rated, averages)).items()}


def ranked(engine: sa.Engine, without: str | None = None, **chosen: int) -> list[RankedFilm]:
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(engine, cohort, CIRCLE, {"min_votes": 1} | chosen, NOW)
    with engine.connect() as connection:
        return ranking(connection, cohort, "circle", choices=Choices(without=without))


def test_both_databases_give_the_same_scores_and_ranks(engine: sa.Engine) -> None:
    expected = from_python(engine)
    rows = ranked(engine)
    assert {film.slug: film.score for film in rows} == pytest.approx(expected, abs=1e-9)
    order = sorted(rows, key=lambda f: (-round(f.score, 10), -f.watchers, str(f.slug).encode()))
    assert [film.rank for film in order] == list(range(1, len(expected) + 1))
    assert all(film.low < film.score < film.high for film in rows if film.low and film.high)
    with engine.connect() as connection:
        assert None not in connection.scalars(sa.select(film_rankings.c.score_low)).all()
        assert {str(p) for p in connection.scalars(sa.select(film_rankings.c.params))} == {
            "{'site': 1, 'min_votes': 1}"
        }


def test_without_letterboxd_films_are_expected_to_be_what_is_usual_here(engine: sa.Engine) -> None:
    rows = ranked(engine, site=0)
    with engine.begin() as connection:
        connection.execute(films.update().values(letterboxd_weighted_average=None))
    assert {f.slug: f.score for f in rows} == pytest.approx(from_python(engine), abs=1e-9)
    assert {film.parameters["site"] for film in rows} == {0}


def test_how_many_ratings_a_film_needs_depends_on_the_circle_unless_chosen(engine: sa.Engine) -> None:
    raters = len({member for member, _, stars, *_ in stored_facts(engine) if stars is not None})
    with engine.begin() as connection:
        cohort = cohorts.find(connection, "friends")
        assert connection.scalar(sa.select(Facts(cohort.id, NOW).raters)) == raters
        one = connection.scalar(sa.select(ratings_table.c.user_id).where(ratings_table.c.rating.is_not(None)))
        assert connection.scalar(sa.select(Facts(cohort.id, NOW, without=one).raters)) == raters - 1
        connection.execute(ratings_table.delete().where(ratings_table.c.user_id != one))
        alone = CIRCLE.complete(connection, Facts(cohort.id, NOW), CIRCLE.settle())
        chosen = CIRCLE.complete(connection, Facts(cohort.id, NOW), CIRCLE.settle({"min_votes": 7}))
    assert (alone, chosen) == ({"site": 1, "min_votes": 1}, {"site": 1, "min_votes": 7})


def test_without_a_member_it_is_fitted_to_the_others(engine: sa.Engine) -> None:
    rows = ranked(engine, without="otto_reels")
    assert {f.slug: f.score for f in rows} == pytest.approx(from_python(engine, "otto_reels"), abs=1e-9)
    assert all(film.low is not None for film in rows)


def test_min_votes_leaves_films_out_and_changes_no_score(engine: sa.Engine) -> None:
    every = {film.film_id: film for film in ranked(engine)}
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(engine, cohort, CIRCLE, {"min_votes": 3}, NOW)
    with engine.connect() as connection:
        films = ranking(connection, cohort, "circle")
    assert {f.film_id for f in films} == {f.film_id for f in every.values() if f.watchers >= 3}
    assert [f.score for f in films] == pytest.approx([every[f.film_id].score for f in films], abs=1e-9)


def test_reading_changes_nothing_that_was_rated(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
        ratings = read(connection, Facts(cohort.id, NOW))
        name, slug = users.c.letterboxd_username, films.c.slug
        members = {number: text for number, text in connection.execute(sa.select(users.c.id, name))}
        titles = {number: text for number, text in connection.execute(sa.select(films.c.id, slug))}
    member = np.repeat(ratings.member_ids, ratings.by_member).tolist()
    film, stars = ratings.film_ids[ratings.film].tolist(), (ratings.half_stars / 2).tolist()
    triples = {(members[m], titles[f], s) for m, f, s in zip(member, film, stars, strict=True)}
    assert triples == {(m, f, s) for m, f, s, *_ in stored_facts(engine) if s is not None}


def test_each_strategy_says_why_a_film_stands_where_it_does_and_names_nobody(engine: sa.Engine) -> None:
    names = {member for member, *_ in stored_facts(engine)}
    with engine.begin() as connection:
        connection.execute(ratings_table.update().values(rated_at=NOW))
        cohort = cohorts.find(connection, "friends")
        for strategy in STRATEGIES.values():
            facts, chosen = Facts(cohort.id, NOW), {"min_votes": 1, "above": -5}
            parameters = strategy.settle(chosen)
            reasons = strategy.reasons(connection, facts, parameters)
            rows = connection.execute(strategy.query(connection, facts, parameters)).all()
            assert reasons.keys() == {row.film_id for row in rows}, strategy.name
            assert len(reasons) > 50, strategy.name
            for sentence in reasons.values():
                assert not any(name in sentence for name in names)
                assert "nan" not in sentence
                assert "None" not in sentence
            best = max(rows, key=lambda row: float(row.score))
            assert f"{best.votes} rating" in reasons[best.film_id], strategy.name


@pytest.mark.parametrize(
    ("strategy", "terms", "sentence"),
    [
        (
            "bayesian",
            {"votes": 11, "mean": 4.636, "prior_mean": 3.61, "m": 5},
            "11 ratings, mean 4.64; counted with 5 more of 3.61, the circle's mean",
        ),
        (
            "wilson",
            {"votes": 1, "positive": 1.0, "threshold": 3.5, "z": 1.96, "score": 0.2065},
            "1 of 1 rating with 3.5 stars or more: with 95 % confidence, a share of 21 % at least",
        ),
    ],
)
def test_the_sentence(strategy: str, terms: dict[str, float], sentence: str) -> None:
    assert STRATEGIES[strategy].because(terms) == sentence


def test_it_is_what_is_meant_where_no_strategy_is_named(crawled: Shell) -> None:
    assert DEFAULT_STRATEGY == "circle"
    assert_ended(computed := crawled.letterboxd("rank", "compute", "--cohort", "friends"), 0)
    assert "circle: " in computed.stderr
    assert_ended(crawled.letterboxd("rank", "show", "--cohort", "friends"), 0)
