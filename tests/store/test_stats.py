"""What is counted per cohort and film, and when it is counted anew, on both databases."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts, forgetting
from letterboxd_scraper.store.merge import merge_films
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_film_stats,
    cohort_members,
    film_histograms,
    films,
    ratings,
    users,
)
from letterboxd_scraper.store.schema import cohorts as cohorts_table
from tests.conftest import Shell, assert_ended, on_both, on_postgresql, on_sqlite, stored_facts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def counted(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, counted."""
    assert statistics.refresh(crawled_engine, NOW)
    return crawled_engine


def stars_of(engine: sa.Engine) -> dict[str, list[float]]:
    by_film = defaultdict(list)
    for _, slug, rating, _, _ in stored_facts(engine):
        if rating is not None:
            by_film[slug].append(rating)
    return by_film


def histograms(engine: sa.Engine) -> dict[str, dict[str, int]]:
    query = sa.select(films.c.slug, film_histograms.c.bucket_label, film_histograms.c.count).join(
        films, films.c.id == film_histograms.c.film_id
    )
    buckets: dict[str, dict[str, int]] = defaultdict(dict)
    with engine.connect() as connection:
        of_cohorts = query.where(film_histograms.c.cohort_id.is_not(None))
        for slug, label, count in connection.execute(of_cohorts):
            assert label not in buckets[slug]
            buckets[slug][label] = count
    return buckets


def test_they_count_rows_with_a_rating_only(counted: sa.Engine) -> None:
    columns = (films.c.slug, cohort_film_stats.c.watchers, cohort_film_stats.c.rating_sum)
    query = sa.select(*columns, cohort_film_stats.c.avg_rating).join(
        films, films.c.id == cohort_film_stats.c.film_id
    )
    with counted.connect() as connection:
        stored = {row[0]: tuple(row[1:]) for row in connection.execute(query)}
    assert stored == {
        slug: (len(v), sum(v), pytest.approx(sum(v) / len(v))) for slug, v in stars_of(counted).items()
    }


def test_a_circles_histograms_count_each_rating_once(counted: sa.Engine) -> None:
    expected = {slug: dict(Counter(map(str, v))) for slug, v in stars_of(counted).items()}
    assert histograms(counted) == expected
    assert {label for labels in expected.values() for label in labels} <= {f"{n / 2}" for n in range(1, 11)}


def test_letterboxds_own_histograms_are_left_alone(counted: sa.Engine) -> None:
    with counted.begin() as connection:
        film = connection.scalar(sa.select(films.c.id).limit(1))
        row = {"film_id": film, "bucket_label": "3.5", "count": 7, "computed_at": NOW}
        connection.execute(film_histograms.insert().values(row))
        connection.execute(ratings.delete().where(ratings.c.film_id == film))
    statistics.refresh(counted, LATER)
    of_site = sa.select(film_histograms.c.count).where(film_histograms.c.cohort_id.is_(None))
    with counted.connect() as connection:
        assert connection.scalars(of_site).all() == [7]


def test_they_follow_the_ratings(counted: sa.Engine) -> None:
    with counted.begin() as connection:
        connection.execute(ratings.update().values(rating=None, liked=True))
    assert statistics.refresh(counted, LATER) == 0
    assert histograms(counted) == {}


def a_rating(connection: sa.Connection) -> sa.ColumnElement[bool]:
    row = connection.execute(sa.select(ratings).where(ratings.c.rating.is_not(None)).limit(1)).one()
    return sa.and_(ratings.c.user_id == row.user_id, ratings.c.film_id == row.film_id)


def merge_two_films(connection: sa.Connection) -> None:
    keep, other = connection.scalars(sa.select(ratings.c.film_id).distinct().limit(2))
    merge_films(connection, keep, other)


