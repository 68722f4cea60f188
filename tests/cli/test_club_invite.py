"""`letterboxd club invite|members|revoke|password`: links are told once, passwords never."""

import json
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer

from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts, invitations, own_pages, reading_passwords
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import cohorts as cohort_table
from tests.cli.conftest import Ended, Run
from tests.store.rows import MONDAY

AT = "2026-11-23T12:00:00+00:00"  # MONDAY
SERVER = "https://films.example.org"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTERBOXD_NOW", AT)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTERBOXD_PUBLIC_URL", f"{SERVER}/")


@pytest.fixture
def store(tmp_path: Path) -> sa.Engine:
    return make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}")


def secret_of(ended: Ended) -> str:
    assert ended.code == ExitCode.DONE, ended.err
    return ended.out.strip().rsplit("/", 1)[1]


def join(store: sa.Engine, secret: str, name: str) -> str:
    """Join by a link as its page does; return the secret of the member's own."""
    with store.begin() as connection:
        invitation = invitations.of_secret(connection, secret, MONDAY)
        assert invitation is not None
        cohorts.add_names(connection, invitation.label, [name], MONDAY)
        user = user_ids(connection, [name])[name]
        return own_pages.give(connection, invitation.cohort_id, user, invitation.number, MONDAY)


@pytest.mark.usefixtures("served")
def test_a_link_is_printed_once_with_what_it_allows(empty: Run, store: sa.Engine) -> None:
    ended = empty("club", "invite", "--name", "monday")
    assert ended.out == f"{SERVER}/join/{secret_of(ended)}\n"
    assert "whoever has this link may join monday with their own files until 7 December 2026, 12:00 UTC" in (
        ended.err
    )
    assert "`letterboxd club revoke 1 --name monday` takes it back" in ended.err
    assert f"while `letterboxd serve --invitations` is reached at {SERVER}" in ended.err
    with store.connect() as connection:
        invitation = invitations.of_secret(connection, secret_of(ended), MONDAY)
    assert invitation is not None
    assert (invitation.label, invitation.number) == ("monday", 1)
    told = json.loads(empty("club", "invite", "--member", "Marla", "--days", "3", "--json").out)
    assert told["link"] == f"{SERVER}{told.pop('path')}"
    del told["link"]
    until = "2026-11-26T12:00:00+00:00"
    assert told == {"cohort": "monday", "number": 2, "member": "marla", "expires_at": until}


def test_without_the_servers_address_it_is_said_what_to_do(club: Run) -> None:
    ended = club("club", "invite", "--member", "marla")
    assert ended.out.startswith("/join/")
    assert "marla alone may join club by this link, once, until 7 December 2026, 12:00 UTC" in ended.err
    assert "put your server's address before it; or set LETTERBOXD_PUBLIC_URL" in ended.err
    assert json.loads(club("club", "invite", "--json").out)["link"] is None


def test_a_circle_may_have_any_label_or_be_named_by_its_number(club: Run, store: sa.Engine) -> None:
    with store.begin() as connection:
        connection.execute(cohort_table.update().values(label="monday night"))
    for name in ("monday night", "1"):
        ended = club("club", "invite", "--name", name)
        assert "--name 'monday night'` takes it back" in ended.err
        assert "monday night: no password for reading" in club("club", "members", "--name", name).err


def test_the_first_circle_is_called_friends(empty: Run) -> None:
    assert json.loads(empty("club", "invite", "--json").out)["cohort"] == "friends"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["invite", "--days", "0"], "not a whole number from 1 to 365"),
        (["invite", "--days", "366"], "not a whole number from 1 to 365"),
        (["invite", "--member", "no body"], "is not a member name"),
        (["invite", "--name", "monday night"], "'monday night' is not a label"),
        (["invite", "--name", "7"], "'7' is not a label"),
        (["revoke"], "give the NUMBER of an invitation, or --member NAME"),
        (["revoke", "1", "--member", "marla"], "give the NUMBER of an invitation, or --member NAME"),
        (["revoke", "1"], "club has no invitation 1: it has none"),
        (["revoke", "99999999999"], "club has no invitation 99999999999: it has none"),
        (["revoke", "one"], "NUMBER"),
        (["revoke", "--member", "marla"], "marla has no page of their own there"),
        (["revoke", "--member", "marlo"], "did you mean marla?"),
        (["naming", "--by", "name"], "give one MEMBER, whose wish it is"),
        (["naming", "marla", "--by", "title"], "'title' is not one of name, number, circle"),
        (["naming", "marlo", "--by", "name"], "did you mean marla?"),
        (["members", "--name", "clubb"], "no cohort 'clubb'"),
        (["password"], "there is nobody to ask for a password: give --password-file FILE, or --remove"),
        (["password", "--password-file", "missing.txt"], "--password-file missing.txt: No such file"),
        (["password", "--password-file", "short.txt"], "a password has 8 to 1000 characters"),
        (["password", "--password-file", "two.txt"], "it must have one line, which is the password"),
        (["password", "--password-file", "latin.txt"], "it is no text in UTF-8"),
        (["password", "--password-file", "two.txt", "--remove"], "give one of them"),
    ],
)
def test_what_is_wrong_is_one_line_without_a_secret(
    club: Run, tmp_path: Path, words: list[str], why: str
) -> None:
    (tmp_path / "short.txt").write_text("s3cret\n")
    (tmp_path / "two.txt").write_text("s3cret-one\ns3cret-two\n")
    (tmp_path / "latin.txt").write_bytes(b"s3cret-\xe9\n")
    ended = club("club", *words)
    assert (ended.code, ended.out) == (ExitCode.BAD_INPUT, "")
    assert why in ended.err
    assert "s3cret" not in ended.err
    assert len([line for line in ended.err.splitlines() if line.startswith("letterboxd: ")]) == 1


