"""Which films of a ranking to show: what the user chose, and the conditions that this is in SQL."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper import languages
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.films.credits import DIRECTS
from letterboxd_scraper.store.films.lookup import Reference, in_words, match, match_titles
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
    users,
    watched,
    watchlist,
)
from letterboxd_scraper.words import counted
from ranking.choices.film_lists import read_list
from ranking.facts import WATCHLISTS_COME_IN, how_watched_are_read, with_watched_read, with_watchlist
from ranking.marks import marks
from ranking.sql import is_among

Condition = sa.ColumnElement[bool]
Tell = Callable[[str], None]
_LAST_YEAR = 9999
# So many films of a list are named that match none.
_NAMED = 3


class Years(NamedTuple):
    """The years from ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Choices:
    """Which films of a ranking to show; by default every film. `read_choices` reads them from texts.

    Of several values for one choice any will do; all the choices made must hold. Capitals in names
    do not matter. ``unseen_by`` leaves out what any of these members has seen, ``not_on_watchlist_of`` what
    any of these wants to see; ``wanted_by`` is the least number of the cohort's members who want to see it.
    """

    years: tuple[Years, ...] = ()
    decades: tuple[Years, ...] = ()
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    media_type: str | None = None
    min_watchers: int | None = None
    max_watchers: int | None = None
    max_runtime: int | None = None
    wanted_by: int | None = None
    on_watchlist_of: tuple[str, ...] = ()
    not_on_watchlist_of: tuple[str, ...] = ()
    unseen_by: tuple[str, ...] = ()
    rated_by: tuple[str, ...] = ()
    lists: tuple[Path, ...] = ()
    # Not a choice of films: the ranking is the one that there would be without this member.
    without: str | None = None


EVERY_FILM = Choices()


def ignore(line: str) -> None:
    """Take a line for the user and do nothing with it."""


def read_choices(
    *,
    year: Iterable[str] | None = None,
    decade: Iterable[str] | None = None,
    genre: Iterable[str] | None = None,
    director: Iterable[str] | None = None,
    country: Iterable[str] | None = None,
    language: Iterable[str] | None = None,
    media_type: str | None = None,
    min_watchers: int | None = None,
    max_watchers: int | None = None,
    max_runtime: int | None = None,
    wanted_by: int | None = None,
    on_watchlist_of: Iterable[str] | None = None,
    not_on_watchlist_of: Iterable[str] | None = None,
    unseen_by: Iterable[str] | None = None,
    rated_by: Iterable[str] | None = None,
    in_list: Iterable[Path] | None = None,
    without: str | None = None,
) -> Choices:
    """Return the choices that the command line and the server's queries take, under their names there.

    Raises InputError, which begins with the name of the choice, for a year or a decade that is none.
    """
    return Choices(
        years=tuple(map(read_years, year or ())),
        decades=tuple(map(read_decade, decade or ())),
        genres=tuple(genre or ()),
        directors=tuple(director or ()),
        countries=tuple(country or ()),
        languages=tuple(language or ()),
        media_type=media_type,
        min_watchers=min_watchers,
        max_watchers=max_watchers,
        max_runtime=max_runtime,
        wanted_by=wanted_by,
        on_watchlist_of=tuple(on_watchlist_of or ()),
        not_on_watchlist_of=tuple(not_on_watchlist_of or ()),
        unseen_by=tuple(unseen_by or ()),
        rated_by=tuple(rated_by or ()),
        lists=tuple(in_list or ()),
        without=without,
    )


def read_years(text: str) -> Years:
    """Read one year or a range of years, which may be open at one end. Raises InputError.

    >>> read_years("1999"), read_years("1990-1999")
    (Years(first=1999, last=1999), Years(first=1990, last=1999))
    >>> read_years("2000-"), read_years("-1959")
    (Years(first=2000, last=9999), Years(first=0, last=1959))
    """
    parts = re.fullmatch(r"(?P<only>\d{4})|(?P<first>\d{4})?-(?P<last>\d{4})?", text.strip(), re.ASCII)
    if parts is None or text.strip() == "-":
        raise InputError(f"year {text}: write 1999, 1990-1999, 1990- or -1999")
    if parts["only"]:
        return Years(int(parts["only"]), int(parts["only"]))
    years = Years(int(parts["first"] or 0), int(parts["last"] or _LAST_YEAR))
    if years.first > years.last:
        raise InputError(f"year {text}: the first year is after the last")
    return years


