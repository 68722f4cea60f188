"""Cohorts, names, renamed members, and who asked to be forgotten."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.items.members import Failure, Listing, Membership, PeoplePage, Person, Profile
from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import bookmarks, failures
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts, forgetting, naming, opt_outs
from letterboxd_scraper.store.members.forgetting import Forgotten, allowed, forget
from letterboxd_scraper.store.members.users import follow_renaming, names_of, user_ids
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_histograms,
    film_rankings,
    ratings,
    scrape_failures,
    scrape_runs,
    user_scrape_state,
    users,
)
from letterboxd_scraper.store.schema import (
    cohorts as cohort_table,
)
from letterboxd_scraper.store.schema import (
    opt_outs as opt_out_rows,
)
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_run, add_user

TUESDAY = MONDAY + DAY


def members(connection: sa.Connection, label: str = "friends") -> list[str]:
    return [row.member for row in cohorts.members(connection, cohorts.find(connection, label))]


# Cohorts


def test_a_cohort_is_made_of_names(connection: sa.Connection) -> None:
    add_user(connection, "ada")
    cohort = cohorts.make_from_names(connection, "friends", ["ben", "ada", "ben"], MONDAY)
    assert (cohort.label, cohort.seed, cohort.definition, cohort.size) == ("friends", None, {}, 2)
    assert cohort.updated_at == MONDAY
    assert members(connection) == ["ada", "ben"]
    assert cohorts.find(connection, "friends") == cohorts.find(connection, str(cohort.id)) == cohort
    rows = connection.execute(sa.select(cohort_members.c.depth, cohort_members.c.followed_at))
    assert [tuple(row) for row in rows] == [(0, MONDAY)] * 2


def test_members_as_near_stand_in_the_order_of_their_names(connection: sa.Connection) -> None:
    for name in ("cleo", "ada", "ben"):
        add_user(connection, name)
    cohort = cohorts.make_from_names(connection, "friends", ["cleo", "ada", "ben"], MONDAY)
    assert members(connection) == ["ada", "ben", "cleo"]
    rows = cohorts.user_rows(connection, cohort)
    assert [row.letterboxd_username for row in rows] == ["ada", "ben", "cleo"]


def test_a_cohorts_names_are_changed(connection: sa.Connection) -> None:
    cohort = cohorts.make_from_names(connection, "friends", ["ada", "ben"], MONDAY)
    assert cohorts.make_from_names(connection, "friends", ["ben", "cleo"], TUESDAY).id == cohort.id
    assert members(connection) == ["ben", "cleo"]
    query = sa.select(cohort_members.c.followed_at).order_by(cohort_members.c.user_id)
    assert list(connection.scalars(query)) == [MONDAY, TUESDAY]


def test_names_are_added(connection: sa.Connection) -> None:
    made = cohorts.add_names(connection, "friends", ["ada"], MONDAY)
    assert cohorts.add_names(connection, "friends", ["ada"], TUESDAY) == made
    more = cohorts.add_names(connection, "friends", ["ben", "ada"], TUESDAY)
    assert (more.id, members(connection)) == (made.id, ["ada", "ben"])
    cohorts.add_names(connection, "others", ["ben"], MONDAY)
    assert members(connection, "others") == ["ben"]


def test_a_circle_is_no_list_of_names(connection: sa.Connection) -> None:
    add_user(connection, "ada")
    add_cohort(connection, "circle", ["ada"], "ada")
    with pytest.raises(InputError, match="built from a seed"):
        cohorts.make_from_names(connection, "circle", ["ben"], MONDAY)
    assert cohorts.make_from_names(connection, "friends", ["ben"], MONDAY).size == 1


def test_who_asked_to_be_forgotten_is_in_no_list(connection: sa.Connection) -> None:
    opt_outs.add(connection, "ada", None, MONDAY)
    assert cohorts.make_from_names(connection, "friends", ["ada", "ben"], MONDAY).size == 1
    with pytest.raises(InputError, match="would be empty"):
        cohorts.make_from_names(connection, "others", ["ada"], MONDAY)
    assert user_ids(connection, ["ada", "ben"]).keys() == {"ben"}


def test_an_unknown_cohort_is_refused_with_those_that_exist(connection: sa.Connection) -> None:
    with pytest.raises(UnknownName, match="there are: none yet"):
        cohorts.find(connection, "friends")
    for label in ("b", "a"):
        cohorts.make_from_names(connection, label, ["ada"], MONDAY)
    with pytest.raises(UnknownName, match=r"there are: a, b\)"):
        cohorts.find(connection, "friends")
    assert [cohort.label for cohort in cohorts.every(connection)] == ["a", "b"]


def test_members_come_with_their_counts(connection: sa.Connection) -> None:
    read = {"crawled_films_count": 7, "crawled_likes_count": 3, "last_full_scrape_at": MONDAY}
    add_user(connection, "ada", **read)
    add_user(connection, "ben", status="private", films_count=9, likes_count=4, **read)
    cohort = add_cohort(connection, "friends", ["ben", "ada"], "ada")
    assert cohort.seed == "ada"
    assert [tuple(row) for row in cohorts.members(connection, cohort)] == [
        ("ben", 0, "private", MONDAY, 9, 4),
        ("ada", 1, "ok", MONDAY, 7, 3),
    ]
    rows = cohorts.user_rows(connection, cohort)
    assert [row.letterboxd_username for row in rows] == ["ben", "ada"]


def test_membership_is_complete_or_grows(connection: sa.Connection) -> None:
    ids = [add_user(connection, name) for name in ("ada", "ben", "cleo")]
    cohort = add_cohort(connection, "friends", ["ada", "ben"])
    other = add_cohort(connection, "others", ["ben"])
    cohorts.set_members(connection, cohort.id, {ids[0]: 2, ids[2]: 1}, TUESDAY, complete=False)
    assert members(connection) == ["ben", "cleo", "ada"]
    cohorts.set_members(connection, cohort.id, {ids[0]: 2, ids[2]: 1}, TUESDAY, complete=True)
    assert members(connection) == ["cleo", "ada"]
    assert members(connection, "others") == ["ben"]
    query = sa.select(cohort_members.c.followed_at).where(cohort_members.c.user_id == ids[0])
    assert connection.scalars(query).one() == MONDAY
    cohorts.redefine(connection, cohort, {"depth": 2}, TUESDAY)
    redefined = cohorts.find(connection, "friends")
    assert (redefined.definition, redefined.updated_at) == ({"depth": 2}, TUESDAY)
    assert cohorts.find(connection, "others") == other
    cohorts.delete(connection, cohort)
    assert [left.label for left in cohorts.every(connection)] == ["others"]


def test_a_member_is_found_by_name(connection: sa.Connection) -> None:
    ids = {name: add_user(connection, name) for name in ("ada", "ben")}
    cohort = add_cohort(connection, "friends", ["ada"])
    assert cohorts.find_member_of(connection, cohort, " @Ada/ ") == ids["ada"]
    assert cohorts.find_member_of(connection, None, "ben") == ids["ben"]
    with pytest.raises(UnknownName, match="no member of cohort 'friends' 'ben'"):
        cohorts.find_member_of(connection, cohort, "ben")
    with pytest.raises(UnknownName, match="no member 'cleo'"):
        cohorts.find_member_of(connection, None, "cleo")


# Names


def test_ids_and_names(connection: sa.Connection) -> None:
    ids = {name: add_user(connection, name) for name in ("ada", "ben", "cleo")}
    assert user_ids(connection, ["ada", "ben", "nobody"]) == {"ada": ids["ada"], "ben": ids["ben"]}
    assert names_of(connection, [ids["ada"], ids["cleo"], 999]) == {ids["ada"]: "ada", ids["cleo"]: "cleo"}


def profile(member: str, lid: str | None = "2aHi") -> Profile:
    return Profile(member, None, None, lid, 0, 0, 0, (), None, None)


def codes(connection: sa.Connection) -> dict[str, tuple[int, str | None]]:
    query = sa.select(users.c.letterboxd_username, users.c.id, users.c.letterboxd_lid)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def test_a_renamed_member_keeps_their_row(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada", letterboxd_lid="2aHi")
    ben = add_user(connection, "ben", letterboxd_lid="other")
    for known in (profile("lovelace", None), profile("ada")):
        follow_renaming(connection, known)
        assert codes(connection) == {"ada": (ada, "2aHi"), "ben": (ben, "other")}
    follow_renaming(connection, profile("lovelace"))
    assert codes(connection) == {"lovelace": (ada, "2aHi"), "ben": (ben, "other")}


def test_a_member_who_was_met_under_the_new_name_becomes_one(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada", letterboxd_lid="2aHi")
    new = add_user(connection, "lovelace")
    add_rating(connection, ada, add_film(connection, "x"), rating=4.0)
    follow_renaming(connection, profile("lovelace"))
    assert codes(connection).keys() == {"lovelace"}
    assert (
        set(connection.scalars(sa.select(ratings.c.user_id)))
        == {codes(connection)["lovelace"][0]}
        <= {ada, new}
    )


def test_a_name_that_was_somebody_elses_is_theirs_no_longer(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada", letterboxd_lid="2aHi")
    other = add_user(connection, "lovelace", letterboxd_lid="other")
    follow_renaming(connection, profile("lovelace"))
    assert codes(connection) == {"ada": (ada, None), "lovelace": (other, "other")}


def circle(connection: sa.Connection, label: str = "friends") -> Any:
    add_user(connection, "marla", display_name="Marla S.")
    add_user(connection, "kip", display_name=" Kip ")
    add_user(connection, "kip2", display_name="kip")
    add_user(connection, "ana", display_name="  ")
    add_user(connection, "zed", display_name="Zed")
    return add_cohort(connection, label, ["zed", "marla", "kip", "kip2", "ana"], "marla")


def test_members_by_name(connection: sa.Connection) -> None:
    named = naming.of_cohort(connection, circle(connection), names=True)
    assert list(named.members.items()) == [
        (4, "ana"),
        (2, "Kip (kip)"),
        (3, "kip (kip2)"),
        (1, "Marla S."),
        (5, "Zed"),
    ]
    assert named.profiles == {1: "marla", 2: "kip", 3: "kip2", 4: "ana", 5: "zed"}
    assert (named.label, named.you) == ("friends", 1)


def test_members_by_number(connection: sa.Connection) -> None:
    """The numbers stand in an order that follows the cohort's moment and number, not the ids."""
    cohort = circle(connection)
    named = naming.of_cohort(connection, cohort, for_member="zed")
    assert (named.label, named.profiles, named.you) == ("friends", {}, 5)
    assert list(named.members.values()) == [f"member {number}" for number in range(1, 6)]
    assert naming.of_cohort(connection, cohort).members == named.members
    orders = set()
    for seconds in range(9):
        made = {"created_at": MONDAY + seconds * HOUR / 3600}
        connection.execute(cohort_table.update().values(made))
        orders.add(tuple(naming.of_cohort(connection, cohort).members))
    assert len(orders) > 5
    assert {tuple(sorted(order)) for order in orders} == {(1, 2, 3, 4, 5)}


