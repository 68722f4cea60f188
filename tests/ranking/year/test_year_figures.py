"""Each figure of a circle's year, against plain SQL."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import film_people, people
from ranking.year.period import read_years
from ranking.year.read import CircleYear, read_year
from tests.store.rows import add_cohort, add_film, add_rating, add_user

AT = datetime(2026, 11, 30, tzinfo=UTC)
YEAR = 2026
_BEGINS = datetime(YEAR, 1, 1, tzinfo=UTC)
# Later members and films belong to no circle, or were rated by nobody in it.
MEMBERS, FILMS = 9, 60


def fill(connection: sa.Connection) -> Cohort:
    """Store a circle whose ratings are dated, placed, or neither, in three years; and what the films are."""
    chance = random.Random(7)
    users = [add_user(connection, f"member_{number}") for number in range(MEMBERS + 1)]
    films = [
        add_film(
            connection,
            f"film-{number:02}",
            release_year=1950 + 3 * number if number % 7 else None,
            letterboxd_weighted_average=round(chance.uniform(2, 4.4), 2) if number % 5 else None,
            letterboxd_rating_count=100 * number,
            runtime_minutes=60 + number if number % 4 else None,
        )
        for number in range(FILMS)
    ]
    for number in range(6):
        moments = {"created_at": AT, "updated_at": AT}
        connection.execute(people.insert().values(id=number + 1, name=f"Director {number // 2}", **moments))
    for place, film in enumerate(films):
        for person in {place % 6 + 1, place % 4 + 1}:
            row = {"film_id": film, "person_id": person, "role": "director", "credit_order": person}
            connection.execute(film_people.insert().values(row))
    for user in users:
        for film in chance.sample(films, 25):
            stars = {"rating": chance.randint(1, 10) / 2} if chance.random() < 0.95 else {"liked": True}
            add_rating(connection, user, film, **stars, **_when(chance))
    return add_cohort(connection, "friends", [f"member_{number}" for number in range(MEMBERS)], "member_0")


def _when(chance: random.Random) -> dict[str, Any]:
    """Return a day, the interval of two crawls, or neither: from the year before to the year after."""

    def day() -> datetime:
        return _BEGINS + timedelta(days=chance.randint(-30, 400))

    first, last = sorted((day(), day()))
    kind = chance.random()
    if kind < 0.88:
        return {"rated_at": first, "first_seen_at": last}
    if kind < 0.97:
        return {"seen_after": first, "first_seen_at": last}
    return {"first_seen_at": last}


# A moment as both databases compare it with a stored one.
_SQL = """
WITH circle AS (
    SELECT r.* FROM ratings r JOIN cohort_members m ON m.user_id = r.user_id
    WHERE m.cohort_id = :cohort AND r.rating IS NOT NULL),
rated AS (
    SELECT * FROM circle
    WHERE rated_at >= '2026-01-01 00:00:00+00' AND rated_at < '2027-01-01 00:00:00+00'
       OR rated_at IS NULL AND seen_after >= '2026-01-01 00:00:00+00'
          AND first_seen_at < '2027-01-01 00:00:00+00'),
usual AS (SELECT sum(rating) / count(*) AS mean FROM rated),
of_film AS (
    SELECT film_id, count(*) AS n, count(rated_at) AS dated, sum(rating) AS stars,
           sum(rating) / count(*) AS mean, sum(rating * rating) / count(*) AS squares,
           max(rating) - min(rating) AS apart
    FROM rated GROUP BY film_id),
scored AS (
    SELECT f.slug, f.release_year, f.letterboxd_weighted_average AS site, f.runtime_minutes, o.*,
           (o.stars + 5 * usual.mean) / (o.n + 5) AS pulled, usual.mean AS usual
    FROM of_film o JOIN films f ON f.id = o.film_id CROSS JOIN usual),
first_day AS (
    SELECT film_id, min(rated_at) AS day FROM circle WHERE rated_at IS NOT NULL GROUP BY film_id
    HAVING min(rated_at) >= '2026-01-01 00:00:00+00' AND min(rated_at) < '2027-01-01 00:00:00+00'),
followed AS (
    SELECT d.film_id, d.day, count(*) AS followers FROM first_day d
    JOIN circle c ON c.film_id = d.film_id AND c.rated_at > d.day AND c.rated_at < '2027-01-01 00:00:00+00'
    WHERE NOT EXISTS (SELECT 1 FROM circle u WHERE u.film_id = d.film_id AND u.rated_at IS NULL
                      AND u.first_seen_at < d.day)
    GROUP BY d.film_id, d.day),