def read_decade(text: str) -> Years:
    """Read a decade. Raises InputError.

    >>> read_decade("1990s")
    Years(first=1990, last=1999)
    """
    digits = re.fullmatch(r"(\d{3})0s", text.strip(), re.ASCII)
    if digits is None:
        raise InputError(f"decade {text}: write it as 1990s")
    return Years(int(digits[1]) * 10, int(digits[1]) * 10 + 9)


def conditions(
    connection: sa.Connection,
    cohort_id: int,
    choices: Choices,
    watchers: sa.ColumnElement[int],
    tell: Tell = ignore,
) -> Condition:
    """Return what must hold of a row of ``films`` and of ``watchers``, its number of the cohort's ratings.

    ``tell`` gets lines that the user should read: what the answer cannot know. Raises UnknownName,
    and InputError for a list that cannot be read.
    """
    condition_of: dict[str, Callable[[Any], Condition]] = {
        "years": _within,
        "decades": _within,
        "genres": partial(_of_genres, connection),
        "directors": partial(_by_directors, connection),
        "countries": partial(_of_countries, connection),
        "languages": partial(_in_languages, connection),
        "media_type": lambda kind: films.c.tmdb_media_type == kind,
        "min_watchers": lambda least: watchers >= least,
        "max_watchers": lambda most: watchers <= most,
        "max_runtime": lambda most: films.c.runtime_minutes <= most,
        "wanted_by": partial(_wanted_by, connection, cohort_id, choices.without),
        "on_watchlist_of": lambda names: films.c.id.in_(_watchlists(connection, names, tell)),
        "not_on_watchlist_of": lambda names: films.c.id.not_in(_watchlists(connection, names, tell)),
        "unseen_by": partial(_unseen_by, connection, tell=tell),
        "rated_by": partial(_rated_by, connection),
        "lists": partial(_in_lists, connection, tell=tell),
    }
    values = {name: getattr(choices, name) for name in condition_of}
    made = [condition_of[name](value) for name, value in values.items() if value not in ((), None)]
    return sa.and_(sa.true(), *made)


def _within(spans: Sequence[Years]) -> Condition:
    return sa.or_(*(films.c.release_year.between(*span) for span in spans))


def _of_genres(connection: sa.Connection, names: Sequence[str]) -> Condition:
    stored = connection.execute(sa.select(genres.c.name, genres.c.id)).all()
    return _linked(film_genres.c.film_id, film_genres.c.genre_id, find("genre", names, stored))


def _by_directors(connection: sa.Connection, names: Sequence[str]) -> Condition:
    of_directors = people.c.id.in_(sa.select(film_people.c.person_id).where(DIRECTS))
    rows = connection.execute(
        sa.select(people.c.name, people.c.letterboxd_slug, people.c.id).where(of_directors)
    ).all()
    slugs = {row.letterboxd_slug: row.id for row in rows if row.letterboxd_slug}
    chosen = find("director", names, ((row.name, row.id) for row in rows), slugs)
    return _linked(film_people.c.film_id, film_people.c.person_id, chosen, DIRECTS)


def _of_countries(connection: sa.Connection, names: Sequence[str]) -> Condition:
    stored = connection.execute(sa.select(countries.c.name, countries.c.code)).all()
    codes = find("country", names, stored, {code: code for _, code in stored})
    return _linked(film_countries.c.film_id, film_countries.c.country_code, codes)


def _in_languages(connection: sa.Connection, names: Sequence[str]) -> Condition:
    """Find languages by code or name among those that a stored film has."""
    language = films.c.original_language
    stored = connection.scalars(sa.select(language).where(language.is_not(None)).distinct()).all()
    other_names = {name: code for code in stored for name in (code, *languages.NAMES.get(code, ()))}
    named = [(languages.name_of(code), code) for code in stored]
    return language.in_(find("language", names, named, other_names))


