"""Which listing a delta crawl reads next: situation → listing.

The member has rated 400 films with 3 stars and 100 with 4 (six pages and two), and likes 30. They were read
when they had watched 500 films; unless a situation says something else, the counts on a following page are
501 films and 30 likes now, so they are read because a count has moved, and pages sorted by date are not
allowed.
"""

from dataclasses import replace

import pytest

from letterboxd_scraper.crawl.delta_choice import (
    DeltaRules,
    Known,
    expected_films,
    may_stop,
    next_listing,
)
from letterboxd_scraper.crawl.listing import MOST_SHOWN, Doubt, ListingProgress
from letterboxd_scraper.items.members import STARS_OF, Listing, Profile
from letterboxd_scraper.items.tasks import DeltaStart, Reason

PROFILE, FEED, LIKES = Listing.PROFILE, Listing.FEED, Listing.LIKES
WHOLE, NEWEST, WATCHED = Listing.RATED, Listing.RATED_BY_DATE, Listing.UNRATED_WATCHED
ONE, TWO, THREE, FOUR = (Listing.RATED_1_0, Listing.RATED_2_0, Listing.RATED_3_0, Listing.RATED_4_0)
MOVED, UNCOUNTED, AUDIT, FAILED = Reason.MOVED, Reason.UNCOUNTED, Reason.AUDIT, Reason.FAILED
ALL_LEVELS = dict.fromkeys(STARS_OF, 1)
BY_DATE = DeltaRules(by_date=True)

# Half a star, one, one and a half, … five.
STORED = (0, 0, 0, 0, 0, 400, 0, 100, 0, 0)


def counts(*changes: tuple[Listing, int]) -> tuple[int, ...]:
    """Return the stored histogram with so many films more (or fewer) on some levels."""
    more = dict(changes)
    return tuple(count + more.get(level, 0) for level, count in zip(STARS_OF, STORED, strict=True))


def profile(*changes: tuple[Listing, int], films: int | None = 501) -> Profile:
    """Return the profile as it is now: the stored ratings and these changes."""
    now = counts(*changes)
    return Profile("ida", None, None, None, films, 0, 0, (), sum(now), now)


UNREADABLE = replace(profile(), ratings=None, histogram=None)


def start(reason: Reason = MOVED, films: int | None = 501, likes: int | None = 30) -> DeltaStart:
    return DeltaStart("ida", reason, films, likes, crawled_films=500, crawled_likes=30)


def knowing(
    profile: Profile | None = None,
    *,
    start: DeltaStart = start(),  # noqa: B008
    rules: DeltaRules = DeltaRules(),  # noqa: B008
    read: dict[Listing, int] | None = None,
    histogram: tuple[int, ...] = STORED,
    liked: int = 30,
    whole_proved: bool = False,
    unrated_watched: int | None = None,
    lost: int = 0,
    lost_a_like: bool = False,
    levels_moved: bool = False,
    second_try: bool = False,
) -> Known:
    return Known(
        start,
        rules,
        profile,
        read or {},
        whole_proved,
        histogram,
        rated_before=500,
        liked=liked,
        unrated_watched=unrated_watched,
        lost=lost,
        lost_a_like=lost_a_like,
        levels_moved=levels_moved,
        second_try=second_try,
    )


def doubt(profile_says: int | None, listings_show: int) -> Doubt:
    says = f"the profile says {profile_says or 'no number of'} ratings"
    return Doubt(WHOLE, f"{says}, the listings show {listings_show}: nothing was removed")


ONE_NEW = profile((FOUR, 1))  # one film was rated with four stars
MANY_NEW = profile((ONE, 1), (THREE, 1))  # the whole of which is seven pages, and these levels eight
THREE_PAGES = profile((ONE, 1), (FOUR, 1))
REMOVED = profile((FOUR, -1))

Table = dict[str, tuple[Known, Listing | Doubt | None]]

BEGINNING: Table = {
    "nothing was read": (knowing(), PROFILE),
    "… and the films sorted by date may be read": (knowing(rules=BY_DATE), NEWEST),
    "… but an audit is due": (knowing(rules=BY_DATE, start=start(AUDIT)), PROFILE),
    "… but they could not be read the last time": (knowing(rules=BY_DATE, start=start(FAILED)), PROFILE),
    "… but no listing shows their counts": (knowing(rules=BY_DATE, start=start(UNCOUNTED)), PROFILE),
    "… but it is the second try": (knowing(rules=BY_DATE, second_try=True), PROFILE),
}

