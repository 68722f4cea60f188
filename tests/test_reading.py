"""Which pages of a member are asked for, and when a listing counts as proved.

A little simulator plays the site (what each listing shows at each request), the spider (ask for
what `MemberCrawl` names) and the store (facts and bookmarks of every page).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterboxd_scraper.crawl.full import MemberCrawl
from letterboxd_scraper.crawl.listing import Reading, Verdict
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import LEVELS, Listing, Profile, Tile
from letterboxd_scraper.items.tasks import Bookmark, MemberStart

PROFILE, RATED = Listing.PROFILE, Listing.RATED
LIKES, WATCHED = Listing.UNRATED_LIKES, Listing.UNRATED_WATCHED
Request = tuple[Listing, int]
Keys = frozenset[int | str]


def films(name: str, number: int, liked: int = 0) -> list[Tile]:
    """Return that many tiles, the first of them liked."""
    return [Tile(Film(f"{name}-{n}", name), liked=n < liked) for n in range(number)]


@dataclass
class Site:
    """One member as the site shows them; ``changes`` happen before the request of that number."""

    rated: list[Tile] = field(default_factory=list)
    likes: list[Tile] = field(default_factory=list)
    watched: list[Tile] = field(default_factory=list)
    shows_total: bool = True
    total_is_off_by: int = 0
    changes: dict[int, Callable[["Site"], object]] = field(default_factory=dict)
    per_page: int = 72

    def listing(self, kind: Listing) -> list[Tile]:
        return {RATED: self.rated, LIKES: self.likes, WATCHED: self.watched}[kind]

    def films_count(self) -> int:
        return len(self.rated) + len(self.watched)

    def likes_count(self) -> int:
        return len(self.likes) + sum(tile.liked for tile in self.rated)

    def profile(self) -> Profile:
        total = len(self.rated) + self.total_is_off_by if self.shows_total else None
        return Profile("ida", None, None, None, self.films_count(), 0, 0, (), total, None)

    def page(self, kind: Listing, number: int) -> tuple[tuple[Tile, ...], bool]:
        """Return a page's tiles and whether it is the last."""
        start, listing = (number - 1) * self.per_page, self.listing(kind)
        return tuple(listing[start : start + self.per_page]), start + self.per_page >= len(listing)

    def start(self) -> MemberStart:
        """A member whose counts have just been seen."""
        return MemberStart("ida", films=self.films_count(), likes=self.likes_count())


@dataclass
class Store:
    """What is kept of the member: the films of each listing, and bookmarks as the database keeps them."""

    films: dict[Listing, Keys] = field(default_factory=dict)
    bookmarks: dict[Listing, Bookmark] = field(default_factory=dict)

    def stored(self, kind: Listing) -> Keys:
        return self.films.get(kind, frozenset())

    def page(self, reading: Reading, number: int, tiles: tuple[Tile, ...]) -> None:
        kind = reading.listing
        self.films[kind] = self.stored(kind) | {tile.film.key for tile in tiles}
        seen = tuple(reading.films.values())
        self.bookmarks[kind] = Bookmark(number, False, reading.total, seen, liked=reading.liked)

    def end(self, reading: Reading, number: int, verdict: Verdict) -> None:
        self.bookmarks.pop(reading.listing, None)
        if verdict is Verdict.PROVED:
            # The rows say from now on which films they are; the bookmark keeps only how many.
            self.films[reading.listing] = frozenset(reading.films)
            size, liked = len(reading.films), reading.liked if reading.listing is RATED else 0
            self.bookmarks[reading.listing] = Bookmark(number, True, size, liked=liked)


@dataclass
class Run:
    crawl: MemberCrawl
    asked: list[Request]
    store: Store

    def verdicts(self) -> dict[Listing, bool]:
        return {kind: reading.proved for kind, reading in self.crawl.readings.items()}

    def end(self, reading: Reading, number: int, verdict: Verdict) -> None:
        self.store.end(reading, number, verdict)
        self.crawl.finish(reading, verdict)


def crawl(
    site: Site,
    start: MemberStart | None = None,
    store: Store | None = None,
    *,
    watched: bool = False,
    stop_after: int | None = None,
) -> Run:
    """Crawl the member to the end, or until the process is killed after so many requests."""
    run = Run(MemberCrawl(start or site.start(), watched=watched), [], store or Store())
    while (step := run.crawl.next_page()) and len(run.asked) != stop_after:
        if step[1] == 0:
            reading = run.crawl.readings[step[0]]
            reading.look = bool(run.store.stored(step[0]))
            if not reading.look:
                run.end(reading, 0, Verdict.PROVED)
            continue
        if change := site.changes.get(len(run.asked)):
            change(site)
        run.asked.append(step)
        assert len(run.asked) < 500, "the crawl does not end"
        take_page(run, site, *step)
    return run


