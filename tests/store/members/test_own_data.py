"""What is stored of a member, told to themselves: all of it, and nothing of others."""

import json

import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store import schema
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.members import cohorts, invitations, last_imports, naming, own_data, own_pages
from letterboxd_scraper.store.members.own_data import Circle
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import metadata
from tests.conftest import on_both
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_run, add_user


def fill(connection: sa.Connection) -> int:
    """Store something of ada in every table, and of ben beside her; return her id."""
    film = add_film(connection, "heat", title="Heat", release_year=1995)
    ben = add_user(connection, "ben", display_name="Benjamin B")
    add_rating(connection, ben, film, rating=1.0, diary_entry_url="https://l/ben/film/heat/")
    invitation, _ = invitations.create(connection, "friends", MONDAY, 14, "ada")
    cohorts.add_names(connection, "friends", ["ada", "ben"], MONDAY)
    rated = RatedFilm(NamedFilm("Heat", 1995, slug="heat"), 4.5, MONDAY.date())
    save_sources([Snapshot("ada", MONDAY, "ada.zip", (rated,))], connection, Provenance(MONDAY + DAY))
    ada = user_ids(connection, ["ada"])["ada"]
    own_pages.give(connection, invitation.cohort_id, ada, invitation.number, MONDAY)
    naming.set_shows_name(connection, invitation.cohort_id, ada, False)
    add_cohort(connection, "ada's", ["ada"], "ada")
    add_cohort(connection, "benjamin b's", ["ada"], "ben")
    cohorts.redefine(connection, cohorts.find(connection, "ada's"), {"exclude": ["ben"]}, MONDAY)
    cohorts.redefine(connection, cohorts.find(connection, "friends"), {"exclude": ["ada"]}, MONDAY)
    listed = {"film_id": film, "since": MONDAY, "source": "ada.zip"}
    for table in (schema.watched, schema.watchlist):
        connection.execute(table.insert().values(listed | {"user_id": ada}))
    state = {"user_id": ada, "listing": "following", "page": 1, "seen": [ben], "status": "complete"}
    connection.execute(schema.user_scrape_state.insert().values(state | {"updated_at": MONDAY}))
    seen = {"film_id": film, "rating": 2.0, "liked": False, "favorite": False, "first_seen_at": MONDAY}
    connection.execute(schema.former_ratings.insert().values(seen | {"user_id": ada}))
    left = {"cohort_id": invitation.cohort_id, "followed_at": MONDAY, "left_at": MONDAY + DAY}
    connection.execute(schema.former_members.insert().values(left | {"user_id": ada}))
    for member in ("ada", "ben"):
        run = add_run(connection, member=member)
        failures.record(connection, Failure("rated", f"https://l/{member}/", "broken", member), MONDAY)
    lease = {"user_id": ada, "run_id": run, "expires_at": MONDAY}
    connection.execute(schema.member_leases.insert().values(lease))
    noted = last_imports.note(connection, "friends", ["ada"], MONDAY)
    last_imports.keep(connection, noted, ["ada"], MONDAY)
    return ada


@on_both
def test_everything_of_a_member_and_nothing_of_another(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        ada = fill(connection)
    with engine.connect() as connection:
        stored, everything = own_data.about(connection, ada), own_data.export(connection, ada)
    text = json.dumps(everything)
    assert "ben" not in text
    assert "hash" not in text
    referring = {table.name for table in metadata.sorted_tables if "user_id" in table.c}
    assert referring | {"invitations", "scrape_failures", "scrape_runs"} == stored.rows.keys()
    assert {name for name in stored.rows if not everything[name]} == set()
    assert everything["member"] == everything["users"]["letterboxd_username"] == "ada"
    (rating,) = everything["ratings"]
    assert (rating["title"], rating["release_year"], rating["slug"], rating["rating"]) == (
        "Heat",
        1995,
        "heat",
        4.5,
    )
    (source,) = everything["member_sources"]
    assert source["content"]["ratings"][0]["film"]["title"] == "Heat"
    circles = {row["cohort"]: row["shows_name"] for row in everything["cohort_members"]}
    assert circles == {"friends": False, "ada's": None, "a circle": None}
    assert (everything["own_circles"], everything["left_out_of"]) == (["ada's"], ["friends"])
    assert (stored.name, stored.since, stored.own_circles) == ("ada", MONDAY, ["ada's"])
    (told,) = stored.sources
    assert (told.kind, told.service, told.name, told.as_of, told.read_at) == (
        "snapshot",
        "letterboxd",
        "ada.zip",
        MONDAY,
        MONDAY + DAY,
    )
    assert stored.circles == [
        Circle("friends", MONDAY, is_own=False, has_page=True, shows_name=False),
        Circle("ada's", MONDAY, is_own=True, has_page=False, shows_name=None),
        Circle("a circle", MONDAY, is_own=False, has_page=False, shows_name=None),
    ]