NEWEST_WERE_READ: Table = {
    "they are as many as the count of films has grown by": (
        knowing(rules=BY_DATE, read={NEWEST: 1}, histogram=counts((FOUR, 1))),
        None,
    ),
    "they are fewer": (knowing(rules=BY_DATE, read={NEWEST: 1}), PROFILE),
    "they are more": (knowing(rules=BY_DATE, read={NEWEST: 1}, histogram=counts((FOUR, 2))), PROFILE),
    "they are as many, but a film has left its place": (
        knowing(rules=BY_DATE, read={NEWEST: 1}, histogram=counts((FOUR, 1)), lost=1),
        PROFILE,
    ),
    "they are as many, but the likes have moved": (
        knowing(rules=BY_DATE, read={NEWEST: 1}, histogram=counts((FOUR, 1)), start=start(likes=31)),
        LIKES,
    ),
    "they are as many, but it is no moved count that brings us": (
        knowing(rules=BY_DATE, read={NEWEST: 1}, histogram=counts((FOUR, 1)), start=start(AUDIT)),
        PROFILE,
    ),
    "the count of films is unknown": (
        knowing(rules=BY_DATE, read={NEWEST: 1}, start=start(films=None)),
        PROFILE,
    ),
    "the count of films as of the crawl before is unknown": (
        knowing(rules=BY_DATE, read={NEWEST: 1}, start=replace(start(), crawled_films=None)),
        PROFILE,
    ),
    "the profile differs still": (knowing(ONE_NEW, rules=BY_DATE, read={NEWEST: 1}), FOUR),
}

RATINGS: Table = {
    "all ten counts agree": (knowing(profile()), None),
    "one level differs": (knowing(ONE_NEW), FOUR),
    "a film has moved from one level to another": (knowing(profile((FOUR, -1), (ONE, 1))), FEED),
    "the films sorted by date may be read, and have not been": (knowing(ONE_NEW, rules=BY_DATE), NEWEST),
    "three pages of levels differ": (knowing(THREE_PAGES), FEED),
    "… and the feed was read": (knowing(THREE_PAGES, read={FEED: 0}), ONE),
    "… and the first level, too": (
        knowing(THREE_PAGES, read={FEED: 0, ONE: 1}, histogram=counts((ONE, 1))),
        FOUR,
    ),
    "two pages of levels differ": (knowing(profile((ONE, 1), (TWO, 1))), ONE),
    "the levels are more pages than the whole listing": (knowing(MANY_NEW, read={FEED: 0}), WHOLE),
    "as many pages of the whole were read by date as make it cheaper": (
        knowing(profile((THREE, 1)), rules=BY_DATE, read={NEWEST: 1, FEED: 0}),
        WHOLE,
    ),
    "… one fewer": (knowing(profile((THREE, 1)), read={FEED: 0}), THREE),
    "a level was read, and its count stands still otherwise": (
        knowing(ONE_NEW, read={FOUR: 2}, histogram=counts((FOUR, 1))),
        None,
    ),
    "every level was read": (knowing(ONE_NEW, read=ALL_LEVELS), doubt(501, 500)),
    "the whole was read": (knowing(ONE_NEW, read={WHOLE: 7}), doubt(501, 500)),
    "a level showed another number than the profile": (
        knowing(ONE_NEW, read={THREE: 6}, levels_moved=True),
        doubt(501, 500),
    ),
    "… the second time": (
        knowing(ONE_NEW, read={THREE: 6}, levels_moved=True, second_try=True),
        doubt(501, 500),
    ),
    "there are no ratings any more": (knowing(profile((THREE, -400), (FOUR, -100))), WHOLE),
    "there never were any": (knowing(profile((THREE, -400), (FOUR, -100)), histogram=(0,) * 10), None),
}

