"""`letterboxd club members`: who is in a circle, and how they came there."""

from dataclasses import asdict
from typing import Any

import typer

from letterboxd_scraper.cli.club_choice import NameOption
from letterboxd_scraper.store.members import invitations, own_pages, reading_passwords
from letterboxd_scraper.store.members.invitations import Invitation
from letterboxd_scraper.store.members.own_pages import Place
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import count
from letterboxd_scraper.terminal.session import Session


def members(context: typer.Context, name: NameOption = None) -> None:
    """Show who is in a circle, and which invitations are open.

    Of each member it says since when, by which invitation, and whether they have a page of their own. Links
    are not shown: only those know them to whom they were given.

    \b
    Examples:
      letterboxd club members --name monday
    """
    session: Session = context.obj
    at = session.config.now()
    with session.reading() as connection:
        circle = cohort_in(connection, session, name)
        places = own_pages.places(connection, circle.id)
        invited = invitations.of_cohort(connection, circle.id)
        has_password = reading_passwords.is_set(connection, circle.id)
    if session.as_json:
        told = {"cohort": circle.label, "password": has_password}
        members = [_member(place) for place in places]
        session.print_json(
            told
            | {
                "members": members,
                "invitations": [_invitation(one) | {"state": one.state(at)} for one in invited],
            }
        )
        return
    session.show(
        ("member", "since", "invitation", "own page", "shows name"),
        [
            (p.name, f"{p.since:%Y-%m-%d}", p.invitation, p.joined_at is not None, p.shows_name)
            for p in places
        ],
    )
    still = [one for one in invited if one.state(at) == "open"]
    if still:
        session.tell()
        session.show(
            ("invitation", "for", "until", count("joined")),
            [(one.number, one.member or "whoever has it", one.expires_at, one.joined) for one in still],
        )
    session.say(f"{circle.label}: {'a' if has_password else 'no'} password for reading")


def _member(place: Place) -> dict[str, Any]:
    told = asdict(place)
    return {"member": told.pop("name")} | told | {"own_page": place.joined_at is not None}


def _invitation(one: Invitation) -> dict[str, Any]:
    return {key: value for key, value in asdict(one).items() if key not in ("cohort_id", "label")}
