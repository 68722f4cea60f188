"""What members are called where others may read it."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.schema import cohort_members, users
from letterboxd_scraper.store.schema import cohorts as cohort_table

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
PEOPLE = [(1, "marla", "Marla S."), (2, "kip", "Kip"), (3, "kip2", "kip"), (4, "ana", None)]


def fill(engine: sa.Engine, label: str) -> None:
    with engine.begin() as connection:
        rows = [
            {"id": user, "letterboxd_username": name, "display_name": is_named, "created_at": NOW}
            for user, name, is_named in PEOPLE
        ]
        connection.execute(users.insert(), rows)
        made = {"id": 1, "label": label, "seed_user_id": 1, "definition": {}}
        connection.execute(cohort_table.insert().values(**made, created_at=NOW, updated_at=NOW))
        members = [{"cohort_id": 1, "user_id": row[0], "depth": 1, "followed_at": NOW} for row in PEOPLE]
        connection.execute(cohort_members.insert(), members)


def named(engine: sa.Engine, *, names: bool = False, for_member: str | None = None) -> naming.Naming:
    with engine.connect() as connection:
        return naming.of_cohort(connection, cohorts.find(connection, "1"), names=names, for_member=for_member)


def test_names_stand_in_the_order_of_the_alphabet_and_are_told_apart(engine: sa.Engine) -> None:
    fill(engine, "friends")
    naming_of_all = named(engine, names=True)
    expected = [(4, "ana"), (2, "Kip (kip)"), (3, "kip (kip2)"), (1, "Marla S.")]
    assert list(naming_of_all.members.items()) == expected
    assert naming_of_all.profiles[2] == "kip"
    assert (naming_of_all.label, naming_of_all.you) == ("friends", 1)


def test_without_names_members_are_numbers_that_stay(engine: sa.Engine) -> None:
    fill(engine, "friends")
    naming_of_all = named(engine)
    assert sorted(naming_of_all.members.values()) == ["member 1", "member 2", "member 3", "member 4"]
    assert naming_of_all.members == named(engine).members
    assert naming_of_all.profiles == {}
    with engine.begin() as connection:
        connection.execute(cohort_table.update().values(created_at=NOW.replace(microsecond=7)))
    assert list(naming_of_all.members) != list(named(engine).members)  # the ids alone do not tell who is who


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "label",
    [
        "marla",
        "KIP2",
        "marla s.",
        "Kip's friends",
        "ana-archives",
        "marla_friends",
        "friends_of_kip2",
        "kips friends",
        "everybody around Marla S",
        "seen by zoe zadok",
    ],
)
def test_a_label_with_a_members_name_in_it_is_not_shown(engine: sa.Engine, label: str) -> None:
    fill(engine, label)
    with engine.begin() as connection:
        connection.execute(users.update().where(users.c.id == 4).values(display_name="Zoë  Zadok"))
    assert named(engine).label == naming.UNNAMED
    assert named(engine).argument == "LABEL"
    assert named(engine, names=True).label == label


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("label", ["marla-club", "zoe zadok and others"])
def test_nor_is_one_with_the_name_of_a_seed_who_is_no_member(engine: sa.Engine, label: str) -> None:
    fill(engine, label)
    with engine.begin() as connection:
        connection.execute(users.update().where(users.c.id == 1).values(display_name="Zoë Zadok"))
        connection.execute(cohort_members.delete().where(cohort_members.c.user_id == 1))
    assert named(engine).label == naming.UNNAMED


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("label", ["friends", "marlowe", "banana", "kip22"])
def test_a_label_without_a_name_in_it_is_shown(engine: sa.Engine, label: str) -> None:
    fill(engine, label)
    assert named(engine).label == label


def test_it_is_made_for_the_seed_or_the_member_that_is_named(engine: sa.Engine) -> None:
    fill(engine, "friends")
    assert named(engine).you == 1
    assert named(engine, for_member="Kip").you == 2
    with pytest.raises(UnknownName, match="no member 'nobody' of cohort 'friends'"):
        named(engine, for_member="nobody")
    with engine.begin() as connection:
        connection.execute(cohort_members.delete().where(cohort_members.c.user_id == 1))
    assert named(engine).you is None


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_each_member_is_named_as_they_wish(engine: sa.Engine) -> None:
    fill(engine, "the marla s circle")
    numbers = named(engine).members
    with engine.begin() as connection:
        naming.set_shows_name(connection, 1, 2, True)
        naming.set_shows_name(connection, 1, 1, False)
    hidden, by_names = named(engine), named(engine, names=True)
    assert hidden.members == {**numbers, 2: "Kip"}
    assert list(hidden.members) == list(numbers)
    assert hidden.profiles == {2: "kip"}
    assert list(by_names.members.items()) == [
        (4, "ana"),
        (2, "Kip (kip)"),
        (3, "kip (kip2)"),
        (1, numbers[1]),
    ]
    assert 1 not in by_names.profiles
    assert (hidden.label, by_names.label) == (naming.UNNAMED, naming.UNNAMED)
    assert (hidden.you, by_names.you) == (1, 1)
    with engine.begin() as connection:
        naming.set_shows_name(connection, 1, 2, None)
        naming.set_shows_name(connection, 1, 1, None)
    assert named(engine).profiles == {}
    assert len(named(engine, names=True).profiles) == 4
