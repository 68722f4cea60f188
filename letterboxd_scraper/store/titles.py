"""Which title and year a film has: those of the newest source that names it, a page before any file.

The year is that of the newest source that gives one: a source without it says that the site had none then, or
that it shows none. Of two sources of one moment the content decides, never which of them came first: what
follows is the same in whatever order sources come.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from letterboxd_scraper.items.sources import NamedBy, Naming

# Of columns by their names, or of a row.
Values = Mapping[Any, Any]

_TITLE = ("title", "named_by", "named_as_of")
_YEAR = ("release_year", "year_by", "year_as_of")
# The columns of `films` that say how a film is named.
COLUMNS = (*_TITLE, *_YEAR)
_RANKS: dict[str | None, int] = {by: rank for rank, by in enumerate(NamedBy)}
# What is stored without its origin, such as a year from TMDB, is outranked by everything.
_UNKNOWN, _NEVER = -1, datetime.min.replace(tzinfo=UTC)


def columns_of(title: str, year: int | None, naming: Naming) -> dict[str, Any]:
    """Return the columns of a film that is named so."""
    return stored_columns(title, year or 0, naming.by, naming.as_of)


def columns_of_link(lid: str) -> dict[str, Any]:
    """Return the columns of a film of which only its code is known."""
    return stored_columns(f"boxd.it/{lid}", 0, NamedBy.LINK, None)


def stored_columns(title: str, year: int, by: str | None, as_of: datetime | None) -> dict[str, Any]:
    """Return the columns of a film that was named so; its year is 0 for none."""
    dated = (year, by, as_of) if year else (None, None, None)
    return dict(zip(COLUMNS, (title, by, as_of, *dated), strict=True))


def is_stronger(naming: Naming, by: str | None, as_of: datetime | None) -> bool:
    """Say whether a source counts more than another, by which something was named the same."""
    return (_RANKS[naming.by], naming.as_of) > (_RANKS.get(by, _UNKNOWN), as_of or _NEVER)


def together(one: Values, other: Values) -> dict[str, Any]:
    """Return the columns of a film that is named in both ways."""
    title = max((one, other), key=lambda values: _strength(values, _TITLE))
    year = max((one, other), key=lambda values: _strength(values, _YEAR))
    return {name: title[name] for name in _TITLE} | {name: year[name] for name in _YEAR}


def renamed(stored: Values, title: str, year: int | None, naming: Naming) -> dict[str, Any]:
    """Return the columns of a stored film that change where a source names it so."""
    if naming.live:  # whatever a clock that was wrong has noted
        latest = max(filter(None, (naming.as_of, stored["named_as_of"], stored["year_as_of"])))
        told = columns_of(title, year, Naming(naming.by, latest))
        if stored["title"] == title and stored["named_by"] == NamedBy.PAGE:
            told |= {name: stored[name] for name in _TITLE}
        if year is None or (stored["release_year"] == year and stored["year_by"] == NamedBy.PAGE):
            told |= {name: stored[name] for name in _YEAR}
    else:
        told = together(stored, columns_of(title, year, naming))
    return {name: value for name, value in told.items() if value != stored[name]}


def outranks(naming: Naming, slug: str, stored: Values) -> bool:
    """Say whether a source that shows a film under this slug is newer than what is stored of its names."""
    rank = _RANKS.get(stored["named_by"], _UNKNOWN)
    before = (rank, stored["named_as_of"] or _NEVER, stored["slug"] or "")
    return naming.live or (_RANKS[naming.by], naming.as_of, slug) >= before


def are_as_new(stored: Values, naming: Naming) -> bool:
    """Say whether stored title and year, if there is any, are as new as a source that gives the same."""
    moments = [stored["named_as_of"], stored["year_as_of"] if stored["release_year"] else naming.as_of]
    return all(moment is not None and moment >= naming.as_of for moment in moments)


def year_alone(changes: Values) -> dict[str, Any]:
    """Return of changed columns those of the year."""
    return {name: changes[name] for name in _YEAR if name in changes}


def _strength(values: Values, names: tuple[str, str, str]) -> tuple[Any, ...]:
    value, by, as_of = (values[name] for name in names)
    if not value:
        return False, _UNKNOWN, _NEVER, 0
    return True, _RANKS.get(by, _UNKNOWN), as_of or _NEVER, value