def take_page(run: Run, site: Site, kind: Listing, number: int) -> None:
    if kind is PROFILE:
        run.crawl.saw_profile(shown := site.profile())
        run.store.bookmarks[PROFILE] = Bookmark(1, True, shown.films)
        run.store.bookmarks[RATED] = Bookmark(0, False, shown.ratings)
        return
    reading = run.crawl.readings[kind]
    tiles, last = site.page(kind, number)
    reading.add(number, tiles)
    before = run.store.stored(kind)
    run.store.page(reading, number, tiles)
    if last:
        run.end(reading, number, reading.verdict(before))


def pages(kind: Listing, size: int) -> list[Request]:
    return [(kind, number) for number in range(1, ceil(size / 72) + 1)]


def keys(tiles: list[Tile]) -> Keys:
    return frozenset(tile.film.key for tile in tiles)


SIZES = [0, 1, 71, 72, 73, 144, 145]


@pytest.mark.parametrize("rated", SIZES)
@pytest.mark.parametrize("likes", [0, 1, 72, 73])
def test_a_first_crawl_asks_for_the_profile_and_every_page_once(rated: int, likes: int) -> None:
    site = Site(films("rated", rated, liked=rated // 2), films("likes", likes))
    run = crawl(site)
    assert run.asked == [(PROFILE, 1), *pages(RATED, rated), *pages(LIKES, likes)]
    assert run.verdicts() == {RATED: True, LIKES: True}
    assert run.store.films == {RATED: keys(site.rated), LIKES: keys(site.likes)}
    assert (run.crawl.films, run.crawl.likes) == (rated, likes + rated // 2)


@pytest.mark.parametrize("unrated", SIZES)
def test_watched_films_are_read_where_they_are_asked_for(unrated: int) -> None:
    site = Site(films("rated", 3), watched=films("watched", unrated))
    run = crawl(site, watched=True)
    assert run.asked == [(PROFILE, 1), (RATED, 1), *pages(WATCHED, unrated)]
    assert run.store.stored(WATCHED) == keys(site.watched)
    assert run.crawl.films == 3 + unrated
    assert WATCHED not in crawl(site).crawl.readings


def test_a_diary_is_read_last_to_its_end_and_proves_nothing() -> None:
    run = crawl(Site(films("rated", 73), films("likes", 1)))
    crawled = MemberCrawl(MemberStart("ida", bookmarks=run.store.bookmarks), diary=True)
    for number, last in ((1, False), (2, True)):
        assert crawled.next_page() == (Listing.DIARY, number)
        crawled.readings[Listing.DIARY].turn_to(number, last=last)
    assert crawled.next_page() is None
    assert all(reading.proved for reading in crawled.readings.values())


def test_a_half_read_diary_is_carried_on() -> None:
    run = crawl(Site(films("rated", 73)))
    bookmarks = run.store.bookmarks | {Listing.DIARY: Bookmark(2, False)}
    crawled = MemberCrawl(MemberStart("ida", bookmarks=bookmarks), diary=True)
    assert crawled.next_page() == (Listing.DIARY, 3)
    crawled = MemberCrawl(
        MemberStart("ida", bookmarks=bookmarks | {Listing.DIARY: Bookmark(2, True)}), diary=True
    )
    assert crawled.next_page() is None


COUNTS: dict[str, tuple[MemberStart, list[Request]]] = {
    "equal to the liked ratings": (MemberStart("ida", films=80, likes=5), []),
    "unknown": (MemberStart("ida", films=80, likes=None), [(LIKES, 1)]),
    "seen beside another count of films": (MemberStart("ida", films=79, likes=5), [(LIKES, 1)]),
    "seen beside no count of films": (MemberStart("ida", films=None, likes=5), [(LIKES, 1)]),
    "fewer than the liked ratings": (MemberStart("ida", films=80, likes=4), [(LIKES, 1)]),
    "more than the liked ratings": (MemberStart("ida", films=80, likes=6), [(LIKES, 1)]),
}


@pytest.mark.parametrize(("start", "likes_pages"), COUNTS.values(), ids=COUNTS)
def test_only_counts_that_leave_nothing_save_the_page_of_likes(
    start: MemberStart, likes_pages: list[Request]
) -> None:
    site = Site(films("rated", 80, liked=5))
    run = crawl(site, start)
    assert run.asked == [(PROFILE, 1), (RATED, 1), (RATED, 2), *likes_pages]
    assert run.verdicts() == {RATED: True, LIKES: True}
    assert run.crawl.likes == 5


def test_nothing_rated_and_nothing_stored_needs_no_page() -> None:
    assert crawl(Site()).asked == [(PROFILE, 1)]


def test_nothing_rated_is_looked_at_before_what_was_stored_is_removed() -> None:
    run = crawl(Site(), store=Store({RATED: frozenset({"gone"}), LIKES: frozenset({"gone too"})}))
    assert run.asked == [(PROFILE, 1), (RATED, 1), (LIKES, 1)]
    assert run.store.films == {RATED: frozenset(), LIKES: frozenset()}


def test_a_profile_without_a_total_means_unknown_not_zero() -> None:
    run = crawl(Site(shows_total=False))
    assert run.asked == [(PROFILE, 1), (RATED, 1)]
    assert run.verdicts() == {RATED: True, LIKES: True}


def test_an_unknown_total_is_proved_at_once_where_nothing_stored_is_missing() -> None:
    site = Site(films("rated", 100), films("likes", 2), shows_total=False)
    store = Store({RATED: frozenset({"rated-1", "rated-99"})})
    run = crawl(site, MemberStart("ida"), store)
    assert run.asked == [(PROFILE, 1), (RATED, 1), (RATED, 2), (LIKES, 1)]
    assert run.store.films == {RATED: keys(site.rated), LIKES: keys(site.likes)}


def test_where_no_total_is_known_two_readings_that_agree_prove_a_removal() -> None:
    site = Site(films("rated", 100), films("likes", 80), shows_total=False)
    store = Store({RATED: frozenset({"rated-1", "gone"}), LIKES: frozenset({"gone too"})})
    run = crawl(site, MemberStart("ida"), store)
    assert run.asked == [(PROFILE, 1), *pages(RATED, 100) * 2, *pages(LIKES, 80) * 2]
    assert run.store.films == {RATED: keys(site.rated), LIKES: keys(site.likes)}


def test_where_no_total_is_known_two_readings_that_differ_prove_nothing() -> None:
    site = Site(films("rated", 2), shows_total=False)
    site.changes[2] = lambda site: site.rated.append(Tile(Film("new", "New")))
    run = crawl(site, store=Store({RATED: frozenset({"gone"})}))
    assert run.asked == [(PROFILE, 1), (RATED, 1), (RATED, 1), (LIKES, 1)]
    assert run.verdicts() == {RATED: False, LIKES: True}
    assert run.store.stored(RATED) == {"rated-0", "rated-1", "new", "gone"}


def test_a_listing_that_disagrees_is_read_again_with_its_profile() -> None:
    site = Site(films("rated", 73), total_is_off_by=1)
    site.changes[3] = lambda site: setattr(site, "total_is_off_by", 0)
    run = crawl(site, store=Store({RATED: frozenset({"gone"})}))
    assert run.asked == [(PROFILE, 1), *pages(RATED, 73), (PROFILE, 1), *pages(RATED, 73), (LIKES, 1)]
    assert run.store.stored(RATED) == keys(site.rated)
    assert all(run.verdicts().values())


@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_listing_that_goes_on_disagreeing_removes_nothing(off_by: int) -> None:
    site = Site(films("rated", 73, liked=4), total_is_off_by=off_by)
    run = crawl(site, store=Store({RATED: frozenset({"gone"})}))
    assert run.asked == [(PROFILE, 1), *pages(RATED, 73)] * 2 + [(LIKES, 1)]
    assert run.verdicts() == {RATED: False, LIKES: True}
    assert run.store.stored(RATED) == keys(site.rated) | {"gone"}
    assert run.store.bookmarks.keys() == {PROFILE, LIKES}
    assert run.crawl.likes is None


def test_a_film_rated_while_its_listing_is_read_counts_once() -> None:
    site = Site(films("rated", 100, liked=100))
    # It comes first, so the last film of page one is shown on page two again.
    site.changes[2] = lambda site: site.rated.insert(0, Tile(Film("new", "New")))
    run = crawl(site)
    assert run.asked[:3] == [(PROFILE, 1), *pages(RATED, 100)]
    assert run.crawl.readings[RATED].size == 100
    assert run.crawl.readings[RATED].liked == 100
    assert run.verdicts()[RATED]


def test_a_film_that_slips_between_two_pages_is_missed_and_noticed() -> None:
    site = Site(films("rated", 100))
    site.changes[2] = lambda site: site.rated.pop(0)
    run = crawl(site)
    assert run.asked == [(PROFILE, 1), *pages(RATED, 100), (PROFILE, 1), *pages(RATED, 99), (LIKES, 1)]
    assert run.store.stored(RATED) == keys(site.rated)


def test_a_film_without_a_number_in_the_store_is_known_by_its_slug() -> None:
    site = Site([Tile(Film("tin-weather", "Tin Weather", film_id=7))], shows_total=False)
    run = crawl(site, store=Store({RATED: frozenset({"tin-weather"})}))
    assert run.asked == [(PROFILE, 1), (RATED, 1)]
    assert run.store.stored(RATED) == {7}


def test_counts_alone_remove_nothing() -> None:
    site = Site(films("rated", 3, liked=2), films("likes", 1))
    store = Store({LIKES: keys(site.likes)})
    # The likes were counted before one of the rated films was liked as well: nothing seems left.
    start = MemberStart("ida", films=site.films_count(), likes=2)
    run = crawl(site, start, store)
    assert run.asked[-1] == (LIKES, 1)
    assert run.store.stored(LIKES) == keys(site.likes)


def test_a_film_that_lost_its_rating_is_looked_for_among_the_likes() -> None:
    site = Site(films("rated", 2, liked=2), films("likes", 1))
    store = Store({RATED: keys(site.rated) | keys(site.likes)})
    run = crawl(site, MemberStart("ida", films=site.films_count(), likes=2), store)
    assert (LIKES, 1) in run.asked


INTERRUPTED = Site(films("rated", 150, liked=7), films("likes", 146), films("watched", 73))


@pytest.mark.parametrize("shows_total", [True, False])
@pytest.mark.parametrize("fresh_counts", [True, False])
@pytest.mark.parametrize("after", range(10))
def test_a_crawl_killed_after_any_page_goes_on_with_the_next(
    after: int, fresh_counts: bool, shows_total: bool
) -> None:
    site = replace(INTERRUPTED, shows_total=shows_total)
    start = site.start() if fresh_counts else MemberStart("ida", films=site.films_count())
    whole = crawl(site, start, watched=True)
    first = crawl(site, start, watched=True, stop_after=after)
    second = crawl(site, replace(start, bookmarks=first.store.bookmarks), first.store, watched=True)
    assert first.asked + second.asked == whole.asked
    assert second.store.films == whole.store.films
    assert all(second.verdicts().values())
    assert (second.crawl.films, second.crawl.likes) == (whole.crawl.films, whole.crawl.likes)


def test_a_listing_read_on_different_days_may_add_up_and_still_miss_a_film() -> None:
    site = Site(films("rated", 150), per_page=72)
    store = Store({RATED: keys(site.rated)})
    first = crawl(site, store=store, stop_after=2)
    # Meanwhile the first film was un-rated and another one rated: the total is the same, but the
    # film that was first on page 2 has moved to page 1, which is not read again.
    moved = site.rated[72].film.key
    del site.rated[0]
    site.rated.append(films("new", 1)[0])
    second = crawl(site, replace(site.start(), bookmarks=first.store.bookmarks), first.store)
    assert moved in second.store.stored(RATED)
    assert second.store.stored(RATED) == keys(site.rated)


def test_a_resumed_crawl_trusts_only_counts_that_were_seen_together() -> None:
    bookmarks = {
        PROFILE: Bookmark(1, True, 3),
        RATED: Bookmark(1, True, 2, liked=1),
    }
    # The likes were counted when two films were watched; the profile has shown three since.
    start = MemberStart("ida", films=2, likes=1, bookmarks=bookmarks)
    assert MemberCrawl(start).next_page() == (LIKES, 1)
    assert MemberCrawl(replace(start, films=3)).next_page() == (LIKES, 0)


small = st.integers(0, 9)
keys_of_old = st.frozensets(
    st.sampled_from([f"{name}-{n}" for name in ("rated", "likes") for n in range(12)])
)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    rated, likes, watched = draw(small), draw(small), draw(small)
    listings = films("rated", rated, draw(small)), films("likes", likes), films("watched", watched)
    return Site(*listings, shows_total=draw(st.booleans()), per_page=draw(st.integers(1, 4)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sites(), keys_of_old, keys_of_old, st.booleans(), st.booleans(), st.integers(0, 30))
def test_a_site_that_stands_still_is_copied_whatever_was_stored_and_wherever_it_broke(
    site: Site, old_rated: Keys, old_likes: Keys, fresh_counts: bool, watched: bool, after: int
) -> None:
    start = site.start() if fresh_counts else MemberStart("ida", films=site.films_count())
    store = Store({RATED: old_rated, LIKES: old_likes})
    broken = crawl(site, start, store, watched=watched, stop_after=after)
    run = crawl(site, replace(start, bookmarks=broken.store.bookmarks), broken.store, watched=watched)
    assert all(run.verdicts().values())
    assert run.store.stored(RATED) == keys(site.rated)
    assert run.store.stored(LIKES) == keys(site.likes)
    assert (run.crawl.films, run.crawl.likes) == (site.films_count(), site.likes_count())


def lose_first(kind: Listing) -> Callable[[Site], object]:
    return lambda site: site.listing(kind).__delitem__(slice(1))


def rate_another(site: Site) -> None:
    site.rated.insert(0, Tile(Film(f"new-{len(site.rated)}", "New")))


CHANGES = st.dictionaries(
    st.integers(1, 12), st.sampled_from([lose_first(RATED), lose_first(LIKES), rate_another]), max_size=5
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sites(), keys_of_old, CHANGES)
def test_a_site_that_changes_meanwhile_is_read_at_most_twice_and_loses_only_what_is_proved(
    site: Site, old: Keys, changes: dict[int, Callable[[Site], object]]
) -> None:
    site.changes = changes
    run = crawl(site, store=Store({RATED: old, LIKES: old}))
    for kind, reading in run.crawl.readings.items():
        assert run.asked.count((kind, 1)) <= 2
        assert reading.finished
        if not reading.proved:
            assert run.store.stored(kind) >= old | reading.films.keys()
    assert run.asked.count((PROFILE, 1)) <= 2


def split_crawl() -> MemberCrawl:
    """A crawl of a member who has rated more films than one listing shows; all of them 3.5 or 4.0."""
    crawl = MemberCrawl(MemberStart("ida"))
    histogram = (0, 0, 0, 0, 0, 0, 4_000, 6_000, 0, 0)
    crawl.saw_profile(Profile("ida", None, None, None, 10_000, 0, 0, (), 10_000, histogram))
    assert crawl.next_page() == (LEVELS[3.5], 1)
    return crawl


def read_level(crawl: MemberCrawl, stars: float, tiles: list[Tile], page: int = 1) -> None:
    reading = crawl.readings[LEVELS[stars]]
    reading.add(page, tuple(tiles))
    reading.finished = True


def verdict_of_levels(crawl: MemberCrawl, stored: Keys = frozenset()) -> Verdict:
    assert crawl.next_page() == (RATED, 0)
    whole = crawl.readings[RATED]
    whole.put_together()
    verdict = whole.verdict(stored)
    crawl.finish(whole, verdict)
    return verdict


def test_a_listing_that_is_too_long_is_read_by_its_levels() -> None:
    crawl = split_crawl()
    read_level(crawl, 3.5, films("low", 4_000, liked=10))
    assert crawl.next_page() == (LEVELS[4.0], 1)
    read_level(crawl, 4.0, films("high", 6_000, liked=5))
    assert verdict_of_levels(crawl, frozenset({"gone"})) is Verdict.PROVED
    assert crawl.readings[RATED].size == 10_000
    assert crawl.readings[RATED].liked == 15


def test_a_film_on_two_levels_was_rated_meanwhile_and_they_are_read_again() -> None:
    crawl = split_crawl()
    twice = films("twice", 1)
    read_level(crawl, 3.5, films("low", 3_999) + twice)
    read_level(crawl, 4.0, films("high", 6_000) + twice)
    assert verdict_of_levels(crawl) is Verdict.AGAIN  # 10,000 different films, but one may be missing
    assert crawl.next_page() == (Listing.PROFILE, 1)


def test_a_level_that_is_too_long_itself_proves_nothing() -> None:
    crawl = split_crawl()
    read_level(crawl, 3.5, films("low", 4_000))
    read_level(crawl, 4.0, films("high", 5_000), page=128)
    assert verdict_of_levels(crawl, frozenset({"gone"})) is Verdict.CUT
    assert not crawl.readings[RATED].proved


def test_a_listing_that_ends_at_the_last_page_is_proved_only_by_its_total() -> None:
    for total, cut in ((50, False), (None, True), (51, True)):
        reading = Reading(LIKES, total=total)
        reading.add(128, tuple(films("liked", 50)))
        assert (reading.verdict(frozenset()) is Verdict.CUT) is cut
