"""Who directed a film: the one role that is stored, and how it is asked for."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import film_people, people

DIRECTOR_ROLE = "director"
# Other programs may have written the role as TMDB does.
DIRECTS = sa.func.lower(film_people.c.role) == DIRECTOR_ROLE


def director_names() -> sa.Select[Any]:
    """Return the query for (film, name) of all directors, those of a film in the order of its credits."""
    return (
        sa.select(film_people.c.film_id, people.c.name)
        .join(people, people.c.id == film_people.c.person_id)
        .where(DIRECTS)
        .order_by(film_people.c.film_id, film_people.c.credit_order, people.c.name)
    )