told_first AS (
    SELECT * FROM followed d WHERE NOT EXISTS (
        SELECT 1 FROM circle u WHERE u.film_id = d.film_id AND u.rated_at IS NULL
        AND (u.seen_after IS NULL OR u.seen_after <= d.day)))
"""
_DISCOVERED = """
, candidates AS (
    SELECT * FROM scored WHERE site IS NOT NULL AND n >= 2 AND pulled >= usual),
moments AS (
    SELECT avg(pulled) AS mean, avg(pulled * pulled) AS squares,
           avg(CAST(site AS DOUBLE PRECISION)) AS site_mean,
           avg(CAST(site AS DOUBLE PRECISION) * CAST(site AS DOUBLE PRECISION)) AS site_squares
    FROM candidates)
SELECT slug, n, dated, (pulled - m.mean) / sqrt(m.squares - m.mean * m.mean)
       - (CAST(site AS DOUBLE PRECISION) - m.site_mean) / sqrt(m.site_squares - m.site_mean * m.site_mean)
FROM candidates CROSS JOIN moments m WHERE candidates.mean > site
"""


@dataclass(frozen=True)
class Read:
    """A circle's year as the program reads it, and the tables that it stands in."""

    connection: sa.Connection
    cohort: Cohort
    named: naming.Naming
    own: int
    year: CircleYear

    def rows(self, query: str, **values: int) -> list[tuple[Any, ...]]:
        """Return what plain SQL says."""
        values = {"cohort": self.cohort.id} | values
        return [tuple(row) for row in self.connection.execute(sa.text(_SQL + query), values)]

    def best(self, query: str) -> list[tuple[str, int, int, float]]:
        """Return films as they are chosen: by score, ratings, slug."""
        chosen = [(slug, n, dated, round(float(score), 7)) for slug, n, dated, score in self.rows(query)]
        return sorted(chosen, key=lambda row: (-row[3], -row[1], row[0]))