@pytest.mark.parametrize(
    ("label", "is_shown"),
    [
        ("friends", True),
        ("marla", False),
        ("Marla S.", False),
        ("kips", False),
        ("zed's", False),
        ("zeds-2", False),
    ],
)
def test_a_label_that_gives_a_member_away_is_not_shown(
    connection: sa.Connection, label: str, is_shown: bool
) -> None:
    cohort = circle(connection, label)
    assert naming.of_cohort(connection, cohort).label == (label if is_shown else naming.UNNAMED)
    assert naming.of_cohort(connection, cohort, names=True).label == label


def test_nor_is_one_that_gives_a_seed_away_who_is_no_member(connection: sa.Connection) -> None:
    add_user(connection, "marla", display_name="Mia")
    add_user(connection, "ben")
    for label in ("of marla", "mia", "friends"):
        cohort = add_cohort(connection, label, ["ben"], "marla")
        named = naming.of_cohort(connection, cohort)
        assert named.label == ("friends" if label == "friends" else naming.UNNAMED)
        assert named.you is None


def test_of_a_list_of_names_nobody_is_you_and_strangers_are_refused(connection: sa.Connection) -> None:
    for name in ("ada", "ben"):
        add_user(connection, name)
    cohort = add_cohort(connection, "friends", ["ada"])
    assert naming.of_cohort(connection, cohort).you is None
    assert list(naming.of_cohort(connection, cohort, names=True).members.values()) == ["ada"]
    with pytest.raises(UnknownName):
        naming.of_cohort(connection, cohort, for_member="ben")


@pytest.mark.parametrize(
    ("label", "argument"),
    [("friends", "friends"), ("a.b-c_1", "a.b-c_1"), ("two words", "'two words'"), (naming.UNNAMED, "LABEL")],
)
def test_a_label_as_a_commands_argument(label: str, argument: str) -> None:
    assert naming.Naming(label, {}, {}).argument == argument


# Forgotten members


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


def test_a_database_in_memory_has_no_backups(memory: sa.Engine) -> None:
    assert forgetting.scrub(memory) == []
