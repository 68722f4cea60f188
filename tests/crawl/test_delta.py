"""Delta crawls of a member against a little site: what they ask for, and whether they find the truth."""

from dataclasses import replace
from datetime import datetime

from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Failure, FeedEntry, Listing, Tile
from letterboxd_scraper.items.tasks import Reason
from tests.crawl.delta_site import PER_PAGE, TONIGHT, Delta, Site, Store, member, of_level, refresh

PROFILE, RATED, LIKES, NEWEST = Listing.PROFILE, Listing.RATED, Listing.LIKES, Listing.RATED_BY_DATE
FEED = Listing.FEED


def test_without_a_count_that_moved_nothing_is_asked_for() -> None:
    site = member()
    assert refresh(site, Store(site)) == []


def test_a_new_rating_takes_the_profile_and_its_level() -> None:
    site = member()
    store = Store(site)
    site.ratings["film-900"] = 3.5
    assert refresh(site, store) == [(PROFILE, 1), (Listing.RATED_3_5, 1)]
    assert store.truth() == site.truth()


def test_a_new_rating_takes_one_page_where_sorted_pages_are_allowed() -> None:
    site = member()
    store = Store(site)
    site.ratings["film-900"] = 3.5
    assert refresh(site, store, DeltaRules(by_date=True)) == [(NEWEST, 1)]
    assert store.truth() == site.truth()


def test_a_film_that_was_rated_anew_is_found_on_its_new_level() -> None:
    site = member()
    store = Store(site)
    site.ratings["film-900"] = 3.5
    site.ratings[of_level(site, 1.0)] = 4.0
    # Three levels are as many pages as the whole listing, which the feed might have saved.
    assert refresh(site, store) == [(PROFILE, 1), (FEED, 1), (RATED, 1), (RATED, 2), (RATED, 3)]
    assert store.truth() == site.truth()


def viewing(site: Site, name: str, published: datetime = TONIGHT, liked: bool | None = None) -> FeedEntry:
    film = Film(site.film(name).slug, name)
    return FeedEntry("", film, published.date(), published, site.ratings[name], liked, "")


def test_a_feed_explains_many_levels_for_one_request() -> None:
    site = member(count=2_000)
    store = Store(site)
    again = of_level(site, 1.0)
    site.ratings |= {again: 4.0, "film-9000": 3.5, "film-9001": 2.0, "film-9002": 5.0}
    site.feed = [viewing(site, name) for name in (again, "film-9000", "film-9001", "film-9002")]
    assert refresh(site, store) == [(PROFILE, 1), (FEED, 1)]
    assert store.truth() == site.truth()


