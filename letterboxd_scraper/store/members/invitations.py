"""Invitations: links by which people join a circle with their own files.

One that names nobody is for those alone of whom nothing is stored: else whoever drops another's archive
would learn what is stored of them, and could change it. One for a member is for them alone, and good once.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.members import cohorts, link_secrets, opt_outs
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import cohort_members, invitations, own_pages
from letterboxd_scraper.store.schema import cohorts as cohort_table


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation to the circle ``label``; ``joined`` is how many members have come by it and are there."""

    number: int
    cohort_id: int
    label: str
    member: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    joined: int

    def state(self, at: datetime) -> str:
        """Return ``open``, or why nobody can join by it: ``revoked``, ``used`` or ``expired``."""
        if self.revoked_at is not None:
            return "revoked"
        if self.member is not None and self.joined:
            return "used"
        return "open" if at < self.expires_at else "expired"


def create(
    connection: sa.Connection, label: str, at: datetime, days: int, member: str | None = None
) -> tuple[Invitation, str]:
    """Make an invitation to a circle, for so many ``days``; return it and the secret of its link.

    The circle is made, as a list of names with nobody on it, where there is none. Raises InputError for a
    circle that nobody can join, and for a ``member`` who cannot be invited.
    """
    cohort = _joinable(connection, label, at, member)
    secret, secret_hash = link_secrets.new()
    row = {
        "cohort_id": cohort.id,
        "secret_hash": secret_hash,
        "member": member,
        "created_at": at,
        "expires_at": at + timedelta(days=days),
    }
    made = connection.execute(invitations.insert().values(row).returning(invitations.c.id))
    number = made.scalar_one()
    (invitation,) = _invitations(connection, invitations.c.id == number)
    return invitation, secret


def _joinable(connection: sa.Connection, label: str, at: datetime, member: str | None) -> Cohort:
    """Return the circle, into which one may be invited."""
    if member is not None and member in opt_outs.load(connection):
        raise InputError(
            f"{member} asked to be forgotten: `letterboxd forget {member} --undo` if they want to come back"
        )
    stored = next((cohort for cohort in cohorts.every(connection) if cohort.label == label), None)
    if stored is None:
        return cohorts.make_empty(connection, label, at)
    user = user_ids(connection, [member]).get(member) if member is not None else None
    if user is not None and _has_page(connection, stored, user):
        raise InputError(
            f"{member} has a page of their own in {label} already: "
            f"`letterboxd club revoke --member {member} --name {shlex.quote(label)}` takes it away"
        )
    if stored.seed is not None and (user is None or not _belongs_to(connection, stored, user)):
        raise InputError(
            f"{label} is whoever {stored.seed} follows: only its members can be invited there, by --member; "
            "for others name another circle, which is made"
        )
    return stored


def _belongs_to(connection: sa.Connection, cohort: Cohort, user: int) -> bool:
    m = cohort_members.c
    place = sa.select(sa.exists().where(m.cohort_id == cohort.id, m.user_id == user))
    return bool(connection.scalar(place))


def _has_page(connection: sa.Connection, cohort: Cohort, user: int) -> bool:
    p = own_pages.c
    page = sa.select(sa.exists().where(p.cohort_id == cohort.id, p.user_id == user))
    return bool(connection.scalar(page))


def of_secret(connection: sa.Connection, secret: str, at: datetime) -> Invitation | None:
    """Return the open invitation of a link's secret; None for any other text."""
    of_hash = invitations.c.secret_hash == link_secrets.hash_of(secret)
    return next((one for one in _invitations(connection, of_hash) if one.state(at) == "open"), None)


def of_cohort(connection: sa.Connection, cohort_id: int) -> Sequence[Invitation]:
    """Return a circle's invitations, open ones and others, by number."""
    return _invitations(connection, invitations.c.cohort_id == cohort_id)


def _invitations(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Invitation]:
    i = invitations.c
    joined = sa.select(sa.func.count()).where(own_pages.c.invitation_id == i.id).scalar_subquery()
    columns: list[Any] = [i.id, i.cohort_id, cohort_table.c.label]
    columns += [i.member, i.created_at, i.expires_at, i.revoked_at, joined]
    query = sa.select(*columns).join(cohort_table, cohort_table.c.id == i.cohort_id)
    rows = connection.execute(query.where(condition).order_by(i.id))
    return [Invitation(*row) for row in rows]


def revoke(connection: sa.Connection, number: int, at: datetime) -> None:
    """Let nobody join by an invitation any more; who has joined stays. Raises UnknownName."""
    of_number = invitations.c.id == number
    if connection.scalar(sa.select(invitations.c.id).where(of_number)) is None:
        raise UnknownName(f"there is no invitation {number}")
    unrevoked = (of_number, invitations.c.revoked_at.is_(None))
    connection.execute(invitations.update().where(*unrevoked).values(revoked_at=at))