REMOVALS: Table = {
    "more films are stored than there are ratings": (knowing(REMOVED), WHOLE),
    "… and the levels are fewer pages than the whole": (
        knowing(
            replace(ONE_NEW, ratings=MOST_SHOWN + 1, histogram=(0,) * 9 + (MOST_SHOWN + 1,)),
            histogram=(0,) * 9 + (MOST_SHOWN + 2,),
        ),
        Listing.RATED_0_5,
    ),
    "a film has left its level, and the counts agree": (
        knowing(profile(), histogram=counts((THREE, -1)), lost=1, read={THREE: 6}),
        Listing.RATED_0_5,
    ),
    "a film has left its level, and another level differs": (
        knowing(ONE_NEW, histogram=counts((THREE, -1)), lost=1, read={THREE: 6}),
        FOUR,
    ),
    "more films are lost than there are ratings": (
        knowing(profile((THREE, -1)), histogram=counts((THREE, -1)), lost=1),
        WHOLE,
    ),
    "more films are stored or lost than there are ratings, and another level differs": (
        knowing(profile((THREE, -2), (FOUR, 1)), histogram=counts((THREE, -2)), lost=2, read={THREE: 6}),
        Listing.RATED_0_5,
    ),
    "a film has left its level, and all were read": (
        knowing(profile(), histogram=counts((THREE, -1)), lost=1, read=ALL_LEVELS),
        doubt(500, 499),
    ),
}

THE_SITE_SHOWS_NO_MORE: Table = {
    f"{ratings} ratings, all on one level that differs by one": (
        knowing(
            replace(profile(), ratings=ratings, histogram=(0,) * 9 + (ratings,)),
            histogram=(0,) * 9 + (ratings - 1,),
            read={FEED: 0},
        ),
        listing,
    )
    for ratings, listing in ((MOST_SHOWN, WHOLE), (MOST_SHOWN + 1, Listing.RATED_5_0))
}

_TOO_LONG = replace(profile(), ratings=MOST_SHOWN + 9, histogram=(0,) * 9 + (MOST_SHOWN + 9,))
THE_SITE_SHOWS_NO_MORE |= {
    "a level that the site is known to cut off": (
        knowing(_TOO_LONG, start=replace(start(), cut=True), histogram=(0,) * 9 + (MOST_SHOWN,)),
        None,
    ),
    "… and another level differs": (
        knowing(
            replace(_TOO_LONG, histogram=(0, 0, 0, 1, *_TOO_LONG.histogram[4:])),  # type: ignore[index]
            start=replace(start(), cut=True),
            histogram=(0,) * 9 + (MOST_SHOWN,),
        ),
        TWO,
    ),
}

NO_HISTOGRAM: Table = {
    "the profile shows none": (knowing(UNREADABLE), WHOLE),
    "the profile shows counts, and no total": (knowing(replace(profile(), ratings=None)), WHOLE),
    "… and the whole is proved": (knowing(UNREADABLE, read={WHOLE: 7}, whole_proved=True), None),
    "… and the whole is not proved": (knowing(UNREADABLE, read={WHOLE: 7}), doubt(None, 500)),
}

THE_LIKES: Table = {
    "their count stands still": (knowing(profile()), None),
    "their count has moved": (knowing(profile(), start=start(likes=31)), LIKES),
    "their count has moved, but equals what is stored": (
        knowing(profile(), start=start(likes=31), liked=31),
        LIKES,
    ),
    "their count stands still, but is not what is stored": (knowing(profile(), liked=29), LIKES),
    "their count is unknown": (knowing(profile(), start=start(likes=None)), LIKES),
    "a liked film may have lost its rating": (knowing(profile(), lost_a_like=True), LIKES),
    "they were read": (knowing(profile(), start=start(likes=31), read={LIKES: 1}), None),
    "an audit is due": (knowing(profile(), start=start(AUDIT)), LIKES),
    "they could not be read the last time": (knowing(profile(), start=start(FAILED)), LIKES),
    "nobody likes nothing unseen": (knowing(profile(), start=start(AUDIT, likes=0), liked=0), None),
    "nothing is liked, but likes are stored": (knowing(profile(), start=start(AUDIT, likes=0)), LIKES),
    "something is liked, and nothing stored": (knowing(profile(), start=start(FAILED), liked=0), LIKES),
    "no listing shows the counts": (knowing(profile(), start=start(UNCOUNTED, None, None)), LIKES),
    "the ratings are in doubt": (knowing(ONE_NEW, read={WHOLE: 7}, start=start(likes=31)), LIKES),
}

