"""Names as people write them: found whatever their capitals, or refused with what there is."""

import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from letterboxd_scraper.errors import UnknownName

T = TypeVar("T")

# So many names are listed in a message; of more, those that are spelt alike.
_FEW = 20


def find(
    kind: str, wanted: Iterable[str], named: Iterable[tuple[str, T]], codes: Mapping[str, T] | None = None
) -> list[T]:
    """Return all that bear one of the ``wanted`` names, or have it as their code.

    Raises UnknownName, naming what there is.
    """
    known: dict[str, set[T]] = defaultdict(set)
    names = {}
    for name, key in named:
        known[_folded(name)].add(key)
        names[_folded(name)] = name
    for code, key in (codes or {}).items():
        known[_folded(code)].add(key)
    found: dict[T, None] = {}
    for name in wanted:
        if _folded(name) not in known:
            raise unknown(kind, name, names.values())
        found |= dict.fromkeys(known[_folded(name)])
    return list(found)


def unknown(kind: str, wanted: str, known: Collection[str]) -> UnknownName:
    """Return the error that nothing is called ``wanted``, with what there is, or what is spelt alike."""
    if not known:
        return UnknownName(f"no {kind} {wanted!r}: none is known yet")
    if len(known) <= _FEW:
        return UnknownName(f"no {kind} {wanted!r}: there are {', '.join(sorted(known))}")
    folded = {_folded(name): name for name in known}
    alike = difflib.get_close_matches(_folded(wanted), folded, n=5)
    if not alike:
        return UnknownName(f"no {kind} {wanted!r}, nor any of a similar name among {len(known)}")
    return UnknownName(f"no {kind} {wanted!r}; similar: {', '.join(folded[name] for name in alike)}")


def _folded(name: str) -> str:
    # In Python, because SQLite lowers ASCII letters only, and PostgreSQL as its locale says.
    return unicodedata.normalize("NFC", name.strip()).casefold()
