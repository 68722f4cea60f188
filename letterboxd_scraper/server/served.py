"""What is served, and what cohorts and members are called in answers: by name only if that was asked for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.server.reader import OPERATOR, Reader, current_reader
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.naming import Naming
from letterboxd_scraper.store.schema import users
from letterboxd_scraper.urls import may_be_read

ATTRIBUTION = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB."
)


@dataclass(frozen=True, slots=True)
class Served:
    """The database, and how to show it: ``names`` lets answers name members.

    ``takes_files``: there is a page on which files can be dropped. ``public_url``: where others reach the
    server, if they do: then circles are shown to who proves to belong to them, and to nobody else.
    """

    engine: sa.Engine
    names: bool
    settings: Config
    takes_files: bool = False
    public_url: str = ""

    @property
    def reader(self) -> Reader:
        """Who reads: where nobody is invited, everybody who gets as far as here may see everything."""
        return current_reader() if self.public_url else OPERATOR

    @property
    def base_url(self) -> str:
        """The site's address, without a slash at the end."""
        return self.settings.LETTERBOXD_BASE_URL

    @property
    def may_read_pages(self) -> bool:
        """Whether commands may read pages of the site."""
        return may_be_read(self.base_url, terms_accepted=self.settings.LETTERBOXD_TERMS_ACCEPTED)

    @property
    def now(self) -> datetime:
        """The moment to which ages are counted."""
        return self.settings.now()


@dataclass(frozen=True)
class ServedCohort:
    """A cohort under the name by which it is asked for.

    ``names``: its members are named. ``is_closed``: nothing is told of members of others.
    """

    cohort: Cohort
    naming: Naming
    names: bool = False
    is_closed: bool = False

    @property
    def reference(self) -> str:
        """The label, or the number where the label would give a member away, or cannot end an address."""
        label = self.cohort.label
        is_told = self.naming.label == label and "/" not in label and not label.endswith((".json", ".csv"))
        return label if is_told else str(self.cohort.id)

    @property
    def label(self) -> str:
        """What the cohort is called for people."""
        return self.naming.label

    @cached_property
    def members(self) -> Mapping[str, int]:
        """The members' ids by the names or numbers by which they are asked for."""
        profiles = self.naming.profiles
        numbers = {_number(name): user for user, name in self.naming.members.items() if user not in profiles}
        # A name may be a number, which is somebody else's.
        names = {f"@{name}" if name in numbers else name: user for user, name in profiles.items()}
        places = {user: reference for reference, user in (names | numbers).items()}
        return {places[user]: user for user in self.naming.members}

    @property
    def names_all(self) -> bool:
        """Whether each member is named: then a sentence may name any."""
        return self.names and len(self.naming.profiles) == len(self.naming.members)

    @cached_property
    def called(self) -> Mapping[int, str]:
        """What the members are called in sentences and tables, by their ids."""
        return {user: self.naming.profiles.get(user) or name for user, name in self.naming.members.items()}


def _number(name: str) -> str:
    """Return the number of a member without a name: ``member 3`` is 3."""
    return re.sub(r"\D", "", name)


def all_cohorts(connection: sa.Connection, served: Served) -> list[ServedCohort]:
    """Return all cohorts that may be read, by label."""
    return [_serve(connection, served, cohort) for cohort in _readable(connection, served)]


@contextmanager
def reading_cohort(served: Served, reference: str) -> Iterator[tuple[sa.Connection, ServedCohort]]:
    """Read, in one transaction, of the cohort with this label or number. Raises UnknownName.

    A label that is not shown finds nothing: who guesses a name learns nothing by it.
    """
    with read_transaction(served.engine) as connection:
        yield connection, _find(connection, served, reference)


def _find(connection: sa.Connection, served: Served, reference: str) -> ServedCohort:
    for cohort in _readable(connection, served):
        if reference in (cohort.label, str(cohort.id)):
            candidate = _serve(connection, served, cohort)
            if reference in (candidate.reference, str(cohort.id)):
                return candidate
    if served.public_url:
        raise UnknownName(f"there is no circle {reference!r} that you may read")
    raise UnknownName(f"no cohort {reference!r}: /api/v1/cohorts lists those that there are")


def address_of_circle(connection: sa.Connection, served: Served, cohort: Cohort) -> str:
    """Return the path of a cohort's page: its report, or what there is to say before it is ranked."""
    path = f"/cohorts/{quote(_serve(connection, served, cohort).reference, safe='')}"
    return f"{path}/report" if cohorts.rankings_of(connection, cohort) else path


def _readable(connection: sa.Connection, served: Served) -> list[Cohort]:
    return [cohort for cohort in cohorts.every(connection) if served.reader.may_read(cohort.id)]


def _serve(connection: sa.Connection, served: Served, cohort: Cohort) -> ServedCohort:
    names = served.names and served.reader.may_see_names(cohort.id)
    called = naming.of_cohort(connection, cohort, names=names)
    return ServedCohort(cohort, called, names, is_closed=bool(served.public_url))


def user_names(connection: sa.Connection, cohort: ServedCohort, references: Sequence[str]) -> tuple[str, ...]:
    """Return members' names on the site for how they are asked for. Raises UnknownName.

    Where all are named it is any stored member who can be meant, else one of the cohort, by what they are
    called: nobody learns the name of one who is a number.
    """
    if not references or (cohort.names_all and not cohort.is_closed):
        return tuple(references)
    ids = [_member(cohort, reference) for reference in references]
    query = sa.select(users.c.id, users.c.letterboxd_username).where(users.c.id.in_(ids))
    stored = {user: name for user, name in connection.execute(query)}
    return tuple(stored[user] for user in dict.fromkeys(ids))


def _member(cohort: ServedCohort, reference: str) -> int:
    """Return the id of a member by their name, where they are named, or by their number."""
    number = re.fullmatch(r"(?:member )?(\d+)", reference)
    for name in (reference, cohorts.as_member_name(reference), *(number.groups() if number else ())):
        if name in cohort.members:
            return cohort.members[name]
    there = "see the list of members" if cohort.names else f"the members are 1 to {len(cohort.members)}"
    raise UnknownName(f"no member {reference!r}: {there}")
