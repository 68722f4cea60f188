"""Why a film is recommended, in words."""

from collections.abc import Mapping, Sequence

from ranking.recommend.recommended import LEAST_STARS, Reason

# What parts of the model are called, for people.
WORDS = {
    "habit": "how they usually rate",
    "average": "general acclaim",
    "fame": "fame",
    "both": "acclaim and fame together",
    "divisive": "a divided public",
    "era": "its years",
    "genre": "its genres",
    "foreign": "not in English",
    "language": "its language",
    "length": "its length",
    "tv": "a series",
    "audience": "who rates it",
    "bounds": "no more than five stars, nor less than half a star",
    "rule": "the rule",
}
MOST_REASONS = 3


def in_words(reasons: Sequence[Reason], but: Mapping[str, float] | None = None) -> str:
    """Return the largest reasons in words, but for these parts.

    >>> in_words([Reason("era", 0.31), Reason("habit", -0.2), Reason("tv", 0.01)])
    'its years +0.31, how they usually rate -0.20'
    """
    largest = [r for r in reasons if abs(r.stars) >= LEAST_STARS and r.part not in (but or {})]
    return ", ".join(f"{WORDS[r.part]} {r.stars:+.2f}" for r in largest[:MOST_REASONS])
