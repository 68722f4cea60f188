"""A spider's arguments against what is stored: which cohort they name, or one line that says why not."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import (
    Arguments,
    FilmArguments,
    FollowGraphArguments,
    ProfileArguments,
    RssArguments,
    WhenRatedArguments,
)
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.members import opt_outs
from letterboxd_scraper.store.targets import find_target
from tests.store.rows import MONDAY, add_cohort, add_film, add_user


@pytest.fixture
def stored(connection: sa.Connection) -> sa.Connection:
    """Cohort "friends" of kip with ann, a list "names" with bob, a film; zoe asked to be forgotten."""
    for name in ("kip", "ann", "bob"):
        add_user(connection, name)
    add_cohort(connection, "friends", ["kip", "ann"], seed="kip")
    add_cohort(connection, "names", ["bob"])
    add_film(connection, "ordet")
    opt_outs.add(connection, "zoe", None, MONDAY)
    return connection


@pytest.mark.parametrize(
    ("args", "label"),
    [
        (FollowGraphArguments(cohort="friends"), "friends"),
        (FollowGraphArguments(seed="kip", label="friends"), "friends"),
        (FollowGraphArguments(seed="kip", label="new"), None),
        (ProfileArguments(cohort="friends"), "friends"),
        (ProfileArguments(cohort="friends", resume_from="ann"), "friends"),
        (WhenRatedArguments(cohort="names"), "names"),
        (RssArguments(cohort="names"), "names"),
        (FilmArguments(cohort="names"), "names"),
        (ProfileArguments(user="ann"), None),
        (WhenRatedArguments(user="ann"), None),
        (RssArguments(user="ann"), None),
        (FilmArguments(slug="ordet"), None),
    ],
)
def test_arguments_name_a_cohort_or_what_is_stored(
    stored: sa.Connection, args: Arguments, label: str | None
) -> None:
    cohort = find_target(stored, args)
    assert (cohort.label if cohort else None) == label


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (FollowGraphArguments(cohort="names"), InputError, "'names' is a list of names: there is nobody"),
        (
            FollowGraphArguments(seed="ann", label="friends"),
            InputError,
            "exists and belongs to .*'kip'",
        ),
        (FollowGraphArguments(seed="ann", label="names"), InputError, "exists and is a list of names"),
        (FollowGraphArguments(seed="zoe", label="new"), InputError, "'zoe' asked to be forgotten.*--undo"),
        (ProfileArguments(cohort="nobodys"), UnknownName, "nobodys"),
        (
            ProfileArguments(cohort="friends", resume_from="bob"),
            UnknownName,
            "no member 'bob' of cohort 'friends'",
        ),
        (ProfileArguments(user="zoe"), InputError, "asked to be forgotten"),
        (ProfileArguments(user="dora"), UnknownName, "no member 'dora' in the database: build a cohort"),
        (RssArguments(user="zoe"), InputError, "asked to be forgotten"),
        (FilmArguments(slug="alien"), UnknownName, "no film 'alien' in the database: films come with"),
    ],
)
def test_what_does_not_fit_is_one_line(
    stored: sa.Connection, args: Arguments, error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        find_target(stored, args)


def test_arguments_of_no_spider_are_an_error_of_ours(stored: sa.Connection) -> None:
    with pytest.raises(NotImplementedError, match="Arguments"):
        find_target(stored, Arguments())
