"""Members' own pages in a circle: who has the link sees what is stored of them, and may leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.members import link_secrets
from letterboxd_scraper.store.members.users import names_of
from letterboxd_scraper.store.schema import cohort_members, cohorts, invitations, own_pages, users
from letterboxd_scraper.store.upsert import insert_missing


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Whose page it is, by id and ``name`` on the site, and in which circle."""

    cohort_id: int
    label: str
    user_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """A member's place in a circle.

    ``joined_at`` is when they came by an invitation, whose number is ``invitation``; None of who has no page
    of their own. ``shows_name`` is their wish to be named or not; None: they have none.
    """

    name: str
    display_name: str | None
    since: datetime
    shows_name: bool | None
    joined_at: datetime | None
    invitation: int | None


def give(
    connection: sa.Connection, cohort_id: int, user_id: int, invitation_number: int, at: datetime
) -> str:
    """Give a member of a circle a page of their own there; return the secret of its link.

    Raises InputError where they have one.
    """
    secret, secret_hash = link_secrets.new()
    row = {
        "cohort_id": cohort_id,
        "user_id": user_id,
        "secret_hash": secret_hash,
        "invitation_id": invitation_number,
        "created_at": at,
    }
    if not insert_missing(connection, own_pages, [row]):
        name = names_of(connection, [user_id])[user_id]
        raise InputError(f"{name} has a page of their own already: whoever runs this can take it away")
    return secret


def of_secret(connection: sa.Connection, secret: str) -> OwnPage | None:
    """Return the page of a link's secret, of somebody who is still in the circle; None for any other text."""
    p, m = own_pages.c, cohort_members.c
    query = (
        sa.select(p.cohort_id, cohorts.c.label, p.user_id, users.c.letterboxd_username)
        .join(cohorts, cohorts.c.id == p.cohort_id)
        .join(users, users.c.id == p.user_id)
        .join(cohort_members, sa.and_(m.cohort_id == p.cohort_id, m.user_id == p.user_id))
        .where(p.secret_hash == link_secrets.hash_of(secret))
    )
    row = connection.execute(query).first()
    return OwnPage(*row) if row else None


def take_away(connection: sa.Connection, cohort_id: int, user_id: int) -> None:
    """Let a member's link lead nowhere any more, and remove the invitations for them alone.

    Their data stay, and so does their place in the circle. Raises UnknownName where they have no page.
    """
    name = names_of(connection, [user_id])[user_id]
    of_member = (own_pages.c.cohort_id == cohort_id, own_pages.c.user_id == user_id)
    if not connection.execute(own_pages.delete().where(*of_member)).rowcount:
        raise UnknownName(f"{name} has no page of their own there")
    for_them = (invitations.c.cohort_id == cohort_id, invitations.c.member == name)
    connection.execute(invitations.delete().where(*for_them))


def places(connection: sa.Connection, cohort_id: int) -> Sequence[Place]:
    """Return the members of a circle, by name, and how they came there."""
    p, m, u = own_pages.c, cohort_members.c, users.c
    query = (
        sa.select(
            u.letterboxd_username,
            u.display_name,
            m.followed_at,
            m.shows_name,
            p.created_at,
            p.invitation_id,
        )
        .join(users, u.id == m.user_id)
        .outerjoin(own_pages, sa.and_(p.cohort_id == m.cohort_id, p.user_id == m.user_id))
        .where(m.cohort_id == cohort_id)
        .order_by(u.letterboxd_username)
    )
    return [Place(*row) for row in connection.execute(query)]