@pytest.mark.usefixtures("served")
def test_the_organiser_sees_who_is_in_and_takes_links_back(empty: Run, store: sa.Engine) -> None:
    first = secret_of(empty("club", "invite", "--name", "monday"))
    own = join(store, first, "ada")
    second = secret_of(empty("club", "invite", "--name", "monday", "--member", "ben"))
    listed = empty("club", "members", "--name", "monday")
    assert "ada" in listed.out
    assert "whoever has it" in listed.out
    assert "monday: no password for reading" in listed.err
    told = json.loads(empty("club", "members", "--json").out)
    (ada,) = told["members"]
    assert "name" not in ada
    assert (ada["member"], ada["own_page"], ada["invitation"], ada["joined_at"]) == ("ada", True, 1, AT)
    assert [(one["number"], one["state"], one["joined"], one["member"]) for one in told["invitations"]] == [
        (1, "open", 1, None),
        (2, "open", 0, "ben"),
    ]
    every = listed.out + listed.err + json.dumps(told)
    assert not [secret for secret in (first, second, own) if secret in every]
    assert "hash" not in every
    nobody = "nobody can join monday by invitation 2 any more"
    for said in (nobody, f"{nobody}: it was taken back on 23 November 2026, 12:00 UTC"):
        ended = empty("club", "revoke", "2")
        assert ended.code == ExitCode.DONE
        assert said in ended.err.splitlines()
    gone = empty("club", "revoke", "--member", "Ada", "--name", "monday")
    assert "a new one: `letterboxd club invite --member ada --name monday`" in gone.err
    told = json.loads(empty("club", "members", "--json").out)
    assert [one["state"] for one in told["invitations"]] == ["open", "revoked"]
    assert [(one["member"], one["own_page"]) for one in told["members"]] == [("ada", False)]
    with store.connect() as connection:
        assert own_pages.of_secret(connection, own) is None
        assert invitations.of_secret(connection, second, MONDAY) is None
    again = empty("club", "revoke", "--member", "ada", "--json")
    assert again.code == ExitCode.BAD_INPUT


def test_a_password_is_set_from_a_file_and_removed(club: Run, tmp_path: Path, store: sa.Engine) -> None:
    (tmp_path / "password.txt").write_text("correct horse\n")
    ended = club("club", "password", "--password-file", "password.txt", "--json")
    assert json.loads(ended.out) == {"cohort": "club", "password": True}
    assert "correct" not in ended.out + ended.err
    with store.connect() as connection:
        assert reading_passwords.is_right(connection, 1, "correct horse")
    assert "club: a password for reading" in club("club", "members").err
    assert "no password opens the pages of club" in club("club", "password", "--remove").err
    with store.connect() as connection:
        assert not reading_passwords.is_set(connection, 1)


def test_a_password_is_asked_for_twice_and_not_shown(
    club: Run, store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def prompt(question: str, **how: object) -> str:
        asked[question] = how
        return "correct horse"

    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(typer, "prompt", prompt)
    ended = club("club", "password")
    assert ended.code == ExitCode.DONE, ended.err
    (how,) = asked.values()
    assert (how["hide_input"], bool(how["confirmation_prompt"]), how["err"]) == (True, True, True)
    assert "correct" not in ended.out + ended.err
    with store.connect() as connection:
        assert reading_passwords.is_right(connection, 1, "correct horse")


def test_a_members_wish_is_noted_and_shown(club: Run) -> None:
    ended = club("club", "naming", "Marla", "--by", "number")
    assert "marla is a number in what is shown of club" in ended.err
    assert club("rank", "compute").code == ExitCode.DONE
    named = club("report", "--names", "--output", "-").out
    assert ("tycho" in named, "marla" in named) == (True, False)
    assert [one["shows_name"] for one in json.loads(club("club", "members", "--json").out)["members"]] == [
        False,
        None,
    ]
    told = json.loads(club("club", "naming", "--member", "marla", "--by", "circle", "--json").out)
    assert told == {"cohort": "club", "member": "marla", "shows_name": None}
    assert "marla" in club("report", "--names", "--output", "-").out
