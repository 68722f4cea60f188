"""Field coverage: notices while a crawl runs that a field has become rare in what a parser reads.

A changed page seldom breaks a parser: it takes away one field, and without this nobody would see it.
"""

from collections import defaultdict
from collections.abc import Mapping
from math import log, sqrt
from typing import Any

from letterboxd_scraper.items.coverage import Counts, Field, counts_of
from letterboxd_scraper.words import counted

# The usual share of missing values lies below Wilson's upper bound with so many standard deviations.
_DEVIATIONS = 2.0
# A field that may be missing more often than this, as a rule, tells nothing.
_MOST_MISSING = 0.1
# Members differ: of one, so many times as many may be missing as of all, and so many more.
_TIMES, _MORE = 3.0, 0.005
# An alarm by chance is less likely than e to the minus this, with each page.
_CERTAINTY = 20.0


class Coverage:
    """Counts how often fields are filled on one run, and compares it with what is ``usual``."""

    def __init__(self, usual: Mapping[Field, Counts]) -> None:
        self.counts: dict[Field, Counts] = defaultdict(Counts)
        self._usual = usual

    def add(self, item: Any) -> str | None:
        """Count an item; return in words which field has surely become rare, None: none has."""
        for field, counts in counts_of(item):
            self.counts[field] += counts
            if field in self._usual and has_fallen(self.counts[field], self._usual[field]):
                return _in_words(field, self.counts[field], self._usual[field])
        return None


def has_fallen(counts: Counts, usual: Counts) -> bool:
    """Say whether a field is missing so much more often than usual that chance cannot have done it.

    Of n values k are missing, where each would be with a probability of at most q: that has at most the
    probability e^(-n D), with D = k/n ln((k/n)/q) + (1 - k/n) ln((1 - k/n)/(1 - q)), the relative entropy
    (Chernoff's bound of the binomial tail; Hoeffding 1963, theorem 1).

    >>> has_fallen(Counts(72, 65), Counts(5000, 5000)), has_fallen(Counts(72, 71), Counts(5000, 5000))
    (False, False)
    >>> has_fallen(Counts(144, 130), Counts(5000, 5000)), has_fallen(Counts(6, 0), Counts(5000, 5000))
    (True, True)
    """
    if not counts.missing:
        return False
    rule = _upper_bound(usual.missing, usual.entries)
    if rule > _MOST_MISSING:
        return False
    expected, share = _TIMES * rule + _MORE, counts.missing / counts.entries
    if share <= expected:
        return False
    entropy = share * log(share / expected)
    if share < 1:
        entropy += (1 - share) * log((1 - share) / (1 - expected))
    return counts.entries * entropy > _CERTAINTY


def _upper_bound(missing: int, entries: int) -> float:
    """Return Wilson's upper bound of the share of missing values; 1 where nothing was read yet."""
    if not entries:
        return 1.0
    share, z2 = missing / entries, _DEVIATIONS**2
    spread = _DEVIATIONS * sqrt(share * (1 - share) / entries + z2 / (4 * entries**2))
    return (share + z2 / (2 * entries) + spread) / (1 + z2 / entries)


def _in_words(field: Field, counts: Counts, usual: Counts) -> str:
    parser, name = field
    return (
        f"the parser of {parser} found no {name} in {counts.missing:,} of "
        f"{counted(counts.entries, 'entry', 'entries')} "
        f"(as a rule in {usual.missing / usual.entries:.1%}): the page's markup may have changed"
    )
