"""How pages write what answers of the API hold."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from letterboxd_scraper.items.sources import is_dated
from letterboxd_scraper.store.status import freshness
from letterboxd_scraper.words import counted, moment_in_words
from ranking.marks import marks_in_words
from ranking.recommend.reasons import in_words
from ranking.recommend.recommended import Reason


def segment(text: str) -> str:
    """Write a text as one segment of an address.

    >>> segment("a/b c")
    'a%2Fb%20c'
    """
    return quote(text, safe="")


def moment(text: str) -> str:
    """Write a moment for people.

    >>> moment("2026-11-23T12:00:00.5Z")
    '23 November 2026, 12:00 UTC'
    """
    return moment_in_words(datetime.fromisoformat(text))


def ago(moment: str, now: datetime) -> str:
    """Say how long ago a moment was."""
    return freshness.ago(datetime.fromisoformat(moment), now)


def stars(number: float | None, signed: bool = False) -> str:
    """Write a number of stars with two digits; "–" where there is none.

    >>> stars(4.305), stars(None), stars(-0.2, signed=True)
    ('4.30', '–', '−0.20')
    """
    if number is None:
        return "–"
    return f"{number:+.2f}".replace("-", "−") if signed else f"{number:.2f}"


def reference(film: Mapping[str, Any]) -> str:
    """Return what a film is asked for by: its slug, the code of its short link, or its title.

    >>> reference({"slug": None, "link": "https://boxd.it/2b3c", "title": "Alien"})
    '2b3c'
    """
    code = urlsplit(film["link"]).path.strip("/")
    return str(film["slug"] or (code if code and "/" not in code else film["title"]))


def code(text: str) -> Markup:
    """Write a text whose code stands between backticks.

    >>> code("with `.csv` & more")
    Markup('with <code>.csv</code> &amp; more')
    """
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def takes(schema: Mapping[str, Any]) -> str:
    """Say what a schema of the OpenAPI document allows.

    >>> takes({"type": "integer", "minimum": 1, "maximum": 500, "default": 50})
    'a whole number from 1 to 500; 50 if left out'
    >>> takes({"anyOf": [{"type": "string", "enum": ["movie", "tv"]}, {"type": "null"}]})
    'movie or tv'
    >>> takes({"type": "array", "items": {"type": "string"}})
    'a text; may be repeated'
    """
    if "anyOf" in schema:
        return takes(schema["anyOf"][0])
    if "items" in schema:
        return f"{takes(schema['items'])}; may be repeated"
    words = " or ".join(schema.get("enum", ())) or _KINDS.get(schema.get("type", ""), "")
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None:
        words += f" from {least:,}" + (f" to {most:,}" if most is not None and most < _ENDLESS else "")
    return f"{words}; {schema['default']} if left out" if schema.get("default") is not None else words


_KINDS = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}
# Larger bounds are the database's, and tell people nothing.
_ENDLESS = 1_000_000


def filled(path: str, there: Mapping[str, str | None]) -> str:
    """Return a path with what there is in its places; "" where one stays empty.

    >>> filled("/cohorts/{cohort}", {"cohort": "a b"}), filled("/films/{film}", {"film": None})
    ('/cohorts/a%20b', '')
    """
    names = re.findall(r"{(\w+)}", path)
    values = {name: segment(there.get(name) or "") for name in names}
    return path.format(**values) if all(values.values()) else ""


# What moves all films alike, or is no reason.
_OF_ALL = {"habit": 0.0, "bounds": 0.0}


def names(members: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what members are called, by what they are asked for by."""
    return {member["member"]: member["name"] for member in members}


def marks(film: Mapping[str, Any]) -> str:
    """Say how many of the circle gave the film a heart, have it as a favourite, want to see it."""
    return marks_in_words(film["liked"], film["favorites"], film["wanted"])


def reasons(moved: Sequence[Mapping[str, Any]]) -> str:
    """Say what moves most what is expected of a film, away from what the circle thinks.

    >>> reasons([{"part": "habit", "stars": 0.7}, {"part": "era", "stars": -0.2}])
    'its years -0.20'
    """
    return in_words([Reason(**reason) for reason in moved], _OF_ALL) or "as the circle thinks of it"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago,
    "code": code,
    "counted": counted,
    "moment": moment,
    "filled": filled,
    "is_dated": is_dated,
    "marks": marks,
    "names": names,
    "reasons": reasons,
    "reference": reference,
    "segment": segment,
    "stars": stars,
    "takes": takes,
}
