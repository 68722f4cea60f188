"""A circle's year, where the circle is small enough to count by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.store.members import cohorts, naming
from ranking.year.period import Basis, read_years
from ranking.year.read import read_year
from ranking.year.told import ToldYear, told
from tests.conftest import on_both, on_sqlite
from tests.store.rows import add_cohort, add_film, add_rating, add_user

AT = datetime(2026, 11, 30, tzinfo=UTC)
YEAR = 2026


def _small(connection: sa.Connection, *names: str) -> dict[str, int]:
    """Store members and the films "one" to "four"; return their ids by name."""
    ids = {name: add_user(connection, name) for name in names}
    add_cohort(connection, "few", names)
    years = {"one": 1999, "two": 2001, "three": 2026, "four": None}
    return ids | {slug: add_film(connection, slug, release_year=year) for slug, year in years.items()}


def _rate(
    connection: sa.Connection, ids: dict[str, int], name: str, film: str, stars: float, day: str | None = None
) -> None:
    when = {"rated_at": datetime.fromisoformat(day).replace(tzinfo=UTC)} if day else {}
    add_rating(connection, ids[name], ids[film], rating=stars, **when)


def _told(connection: sa.Connection, year: int = YEAR, own: int | None = None, **choices: Any) -> ToldYear:
    cohort = cohorts.find(connection, "few")
    named = naming.of_cohort(connection, cohort, names=True)
    of_circle = read_year(connection, cohort, list(named.members), year, AT, own)
    return told(of_circle, named, "https://letterboxd.com", **({"may_read": True} | choices))


@on_sqlite
def test_a_circle_that_can_be_counted_by_hand(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        ids = _small(connection, "ann", "bob", "cem")
        _rate(connection, ids, "ann", "one", 5, "2026-01-01")
        _rate(connection, ids, "bob", "one", 4, "2026-03-02")
        _rate(connection, ids, "cem", "one", 4.5, "2026-12-31T23:59:59")
        _rate(connection, ids, "bob", "two", 1, "2026-03-02")
        _rate(connection, ids, "cem", "two", 3, "2026-02-28")
        _rate(connection, ids, "ann", "two", 4, "2026-02-28")  # first, too
        _rate(connection, ids, "ann", "three", 2, "2025-12-31T23:59:59")  # of the year before
        _rate(connection, ids, "bob", "three", 3, "2026-05-01")  # so nobody is first
        _rate(connection, ids, "cem", "four", 3)
        year = _told(connection, own=ids["ann"])

    assert (year.ratings, year.dated, year.placed, year.perhaps, year.undated) == (7, 7, 0, 1, 1)
    assert (year.films, year.members, year.raters) == (3, 3, 3)
    assert year.mean == pytest.approx(24.5 / 7)
    assert [month.ratings for month in year.months] == [1, 2, 2, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert year.day
    assert (year.day.day, year.day.ratings) == (date(2026, 2, 28), 2)  # the first of two with as many
    assert [(film.slug, film.ratings, film.dated, film.mean) for film in year.loved] == [("one", 3, 3, 4.5)]
    assert year.loved[0].score == pytest.approx((13.5 + 5 * 3.5) / 8)
    assert year.loved[0].histogram == {"4.0": 1, "4.5": 1, "5.0": 1}
    assert [film.slug for film in year.fought] == ["two"]
    assert year.fought[0].spread == pytest.approx((14 / 9) ** 0.5)
    assert [(one.name, one.films, one.ratings) for one in year.decades] == [
        ("1990s", 1, 3),
        ("2000s", 1, 3),
        ("2020s", 1, 1),
    ]
    assert [(one.member, one.films, one.followers, one.film.slug, one.on) for one in year.firsts] == [
        ("ann", 2, 3, "one", date(2026, 1, 1)),
        ("cem", 1, 1, "two", date(2026, 2, 28)),
    ]
    assert (year.firsts_films, year.firsts_dated, year.firsts_unclear) == (2, 6, 0)
    assert year.own
    assert [(one.film.slug, one.stars, one.others) for one in year.own.best] == [
        ("one", 5, 4.25),
        ("two", 4, 2),
    ]
    assert (year.own.above and year.own.above.film.slug, year.own.below, year.own.firsts) == ("two", None, 2)
    assert year.remarks == [
        "Only 7 ratings of 2026 have a date. Members' own archives tell the days: `letterboxd import`; "
        "their diaries do, too: `letterboxd scrape --cohort few --diary`.",
        "1 more rating without a date may be of 2026, too; it is not counted.",
        "What was discovered takes Letterboxd's averages: `letterboxd enrich --cohort few`.",
        "Directors are not known yet: `letterboxd enrich --cohort few`.",
    ]


@on_sqlite
def test_an_interval_counts_for_the_year_alone_that_holds_all_of_it(engine: sa.Engine) -> None:
    new_year, next_one = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    with engine.begin() as connection:
        ids = _small(connection, "ann", "bob")
        for name, film, after, seen in (
            ("ann", "one", new_year, next_one - second),  # all of the year
            ("ann", "two", new_year - second, next_one - second),  # perhaps before
            ("ann", "three", new_year, next_one),  # perhaps after
            ("ann", "four", new_year - second, new_year - second),  # before
            ("bob", "one", next_one, next_one + second),  # after
            ("bob", "two", None, new_year),  # perhaps before
            ("bob", "three", None, new_year - second),  # before
        ):
            add_rating(connection, ids[name], ids[film], rating=4, seen_after=after, first_seen_at=seen)
        year = _told(connection)
    assert (year.ratings, year.dated, year.placed, year.undated, year.perhaps) == (1, 0, 1, 7, 3)
    assert [film.slug for film in year.loved] == []
    assert sum(month.ratings for month in year.months) == 0
    assert year.day is None
    assert year.remarks[1] == (
        "1 rating without a date was made between two crawls of 2026: "
        "it counts for the year, but for no month."
    )


@on_sqlite
def test_who_was_first_is_not_clear_where_a_rating_without_a_day_may_be_as_early(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        ids = _small(connection, "ann", "bob", "cem")
        for film in ("one", "two", "three"):
            _rate(connection, ids, "ann", film, 4, "2026-02-01")
            _rate(connection, ids, "bob", film, 4, "2026-02-02")
        after = datetime(2026, 2, 2, tzinfo=UTC)
        add_rating(connection, ids["cem"], ids["one"], rating=4, seen_after=after)  # later, for sure
        add_rating(connection, ids["cem"], ids["two"], rating=4)
        add_rating(connection, ids["cem"], ids["three"], rating=4, first_seen_at=after - timedelta(days=9))
        year = _told(connection)
    assert [(one.member, one.films, one.followers) for one in year.firsts] == [("ann", 1, 1)]
    assert (year.firsts_films, year.firsts_unclear) == (1, 1)
    assert (
        "Who was first with 1 more film is not clear: somebody's rating has no date and may be as early."
        in (year.remarks)
    )


@on_sqlite
def test_a_leap_day_is_of_february_and_years_before_and_after_are_none_of_it(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        ids = _small(connection, "ann")
        _rate(connection, ids, "ann", "one", 5, "2024-02-29")
        _rate(connection, ids, "ann", "two", 3, "2024-12-31")
        _rate(connection, ids, "ann", "three", 3, "2025-01-01")
        year = _told(connection, 2024)
        assert [month.ratings for month in year.months] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        assert (year.is_over, _told(connection).is_over) == (True, False)
        cohort = cohorts.find(connection, "few")
        assert [(one.year, one.dated) for one in read_years(connection, cohort)] == [(2025, 1), (2024, 2)]
        with pytest.raises(UnknownName, match="2027 has not begun: it is 2026"):
            read_year(connection, cohort, [], 2027, AT)
    # Alone, one rating is enough to love a film, and nobody is first.
    assert [film.slug for film in year.loved] == ["one"]
    assert (year.fought, year.firsts) == ([], [])
    assert "To fight takes two: this circle has one member." in year.remarks


@on_both
def test_days_that_are_centuries_off_cost_nobody_the_list_of_years(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        ids = _small(connection, "ann")
        for film, day in {"one": "0001-01-02", "two": "9999-12-31", "three": "2026-01-01"}.items():
            _rate(connection, ids, "ann", film, 5, day)
        cohort = cohorts.find(connection, "few")
        assert [(one.year, one.dated) for one in read_years(connection, cohort)] == [(9999, 1), (2026, 1)]


@on_sqlite
def test_of_a_year_of_which_nothing_is_known_it_says_which_is(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        ids = _small(connection, "ann", "bob")
        _rate(connection, ids, "ann", "one", 5, "2025-05-05")
        year = _told(connection, may_read=False)
    assert year.remarks == [
        "No rating of 2026 is known. Newer archives of the members tell of more: `letterboxd import`.",
        "Of 2025 the circle has 1 dated rating.",
    ]


@on_sqlite
@pytest.mark.parametrize("may_read", [True, False])
def test_without_dates_it_says_where_days_come_from(engine: sa.Engine, may_read: bool) -> None:
    with engine.begin() as connection:
        ids = _small(connection, "ann", "bob")
        assert _told(connection).perhaps == 0
        _rate(connection, ids, "ann", "one", 5)
        year = _told(connection, may_read=may_read)
    assert (year.ratings, year.mean, year.loved, year.most_rated) == (0, None, [], None)
    diaries = "; their diaries do, too: `letterboxd scrape --cohort few --diary`" * may_read
    assert year.remarks == [
        f"No rating of 2026 has a date. Members' own archives tell the days: `letterboxd import`{diaries}.",
        "1 rating without a date may be of 2026; it is not counted.",
    ]


@pytest.mark.parametrize(
    ("members", "raters", "least", "least_fought"),
    [(1, 1, 1, 2), (2, 2, 2, 2), (3, 2, 2, 3), (36, 1, 2, 3), (100, 100, 5, 5), (500, 400, 10, 10)],
)
def test_the_more_rate_the_more_ratings_a_film_needs_and_one_is_not_all(
    members: int, raters: int, least: int, least_fought: int
) -> None:
    basis = Basis(members, raters, ratings=9, dated=9, placed=0, undated=0, perhaps=0)
    assert (basis.min_votes, basis.min_votes_fought) == (least, least_fought)
