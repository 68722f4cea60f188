"""Ratings that cannot be."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.checks.finding import Finding, of_query
from letterboxd_scraper.store.schema import films, ratings, users

_ADVICE = "delete these rows, then: letterboxd scrape --cohort LABEL --full"


def half_stars(connection: sa.Connection) -> Finding:
    """Find ratings that are not half a star, one, … five."""
    halves = ratings.c.rating * 2
    on_grid = sa.and_(ratings.c.rating.between(0.5, 5), halves == sa.cast(halves, sa.Integer))
    wrong = sa.and_(ratings.c.rating.is_not(None), ~on_grid)
    return of_query(connection, "every rating is half a star to five", _rows(wrong), _ADVICE)


def says_something(connection: sa.Connection) -> Finding:
    """Find rows that say neither a rating nor a like nor a favourite."""
    r = ratings.c
    wrong = sa.and_(r.rating.is_(None), ~r.liked, ~r.favorite)
    return of_query(connection, "every row is rated, liked or a favourite", _rows(wrong), _ADVICE)


def _rows(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    r = ratings.c
    return (
        sa.select(
            sa.func.coalesce(users.c.letterboxd_username, sa.cast(r.user_id, sa.Text)).label("member"),
            sa.func.coalesce(films.c.slug, films.c.title, sa.cast(r.film_id, sa.Text)).label("film"),
            r.rating.label("rating"),
        )
        .select_from(ratings)
        .outerjoin(users, users.c.id == r.user_id)
        .outerjoin(films, films.c.id == r.film_id)
        .where(condition)
    )
