"""For whom news are: what a member would give films, and which they have seen."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import ratings, watched
from ranking.news.model import Reader
from ranking.recommend.films import find_members, read_model
from ranking.recommend.personal import CircleModel


def reader(
    connection: sa.Connection, cohort: Cohort, name: str, at: datetime, model: CircleModel | None = None
) -> Reader:
    """Return a member of the cohort as a reader, by the fitted ``model`` or one that is fitted now.

    Raises UnknownName.
    """
    ((name, user),) = find_members(connection, cohort, [name]).items()
    model = model or read_model(connection, cohort, at)
    positions = {member: place for place, member in enumerate(model.ratings.member_ids.tolist())}
    forecast = model.of(positions.get(user)).forecast()
    expected = dict(zip(forecast.film_ids.tolist(), forecast.expected.tolist(), strict=True))
    rated = sa.select(ratings.c.film_id).where(ratings.c.user_id == user, ratings.c.rating.is_not(None))
    seen = rated.union(sa.select(watched.c.film_id).where(watched.c.user_id == user))
    return Reader(user, name, expected, frozenset(connection.scalars(seen)))
