"""Which of a member's listings a delta crawl reads next: a pure choice over what is known of the member.

Everything rests on counts: those beside a member's name on a following page, and the ten of the rating
histogram on their profile. Only where they differ from what is stored are listings read. Changes that
cancel each other in every count cannot be seen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from letterboxd_scraper.crawl.listing import MOST_SHOWN, Doubt, ListingProgress
from letterboxd_scraper.items.members import STARS_OF, Listing, Profile
from letterboxd_scraper.items.tasks import DeltaStart, Reason
from letterboxd_scraper.urls import FILMS_PER_PAGE
from letterboxd_scraper.words import counted

# Levels that take more pages than this are read only after the feed, which is one page.
_MOST_PAGES_WITHOUT_THE_FEED = 2
# The listings that may be left before their end: what is new stands at their beginning.
MAY_BE_LEFT = frozenset({Listing.RATED_BY_DATE, Listing.LIKES})


@dataclass(frozen=True, slots=True)
class DeltaRules:
    """How a delta crawl reads.

    ``by_date``: whether pages sorted by date are allowed. On these, and among the likes, it may stop after
    ``known_run`` known, unchanged films in a row; ``most_pages`` limits the pages sorted by date, None: not.
    """

    by_date: bool = False
    known_run: int = 20
    most_pages: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a delta crawl knows of its member when it chooses what to read next.

    Of the films, this is what is stored, corrected by the pages that were read.
    """

    start: DeltaStart
    rules: DeltaRules = DeltaRules()
    profile: Profile | None = None  # None before it was read
    # The listings that were read as far as they are needed, and how many pages of each.
    pages_read: Mapping[Listing, int] = field(default_factory=dict)
    whole_proved: bool = False  # the listing of all rated films is proved complete
    histogram: tuple[int, ...] = (0,) * len(STARS_OF)  # films with half a star, one, … five
    rated_before: int = 0  # rated films as they are stored
    liked: int = 0
    unrated_watched: int | None = None  # watched, unrated films; None where they do not matter
    lost: int = 0  # films that have left their level and were seen nowhere since
    lost_a_like: bool = False  # a liked film may have lost its rating, and its like
    levels_moved: bool = False  # a level showed another number of films than the profile read before it
    second_try: bool = False
    to_the_end: bool = False  # the pages sorted by date are read as the whole listing


def next_listing(known: Known) -> Listing | Doubt | None:
    """Return the listing to read next; None when all agrees, a Doubt when it does not and all was read."""
    if known.profile is None and (known.lost or not _newest_ratings_explain_the_count(known)):
        by_date_first = known.start.reason is Reason.MOVED and not known.second_try
        return _newest_ratings_or(Listing.PROFILE, known) if by_date_first else Listing.PROFILE
    if known.profile and not known.levels_moved and (listing := _ratings_to_read(known, known.profile)):
        return _newest_ratings_or(listing, known)
    if Listing.LIKES not in known.pages_read and _likes_may_differ(known):
        return Listing.LIKES
    if known.profile is None:
        return None
    if not _agrees(known, known.profile):
        total = known.profile.ratings
        says = f"the profile says {'no number of ratings' if total is None else counted(total, 'rating')}"
        return Doubt(Listing.RATED, f"{says}, the listings show {sum(known.histogram)}: nothing was removed")
    return Listing.UNRATED_WATCHED if _watched_may_differ(known, known.profile) else None


def expected_films(known: Known, listing: Listing) -> int | None:
    """Return how many films the counts say are on ``listing``; None where they do not say."""
    profile = known.profile
    if listing is Listing.LIKES:
        return known.start.likes
    if profile is None:
        return None
    if listing is Listing.RATED:
        return profile.ratings
    if listing is Listing.UNRATED_WATCHED:
        return _unrated(profile)
    if listing in STARS_OF and profile.histogram is not None:
        return profile.histogram[list(STARS_OF).index(listing)]
    return None


