"""Names as people write them: found whatever their capitals, or refused with what there is."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from letterboxd_scraper.errors import UnknownName

T = TypeVar("T")

# So many names are listed in a message; of more, those that are spelt alike.
_FEW = 20
_MOST_ALIKE = 5
# Fewer begin too much.
_LEAST_LETTERS = 3


def find(
    kind: str,
    names: Iterable[str],
    named: Iterable[tuple[str, T]],
    codes: Mapping[str, T] | None = None,
    within: str = "",
) -> list[T]:
    """Return all that bear one of the ``names``, or have it as their code.

    Raises UnknownName, naming what there is, and ``within`` what: " of cohort 'friends'", say.
    """
    named = list(named)
    bearers: dict[str, set[T]] = defaultdict(set)
    for name, bearer in [*named, *(codes or {}).items()]:
        bearers[folded(name)].add(bearer)
    matches: dict[T, None] = {}
    for name in names:
        if folded(name) not in bearers:
            there = {folded(existing): existing for existing, _ in named}.values()
            raise unknown(kind, name, there, within)
        matches |= dict.fromkeys(bearers[folded(name)])
    return list(matches)


def unknown(kind: str, name: str, existing: Collection[str], within: str = "") -> UnknownName:
    """Return the error that nothing is called ``name``, with what there is, or what is spelt alike."""
    if not existing:
        return UnknownName(f"no {kind} {name!r}{within}: none is known yet")
    alike = [*dict.fromkeys([*similar(name, existing), *_longer(name, existing)])][:_MOST_ALIKE]
    if len(existing) > _FEW and not alike:
        return UnknownName(f"no {kind} {name!r}{within}, nor any of a similar name among {len(existing)}")
    nearest = f"did you mean {', '.join(alike)}?" if alike else ""
    listed = f"there {'is' if len(existing) == 1 else 'are'} {', '.join(sorted(existing))}"
    if len(existing) > _FEW or set(alike) == set(existing):
        return UnknownName(f"no {kind} {name!r}{within}: {nearest}")
    return UnknownName(f"no {kind} {name!r}{within}: {f'{nearest} ({listed})' if nearest else listed}")


def _longer(name: str, existing: Iterable[str]) -> list[str]:
    """Return those of which a name is the beginning, or that of a word in them, the shortest first."""
    if len(folded(name)) < _LEAST_LETTERS:
        return []
    begins = re.compile(rf"\b{re.escape(folded(name))}")
    return sorted((other for other in existing if begins.search(folded(other))), key=len)[:_MOST_ALIKE]


def similar(name: str, existing: Iterable[str]) -> list[str]:
    """Return those that are spelt alike, the most alike first."""
    spelt = {folded(other): other for other in existing}
    return [spelt[key] for key in difflib.get_close_matches(folded(name), spelt, n=_MOST_ALIKE)]


def folded(name: str) -> str:
    """Return a name as names are compared: whatever its case."""
    # In Python, because SQLite lowers ASCII letters only, and PostgreSQL as its locale says.
    return unicodedata.normalize("NFC", name.strip()).casefold()
