"""Who of a circle gave a film what: stars, hearts, favourites, watchlists, what was watched without stars."""

from collections.abc import Iterable, Mapping

from letterboxd_scraper.items.members import STARS

# A member's mark of a film: half stars, 0 to 10, and any of these.
HALF_STARS = 15
LIKED, FAVORITE, WANTED, WATCHED = 16, 32, 64, 128

Counts = list[int]
# By the member's place in the list of members.
Marks = Mapping[int, int]


def histogram(marks: Marks) -> Counts:
    """Return how many gave half a star, one star and so on.

    >>> histogram({0: 1, 1: 10 + LIKED, 2: WANTED})
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    """
    counts = [0] * (len(STARS) + 1)
    for mark in marks.values():
        counts[mark & HALF_STARS] += 1
    return counts[1:]


def seen(marks: Marks) -> Iterable[int]:
    """Return the members who have seen a film, as `rank show --unseen-by` counts it: rated it or watched it.

    >>> list(seen({0: 1, 1: LIKED, 2: WATCHED, 3: WANTED}))
    [0, 2]
    """
    return (member for member, mark in marks.items() if mark & (HALF_STARS | WATCHED))
