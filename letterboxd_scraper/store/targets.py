"""Which pages a spider is to read: its arguments, held against the database before any request."""

import sqlalchemy as sa

from letterboxd_scraper.arguments import (
    Arguments,
    FilmArguments,
    FollowGraphArguments,
    MembersArguments,
    ProfileArguments,
    RssArguments,
)
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.films import lookup
from letterboxd_scraper.store.members import cohorts, opt_outs
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.names import similar
from letterboxd_scraper.store.schema import users


def find_target(connection: sa.Connection, args: Arguments) -> Cohort | None:
    """Return the stored cohort that ``args`` name; None for a single member or film, or a cohort that is new.

    Raises InputError (UnknownName for names) where the arguments do not fit what is stored.
    """
    match args:
        case FollowGraphArguments(cohort=None, label=label, seed=str(seed)):
            _refuse_forgotten(connection, seed)
            return _of_seed(connection, str(label), seed)
        case FollowGraphArguments(cohort=str(label)):
            return _with_a_seed(cohorts.find(connection, label))
        case ProfileArguments(cohort=str(label), resume_from=name):
            cohort = cohorts.find(connection, label)
            if name:
                cohorts.find_member_of(connection, cohort, name)
            return cohort
        case MembersArguments(cohort=str(label)) | FilmArguments(cohort=str(label)):
            return cohorts.find(connection, label)
        case RssArguments(user=str(name)):  # whose feed is read may be new
            _refuse_forgotten(connection, name)
        case MembersArguments(user=str(name)):
            _refuse_forgotten(connection, name)
            _refuse_unknown_member(connection, name)
        case FilmArguments(slug=str(slug)):
            _refuse_unknown_film(connection, slug)
        case _:
            raise NotImplementedError(f"nothing says what {type(args).__name__} name in the database")
    return None


def _refuse_unknown_member(connection: sa.Connection, name: str) -> None:
    if user_ids(connection, [name]):
        return
    alike = similar(name, connection.scalars(sa.select(users.c.letterboxd_username)))
    advice = f"did you mean {', '.join(alike)}?" if alike else "build a cohort with them first"
    raise UnknownName(f"no member {name!r} in the database: {advice}")


def _refuse_unknown_film(connection: sa.Connection, slug: str) -> None:
    (stored,) = lookup.match(connection, [lookup.reference(slug)])
    if stored is None:
        raise UnknownName(f"no film {slug!r} in the database: films come with the members who rated them")


def _refuse_forgotten(connection: sa.Connection, name: str) -> None:
    if name in opt_outs.load(connection):
        again = f"`letterboxd forget {name} --undo`"
        raise InputError(f"{name!r} asked to be forgotten; if they want to be stored again: {again}")


def _with_a_seed(cohort: Cohort) -> Cohort:
    if cohort.seed is None:
        raise InputError(f"cohort {cohort.label!r} is a list of names: there is nobody to follow from")
    return cohort


def _of_seed(connection: sa.Connection, label: str, seed: str) -> Cohort | None:
    """Return the cohort ``label`` if there is one already. Raises InputError if it is somebody else's."""
    for cohort in cohorts.every(connection):
        if cohort.label != label:
            continue
        if cohort.seed != seed:
            whose = f"belongs to the circle of {cohort.seed!r}" if cohort.seed else "is a list of names"
            raise InputError(f"cohort {label!r} exists and {whose}: choose another label, or delete it first")
        return cohort
    return None