def may_stop(known: Known, progress: ListingProgress, unchanged: int) -> bool:
    """Whether a listing may be left before its end; its last ``unchanged`` films were known, and just so."""
    enough = unchanged >= known.rules.known_run
    if progress.listing is Listing.RATED_BY_DATE and not known.to_the_end:
        return enough or progress.page == known.rules.most_pages
    if progress.listing is Listing.LIKES and not known.lost_a_like:
        return enough and known.liked == progress.total
    return False


def _newest_ratings_or(listing: Listing, known: Known) -> Listing:
    """Return the newest ratings, where they may be read and have not been, else ``listing``."""
    by_date = known.rules.by_date and Listing.RATED_BY_DATE not in known.pages_read
    return Listing.RATED_BY_DATE if by_date else listing


def _newest_ratings_explain_the_count(known: Known) -> bool:
    """Whether the films that are newly rated are as many as the count of films has grown by."""
    start = known.start
    if Listing.RATED_BY_DATE not in known.pages_read or start.reason is not Reason.MOVED:
        return False
    if start.films is None or start.crawled_films is None or known.second_try:
        return False
    if start.bookmarks:  # some of them are stored by now, and nobody knows how many
        return False
    return sum(known.histogram) - known.rated_before == start.films - start.crawled_films


def _ratings_to_read(known: Known, profile: Profile) -> Listing | None:
    """Return the ratings to read next: a level that differs, or the whole listing where that is cheaper."""
    unread = [
        level for level in STARS_OF if level not in known.pages_read and is_shown(known.start, profile, level)
    ]
    if Listing.RATED in known.pages_read or not unread:
        return None
    if profile.histogram is None or profile.ratings is None:
        return Listing.RATED
    on_profile = dict(zip(STARS_OF, profile.histogram, strict=True))
    as_known = dict(zip(STARS_OF, known.histogram, strict=True))
    levels = [level for level in unread if as_known[level] != on_profile[level]]
    # More films than there are ratings: one was taken back, and only all levels or the whole prove which.
    taken_back = sum(known.histogram) + known.lost > profile.ratings or (known.lost and not levels)
    if taken_back:
        levels = unread
    if not levels:
        return None
    by_levels = sum(_pages(on_profile[level]) for level in levels)
    many = by_levels > _MOST_PAGES_WITHOUT_THE_FEED
    if many and not taken_back and Listing.FEED not in known.pages_read:
        return Listing.FEED
    # The pages sorted by date that have been read are a part of the whole listing.
    whole = _pages(profile.ratings) - known.pages_read.get(Listing.RATED_BY_DATE, 0)
    return Listing.RATED if whole <= by_levels and profile.ratings <= MOST_SHOWN else levels[0]


def is_shown(start: DeltaStart, profile: Profile, level: Listing) -> bool:
    """Whether the site shows all films of a level, as far as is known: else it is not read for the rest."""
    if profile.histogram is None or not start.cut:
        return True
    return profile.histogram[list(STARS_OF).index(level)] <= MOST_SHOWN


def _likes_may_differ(known: Known) -> bool:
    start = known.start
    if known.lost_a_like or start.likes is None:
        return True
    if start.reason in (Reason.AUDIT, Reason.FAILED):
        return bool(start.likes or known.liked)  # nobody who likes nothing can have changed that unseen
    return start.likes != known.liked or start.likes != start.crawled_likes


def _agrees(known: Known, profile: Profile) -> bool:
    if profile.histogram is None:
        return known.whole_proved
    whole = [is_shown(known.start, profile, level) for level in STARS_OF]
    pairs = zip(known.histogram, profile.histogram, whole, strict=True)
    return not known.lost and all(stored == count for stored, count, is_whole in pairs if is_whole)


def _watched_may_differ(known: Known, profile: Profile) -> bool:
    """Whether the counts tell of other watched, unrated films than those stored."""
    count = _unrated(profile)
    if known.unrated_watched is None or count is None or Listing.UNRATED_WATCHED in known.pages_read:
        return False
    return known.unrated_watched != count


def _unrated(profile: Profile) -> int | None:
    """Return how many watched films a profile's counts leave without a rating; None if they do not say."""
    if profile.films is None or profile.ratings is None or profile.films < profile.ratings:
        return None
    return profile.films - profile.ratings


def _pages(films: int) -> int:
    return math.ceil(films / FILMS_PER_PAGE)
