"""Which pages of a member a full crawl asks for, and when a listing counts as proved."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterboxd_scraper.crawl.full import FullCrawl
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import DiaryPage, Failure, Listing, MemberRead, Tile, UnreadEntry
from letterboxd_scraper.items.tasks import Bookmark, MemberStart
from tests.crawl.delta_site import TONIGHT
from tests.crawl.full_site import (
    LIKES,
    PROFILE,
    RATED,
    WATCHED,
    Keys,
    Request,
    Site,
    Store,
    crawl,
    films,
    keys,
    pages,
)

SIZES = [0, 1, 71, 72, 73, 144, 145]


@pytest.mark.parametrize("rated", SIZES)
@pytest.mark.parametrize("likes", [0, 1, 72, 73])
def test_a_first_crawl_asks_for_the_profile_and_every_page_once(rated: int, likes: int) -> None:
    site = Site(films("rated", rated, liked=rated // 2), films("likes", likes))
    run = crawl(site)
    assert run.asked == [(PROFILE, 1), *pages(RATED, rated), *pages(LIKES, likes)]
    assert run.proved() == {RATED: True, LIKES: True}
    assert run.store.films == {RATED: keys(site.rated), LIKES: keys(site.likes)}
    assert run.counts() == (rated, likes + rated // 2)


@pytest.mark.parametrize("unrated", SIZES)
def test_watched_films_are_read_where_they_are_asked_for(unrated: int) -> None:
    site = Site(films("rated", 3), watched=films("watched", unrated))
    run = crawl(site, watched=True)
    assert run.asked == [(PROFILE, 1), (RATED, 1), *pages(WATCHED, unrated)]
    assert run.store.stored(WATCHED) == keys(site.watched)
    assert run.counts()[0] == 3 + unrated
    assert WATCHED not in crawl(site).proved()


def carried_on(start: MemberStart, *, diary: bool = False) -> FullCrawl:
    return FullCrawl(start, Store().stored_films, diary=diary)


def test_a_diary_is_read_last_to_its_end_and_proves_nothing() -> None:
    run = crawl(Site(films("rated", 73), films("likes", 1)))
    diary = carried_on(MemberStart("ida", bookmarks=run.store.bookmarks), diary=True)
    pages = [DiaryPage("ida", 1, (), last=False), DiaryPage("ida", 2, (), last=True)]
    for page in pages:
        assert asyncio.run(diary.next_page()) == (Listing.DIARY, page.number)
        asyncio.run(diary.saw(page, TONIGHT))
    assert asyncio.run(diary.next_page()) is None
    assert diary.items == pages
    (read,) = diary.end(str)
    assert read == MemberRead("ida", (RATED, LIKES, Listing.DIARY), 73, 1)


def test_an_entry_of_the_diary_that_cannot_be_read_is_a_failure_at_the_end() -> None:
    run = crawl(Site(films("rated", 73), films("likes", 1)))
    diary = carried_on(MemberStart("ida", bookmarks=run.store.bookmarks), diary=True)
    unread = (UnreadEntry("7", "a diary entry that names no film"),)
    asyncio.run(diary.saw(DiaryPage("ida", 1, (), last=True, unread=unread), TONIGHT))
    read, failure = diary.end(str)
    assert isinstance(read, MemberRead)
    assert failure == Failure(
        Listing.DIARY, "diary", "the entry 7 is left out: a diary entry that names no film", "ida"
    )


@pytest.mark.parametrize(("finished", "next_page"), [(False, (Listing.DIARY, 3)), (True, None)])
def test_a_half_read_diary_is_carried_on(finished: bool, next_page: Request | None) -> None:
    run = crawl(Site(films("rated", 73)))
    bookmarks = run.store.bookmarks | {Listing.DIARY: Bookmark(2, finished)}
    diary = carried_on(MemberStart("ida", bookmarks=bookmarks), diary=True)
    assert asyncio.run(diary.next_page()) == next_page


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
    assert run.proved() == {RATED: True, LIKES: True}
    assert run.counts()[1] == 5


def test_nothing_rated_and_nothing_stored_needs_no_page() -> None:
    assert crawl(Site()).asked == [(PROFILE, 1)]


def test_nothing_rated_is_looked_at_before_what_was_stored_is_removed() -> None:
    run = crawl(Site(), store=Store({RATED: frozenset({"gone"}), LIKES: frozenset({"gone too"})}))
    assert run.asked == [(PROFILE, 1), (RATED, 1), (LIKES, 1)]
    assert run.store.films == {RATED: frozenset(), LIKES: frozenset()}


def test_a_profile_without_a_total_means_unknown_not_zero() -> None:
    run = crawl(Site(shows_total=False))
    assert run.asked == [(PROFILE, 1), (RATED, 1)]
    assert run.proved() == {RATED: True, LIKES: True}


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
    assert run.proved() == {RATED: False, LIKES: True}
    assert run.store.stored(RATED) == {"rated-0", "rated-1", "new", "gone"}


def test_a_listing_that_disagrees_is_read_again_with_its_profile() -> None:
    site = Site(films("rated", 73), total_is_off_by=1)
    site.changes[3] = lambda site: setattr(site, "total_is_off_by", 0)
    run = crawl(site, store=Store({RATED: frozenset({"gone"})}))
    assert run.asked == [(PROFILE, 1), *pages(RATED, 73), (PROFILE, 1), *pages(RATED, 73), (LIKES, 1)]
    assert run.store.stored(RATED) == keys(site.rated)
    assert all(run.proved().values())


@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_listing_that_goes_on_disagreeing_removes_nothing(off_by: int) -> None:
    site = Site(films("rated", 73, liked=4), total_is_off_by=off_by)
    run = crawl(site, store=Store({RATED: frozenset({"gone"})}))
    assert run.asked == [(PROFILE, 1), *pages(RATED, 73)] * 2 + [(LIKES, 1)]
    assert run.proved() == {RATED: False, LIKES: True}
    assert run.store.stored(RATED) == keys(site.rated) | {"gone"}
    assert run.store.bookmarks.keys() == {PROFILE, LIKES}
    assert run.counts()[1] is None
    says = f"the listing shows 73 films, the profile says {73 + off_by}: nothing was removed"
    assert run.end[1:] == [Failure(RATED, "https://site/rated", says, "ida")]


def test_ratings_that_are_not_proved_say_nothing_of_the_likes() -> None:
    site = Site(films("rated", 73, liked=4), total_is_off_by=1)
    run = crawl(site)  # nothing is stored, and the counts leave no unrated likes
    assert run.asked[-1] == (LIKES, 1)
    assert run.proved() == {RATED: False, LIKES: True}


def test_a_film_rated_while_its_listing_is_read_counts_once() -> None:
    site = Site(films("rated", 100, liked=100))
    # It comes first, so the last film of page one is shown on page two again.
    site.changes[2] = lambda site: site.rated.insert(0, Tile(Film("new", "New")))
    run = crawl(site)
    assert run.asked[:3] == [(PROFILE, 1), *pages(RATED, 100)]
    assert run.crawl.listings[RATED].size == 100
    assert run.crawl.listings[RATED].liked == 100
    assert run.proved()[RATED]


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
    assert all(second.proved().values())
    assert second.counts() == whole.counts()


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
    assert asyncio.run(carried_on(start).next_page()) == (LIKES, 1)
    assert asyncio.run(carried_on(replace(start, films=3)).next_page()) is None


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
    assert all(run.proved().values())
    assert run.store.stored(RATED) == keys(site.rated)
    assert run.store.stored(LIKES) == keys(site.likes)
    assert run.counts() == (site.films_count(), site.likes_count())


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
    for kind, progress in run.crawl.listings.items():
        assert run.asked.count((kind, 1)) <= 2
        assert progress.finished
        if not progress.proved:
            assert run.store.stored(kind) >= old | progress.films.keys()
    assert run.asked.count((PROFILE, 1)) <= 2
