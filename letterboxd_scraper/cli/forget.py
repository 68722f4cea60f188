"""`letterboxd forget`: removing a person, for good."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli.stored import numbers
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.leaving import leave
from letterboxd_scraper.store.members import opt_outs, own_data
from letterboxd_scraper.store.members.forgetting import Forgotten
from letterboxd_scraper.store.members.own_data import Stored
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.names import similar
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.schema import users
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def forget(
    context: typer.Context,
    member: Annotated[str | None, options.member_argument("Their name, @name or profile's address.")] = None,
    named: Annotated[str | None, options.member("The same, as an option.")] = None,
    undo: Annotated[
        bool, options.flag("--undo", "Let them be stored again; what was removed stays removed.")
    ] = False,
    yes: Annotated[bool, options.yes()] = False,
) -> None:
    """Remove a member, and remember not to store them again.

    Only a salted hash of the name is kept. Their own circles go with them. What goes is said, and asked
    about.

    \b
    Examples:
      letterboxd forget marla
      letterboxd forget marla --yes
      letterboxd forget marla --undo
    """
    session: Session = context.obj
    name = member or named
    if name is None or (member and named):  # who is forgotten is never assumed
        raise InputError("give one MEMBER, whom to forget")
    if undo:
        _undo(session, name)
    else:
        _forget(session, name, yes=yes)


def _forget(session: Session, name: str, *, yes: bool) -> None:
    stored = ask(session.engine, _stored, name)
    if stored:
        session.confirm(_going(stored), yes=yes)
    left = leave(session.engine, name, session.config.now())
    gone, backups = left.gone, left.older_copies
    removed = _removed(stored) if stored else None
    told = {"member": name, "was_stored": gone.was_stored, "removed": removed}
    lists = {"rank_again": gone.ranked, "older_copies": backups}
    session.conclude(told | lists, *_in_words(name, gone, backups))
    if not gone.was_stored and (alike := ask(session.engine, _spelt_alike, name)):
        session.say(f"did you mean {alike[0]}? letterboxd forget {name} --undo takes this back")


def _spelt_alike(connection: sa.Connection, name: str) -> list[str]:
    return similar(name, connection.scalars(sa.select(users.c.letterboxd_username)))


def _stored(connection: sa.Connection, name: str) -> Stored | None:
    user = user_ids(connection, [name]).get(name)
    return own_data.about(connection, user) if user is not None else None


def _removed(stored: Stored) -> dict[str, Any]:
    counts = {table: stored.rows.get(table, 0) for table in ("ratings", "watched", "watchlist")}
    return counts | {"cohorts": len(stored.circles), "circles": stored.own_circles}


def _going(stored: Stored) -> str:
    """Say what goes with a member."""
    circles = [f"so does the circle {label}, with its rankings" for label in stored.own_circles]
    cohorts = counted(len(stored.circles), "cohort")
    return "; ".join([f"{numbers(stored)} of {stored.name} go, from {cohorts}", *circles])


def _in_words(name: str, gone: Forgotten, backups: Sequence[Path]) -> Iterator[str]:
    yield f"{name} {'is forgotten' if gone.was_stored else 'was not stored'} and will not be stored again"
    if gone.circles:
        yield (f"deleted with them, because it was their circle: {', '.join(gone.circles)}")
    for label in gone.ranked:
        anew = f"letterboxd rank compute --cohort {label}"
        yield f"{label}'s rankings counted them and are gone, too; new ones: {anew}"
    if backups:
        yield (f"older copies may still hold them; delete: {', '.join(map(str, backups))}")


def _undo(session: Session, name: str) -> None:
    with session.reading() as connection:
        is_listed = name in opt_outs.load(connection)
    if not (is_listed and transact(session.engine, opt_outs.remove, name)):
        raise UnknownName(f"{name!r} is not on the list of those who asked to be forgotten")
    session.conclude(
        {"member": name, "may_be_stored": True},
        f"{name} may be stored again; the next crawl of a cohort that they belong to does so",
    )
