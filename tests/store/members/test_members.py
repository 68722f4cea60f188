"""Cohorts, names, renamed members, and who asked to be forgotten."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.store.members import cohorts, naming, opt_outs
from letterboxd_scraper.store.members.users import follow_renaming, names_of, user_ids
from letterboxd_scraper.store.schema import cohort_members, ratings, users
from letterboxd_scraper.store.schema import cohorts as cohort_table
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_user

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
    with pytest.raises(UnknownName, match="there is no cohort yet"):
        cohorts.find(connection, "friends")
    for label in ("b", "a"):
        cohorts.make_from_names(connection, label, ["ada"], MONDAY)
    with pytest.raises(UnknownName, match="there are a, b"):
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
    with pytest.raises(UnknownName, match="no member 'ben' of cohort 'friends'"):
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
    for profile_read in (profile("lovelace", None), profile("ada")):
        follow_renaming(connection, profile_read)
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
