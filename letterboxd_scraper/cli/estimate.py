"""How many requests a full crawl takes, from counts that are known already."""

import math
from collections.abc import Sequence
from typing import Any

from letterboxd_scraper.items.members import LEVELS
from letterboxd_scraper.urls import FILMS_PER_PAGE, LAST_PAGE
from letterboxd_scraper.words import counted


def most_requests(members: Sequence[Any], *, watched: bool = False) -> int:
    """Return the most requests that crawling ``members`` takes, robots.txt not counted.

    A member takes a profile page, a page for every 72 films (all watched films may be rated) and
    one for every 72 likes (all of them may be of unrated films); an unknown count stands for one page.
    More films than one listing shows are read by their ratings, which may take one page more for each level.
    Where the ``watched`` films without a rating are read as well, they may take a page of their own.

    >>> from types import SimpleNamespace as Member
    >>> members = [Member(films_count=73, likes_count=0), Member(films_count=None, likes_count=None)]
    >>> most_requests(members), most_requests(members, watched=True)
    (6, 8)
    """
    pages = sum(1 + watched + _pages(member.films_count) + _pages(member.likes_count) for member in members)
    too_long: int = sum((member.films_count or 0) > FILMS_PER_PAGE * LAST_PAGE for member in members)
    return pages + too_long * len(LEVELS)


def in_words(members: Sequence[Any], delay: float, *, watched: bool = False) -> str:
    """Say what crawling ``members`` takes at one request each ``delay`` seconds.

    >>> from types import SimpleNamespace as Member
    >>> in_words(100 * [Member(films_count=72, likes_count=72)], 1.0)
    'at most 300 requests, about 5 minutes at one each 1 s'
    >>> in_words([Member(films_count=None, likes_count=None)], 1.0)
    'about 3 requests, less than a minute at one each 1 s (1 of them with films not counted yet)'
    """
    requests = most_requests(members, watched=watched)
    uncounted = sum(member.films_count is None for member in members)
    cost = f"{'about' if uncounted else 'at most'} {counted(requests, 'request')}, {time(requests, delay)}"
    return f"{cost} ({uncounted:,} of them with films not counted yet)" if uncounted else cost


def most_of_delta(member: Any) -> int:
    """Return the most requests that bringing one member up to date takes, if nothing changes meanwhile.

    Their profile and feed, levels of ratings that are fewer pages than the whole listing and still do not
    explain what has gone, that listing, and the likes.

    >>> from types import SimpleNamespace as Member
    >>> most_of_delta(Member(films_count=300, likes_count=20))
    12
    """
    whole = max(1, _pages(member.films_count))
    return 2 + (whole - 1) + whole + max(1, _pages(member.likes_count))


def minutes(requests: int, delay: float) -> str:
    """Say how long so many requests take.

    >>> minutes(300, 1.0), minutes(3, 1.0)
    ('about 5 minutes', 'less than a minute')
    """
    needed = requests * delay / 60
    return f"about {counted(math.ceil(needed), 'minute')}" if needed > 1 else "less than a minute"


def time(requests: int, delay: float) -> str:
    """Say how long so many requests take, and at what pace.

    >>> time(300, 1.0)
    'about 5 minutes at one each 1 s'
    """
    return f"{minutes(requests, delay)} at one each {delay:g} s"


def diaries_in_words(members: Sequence[Any]) -> str:
    """Say what reading the diaries takes: no count tells how long they are.

    >>> diaries_in_words(100 * [None])
    'their diaries come on top, with at least 100 requests'
    """
    return f"their diaries come on top, with at least {counted(len(members), 'request')}"


def _pages(count: int | None) -> int:
    return 1 if count is None else math.ceil(count / FILMS_PER_PAGE)
