"""`letterboxd club invite|revoke`: who may join a circle by a link, and who no longer."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli.club_choice import NameOption, club
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.items.names import cohort_label
from letterboxd_scraper.store.members import cohorts, invitations, own_pages
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.invitations import Invitation
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in, find_cohort
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import moment_in_words

_LABEL = "friends"
# Who has a link for longer than that has it for ever.
_MOST_DAYS = 365


def invite(
    context: typer.Context,
    name: Annotated[
        str | None, options.cohort("The circle, which is made if there is none of this name.", "--name")
    ] = None,
    days: Annotated[int, options.count("For how many days the link is good.", most=_MOST_DAYS)] = 14,
    member: Annotated[
        str | None,
        options.member("For them alone, once; also for one of whom something is stored already."),
    ] = None,
) -> None:
    """Make a link by which people join a circle with their own files.

    Who opens it reads what the circle will learn, drops their export, and gets a link to a page of their
    own, where they see what is stored and may leave. The link is printed here once, and stored nowhere; send
    it only to those whom you mean. It leads to LETTERBOXD_PUBLIC_URL, where `letterboxd serve --invitations`
    answers.

    \b
    Examples:
      letterboxd club invite --name monday
      letterboxd club invite --name monday --days 3 --member marla
    """
    session: Session = context.obj
    label = _label(session, name)
    at = session.config.now()
    invitation, secret = transact(session.engine, invitations.create, label, at, days, member)
    address, path = session.config.LETTERBOXD_PUBLIC_URL, f"/join/{secret}"
    if session.as_json:
        told = {"cohort": label, "number": invitation.number, "member": member}
        link = f"{address}{path}" if address else None
        session.print_json(told | {"expires_at": invitation.expires_at, "link": link, "path": path})
        return
    session.tell(f"{address}{path}")
    for line in _in_words(invitation, address):
        session.say(line)


def _label(session: Session, name: str | None) -> str:
    """Return the label of the circle that is meant; before there is any, it is the usual one."""
    with session.reading() as connection:
        stored = cohorts.every(connection)
        if name is None:
            return cohort_in(connection, session, None).label if stored else _LABEL
    label = next((one.label for one in stored if name in (one.label, str(one.id))), None)
    try:
        return label or cohort_label(name)
    except ValueError as error:
        raise InputError(f"{name!r} {error}") from None


def _in_words(invitation: Invitation, address: str) -> Iterator[str]:
    until = moment_in_words(invitation.expires_at)
    if invitation.member is None:
        yield (
            f"whoever has this link may join {invitation.label} with their own files until {until}, unless "
            "something of them is stored already: send it only to those whom you mean"
        )
    else:
        yield f"{invitation.member} alone may join {invitation.label} by this link, once, until {until}"
    revoke = club("revoke", invitation.label, str(invitation.number))
    yield f"it is not shown again; {revoke} takes it back"
    if address:
        yield f"it is answered while `letterboxd serve --invitations` is reached at {address}"
    else:
        yield (
            "put your server's address before it; or set LETTERBOXD_PUBLIC_URL to that, such as "
            "https://films.example.org, which `letterboxd serve --invitations` asks for, too"
        )


def revoke(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(help="The invitation, as `letterboxd club members` numbers it.", metavar="NUMBER"),
    ] = None,
    name: NameOption = None,
    member: Annotated[str | None, options.member("Or whose link to their own page is taken away.")] = None,
) -> None:
    """Take back an invitation, or the link to a member's own page.

    Who has joined by the invitation stays. A member whose link is taken away stays, too, and can be invited
    again; `letterboxd forget` removes what is stored of them.

    \b
    Examples:
      letterboxd club revoke 3 --name monday
      letterboxd club revoke --member marla --name monday
    """
    session: Session = context.obj
    if (number is None) == (member is None):
        raise InputError("give the NUMBER of an invitation, or --member NAME, whose link is taken away")
    circle = find_cohort(session, name)
    told = {"cohort": circle.label, "invitation": number, "member": member}
    if number is not None:
        taken_back = transact(session.engine, _revoke, circle, number, session.config.now())
        gone = f"nobody can join {circle.label} by invitation {number} any more"
        already = f": it was taken back on {moment_in_words(taken_back)}" if taken_back else ""
        session.conclude(told, gone + already)
    elif member is not None:
        transact(session.engine, _take_away, circle, member)
        again = club("invite", circle.label, "--member", member)
        gone = f"{member}'s link leads nowhere any more, and their data stay"
        session.conclude(told, f"{gone}; a new one: {again}")


def _revoke(connection: sa.Connection, circle: Cohort, number: int, at: datetime) -> datetime | None:
    """Take an invitation back; return when that was done before, if it was."""
    stored = {one.number: one.revoked_at for one in invitations.of_cohort(connection, circle.id)}
    if number not in stored:
        there = f"it has {', '.join(map(str, stored))}" if stored else "it has none"
        raise UnknownName(f"{circle.label} has no invitation {number}: {there}")
    invitations.revoke(connection, number, at)
    return stored[number]


def _take_away(connection: sa.Connection, circle: Cohort, member: str) -> None:
    user = cohorts.find_member_of(connection, circle, member)
    own_pages.take_away(connection, circle.id, user)
