"""What a command is about: the cohort that its user names, or that is meant where none is named."""

from contextlib import suppress

import sqlalchemy as sa

from letterboxd_scraper.config import JSON
from letterboxd_scraper.errors import InputError, StoreNotReady
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import users
from letterboxd_scraper.terminal import json_log
from letterboxd_scraper.terminal.session import Session


def find_cohort(session: Session, label: str | None) -> Cohort:
    """Return a stored cohort by its label or number; None stands for the only one there is, or the user's.

    Raises UnknownName, and InputError where none is named and several could be meant.
    """
    with session.reading() as connection:
        return cohort_in(connection, session, label)


def cohort_in(connection: sa.Connection, session: Session, label: str | None) -> Cohort:
    """Return what `find_cohort` does, in a transaction that has begun."""
    if label is not None:
        return cohorts.find(connection, label)
    stored = cohorts.every(connection)
    cohort, why = assumed(stored, session.config.LETTERBOXD_MEMBER)
    if cohort is None:
        labels = ", ".join(one.label for one in stored)
        raise InputError(f"give --cohort LABEL, one of {labels}") if stored else cohorts.no_cohort_yet()
    say_assumed(session, cohort, why)
    return cohort


def say_assumed(session: Session, cohort: Cohort, why: str) -> None:
    """Say which cohort is meant, with --quiet too: an answer is of no use to who does not know of what."""
    is_json = session.config.LOG_FORMAT == JSON
    json_log.write_either(f"--cohort {cohort.label} ({why})", "INFO", as_json=is_json)


def assumed(stored: list[Cohort], member: str) -> tuple[Cohort | None, str]:
    """Return the cohort that is meant where none is named, and why; None where that is not clear.

    The only one; else the circle of ``member``, the user; of several, the one that is called as they are.
    """
    if len(stored) == 1:
        return stored[0], "the only one"
    own = [cohort for cohort in stored if member and cohort.seed == member]
    called = [cohort for cohort in own if cohort.label == member]
    chosen = own if len(own) == 1 else called
    return (chosen[0], "of LETTERBOXD_MEMBER") if chosen else (None, "")


def one_label(argument: str | None, option: str | None) -> str | None:
    """Return what a command was given as LABEL or as --cohort LABEL. Raises InputError for two."""
    if argument is not None:
        refuse_both(option, argument, "LABEL")
    return argument or option


def refuse_both(cohort: str | None, other: object, name: str) -> None:
    """Raise InputError where a cohort is named beside ``other``, which a command was given by this name."""
    if cohort is not None:
        raise InputError(f"--cohort {cohort} and {name} {other}: give one of them")


def member_of_code(session: Session | None, code: str) -> str | None:
    """Return the stored member to whom a short address leads; None where nothing stored tells."""
    with suppress(StoreNotReady):
        if session is not None:
            with session.reading() as connection:
                name = sa.select(users.c.letterboxd_username).where(users.c.letterboxd_lid == code)
                return connection.scalar(name)
    return None
