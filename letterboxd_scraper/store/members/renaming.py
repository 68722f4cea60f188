"""A member's new name, and all that knew them by the old one."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.users import follow_renaming
from letterboxd_scraper.store.schema import invitations, users


def follow_to_new_name(connection: sa.Connection, member: str, profile: Profile, at: datetime) -> bool:
    """Let a member go by the name of a profile if the code on it is theirs; say whether it is.

    Where the new name is stored as somebody else's, nothing is changed.
    """
    named = sa.select(users.c.letterboxd_username, users.c.letterboxd_lid).where(
        users.c.letterboxd_username.in_((member, profile.member))
    )
    codes = {row.letterboxd_username: row.letterboxd_lid for row in connection.execute(named)}
    if profile.lid is None or codes.get(member) != profile.lid:
        return False
    if codes.get(profile.member) is not None:
        return False
    note_renaming(connection, profile, at)
    return True


def note_renaming(connection: sa.Connection, profile: Profile, at: datetime) -> None:
    """Where a profile shows a stored member under a new name, let everything know them by it."""
    old = follow_renaming(connection, profile)
    if old is None:
        return
    theirs = invitations.c.member == old
    connection.execute(invitations.update().where(theirs).values(member=profile.member))
    failures.resolve(connection, old, at)  # what could not be read under the old name never will be
    for cohort in cohorts.every(connection):
        excluded = cohort.definition.get("exclude", ())
        if old in excluded:
            names = [profile.member if name == old else name for name in excluded]
            cohorts.redefine(connection, cohort, cohort.definition | {"exclude": names}, at)
