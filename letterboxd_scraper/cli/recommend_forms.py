"""Recommended films as a table for people, as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from letterboxd_scraper.terminal.columns import Column, count, prose, stars
from letterboxd_scraper.terminal.columns import film as film_column
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.exports.texts import as_text
from ranking.marks import marks_in_words
from ranking.recommend.reasons import MOST_REASONS, WORDS, in_words
from ranking.recommend.recommended import LEAST_STARS, Reason, Recommended

# What differs by less between films moves them alike.
_ALIKE = 0.1
_MOST_RATERS = 12
_CSV = (
    "rank",
    "title",
    "year",
    "slug",
    "expected",
    "low",
    "high",
    "circle",
    "letterboxd",
    "watchers",
    "minutes",
    "liked",
    "favorites",
    "wanted",
)
_CSV_AFTER = ("on_watchlists", "reasons", "why", "ratings", "link")


def fields(films: Iterable[Recommended]) -> list[dict[str, Any]]:
    """Return what programs are told of the films: who gave what is left out where raters are not named."""
    rows = [asdict(film) for film in films]
    return [
        {name: value for name, value in row.items() if (name, value) != ("ratings", None)} for row in rows
    ]


def as_json(films: Iterable[Recommended]) -> str:
    """Return the films as a JSON list of objects."""
    return json.dumps(fields(films), indent=1) + "\n"


def as_csv(films: Sequence[Recommended]) -> str:
    """Return the films as CSV (RFC 4180): a column for each member asked for, lists as JSON.

    A text that a spreadsheet would compute as a formula gets an apostrophe before it. The column of a member
    who is called as another column is "member NAME".
    """
    names = list(films[0].members) if films else []
    several = names if len(names) > 1 else []
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    raters = ["ratings"] * any(film.ratings is not None for film in films)
    after = [name for name in _CSV_AFTER if name != "ratings" or raters]
    taken = {*_CSV, *_CSV_AFTER}
    columns = [f"member {name}" if name in taken else as_text(name) for name in several]
    writer.writerow([*_CSV, *columns, *after])
    for film in films:
        row = asdict(film)
        lists = [value if isinstance(value := row[name], str) else json.dumps(value) for name in after]
        own = [film.members[name] for name in several]
        writer.writerow([as_text(v) if isinstance(v := row[name], str) else v for name in _CSV] + own + lists)
    return file.getvalue()


def show(session: Session, films: Sequence[Recommended], apart: Sequence[Mapping[str, Reason]]) -> None:
    """Print the films as a table; what moves all of one member's films alike is said once, below it.

    ``apart`` is what sets each film apart, by member: that is shown where there are several.
    """
    names = list(films[0].members) if films else []
    several = names if len(names) > 1 else []
    alike = _alike(films)
    reasons = list(map(_of_each, apart)) if several else [in_words(film.reasons, alike) for film in films]
    columns: list[tuple[str | Column, list[Any]]] = [
        ("rank", [film.rank for film in films]),
        (film_column(), [film.title for film in films]),
        ("year", [film.year for film in films]),
        (stars("expected"), [film.expected for film in films]),
    ]
    if not several:
        columns += [(stars("low"), [f.low for f in films]), (stars("high"), [f.high for f in films])]
    columns += [(stars(name), [film.members[name] for film in films]) for name in several]
    columns += [
        (stars("circle"), [film.circle for film in films]),
        (stars("letterboxd", "Letterboxd"), [film.letterboxd for film in films]),
        (count("watchers", "ratings"), [film.watchers for film in films]),
        (prose("reasons", "because of"), reasons),
        (count("minutes"), [film.minutes for film in films]),
        (prose("also"), [_also(film) for film in films]),
    ]
    if any(film.ratings is not None for film in films):
        columns.append((prose("ratings", "who gave what"), [_raters(film.ratings or {}) for film in films]))
    headings, values = zip(*columns, strict=True)
    session.show(headings, list(zip(*values, strict=True)), links=[film.link for film in films])
    if alike and not several:
        session.say(f"for all of these: {in_words([Reason(*item) for item in alike.items()])}")


def _alike(films: Sequence[Recommended]) -> dict[str, float]:
    """Return the parts that move all of several films alike, and by how many stars."""
    if len(films) < 2:
        return {}
    of_films = [{reason.part: reason.stars for reason in film.reasons} for film in films]
    parts = {part: [moved.get(part, 0.0) for moved in of_films] for part in WORDS}
    return {
        part: fmean(moved)
        for part, moved in parts.items()
        if max(moved) - min(moved) < _ALIKE and min(map(abs, moved)) >= LEAST_STARS
    }


def _of_each(reasons: Mapping[str, Reason]) -> str:
    """Return the first members' reasons in words.

    >>> _of_each({"ann": Reason("era", 0.1), "bob": Reason("tv", -0.4)})
    'ann: its years +0.10, bob: a series -0.40'
    """
    first = list(reasons.items())[:MOST_REASONS]
    return ", ".join(f"{name}: {in_words([reason])}" for name, reason in first)


def _also(film: Recommended) -> str:
    wanting = f"on the watchlist of {', '.join(film.on_watchlists)}" if film.on_watchlists else ""
    return ", ".join(filter(None, [marks_in_words(film.liked, film.favorites, film.wanted), wanting]))


def _raters(ratings: Mapping[str, float]) -> str:
    """Return who gave what.

    >>> _raters({"ann": 4.5, "bob": 4.0})
    'ann 4.5, bob 4'
    """
    texts = [f"{name} {stars:g}" for name, stars in ratings.items()]
    more = len(texts) - _MOST_RATERS
    return ", ".join(texts[:_MOST_RATERS]) + (f" and {counted(more, 'other')}" if more > 0 else "")
