"""What a cohort and its members are called where others may read it: by name only if that is asked for."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort, find_member_of
from letterboxd_scraper.store.schema import cohort_members, cohorts, users

# Stands for a label that would give a member away.
UNNAMED = "a circle"


@dataclass(frozen=True, slots=True)
class Naming:
    """What to show: ``label`` for the cohort, ``members`` for its members, by user id.

    The members stand in the order in which to list them. ``profiles`` has the names on the site, for links,
    of those who are named. ``you`` is the id of the member for whom the output is made.
    """

    label: str
    members: Mapping[int, str]
    profiles: Mapping[int, str]
    you: int | None = None

    @property
    def argument(self) -> str:
        """The label as a command's argument: LABEL where it is not shown."""
        return "LABEL" if self.label == UNNAMED else as_argument(self.label)


def as_argument(label: str) -> str:
    """Write a label as a command's argument.

    >>> as_argument("friends"), as_argument("my friends")
    ('friends', "'my friends'")
    """
    return label if re.fullmatch(r"[\w.-]+", label) else f"'{label}'"


def of_cohort(
    connection: sa.Connection, cohort: Cohort, *, names: bool = False, for_member: str | None = None
) -> Naming:
    """Return what the cohort and its members are called.

    Without ``names`` the members are "member 1", "member 2", … in an order that says nothing of their
    names, nor of the order in which the site lists them, and is the same each time. Who wishes to be named,
    or not to be (`set_shows_name`), is so in either case. ``for_member`` becomes ``you``; by default that
    is the cohort's seed, if a member of it. Raises UnknownName for one who does not belong to the cohort.
    """
    query = (
        sa.select(users.c.id, users.c.letterboxd_username, users.c.display_name, cohort_members.c.shows_name)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id)
    )
    people = [_Person(*row) for row in connection.execute(query)]
    you = find_member_of(connection, cohort, for_member) if for_member else None
    if you is None:
        you = next((person.user for person in people if person.name == cohort.seed), None)
    named = [person for person in people if person.is_named(names=names)]
    hidden = {person.name: person.display_name for person in people if not person.is_named(names=names)}
    if not names and cohort.seed and cohort.seed not in {person.name for person in people}:
        seed = sa.select(users.c.display_name).where(users.c.letterboxd_username == cohort.seed)
        hidden[cohort.seed] = connection.scalar(seed)
    secrets = {text or "" for pair in hidden.items() for text in pair}
    label = UNNAMED if _gives_away(cohort.label, secrets) else cohort.label
    key = connection.scalar(sa.select(cohorts.c.created_at).where(cohorts.c.id == cohort.id))
    numbered = _by_number([person.user for person in people], f"{cohort.id} {key}")
    profiles = {person.user: person.name for person in named}
    # Who is named without having to be keeps their number's place, so that the others' stay as they are.
    called = _by_name(named)
    members = (called if names else {}) | numbered | called
    return Naming(label, members, profiles, you)


def set_shows_name(connection: sa.Connection, cohort_id: int, user_id: int, value: bool | None) -> None:
    """Note whether a member of a circle wishes to be named there; None: like everybody else."""
    place = (cohort_members.c.cohort_id == cohort_id, cohort_members.c.user_id == user_id)
    connection.execute(cohort_members.update().where(*place).values(shows_name=value))


class _Person(NamedTuple):
    user: int
    name: str
    display_name: str | None
    shows_name: bool | None

    def is_named(self, *, names: bool) -> bool:
        return names if self.shows_name is None else self.shows_name


def _by_name(people: Iterable[_Person]) -> dict[int, str]:
    """Return display names; where two members bear the same, each with the name on the site."""
    called = [(one.user, one.name, (one.display_name or "").strip() or one.name) for one in people]
    times = Counter(text.casefold() for *_, text in called)
    members = {
        user: text if times[text.casefold()] == 1 else f"{text} ({name})" for user, name, text in called
    }
    return dict(sorted(members.items(), key=lambda item: (item[1].casefold(), item[1])))


def _by_number(members: Collection[int], key: str) -> dict[int, str]:
    """Number the members in the order of keyed hashes of their ids.

    One who joins or leaves moves the others by one place at most. The ids alone tell nothing: they
    follow the lists of the site, but the key, the moment when the cohort was made, is nowhere shown.

    >>> _by_number([1, 2, 3], "a key")
    {3: 'member 1', 1: 'member 2', 2: 'member 3'}
    """

    def place(user: int) -> bytes:
        return hashlib.blake2b(str(user).encode(), key=key.encode()[:64]).digest()

    return {user: f"member {number}" for number, user in enumerate(sorted(members, key=place), start=1)}


def _gives_away(label: str, secrets: Iterable[str]) -> bool:
    """Say whether the label is one of the ``secrets``, or has one among its words, also with an s.

    >>> _gives_away("Marla's friends", ["marla"]), _gives_away("the_zadoks", ["Zadok"])
    (True, True)
    >>> _gives_away("friends", ["marla", ""])
    False
    """
    words = f" {_words(label)} "
    named = any(f" {name} " in words or f" {name}s " in words for name in map(_words, secrets) if name)
    # Names may be without any letter.
    return named or label.strip() in {name.strip() for name in secrets}


def _words(text: str) -> str:
    """Return the words of a text, without capitals, accents and what stands between them.

    >>> _words("Inès_Fournier's  list")
    'ines fournier s list'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", letters))