def test_what_the_feed_does_not_have_is_read_from_its_level() -> None:
    site = member(count=2_000)
    store = Store(site)
    site.ratings |= {"film-9000": 3.5, "film-9001": 2.0, "film-9002": 5.0}
    site.feed = [viewing(site, "film-9000"), viewing(site, "film-9001")]
    pages = -(-len(site.on(Listing.RATED_5_0)) // PER_PAGE)
    levels = [(Listing.RATED_5_0, number) for number in range(1, pages + 1)]
    assert refresh(site, store) == [(PROFILE, 1), (FEED, 1), *levels]
    assert store.truth() == site.truth()


def test_an_entry_that_is_no_longer_true_is_corrected() -> None:
    site = member(count=2_000)
    store = Store(site)
    site.ratings |= {"film-9000": 3.5, "film-9001": 2.0, "film-9002": 5.0}
    site.feed = [replace(viewing(site, "film-9000"), stars=4.5)]
    refresh(site, store)
    assert store.truth() == site.truth()


def test_an_entry_that_is_no_longer_true_may_hide_behind_counts_that_agree() -> None:
    """The new film was logged with four stars and then given half a star less, another one more."""
    site = member(count=2_000)
    store = Store(site)
    other = of_level(site, 3.5)
    site.ratings |= {"film-9000": 3.5, other: 4.0}
    site.feed = [replace(viewing(site, "film-9000"), stars=4.0)]
    assert refresh(site, store) == [(PROFILE, 1), (FEED, 1)]
    wrong = {name for name, says in store.truth().items() if site.truth()[name] != says}
    assert wrong == {"film-9000", other}


def test_a_rating_that_was_taken_back_takes_the_whole_listing() -> None:
    site = member()
    store = Store(site)
    gone = of_level(site, 1.0)
    del site.ratings[gone]
    site.watched.discard(gone)
    assert refresh(site, store) == [(PROFILE, 1), (RATED, 1), (RATED, 2), (RATED, 3)]
    assert store.truth() == site.truth()


def test_a_removal_behind_an_addition_is_found() -> None:
    """The counts of films and ratings stand still: only the levels tell."""
    site = member()
    store = Store(site)
    gone = of_level(site, 1.0)
    del site.ratings[gone]
    site.ratings["film-900"] = 3.5
    site.likes["film-900"] = None
    asked = refresh(site, store)
    assert (RATED, 1) in asked
    assert store.truth() == site.truth()


def test_a_relogged_film_hides_nothing_under_it() -> None:
    """One equal tile is no reason to stop: a film logged again sits on top of newer ratings."""
    site = member()
    store = Store(site)
    for number in range(900, 975):
        site.ratings[f"film-{number}"] = 3.5
    for name in list(site.ratings)[:10]:
        site.ratings[name] = site.ratings.pop(name)
    refresh(site, store, DeltaRules(by_date=True))
    assert store.truth() == site.truth()


def test_likes_stop_at_known_ones_and_unlikes_take_the_whole_list() -> None:
    site = member(count=600)
    store = Store(site)
    site.likes["film-700"] = None
    assert refresh(site, store) == [(PROFILE, 1), (LIKES, 1)]
    assert store.truth() == site.truth()
    assert len(site.likes) > 2 * PER_PAGE
    site.likes.pop(next(iter(site.likes)))
    assert refresh(site, store) == [(PROFILE, 1), (LIKES, 1), (LIKES, 2), (LIKES, 3)]
    assert store.truth() == site.truth()


def test_a_liked_film_that_lost_its_rating_is_looked_for_among_the_likes() -> None:
    site = member()
    store = Store(site)
    gone = next(name for name in site.likes if name in site.ratings)
    del site.ratings[gone]
    del site.likes[gone]
    site.likes["film-900"] = None  # so the counts of likes come out even
    site.watched.add("film-901")
    refresh(site, store)
    assert store.truth() == site.truth()


def test_a_profile_without_a_histogram_means_unknown() -> None:
    site = member()
    store = Store(site)
    site.ratings["film-900"] = 3.5
    counts = replace(site.profile(), ratings=None, histogram=None)
    site.profile = lambda: counts  # type: ignore[method-assign]
    assert refresh(site, store) == [(PROFILE, 1), (RATED, 1), (RATED, 2), (RATED, 3)]
    assert store.truth() == site.truth()


def test_an_audit_finds_what_left_both_counts_alone() -> None:
    site = member()
    store = Store(site)
    site.ratings[of_level(site, 1.0)] = 4.0
    assert refresh(site, store) == []
    asked = Delta(site, store, reason=Reason.AUDIT).read().asked
    assert asked[0] == (PROFILE, 1)
    assert (LIKES, 1) in asked
    assert store.truth() == site.truth()


def test_who_is_on_no_listing_takes_a_profile_and_a_page_of_likes() -> None:
    site = member()
    store = Store(site)
    store.films, store.likes = 0, 0
    assert Delta(site, store, reason=Reason.UNCOUNTED).read().asked == [(PROFILE, 1), (LIKES, 1)]
    assert (store.films, store.likes) == (site.profile().films, len(site.likes))


def test_what_changes_between_the_pages_is_read_once_more() -> None:
    site = member()
    store = Store(site)
    site.ratings["film-900"] = 3.5
    delta = Delta(site, store, meanwhile={1: lambda: site.ratings.update({"film-901": 3.5})}).read()
    assert delta.asked == [(PROFILE, 1), (Listing.RATED_3_5, 1), (PROFILE, 1)]
    assert not delta.failures
    assert store.truth() == site.truth()


def test_what_cannot_be_reconciled_removes_nothing_and_is_told() -> None:
    site = member()
    store = Store(site)
    hidden = of_level(site, 3.0)
    site.ratings["film-900"] = 3.5

    def without_it(listing: Listing, number: int) -> tuple[tuple[Tile, ...], bool]:
        tiles, last = Site.page(site, listing, number)
        return tuple(tile for tile in tiles if tile.film.title != hidden), last

    site.page = without_it  # type: ignore[method-assign]
    histogram = list(site.histogram())
    histogram[5] += 1  # a level that claims more than it shows
    counts = replace(site.profile(), histogram=tuple(histogram), ratings=sum(histogram))
    site.profile = lambda: counts  # type: ignore[method-assign]
    (failure,) = Delta(site, store).read().failures
    # Neither the hidden film was seen nor, as the first level did not agree, the new one.
    says = "the profile says 202 ratings, the listings show 199: nothing was removed"
    assert failure == Failure(RATED, "https://site/rated", says, "ida")
    assert store.rows.keys() >= {int(hidden.split("-")[1])}