def test_every_figure_equals_plain_sql(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        cohort = fill(connection)

    with engine.connect() as connection:
        named = naming.of_cohort(connection, cohort, names=True)
        own = next(user for user, name in named.profiles.items() if name == "member_3")
        year = read_year(connection, cohort, list(named.members), YEAR, AT, own)
        for check in (_check_basis, _check_films, _check_days, _check_groups, _check_firsts, _check_own):
            check(Read(connection, cohort, named, own, year))


def _check_basis(read: Read) -> None:
    year, rows = read.year, read.rows
    assert [
        (year.basis.ratings, year.basis.dated, year.basis.placed, year.basis.raters, len(year.films))
    ] == rows(
        "SELECT count(*), count(rated_at), count(*) - count(rated_at), count(DISTINCT user_id),"
        " count(DISTINCT film_id) FROM rated"
    )
    assert [(year.basis.undated, year.basis.perhaps)] == rows(
        "SELECT count(*), count(CASE WHEN first_seen_at >= '2026-01-01 00:00:00+00'"
        " AND coalesce(seen_after, '2025-01-01 00:00:00+00') < '2027-01-01 00:00:00+00'"
        " AND NOT (seen_after IS NOT NULL AND seen_after >= '2026-01-01 00:00:00+00'"
        " AND first_seen_at < '2027-01-01 00:00:00+00') THEN 1 END) FROM circle WHERE rated_at IS NULL"
    )
    assert [(year.minutes, year.with_minutes)] == rows(
        "SELECT sum(n * runtime_minutes), sum(CASE WHEN runtime_minutes > 0 THEN n END) FROM scored"
    )
    assert year.mean == pytest.approx(rows("SELECT mean FROM usual")[0][0])


def _check_films(read: Read) -> None:
    year, rows = read.year, read.rows
    assert year.most_rated is not None
    assert (year.most_rated.slug, year.most_rated.ratings) == rows(
        "SELECT slug, n FROM scored ORDER BY n DESC, stars DESC, slug"
    )[0]
    assert _films(year, "loved") == read.best(
        "SELECT slug, n, dated, pulled FROM scored WHERE n >= 2 AND mean >= 3.5"
    )
    spread = "SELECT slug, n, dated, sqrt(squares - mean * mean) FROM scored WHERE n >= 3 AND apart >= 1.5"
    assert _films(year, "fought") == read.best(spread)
    assert _films(year, "discovered") == [row for row in read.best(_DISCOVERED) if row[-1] > 0]
    assert all(map(len, (year.loved, year.fought, year.discovered)))


def _check_days(read: Read) -> None:
    year, rows = read.year, read.rows
    counts = [
        f"count(CASE WHEN rated_at >= '2026-{month:02}-01 00:00:00+00' THEN 1 END)" for month in range(1, 13)
    ]
    since = [*rows(f"SELECT {', '.join(counts)} FROM rated")[0], 0]
    assert [month.ratings for month in year.months] == [one - other for one, other in pairwise(since)]
    assert year.day
    (busiest,) = rows(
        "SELECT rated_at, count(*) FROM rated WHERE rated_at IS NOT NULL"
        " GROUP BY rated_at ORDER BY count(*) DESC, rated_at LIMIT 1"
    )
    assert (str(year.day.day), year.day.ratings) == (str(busiest[0])[:10], busiest[1])
    assert [(one.year, one.dated) for one in read_years(read.connection, read.cohort)] == [
        (when, number)
        for when, number in rows(
            "SELECT 2027, count(CASE WHEN rated_at >= '2027-01-01 00:00:00+00' THEN 1 END) FROM circle"
            " UNION SELECT 2026, count(rated_at) FROM rated UNION SELECT 2025,"
            " count(CASE WHEN rated_at < '2026-01-01 00:00:00+00' THEN 1 END) FROM circle ORDER BY 1 DESC"
        )
        if number
    ]


def _check_groups(read: Read) -> None:
    year, rows = read.year, read.rows
    decades = rows(
        "SELECT release_year / 10 * 10, count(*), sum(n), sum(dated), sum(stars) / sum(n) FROM scored"
        " WHERE release_year IS NOT NULL GROUP BY release_year / 10 * 10 ORDER BY 1"
    )
    assert _groups(year.decades) == [(f"{decade}s", *numbers) for decade, *numbers in _rounded(decades)]
    directors = rows(
        "SELECT p.name, count(*), sum(n), sum(dated), sum(stars) / sum(n) FROM scored s"
        " JOIN film_people fp ON fp.film_id = s.film_id JOIN people p ON p.id = fp.person_id"
        " GROUP BY p.name, p.id ORDER BY sum(n) DESC, count(*) DESC, p.name, p.id"
    )
    assert _groups(year.directors) == _rounded(directors)


def _check_firsts(read: Read) -> None:
    year, rows = read.year, read.rows
    firsts = rows(
        "SELECT u.letterboxd_username, count(*), sum(followers) FROM told_first t"
        " JOIN circle c ON c.film_id = t.film_id AND c.rated_at = t.day JOIN users u ON u.id = c.user_id"
        " GROUP BY u.letterboxd_username ORDER BY 2 DESC, 3 DESC, 1"
    )
    assert [
        (read.named.profiles[one.user], one.films, one.followers) for one in year.firsts.members
    ] == firsts
    assert len(firsts) > 1
    assert [(year.firsts.films, year.firsts.unclear)] == rows(
        "SELECT (SELECT count(*) FROM told_first), (SELECT count(*) FROM followed)"
        " - (SELECT count(*) FROM told_first)"
    )


def _check_own(read: Read) -> None:
    year, rows = read.year, read.rows
    assert year.own
    assert [(year.own.ratings, year.own.dated, round(year.own.mean or 0, 7))] == _rounded(
        rows(
            "SELECT count(*), count(rated_at), sum(rating) / count(*) FROM rated WHERE user_id = :own",
            own=read.own,
        )
    )
    apart = rows(
        "SELECT s.slug, r.rating - (s.stars - r.rating) / (s.n - 1) FROM rated r"
        " JOIN scored s ON s.film_id = r.film_id WHERE r.user_id = :own AND s.n >= 3 ORDER BY 2",
        own=read.own,
    )
    assert year.own.above
    assert year.own.below
    assert (year.own.below.film.slug, year.own.above.film.slug) == (apart[0][0], apart[-1][0])


def _films(year: CircleYear, name: str) -> list[tuple[str | None, int, int, float]]:
    chosen = getattr(year, name)
    return [(one.film.slug, one.film.ratings, one.film.dated, round(one.score, 7)) for one in chosen]


def _groups(groups: Any) -> list[tuple[Any, ...]]:
    return [(one.name, one.films, one.ratings, one.dated, round(one.mean, 7)) for one in groups]


def _rounded(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(*row[:-1], round(float(row[-1]), 7)) for row in rows]