def _wanted_by(connection: sa.Connection, cohort_id: int, without: str | None, least: int) -> Condition:
    absent = None if without is None else next(iter(_members(connection, [without]).values()))
    m = marks(cohort_id, without=absent).c
    return films.c.id.in_(sa.select(m.film_id).where(m.wanted >= least))


def _watchlists(connection: sa.Connection, names: Sequence[str], tell: Tell) -> sa.Select[tuple[int]]:
    """Return the query of the films on any of these members' watchlists."""
    members = _members(connection, names)
    told = sa.select(users.c.id).where(users.c.id.in_(members.values()), users.c.id.in_(with_watchlist()))
    with_one = set(connection.scalars(told))
    for name, user in members.items():
        if user not in with_one:
            tell(f"{name}'s watchlist is not known: {WATCHLISTS_COME_IN}")
    return sa.select(watchlist.c.film_id).where(watchlist.c.user_id.in_(members.values()))


def _unseen_by(connection: sa.Connection, names: Sequence[str], tell: Tell) -> Condition:
    """Leave out what a member has watched or rated; a like alone is no proof of having seen a film."""
    members = _members(connection, names)
    complete = with_watched_read(connection, members.values())
    unread = {name: user for name, user in sorted(members.items()) if user not in complete}
    if unread:
        whose = ", ".join(f"{name}'s" for name in unread)
        how = dict.fromkeys(how_watched_are_read(connection, name, user) for name, user in unread.items())
        tell(
            f"{whose} watched films were never read, only their ratings: what {', '.join(unread)} "
            f"{'has' if len(unread) == 1 else 'have'} seen and not rated is shown, too; {'; '.join(how)}"
        )
    seen = sa.select(watched.c.film_id).where(watched.c.user_id.in_(members.values()))
    return sa.and_(films.c.id.not_in(seen), films.c.id.not_in(_rated(members.values())))


def _rated_by(connection: sa.Connection, names: Sequence[str]) -> Condition:
    return films.c.id.in_(_rated(_members(connection, names).values()))


def _rated(members: Collection[int]) -> sa.Select[tuple[int]]:
    return sa.select(ratings.c.film_id).where(ratings.c.user_id.in_(members), ratings.c.rating.is_not(None))


def _linked(film: sa.Column[Any], other: sa.Column[Any], keys: Collection[Any], *more: Any) -> Condition:
    """Return the condition that a row of a table links the film to one of the ``keys``."""
    return films.c.id.in_(sa.select(film).where(other.in_(keys), *more))


def _in_lists(connection: sa.Connection, files: Sequence[Path], tell: Tell) -> Condition:
    chosen: set[int] = set()
    for file in files:
        listed = read_list(file)
        films_listed = _films_listed(connection, listed)
        chosen.update(film for film in films_listed if film is not None)
        missing = [named for named, film in zip(listed, films_listed, strict=True) if film is None]
        if missing:
            some = ", ".join(map(in_words, missing[:_NAMED])) + (", …" if missing[_NAMED:] else "")
            titles = f"{len(missing):,} of {counted(len(listed), 'film')} in {file}"
            tell(f"{titles} match no stored film, or more than one: {some}")
    return is_among(films.c.id, sorted(chosen))


def _films_listed(connection: sa.Connection, listed: Sequence[Reference]) -> list[int | None]:
    """Return each film of a list; a line that is no slug may be a title that fits one film."""
    films_listed = match(connection, listed)
    lines = [
        place
        for place, (named, film) in enumerate(zip(listed, films_listed, strict=True))
        if film is None and named.slug and not named.title
    ]
    titled = match_titles(connection, [str(listed[place].slug) for place in lines])
    for place, film in zip(lines, titled, strict=True):
        films_listed[place] = film
    return films_listed


def _members(connection: sa.Connection, names: Sequence[str]) -> dict[str, int]:
    """Return the members' ids by their names as stored. Raises UnknownName."""
    stored = connection.execute(sa.select(users.c.letterboxd_username, users.c.id)).all()
    chosen = find("member", [as_member_name(name) for name in names], stored)
    return {name: user for name, user in stored if user in chosen}
