"""Which films of a ranking to show: what the user chose, and the conditions that this is in SQL."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members.cohorts import as_member_name
from letterboxd_scraper.store.names import find
from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_people,
    films,
    genres,
    people,
    ratings,
    user_scrape_state,
    users,
    watched,
)
from ranking.choices.film_lists import match, read_list

Condition = sa.ColumnElement[bool]
Tell = Callable[[str], None]
_LAST_YEAR = 9999


class Years(NamedTuple):
    """The years from ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose, in the user's words; by default every film.

    Of several values for one choice any will do; all the choices made must hold. Capitals in names
    do not matter. ``unseen_by`` leaves out what any of these members has seen.
    """

    years: tuple[Years, ...] = ()
    decades: tuple[Years, ...] = ()
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    media_type: str | None = None
    min_watchers: int | None = None
    max_watchers: int | None = None
    unseen_by: tuple[str, ...] = ()
    rated_by: tuple[str, ...] = ()
    lists: tuple[Path, ...] = ()
    # Not a choice of films: the ranking is the one that there would be without this member.
    without: str | None = None


EVERY_FILM = Choices()


def ignore(line: str) -> None:
    """Tell nobody."""


def read_years(text: str) -> Years:
    """Read one year or a range of years, which may be open at one end. Raises InputError.

    >>> read_years("1999"), read_years("1990-1999")
    (Years(first=1999, last=1999), Years(first=1990, last=1999))
    >>> read_years("2000-"), read_years("-1959")
    (Years(first=2000, last=9999), Years(first=0, last=1959))
    """
    found = re.fullmatch(r"(?P<only>\d{4})|(?P<first>\d{4})?-(?P<last>\d{4})?", text.strip(), re.ASCII)
    if found is None or text.strip() == "-":
        raise InputError(f"--year {text}: write 1999, 1990-1999, 1990- or -1999")
    if found["only"]:
        return Years(int(found["only"]), int(found["only"]))
    years = Years(int(found["first"] or 0), int(found["last"] or _LAST_YEAR))
    if years.first > years.last:
        raise InputError(f"--year {text}: the first year is after the last")
    return years


def read_decade(text: str) -> Years:
    """Read a decade. Raises InputError.

    >>> read_decade("1990s")
    Years(first=1990, last=1999)
    """
    found = re.fullmatch(r"(\d{3})0s", text.strip(), re.ASCII)
    if found is None:
        raise InputError(f"--decade {text}: write it as 1990s")
    return Years(int(found[1]) * 10, int(found[1]) * 10 + 9)


def conditions(
    connection: sa.Connection, choices: Choices, watchers: sa.ColumnElement[int], tell: Tell = ignore
) -> Condition:
    """Return what must hold of a row of ``films`` and of ``watchers``, its number of ratings.

    ``tell`` gets lines that the user should read: what the answer cannot know. Raises UnknownName,
    and InputError for a list that cannot be read.
    """
    return sa.and_(
        _within(choices.years),
        _within(choices.decades),
        _of_genres(connection, choices.genres),
        _by_directors(connection, choices.directors),
        _of_countries(connection, choices.countries),
        sa.true() if choices.media_type is None else films.c.tmdb_media_type == choices.media_type,
        sa.true() if choices.min_watchers is None else watchers >= choices.min_watchers,
        sa.true() if choices.max_watchers is None else watchers <= choices.max_watchers,
        _unseen_by(connection, choices.unseen_by, tell),
        _rated_by(connection, choices.rated_by),
        _in_lists(connection, choices.lists, tell),
    )


def _within(chosen: Sequence[Years]) -> Condition:
    within = [films.c.release_year.between(*years) for years in chosen]
    return sa.or_(*within) if within else sa.true()


def _of_genres(connection: sa.Connection, names: Sequence[str]) -> Condition:
    if not names:
        return sa.true()
    known = connection.execute(sa.select(genres.c.name, genres.c.id)).all()
    return _linked(film_genres.c.film_id, film_genres.c.genre_id, find("genre", names, known))


def _by_directors(connection: sa.Connection, names: Sequence[str]) -> Condition:
    if not names:
        return sa.true()
    directs = sa.func.lower(film_people.c.role) == "director"
    of_directors = people.c.id.in_(sa.select(film_people.c.person_id).where(directs))
    rows = connection.execute(
        sa.select(people.c.name, people.c.letterboxd_slug, people.c.id).where(of_directors)
    ).all()
    slugs = {row.letterboxd_slug: row.id for row in rows if row.letterboxd_slug}
    found = find("director", names, ((row.name, row.id) for row in rows), slugs)
    return _linked(film_people.c.film_id, film_people.c.person_id, found, directs)


def _of_countries(connection: sa.Connection, names: Sequence[str]) -> Condition:
    if not names:
        return sa.true()
    known = connection.execute(sa.select(countries.c.name, countries.c.code)).all()
    found = find("country", names, known, {code: code for _, code in known})
    return _linked(film_countries.c.film_id, film_countries.c.country_code, found)


def _unseen_by(connection: sa.Connection, names: Sequence[str], tell: Tell) -> Condition:
    """Leave out what a member has watched or rated; a like alone is no proof of having seen a film."""
    if not names:
        return sa.true()
    members = _members(connection, names)
    state = user_scrape_state.c
    read = sa.select(state.user_id).where(
        state.listing == "unrated_watched", state.complete_as_of.is_not(None)
    )
    whole = set(connection.scalars(read.where(state.user_id.in_(members.values()))))
    for name, user in members.items():
        if user not in whole:
            tell(
                f"{name}'s watched films were never read, only their ratings: what {name} has seen and not "
                f"rated is shown, too; to read them: `scrapy crawl profile -a user={name} -a watched=true`"
            )
    seen = sa.select(watched.c.film_id).where(watched.c.user_id.in_(members.values()))
    return sa.and_(films.c.id.not_in(seen), films.c.id.not_in(_rated(members.values())))


def _rated_by(connection: sa.Connection, names: Sequence[str]) -> Condition:
    if not names:
        return sa.true()
    return films.c.id.in_(_rated(_members(connection, names).values()))


def _rated(members: Collection[int]) -> sa.Select[tuple[int]]:
    return sa.select(ratings.c.film_id).where(ratings.c.user_id.in_(members), ratings.c.rating.is_not(None))


def _linked(film: sa.Column[Any], other: sa.Column[Any], wanted: Collection[Any], *more: Any) -> Condition:
    """Return that a row of another table links the film to one of ``wanted``."""
    return films.c.id.in_(sa.select(film).where(other.in_(wanted), *more))


def _in_lists(connection: sa.Connection, files: Sequence[Path], tell: Tell) -> Condition:
    if not files:
        return sa.true()
    found: set[int] = set()
    for file in files:
        listed = match(connection, read_list(file))
        found.update(film for film in listed if film is not None)
        if missing := listed.count(None):
            tell(f"{missing} of the {len(listed)} films in {file} match no stored film, or more than one")
    # Written into the statement: a list may be longer than the parameters that a database takes.
    ids = sa.bindparam("listed", sorted(found), sa.Integer, expanding=True, literal_execute=True, unique=True)
    return films.c.id.in_(ids)


def _members(connection: sa.Connection, names: Sequence[str]) -> dict[str, int]:
    """Return the members' ids by their names as stored. Raises UnknownName."""
    known = connection.execute(sa.select(users.c.letterboxd_username, users.c.id)).all()
    found = find("member", [as_member_name(name) for name in names], known)
    return {name: user for name, user in known if user in found}
