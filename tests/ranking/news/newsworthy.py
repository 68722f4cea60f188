"""A small circle in which something happens from one day to the next."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import films, ratings, users
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_user

NAMES = ("ann", "bob", "cleo")
TUESDAY, WEDNESDAY = MONDAY + DAY, MONDAY + 2 * DAY


def begin(engine: sa.Engine) -> None:
    """Store three members who have rated six films alike, and rank these on Monday."""
    with engine.begin() as connection:
        members = [add_user(connection, name, display_name=name.title()) for name in NAMES]
        for number in range(6):
            film = add_film(connection, f"film-{number}", release_year=1950 + number)
            for member in members:
                add_rating(connection, member, film, rating=3.5 - number / 2, seen_after=MONDAY - DAY)
        add_cohort(connection, "friends", NAMES)
    rank(engine, MONDAY)


def rank(engine: sa.Engine, at: datetime) -> None:
    """Count and rank as `rank compute` does."""
    statistics.refresh(engine, at)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(engine, cohort, STRATEGIES["circle"], {}, at)


def ids(connection: sa.Connection, name: str, slug: str) -> dict[str, int]:
    """Return the ids of a member and a film."""
    user = sa.select(users.c.id).where(users.c.letterboxd_username == name)
    film = sa.select(films.c.id).where(films.c.slug == slug)
    return {"user_id": connection.scalar(user) or 0, "film_id": connection.scalar(film) or 0}


def say(engine: sa.Engine, name: str, slug: str, at: datetime, **values: object) -> None:
    """Let a member say something else of a film, as a crawl ``at`` that moment stores it."""
    with engine.begin() as connection:
        own = ids(connection, name, slug)
        row = {"first_seen_at": at, "seen_after": at - DAY, "updated_at": at} | values
        of_both = (ratings.c.user_id == own["user_id"], ratings.c.film_id == own["film_id"])
        if not connection.execute(ratings.update().where(*of_both).values(row)).rowcount:
            connection.execute(ratings.insert().values(own | row))


def happen(engine: sa.Engine) -> None:
    """Let two members love a new film and rate another anew until Tuesday, and rank again."""
    with engine.begin() as connection:
        add_film(connection, "news", title="<News> & \x0bmore", release_year=2026)
    for name in ("ann", "bob"):
        say(engine, name, "news", TUESDAY, rating=5.0)
        say(engine, name, "film-5", TUESDAY, rating=4.5)
    rank(engine, TUESDAY)
