"""Who directed a film, as exports, the server and Parquet files are told."""

from datetime import UTC, datetime

import sqlalchemy as sa

from letterboxd_scraper.store.films.credits import director_names
from letterboxd_scraper.store.schema import film_people, films, people
from tests.conftest import on_sqlite

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Film, person, role and place in the credits.
CREDITS = [
    (2, 1, "director", 0),
    (1, 3, "Director", 1),
    (1, 2, "director", 1),
    (1, 1, "director", 2),
    (1, 4, "director", 0),
    (1, 5, "writer", 0),
]


@on_sqlite
def test_directors_stand_in_the_order_of_credits_and_others_do_not(engine: sa.Engine) -> None:
    names = ["Ann", "Bea", "Cai", "Dan", "Eve"]
    times = {"created_at": NOW, "updated_at": NOW}
    with engine.begin() as connection:
        connection.execute(films.insert(), [{"id": film, "slug": str(film), "title": "T"} for film in (1, 2)])
        connection.execute(people.insert(), [{"id": i, "name": n} | times for i, n in enumerate(names, 1)])
        columns = ("film_id", "person_id", "role", "credit_order")
        rows = [dict(zip(columns, credit, strict=True)) for credit in CREDITS]
        connection.execute(film_people.insert(), rows)
        stored = connection.execute(director_names()).all()
    assert [tuple(row) for row in stored] == [(1, "Dan"), (1, "Bea"), (1, "Cai"), (1, "Ann"), (2, "Ann")]
