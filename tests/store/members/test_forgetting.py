"""Members who asked to be forgotten: nothing is left of them, and nothing is stored again."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure, Listing, Membership, PeoplePage, Person
from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store import outside_errors
from letterboxd_scraper.store.crawl_state import bookmarks, failures
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts, forgetting, opt_outs
from letterboxd_scraper.store.members.forgetting import Forgotten, allowed, forget
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import (
    film_histograms,
    film_rankings,
    ratings,
    scrape_failures,
    scrape_runs,
    user_scrape_state,
)
from letterboxd_scraper.store.schema import opt_outs as opt_out_rows
from tests.refusals import no_room
from tests.store.members.test_members import TUESDAY, profile
from tests.store.rows import MONDAY, add_cohort, add_film, add_rating, add_run, add_user


def test_opt_outs_are_known_by_name_and_code(connection: sa.Connection) -> None:
    opt_outs.add(connection, "zoe", "2aHi", MONDAY)
    opt_outs.add(connection, "zoe", "2aHi", TUESDAY)
    opt_outs.add(connection, "ben", None, MONDAY)
    listed = opt_outs.load(connection)
    assert [name in listed for name in ("zoe", "ben", "cleo", "2aHi")] == [True, True, False, False]
    assert [listed.has_code(code) for code in ("2aHi", "zoe", "other", "None")] == [True, False, False, False]
    rows = connection.execute(sa.select(opt_out_rows)).all()
    assert [row.created_at for row in rows] == [MONDAY, MONDAY]
    assert len({row.salt for row in rows}) == 1
    assert len(rows[0].salt) == 32
    assert "zoe" not in repr(rows)
    assert opt_outs.remove(connection, "zoe")
    assert not opt_outs.remove(connection, "zoe")
    listed = opt_outs.load(connection)
    assert ("zoe" in listed, listed.has_code("2aHi"), "ben" in listed) == (False, False, True)


def test_opt_outs_of_two_databases_that_became_one_are_both_known(connection: sa.Connection) -> None:
    opt_outs.add(connection, "zoe", "2aHi", MONDAY)
    rows = connection.execute(sa.select(opt_out_rows)).mappings().all()
    connection.execute(opt_out_rows.delete())
    opt_outs.add(connection, "ben", "other", MONDAY)
    connection.execute(opt_out_rows.insert(), [dict(row) for row in rows])
    listed = opt_outs.load(connection)
    assert ["zoe" in listed, "ben" in listed] == [True, True]
    assert [listed.has_code("2aHi"), listed.has_code("other")] == [True, True]
    assert opt_outs.remove(connection, "zoe")
    assert opt_outs.remove(connection, "ben")


def test_nothing_is_left_of_who_is_forgotten(connection: sa.Connection) -> None:
    ada, ben = add_user(connection, "ada", letterboxd_lid="2aHi"), add_user(connection, "ben")
    film = add_film(connection, "x")
    for user in (ada, ben):
        add_rating(connection, user, film, rating=4.0)
    own = add_cohort(connection, "circle of ada", ["ben"], "ada")
    shared = add_cohort(connection, "friends", ["ada", "ben"])
    apart = add_cohort(connection, "others", ["ben"])
    excluding = {"depth": 1, "exclude": ["ada", "cleo"]}
    cohorts.redefine(connection, apart, excluding, MONDAY)
    for cohort in (own, shared, apart):
        row = {"cohort_id": cohort.id, "strategy": "bayesian", "film_id": film, "score": 1.0, "rank": 1}
        connection.execute(film_rankings.insert().values(row | {"params": {}, "computed_at": MONDAY}))
        row = {"film_id": film, "cohort_id": cohort.id, "bucket_label": "4.0", "count": 1}
        connection.execute(film_histograms.insert().values(row | {"computed_at": MONDAY}))
    bookmarks.move(
        connection, ListingState(ben, Listing.FOLLOWING), 1, [ada], Provenance(MONDAY), status="reading"
    )
    for url, error, member in (
        ("https://l/ada/films/", "broken", None),
        ("https://l/adams/films/", "broken", None),
        ("https://l/1/", "no 'ada' there", None),
        ("https://l/2/", "no adam there", None),
        ("https://l/3/", "broken", "ada"),
    ):
        failures.record(connection, Failure("rated", url, error, member), MONDAY)
    for names in ({"member": "ada"}, {"member": "ben"}, {"cohort": own.label}, {"cohort": "friends"}):
        add_run(connection, **names)

    assert forget(connection, "ada", TUESDAY) == Forgotten(True, ("circle of ada",), ("friends",))
    assert user_ids(connection, ["ada", "ben"]).keys() == {"ben"}
    assert set(connection.scalars(sa.select(ratings.c.user_id))) == {ben}
    assert {cohort.label: cohort.size for cohort in cohorts.every(connection)} == {"friends": 1, "others": 1}
    others = cohorts.find(connection, "others")
    assert (others.definition, others.updated_at) == ({"depth": 1, "exclude": ["cleo"]}, TUESDAY)
    for table in (film_rankings, film_histograms):
        assert set(connection.scalars(sa.select(table.c.cohort_id))) == {apart.id}
    assert list(connection.scalars(sa.select(user_scrape_state.c.seen))) == [[]]
    urls = connection.scalars(sa.select(scrape_failures.c.url))
    assert set(urls) == {"https://l/adams/films/", "https://l/2/"}
    rows = connection.execute(sa.select(scrape_runs.c.member, scrape_runs.c.cohort))
    assert {tuple(row) for row in rows} == {("ben", None), (None, "friends")}
    listed = opt_outs.load(connection)
    assert "ada" in listed
    assert listed.has_code("2aHi")


def test_who_was_never_stored_can_ask_too(connection: sa.Connection) -> None:
    cohorts.make_from_names(connection, "friends", ["ben"], MONDAY)
    assert forget(connection, "ada", MONDAY, "2aHi") == Forgotten(False, (), ())
    assert opt_outs.load(connection).has_code("2aHi")
    assert forget(connection, "cleo", MONDAY) == Forgotten(False, (), ())
    assert "cleo" in opt_outs.load(connection)


def test_of_a_cohort_that_was_not_ranked_nothing_is_withdrawn(connection: sa.Connection) -> None:
    cohorts.make_from_names(connection, "friends", ["ada"], MONDAY)
    assert forget(connection, "ada", MONDAY) == Forgotten(True, (), ())


def people(*names: str, whole: bool = True) -> PeoplePage:
    return PeoplePage("ben", Listing.FOLLOWING, 1, tuple(map(Person, names)), last=True, whole=whole)


def test_what_may_be_stored_once_somebody_is_forgotten(connection: sa.Connection) -> None:
    opt_outs.add(connection, "ada", "2aHi", MONDAY)
    snapshot = Snapshot("ada", MONDAY, "archive")
    membership = Membership("friends", "ben", (("ada", 1), ("cleo", 1)), True, {})
    for item, may in (
        (profile("ada"), None),
        (profile("ben", "other"), profile("ben", "other")),
        (profile("ben", None), profile("ben", None)),
        (snapshot, None),
        (Snapshot("ben", MONDAY, "archive"), Snapshot("ben", MONDAY, "archive")),
        (people("cleo"), people("cleo")),
        (people("cleo", whole=False), people("cleo", whole=False)),
        (people("ada", "cleo"), people("cleo", whole=False)),
        (PeoplePage("ada", Listing.FOLLOWING, 1, (), last=True), None),
        (membership, Membership("friends", "ben", (("cleo", 1),), True, {})),
        (Membership("friends", "ada", (("cleo", 1),), True, {}), None),
        (Failure("rated", "https://l/", "broken", "ada"), None),
        (Failure("rated", "https://l/", "broken"), Failure("rated", "https://l/", "broken")),
    ):
        assert allowed(connection, item, TUESDAY) == may


@pytest.mark.parametrize("item", [profile("lovelace"), Snapshot("lovelace", MONDAY, "archive", lid="2aHi")])
def test_a_new_name_is_forgotten_by_the_code(connection: sa.Connection, item: Any) -> None:
    opt_outs.add(connection, "ada", "2aHi", MONDAY)
    add_user(connection, "lovelace")
    assert allowed(connection, item, TUESDAY) is None
    assert user_ids(connection, ["lovelace"]) == {}
    assert "lovelace" in opt_outs.load(connection)


def test_an_sqlite_file_is_scrubbed_and_its_backups_are_named(tmp_path: Path) -> None:
    file = tmp_path / "letterboxd.db"
    engine = make_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x TEXT)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('a')")
    log = file.with_name("letterboxd.db-wal")
    assert log.stat().st_size
    backups = [file.with_name(f"letterboxd.db.before-{number}.backup") for number in (2, 1)]
    for backup in (*backups, file.with_name("other.db.before-1.backup")):
        backup.touch()
    assert forgetting.scrub(engine) == sorted(backups)
    assert not log.exists() or not log.stat().st_size
    engine.dispose()


def test_a_file_that_cannot_be_scrubbed_is_told_like_any_that_refuses(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x TEXT)")
    with no_room(tmp_path), pytest.raises(sa.exc.OperationalError) as refused:
        forgetting.scrub(engine)
    assert str(outside_errors.in_words(refused.value)).endswith("disk I/O error; look after the disk")
    engine.dispose()


def test_a_database_in_memory_has_no_backups(memory: sa.Engine) -> None:
    assert forgetting.scrub(memory) == []
