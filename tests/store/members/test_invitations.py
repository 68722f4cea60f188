"""Who may join a circle by a link, whose own page it is, and who may read: only hashes tell."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.members import (
    cohorts,
    invitations,
    naming,
    opt_outs,
    own_pages,
    reading_passwords,
)
from letterboxd_scraper.store.members.forgetting import forget
from letterboxd_scraper.store.members.own_pages import OwnPage
from letterboxd_scraper.store.members.renaming import note_renaming
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.merge import merge_members
from letterboxd_scraper.store.schema import cohort_members, metadata
from tests.conftest import on_both
from tests.store.members.test_members import profile
from tests.store.rows import DAY, MONDAY, add_cohort, add_user


def joined(connection: sa.Connection, name: str, label: str = "friends") -> tuple[int, int, str]:
    """Let a member join by an invitation for them; return their id, the circle's, and their page's secret."""
    invitation, _ = invitations.create(connection, label, MONDAY, 14, name)
    cohorts.add_names(connection, label, [name], MONDAY)
    user = user_ids(connection, [name])[name]
    return (
        user,
        invitation.cohort_id,
        own_pages.give(connection, invitation.cohort_id, user, invitation.number, MONDAY),
    )


def stored_texts(connection: sa.Connection) -> str:
    return " ".join(
        str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(sa.select(table))
    )


@on_both
def test_from_an_invitation_to_a_page_and_out_again(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        invitation, secret = invitations.create(connection, "friends", MONDAY, 14)
        assert (invitation.label, invitation.member, invitation.joined) == ("friends", None, 0)
        assert invitation.expires_at == MONDAY + 14 * DAY
        assert cohorts.find(connection, "friends").size == 0
        assert invitations.of_secret(connection, secret, MONDAY + DAY) == invitation
        cohorts.add_names(connection, "friends", ["zoe"], MONDAY)
        zoe = user_ids(connection, ["zoe"])["zoe"]
        own = own_pages.give(connection, invitation.cohort_id, zoe, invitation.number, MONDAY)
        assert own_pages.of_secret(connection, own) == OwnPage(invitation.cohort_id, "friends", zoe, "zoe")
        with pytest.raises(InputError, match="zoe has a page of their own already"):
            own_pages.give(connection, invitation.cohort_id, zoe, invitation.number, MONDAY)
        assert invitations.of_cohort(connection, invitation.cohort_id)[0].joined == 1
        (place,) = own_pages.places(connection, invitation.cohort_id)
        assert (place.name, place.joined_at, place.invitation) == ("zoe", MONDAY, invitation.number)
        assert secret not in stored_texts(connection)
        assert own not in stored_texts(connection)
        reading_passwords.set_password(connection, invitation.cohort_id, "open sesame")
        forget(connection, "zoe", MONDAY)
        assert own_pages.of_secret(connection, own) is None
        assert "zoe" not in stored_texts(connection)
        cohorts.delete(connection, cohorts.find(connection, "friends"))
        assert invitations.of_secret(connection, secret, MONDAY) is None
        assert not reading_passwords.is_set(connection, invitation.cohort_id)


def test_an_invitation_ends_by_time_or_by_being_revoked(connection: sa.Connection) -> None:
    first, secret = invitations.create(connection, "friends", MONDAY, 2)
    assert invitations.of_secret(connection, secret, MONDAY + 2 * DAY - timedelta(seconds=1))
    assert invitations.of_secret(connection, secret, MONDAY + 2 * DAY) is None
    assert first.state(MONDAY + 2 * DAY) == "expired"
    second, other = invitations.create(connection, "friends", MONDAY, 2)
    invitations.revoke(connection, second.number, MONDAY)
    invitations.revoke(connection, second.number, MONDAY + DAY)
    assert invitations.of_secret(connection, other, MONDAY) is None
    stored = invitations.of_cohort(connection, first.cohort_id)
    assert [(one.number, one.state(MONDAY)) for one in stored] == [
        (first.number, "open"),
        (second.number, "revoked"),
    ]
    assert stored[1].revoked_at == MONDAY
    with pytest.raises(UnknownName, match="no invitation 99"):
        invitations.revoke(connection, 99, MONDAY)
    for text in ("", "x" * 43, "\udc80", first.label):
        assert invitations.of_secret(connection, text, MONDAY) is None
        assert own_pages.of_secret(connection, text) is None


def test_one_for_a_member_is_for_them_alone_and_good_once(connection: sa.Connection) -> None:
    add_user(connection, "zoe")
    invitation, secret = invitations.create(connection, "friends", MONDAY, 14, "zoe")
    cohorts.add_names(connection, "friends", ["zoe"], MONDAY)
    zoe = user_ids(connection, ["zoe"])["zoe"]
    own = own_pages.give(connection, invitation.cohort_id, zoe, invitation.number, MONDAY)
    assert invitations.of_secret(connection, secret, MONDAY) is None
    with pytest.raises(InputError, match=r"club revoke --member zoe --name friends"):
        invitations.create(connection, "friends", MONDAY, 14, "zoe")
    own_pages.take_away(connection, invitation.cohort_id, zoe)
    assert own_pages.of_secret(connection, own) is None
    assert invitations.of_secret(connection, secret, MONDAY) is None
    with pytest.raises(UnknownName, match="zoe has no page"):
        own_pages.take_away(connection, invitation.cohort_id, zoe)
    assert invitations.create(connection, "friends", MONDAY, 14, "zoe")


def test_who_asked_to_be_forgotten_is_not_invited(connection: sa.Connection) -> None:
    invitations.create(connection, "friends", MONDAY, 14, "zoe")
    forget(connection, "zoe", MONDAY)
    assert "zoe" not in stored_texts(connection)
    with pytest.raises(InputError, match="forget zoe --undo"):
        invitations.create(connection, "friends", MONDAY, 14, "zoe")
    opt_outs.remove(connection, "zoe")
    assert invitations.create(connection, "friends", MONDAY, 14, "zoe")


def test_into_a_seeds_circle_its_members_alone_are_invited(connection: sa.Connection) -> None:
    for name in ("marla", "ben", "cleo"):
        add_user(connection, name)
    add_cohort(connection, "marla's", ["marla", "ben"], "marla")
    for member in (None, "cleo", "dora"):
        with pytest.raises(InputError, match="whoever marla follows"):
            invitations.create(connection, "marla's", MONDAY, 14, member)
    ben, cohort, own = joined(connection, "ben", "marla's")
    # A refresh finds ben again, then no more.
    cohorts.set_members(connection, cohort, {ben: 2}, MONDAY, complete=True)
    assert own_pages.of_secret(connection, own)
    cohorts.set_members(connection, cohort, {}, MONDAY, complete=True)
    assert own_pages.of_secret(connection, own) is None
    cohorts.set_members(connection, cohort, {ben: 1}, MONDAY, complete=True)
    assert own_pages.of_secret(connection, own) is None


def test_a_page_and_an_invitation_follow_to_a_new_name(connection: sa.Connection) -> None:
    user, cohort, own = joined(connection, "zoe")
    connection.execute(sa.text("UPDATE users SET letterboxd_lid = 'aDa'"))
    _, secret = invitations.create(connection, "others", MONDAY, 14, "zoe")
    note_renaming(connection, profile("lovelace", "aDa"), MONDAY)
    assert own_pages.of_secret(connection, own) == OwnPage(cohort, "friends", user, "lovelace")
    invitation = invitations.of_secret(connection, secret, MONDAY)
    assert invitation is not None
    assert invitation.member == "lovelace"


@on_both
def test_a_wish_is_kept_by_who_is_found_again_and_by_who_comes_back(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        zoe, cohort, _ = joined(connection, "zoe")
        ben, *_ = joined(connection, "ben")
        naming.set_shows_name(connection, cohort, zoe, False)
        for day, present in enumerate([{zoe: 1, ben: 1}, {ben: 1}, {zoe: 1, ben: 2}], start=1):
            cohorts.set_members(connection, cohort, present, MONDAY + day * DAY, complete=True)
            wishes = {place.name: place.shows_name for place in own_pages.places(connection, cohort)}
            assert wishes == ({"zoe": False} if zoe in present else {}) | {"ben": None}


@pytest.mark.parametrize(
    ("mine", "theirs", "together"),
    [(None, True, True), (True, False, False), (False, True, False), (True, None, True), (None, None, None)],
)
def test_two_that_are_one_keep_the_page_and_the_wish(
    connection: sa.Connection, mine: bool | None, theirs: bool | None, together: bool | None
) -> None:
    cohorts.make_from_names(connection, "friends", ["zoe"], MONDAY)
    zoe = user_ids(connection, ["zoe"])["zoe"]
    other, cohort, own = joined(connection, "lovelace")
    naming.set_shows_name(connection, cohort, zoe, mine)
    naming.set_shows_name(connection, cohort, other, theirs)
    merge_members(connection, zoe, other)
    page = own_pages.of_secret(connection, own)
    assert page is not None
    assert page.user_id == zoe
    assert connection.scalars(sa.select(cohort_members.c.shows_name)).all() == [together]


def test_a_password_opens_one_circle(connection: sa.Connection) -> None:
    first = cohorts.make_empty(connection, "friends", MONDAY).id
    second = cohorts.make_empty(connection, "others", MONDAY).id
    assert not reading_passwords.is_right(connection, first, "")
    for too in ("1234567", "x" * 1001):
        with pytest.raises(InputError, match="8 to 1000 characters"):
            reading_passwords.set_password(connection, first, too)
    reading_passwords.set_password(connection, first, "correct horse")
    assert reading_passwords.is_set(connection, first)
    assert reading_passwords.is_right(connection, first, "correct horse")
    assert not reading_passwords.is_right(connection, first, "correct horsf")
    assert not reading_passwords.is_right(connection, second, "correct horse")
    assert "correct horse" not in stored_texts(connection)
    reading_passwords.set_password(connection, first, "an other one")
    assert not reading_passwords.is_right(connection, first, "correct horse")
    reading_passwords.set_password(connection, first, None)
    assert not reading_passwords.is_set(connection, first)
    assert not reading_passwords.is_right(connection, first, "an other one")
