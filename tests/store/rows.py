"""Rows for the tests of the store: members, films, what members have done with films, cohorts and runs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store import schema
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, film_names, films, ratings, scrape_runs, users

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# A Monday.
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def add_user(connection: sa.Connection, name: str, **values: Any) -> int:
    row = {"letterboxd_username": name, "created_at": MONDAY} | values
    user: int = connection.execute(users.insert().values(row).returning(users.c.id)).scalar_one()
    return user


def add_film(connection: sa.Connection, slug: str | None, **values: Any) -> int:
    row = {"slug": slug, "title": (slug or "untitled").title()} | values
    film: int = connection.execute(films.insert().values(row).returning(films.c.id)).scalar_one()
    lid = row.get("letterboxd_lid")
    if (slug is None) is not (lid is None):
        key = {"kind": "slug", "key": slug} if slug else {"kind": "lid", "key": lid}
        key |= {"title": row["title"], "release_year": row.get("release_year") or 0}
        connection.execute(film_names.insert().values(key | {"film_id": film}))
    return film


def add_rating(connection: sa.Connection, user: int, film: int, **values: Any) -> None:
    row = {"user_id": user, "film_id": film, "first_seen_at": MONDAY, "updated_at": MONDAY} | values
    connection.execute(ratings.insert().values(row))


def rating_rows(connection: sa.Connection, *columns: str) -> dict[int, Any]:
    """Return the ratings by film: the value of one column, or a tuple of several."""
    query = sa.select(ratings.c.film_id, *(ratings.c[name] for name in columns))
    rows = connection.execute(query)
    return {row[0]: row[1] if len(columns) == 1 else tuple(row[1:]) for row in rows}


def add_cohort(
    connection: sa.Connection, label: str, members: Sequence[str], seed: str | None = None
) -> Cohort:
    """Make a cohort of stored members, in the order of their depths 0, 1, …; ``seed`` may be none of them."""
    cohort = cohorts.make_from_names(connection, label, members, MONDAY)
    if seed:
        ids = sa.select(users.c.id).where(users.c.letterboxd_username == seed).scalar_subquery()
        connection.execute(
            schema.cohorts.update().where(schema.cohorts.c.id == cohort.id).values(seed_user_id=ids)
        )
    for depth, name in enumerate(members):
        user = sa.select(users.c.id).where(users.c.letterboxd_username == name).scalar_subquery()
        row = (cohort_members.c.user_id == user, cohort_members.c.cohort_id == cohort.id)
        connection.execute(cohort_members.update().where(*row).values(depth=depth))
    return cohorts.find(connection, label)


def add_run(connection: sa.Connection, **values: Any) -> int:
    row = {"type": "profile", "started_at": MONDAY, "work_began_at": MONDAY} | values
    run: int = connection.execute(scrape_runs.insert().values(row).returning(scrape_runs.c.id)).scalar_one()
    if "work_run" not in values:
        connection.execute(scrape_runs.update().where(scrape_runs.c.id == run).values(work_run=run))
    return run
