"""What the page's scripts know, in two packed blocks: the contract with `templates/data.js`.

A block stands in a `<script type="application/octet-stream">`: base64 of gzip of JSON, to be read with
DecompressionStream. ``report`` is read at once, ``later`` when something of it is first needed. A film is
its place in the columns, a member their place in ``members``. A column has one value a film, null where it
is not known; one of which nothing is known is left out. Where "letters" stands, a text is a list of whole
numbers: each is the code of one letter, less 35.

``report``:

- ``title``: what the page is called; ``sentence``: the circle in one sentence.
- ``films``: the columns ``rank``, ``title``, ``year``, ``slug``, ``link`` (path or address, of one without a
  slug), ``score``, ``low``, ``high``, ``mean``, ``watchers`` (how many rated it), ``average`` (Letterboxd's),
  ``genres`` and ``directors`` (lists of places in the lists of that name), ``minutes``, ``language`` (a place
  in ``languages``), ``poster``, ``liked``, ``favorites``, ``wanted`` (numbers of members), ``discovery`` (the
  rank there; left out without Letterboxd's averages) and ``seen`` (who has seen it: base64 of bits, the first
  member's being the highest of the first byte).
- ``genres``, ``directors``, ``members``: names; ``languages``: codes, and ``language_names``: what
  they are called. ``you``: the reader, or null.
- ``site``: the address that a film's ``/film/SLUG/`` or ``link`` follows. ``least``: so many ratings a film
  needs to be ranked (the ranking's min_votes).
- ``cards``: ``love``, ``fight``, ``unknown`` and ``tonight``. Each is ``{heading, film, why}``, or
  ``{heading, missing, command}`` with what would fill it and how to get that, or null where nothing could.

``later``:

- ``words``: a column, what the circle says of a film in one sentence, for people; ``why``: a column, the
  numbers behind its score.
- ``raters``: who gave what, film by film. ``{count, member, mark}``, all letters: ``count`` has one number a
  film, how many of the other two are its own; ``member`` the first one's place, then of each how far it is
  behind the one before; ``mark`` is half stars (0: not rated), plus 16 for a heart, 32 for a favourite, 64
  for the watchlist, 128 if they have watched it without rating it.
- ``site``: a column of letters, how all of Letterboxd's ratings are spread over half a star to five: ten
  numbers, in thousandths.
- ``expected``: for each member letters, one number a film: 0 for a film that they have seen, else what they
  would give it, in twentieths of a star from 0.5 on, plus 1 (so 1 is 0.5, and 91 is 5 stars). Null for a
  member of whom nothing was computed.
- ``pairs``: ``{one, other, overlap, agreement, low, high}``, lists of one number a pair. ``one`` and
  ``other`` are members, ``overlap`` is how many films both rated; agreement and its 90 % interval are in
  hundredths.
"""

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from letterboxd_scraper import languages
from letterboxd_scraper.report import sentences
from letterboxd_scraper.report.columns import as_columns, columns, letters
from letterboxd_scraper.report.films import FilmTable, ReportFilm
from letterboxd_scraper.report.matches import Matches
from letterboxd_scraper.report.raters import Counts

_LEVEL = 6
_THOUSANDTHS = 1_000
_HUNDREDTHS = 100


def at_once(table: FilmTable, members: Sequence[str], you: int | None, **about: Any) -> dict[str, Any]:
    """Return the block ``report``; ``members`` is what they are called, ``you`` the place of the reader.

    ``about`` is what else it says: its title and so on.
    """
    return {
        "films": as_columns(table, len(members)),
        "genres": table.genres,
        "directors": table.directors,
        "languages": table.languages,
        "language_names": [languages.name_of(code) for code in table.languages],
        "members": members,
        "you": you,
        **about,
    }


def later(table: FilmTable, pairs: Matches, expected: Sequence[str | None]) -> dict[str, Any]:
    """Return the block ``later``; ``expected`` is what each member would give, as it says."""
    texts: dict[str, Callable[[ReportFilm], Any]] = {
        "words": partial(sentences.of_film, alone=len(expected) == 1),
        "why": lambda film: film.why,
        "site": lambda film: _shares(film.site),
    }
    return {
        **columns(table, texts),
        "raters": _raters(table),
        "expected": expected,
        "pairs": _pairs(pairs),
    }


def _shares(counts: Counts | None) -> str | None:
    total = sum(counts or ())
    return letters(round(_THOUSANDTHS * count / total) for count in counts or ()) if total else None


def _raters(table: FilmTable) -> dict[str, str]:
    """Return who gave what, in letters.

    Members stand in the order of their places: small distances take little room.
    """
    members: list[int] = []
    marks: list[int] = []
    for film in table.films:
        places = sorted(film.marks)
        members += [*places[:1], *(later - sooner for sooner, later in pairwise(places))]
        marks += [film.marks[place] for place in places]
    count = letters(len(film.marks) for film in table.films)
    return {"count": count, "member": letters(members), "mark": letters(marks)}


def _pairs(pairs: Matches) -> dict[str, list[int]]:
    whole = {name: [getattr(pair, name) for pair in pairs.pairs] for name in ("one", "other", "overlap")}
    hundredths = {
        name: [round(_HUNDREDTHS * getattr(pair, name)) for pair in pairs.pairs]
        for name in ("agreement", "low", "high")
    }
    return whole | hundredths


def packed(value: Any) -> str:
    """Return JSON as the page has it: compressed, in base64.

    >>> unpacked(packed({"title": "What 2 people think"}))
    {'title': 'What 2 people think'}
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0)).decode("ascii")


def unpacked(text: str) -> Any:
    """Return what was `packed`."""
    return json.loads(gzip.decompress(base64.b64decode(text)))
