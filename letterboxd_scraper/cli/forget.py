"""`letterboxd forget`: removing a person, for good."""

from typing import Annotated

import typer

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import forgetting, opt_outs
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session


def forget(
    context: typer.Context,
    member: Annotated[str | None, options.member_argument("Their name, @name or profile's address.")] = None,
    named: Annotated[str | None, options.member("The same, as an option.")] = None,
    undo: Annotated[
        bool, options.flag("--undo", "Let them be stored again; what was removed stays removed.")
    ] = False,
) -> None:
    """Remove a member, and remember not to store them again.

    Only a salted hash of the name is kept. Their own circles go with them.

    \b
    Examples:
      letterboxd forget marla
      letterboxd forget marla --undo
    """
    session: Session = context.obj
    name = member or named
    if name is None or (member and named):  # who is forgotten is never assumed
        raise InputError("give one MEMBER: whom to forget")
    if undo:
        _undo(session, name)
    else:
        _forget(session, name)


def _forget(session: Session, name: str) -> None:
    at = session.config.now()
    gone = transact(session.engine, forgetting.forget, name, at)
    if gone.was_stored:
        statistics.refresh(session.engine, at)
    backups = forgetting.scrub(session.engine)
    session.say(
        f"{name} {'is forgotten' if gone.was_stored else 'was not stored'} and will not be stored again"
    )
    if gone.circles:
        session.say(f"deleted with them, because it was their circle: {', '.join(gone.circles)}")
    for label in gone.ranked:
        session.say(f"rankings without them: letterboxd rank compute --cohort {label}")
    if backups:
        session.say(f"older copies may still hold them; delete: {', '.join(map(str, backups))}")


def _undo(session: Session, name: str) -> None:
    if not transact(session.engine, opt_outs.remove, name):
        raise UnknownName(f"{name!r} is not on the list of those who asked to be forgotten")
    session.say(f"{name} may be stored again; the next crawl of a cohort that they belong to does so")