# The seed has watched 501 films, and rated 500 of them.
THE_WATCHED: Table = {
    "one is stored": (knowing(profile(), unrated_watched=1), None),
    "two are stored": (knowing(profile(), unrated_watched=2), WATCHED),
    "none is stored": (knowing(profile(), unrated_watched=0), WATCHED),
    "they were read": (knowing(profile(), unrated_watched=2, read={WATCHED: 1}), None),
    "they do not matter": (knowing(profile(), unrated_watched=None), None),
    "the profile counts no films": (knowing(profile(films=None), unrated_watched=2), None),
    "the profile counts fewer films than ratings": (knowing(profile(films=499), unrated_watched=2), None),
    "the profile counts as many films as ratings": (knowing(profile(films=500), unrated_watched=2), WATCHED),
    "the profile counts no ratings": (
        knowing(UNREADABLE, read={WHOLE: 7}, whole_proved=True, unrated_watched=2),
        None,
    ),
    "the likes come first": (knowing(profile(), unrated_watched=2, lost_a_like=True), LIKES),
}

TABLES = (
    BEGINNING,
    NEWEST_WERE_READ,
    RATINGS,
    REMOVALS,
    THE_SITE_SHOWS_NO_MORE,
    NO_HISTOGRAM,
    THE_LIKES,
    THE_WATCHED,
)


@pytest.mark.parametrize(
    ("situation", "listing"), [pytest.param(*row, id=name) for table in TABLES for name, row in table.items()]
)
def test_the_next_listing(situation: Known, listing: Listing | Doubt | None) -> None:
    assert next_listing(situation) == listing


@pytest.mark.parametrize(
    ("listing", "films"),
    [(WHOLE, 501), (FOUR, 101), (ONE, 0), (WATCHED, 0), (LIKES, 30), (NEWEST, None)],
)
def test_the_counts_say_how_many_films_are_on_a_listing(listing: Listing, films: int | None) -> None:
    assert expected_films(knowing(ONE_NEW), listing) == films


@pytest.mark.parametrize(
    ("listing", "films"), [(WHOLE, None), (FOUR, None), (WATCHED, None), (LIKES, 30), (NEWEST, None)]
)
@pytest.mark.parametrize("profile", [None, UNREADABLE])
def test_without_a_profile_only_the_likes_are_counted(
    profile: Profile | None, listing: Listing, films: int | None
) -> None:
    assert expected_films(knowing(profile), listing) == films


RULES = DeltaRules(by_date=True, known_run=20, most_pages=3)
RUN_OF_LIKES = knowing(rules=RULES)  # thirty are liked
# What was read, how many films at its end were known just so, and whether that is enough.
STOPS: dict[str, tuple[Known, ListingProgress, int, bool]] = {
    "by date, a long enough run": (knowing(rules=RULES), ListingProgress(NEWEST, page=1), 20, True),
    "by date, one film short": (knowing(rules=RULES), ListingProgress(NEWEST, page=1), 19, False),
    "by date, as many pages as allowed": (knowing(rules=RULES), ListingProgress(NEWEST, page=3), 0, True),
    "by date, one page fewer": (knowing(rules=RULES), ListingProgress(NEWEST, page=2), 0, False),
    "by date, no limit of pages": (knowing(rules=BY_DATE), ListingProgress(NEWEST, page=99), 0, False),
    "by date, as the whole listing": (
        replace(knowing(rules=RULES), to_the_end=True),
        ListingProgress(NEWEST, page=3),
        20,
        False,
    ),
    "likes, as many as the page says": (RUN_OF_LIKES, ListingProgress(LIKES, 30, page=3), 20, True),
    "likes, one film short": (RUN_OF_LIKES, ListingProgress(LIKES, 30, page=3), 19, False),
    "likes, fewer than are stored": (RUN_OF_LIKES, ListingProgress(LIKES, 29), 20, False),
    "likes, a liked film may have lost its rating": (
        knowing(rules=RULES, lost_a_like=True),
        ListingProgress(LIKES, 30),
        20,
        False,
    ),
    "likes, after the whole listing was read by date": (
        replace(RUN_OF_LIKES, to_the_end=True),
        ListingProgress(LIKES, 30),
        20,
        True,
    ),
    "a level": (knowing(rules=RULES), ListingProgress(FOUR, 30, page=3), 20, False),
    "the whole": (knowing(rules=RULES), ListingProgress(WHOLE, 30, page=3), 20, False),
}


@pytest.mark.parametrize(("situation", "progress", "unchanged", "stops"), STOPS.values(), ids=STOPS)
def test_where_a_listing_may_be_left(
    situation: Known, progress: ListingProgress, unchanged: int, stops: bool
) -> None:
    assert may_stop(situation, progress, unchanged) is stops


def test_what_the_rules_are_where_nothing_is_set() -> None:
    assert DeltaRules() == DeltaRules(by_date=False, known_run=20, most_pages=None)
