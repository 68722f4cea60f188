"""`letterboxd club naming`: whether a member is named where others may read."""

from typing import Annotated

import typer

from letterboxd_scraper.cli.club_choice import NameOption
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members import naming as member_naming
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session

_SHOWS_NAME = {"name": True, "number": False, "circle": None}
_IN_WORDS = {"name": "by name", "number": "a number", "circle": "called as the others are"}


def naming(
    context: typer.Context,
    by: Annotated[
        str, options.word(tuple(_SHOWS_NAME), "What they are called by; `circle`: by what the others are.")
    ],
    member: Annotated[str | None, options.member_argument("Whose wish it is.")] = None,
    named: Annotated[str | None, options.member("The same, as an option.")] = None,
    name: NameOption = None,
) -> None:
    """Note whether a member wishes to be named where others may read.

    Reports, pictures, exports and the server obey it in this circle, with --names and without. Who has a page
    of their own can say so there.

    \b
    Examples:
      letterboxd club naming marla --by number --name monday
      letterboxd club naming marla --by circle --name monday
    """
    session: Session = context.obj
    whose = member or named
    if whose is None or (member and named):  # whose wish it is is never assumed
        raise InputError("give one MEMBER, whose wish it is")
    with session.reading() as connection:
        circle = cohort_in(connection, session, name)
        user = cohorts.find_member_of(connection, circle, whose)
    transact(session.engine, member_naming.set_shows_name, circle.id, user, _SHOWS_NAME[by])
    told = {"cohort": circle.label, "member": whose, "shows_name": _SHOWS_NAME[by]}
    session.conclude(told, f"{whose} is {_IN_WORDS[by]} in what is shown of {circle.label}")