CHANGES: dict[str, Callable[[sa.Connection], object]] = {
    "another rating": lambda c: c.execute(ratings.update().where(a_rating(c)).values(rating=0.5)),
    "a date": lambda c: c.execute(ratings.update().where(a_rating(c)).values(rated_at=NOW)),
    "a rating less": lambda c: c.execute(ratings.delete().where(a_rating(c))),
    "a rating withdrawn": lambda c: c.execute(
        ratings.update().where(a_rating(c)).values(rating=None, liked=True)
    ),
    "a rating more": lambda c: c.execute(
        ratings.insert().values(
            user_id=c.scalar(sa.select(users.c.id).limit(1)),
            film_id=c.scalar(films.insert().values(slug="new", title="New").returning(films.c.id)),
            rating=4,
            first_seen_at=NOW,
            updated_at=NOW,
        )
    ),
    "a member less": lambda c: c.execute(
        users.delete().where(users.c.letterboxd_username == "otto_reels")
    ),
    "a member who has left": lambda c: c.execute(
        cohort_members.delete().where(cohort_members.c.depth == 0)
    ),
    "another cohort": lambda c: cohorts.make_from_names(c, "pair", ["kip", "otto_reels"], NOW),
    "a member who is forgotten": lambda c: forgetting.forget(c, "otto_reels", LATER),
    "a cohort less": lambda c: cohorts.delete(c, cohorts.find(c, "friends")),
    "films that are one": merge_two_films,
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_they_are_counted_anew_after(
    change: str, counted: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In so small a circle a change is soon about so much that all is counted.
    monkeypatch.setattr(statistics, "_SLOWER", 0)
    assert statistics.refresh(counted, LATER) is None
    with counted.begin() as connection:
        CHANGES[change](connection)
    assert statistics.refresh(counted, LATER) is not None
    assert statistics.refresh(counted, LATER) is None
    after = counts(counted)
    count_all(counted, LATER)
    assert after == counts(counted)


@on_sqlite
def test_only_films_whose_ratings_have_changed_are_counted_anew(counted: sa.Engine) -> None:
    with counted.begin() as connection:
        row = connection.execute(sa.select(ratings).where(a_rating(connection))).one()
        connection.execute(ratings.update().where(a_rating(connection)).values(rating=0.5))
    assert statistics.refresh(counted, LATER) == len(counts(counted)[0])
    h = film_histograms.c
    anew = sa.select(h.film_id).where(h.cohort_id.is_not(None), h.computed_at == LATER)
    with counted.connect() as connection:
        assert set(connection.scalars(anew)) == {row.film_id}


@on_sqlite
def test_of_a_member_less_the_films_that_they_rated_are_counted(counted: sa.Engine) -> None:
    rated = sa.select(ratings.c.film_id).join(users, users.c.id == ratings.c.user_id)
    with counted.begin() as connection:
        films_of_member = set(
            connection.scalars(
                rated.where(users.c.letterboxd_username == "kip", ratings.c.rating.is_not(None))
            )
        )
        connection.execute(users.delete().where(users.c.letterboxd_username == "kip"))
        assert set(connection.scalars(sa.select(changed_facts.c.id))) == films_of_member


def count_all(engine: sa.Engine, at: datetime) -> None:
    """Count as if nothing had been counted before."""
    with engine.begin() as connection:
        connection.execute(film_histograms.delete().where(film_histograms.c.cohort_id.is_not(None)))
        connection.execute(changed_facts.insert().values(id=0))
    assert statistics.refresh(engine, at) is not None


def counts(engine: sa.Engine) -> tuple[set[Any], set[Any]]:
    """Return the rows of the statistics and of the cohorts' histograms."""
    h = film_histograms.c
    levels = sa.select(h.cohort_id, h.film_id, h.bucket_label, h.count).where(h.cohort_id.is_not(None))
    with engine.connect() as connection:
        stats = connection.execute(sa.select(cohort_film_stats)).all()
        return set(stats), set(connection.execute(levels).all())


def test_likes_and_what_members_are_called_change_nothing(counted: sa.Engine) -> None:
    with counted.begin() as connection:
        connection.execute(ratings.update().values(liked=True, diary_entry_url="/somewhere/"))
        connection.execute(users.update().values(display_name="Somebody"))
        connection.execute(cohort_members.update().values(depth=1))
        user, film = connection.scalar(sa.select(users.c.id).limit(1)), films.insert().returning(films.c.id)
        liked = {"user_id": user, "film_id": connection.scalar(film.values(slug="new", title="New"))}
        seen = {"liked": True, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert().values(liked | seen))
    assert statistics.refresh(counted, LATER) is None


def test_a_change_that_was_rolled_back_is_none(counted: sa.Engine) -> None:
    with counted.connect() as connection:
        connection.execute(ratings.delete())
        connection.rollback()
    assert statistics.refresh(counted, LATER) is None


@on_postgresql
def test_a_change_that_is_not_committed_yet_is_counted_the_next_time(counted: sa.Engine) -> None:
    with counted.begin() as other:
        other.execute(ratings.update().where(a_rating(other)).values(rating=0.5))
        assert statistics.refresh(counted, LATER) is None
    assert statistics.refresh(counted, LATER) is not None


@on_postgresql
def test_an_import_for_a_cohort_is_not_waited_for(counted: sa.Engine) -> None:
    at = sa.select(cohorts_table.c.counted_at)
    with counted.begin() as other:
        other.execute(at.with_for_update(key_share=True))
        with counted.begin() as connection:
            connection.exec_driver_sql("SET lock_timeout = 1")
            connection.execute(ratings.delete().where(ratings.c.rating == 4))
            assert statistics._refresh(connection, LATER) is not None
            assert connection.scalar(at) == NOW
        other.rollback()
    assert statistics.refresh(counted, LATER) is not None
    with counted.connect() as connection:
        assert connection.scalar(at) == LATER
    assert statistics.refresh(counted, LATER) is None


@on_both
def test_a_crawl_that_changes_nothing_leaves_nothing_to_count(crawled: Shell, counted: sa.Engine) -> None:
    assert_ended(crawled.scrapy("profile", user="kip"), 0)
    again = crawled.letterboxd("refresh", "stats")
    assert_ended(again, 0)
    assert "no rating or membership has changed since the last time, nothing to do" in again.stderr
    with counted.begin() as connection:
        connection.execute(ratings.delete().where(a_rating(connection)))
    changed = crawled.letterboxd("refresh", "stats")
    assert_ended(changed, 0)
    assert "films, each once for each cohort" in changed.stderr
