"""A circle whose ratings have days: the dates that a year is made of."""

import random
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from letterboxd_scraper.store.schema import ratings

YEAR = 2026
_FIRST = datetime(YEAR, 1, 1, tzinfo=UTC)
# From the autumn before, most of them in September.
_DAYS = (-100, 325, 250)


def give_days(engine: sa.Engine, share: float = 0.9, seed: int = 1) -> None:
    """Give so large a share of all ratings a day around the year."""
    rng = random.Random(seed)
    r = ratings.c
    rated = (r.user_id == sa.bindparam("user"), r.film_id == sa.bindparam("film"))
    with engine.begin() as connection:
        keys = connection.execute(sa.select(r.user_id, r.film_id).order_by(r.user_id, r.film_id)).all()
        rows = [
            {"user": user, "film": film, "day": _FIRST + timedelta(days=round(rng.triangular(*_DAYS)))}
            for user, film in keys
            if rng.random() < share
        ]
        if rows:
            connection.execute(ratings.update().where(*rated).values(rated_at=sa.bindparam("day")), rows)
