"""The decisions of a delta crawl, against a little site: what it asks for, and whether it finds the truth."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterboxd_scraper.crawl.delta import MemberDelta, Rules
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    LEVELS,
    STARS,
    STARS_OF,
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored

PER_PAGE = 72
YESTERDAY, TONIGHT = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
Truth = dict[str, tuple[float | None, bool]]


@dataclass
class Site:
    """One member; dictionaries hold the newest last."""

    ratings: dict[str, float] = field(default_factory=dict)
    likes: dict[str, None] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)  # films that have another slug by now
    feed: list[FeedEntry] = field(default_factory=list)

    def truth(self) -> Truth:
        return {name: (self.ratings.get(name), name in self.likes) for name in {*self.ratings, *self.likes}}

    def film(self, name: str) -> Film:
        return Film(self.names.get(name, name), name, film_id=int(name.split("-")[1]))

    def tile(self, name: str) -> Tile:
        return Tile(self.film(name), self.ratings.get(name), name in self.likes)

    def shown(self, listing: Listing) -> list[str]:
        newest = list(self.ratings)[::-1]
        if listing is Listing.LIKES:
            return list(self.likes)[::-1]
        if listing is Listing.RATED_BY_DATE:
            return newest
        return sorted(n for n in newest if listing is Listing.RATED or LEVELS[self.ratings[n]] is listing)

    def page(self, listing: Listing, number: int) -> tuple[tuple[Tile, ...], bool]:
        names, start = self.shown(listing), (number - 1) * PER_PAGE
        return tuple(map(self.tile, names[start : start + PER_PAGE])), start + PER_PAGE >= len(names)

    def histogram(self) -> tuple[int, ...]:
        return tuple(len(self.shown(level)) for level in STARS_OF)

    def profile(self) -> Profile:
        counts = self.histogram()
        films = len(self.watched | self.ratings.keys())
        return Profile("ida", None, None, None, films, 0, 0, (), sum(counts), counts)


class Store:
    """What is stored of the member, changed as the database changes it."""

    def __init__(self, site: Site) -> None:
        self.rows: dict[int, Stored] = {}
        self.films, self.likes = 0, 0
        self.crawl(site)

    def crawl(self, site: Site) -> None:
        """Read everything, as a full crawl does."""
        tiles = [site.tile(name) for name in site.truth()]
        self.rows = {t.film.film_id or 0: Stored(t.film, t.stars, t.liked) for t in tiles}
        self.films, self.likes = site.profile().films or 0, len(site.likes)

    def truth(self) -> Truth:
        return {row.film.title: (row.stars, row.liked) for row in self.rows.values()}

    def save(self, page: FilmsPage | FeedPage) -> None:
        if isinstance(page, FeedPage):
            self._save_feed(page)
            return
        for tile in page.tiles:
            key, stars = tile.film.film_id or 0, tile.stars
            liked = tile.liked or page.listing is Listing.LIKES
            if page.listing is Listing.LIKES and stars is None and key in self.rows:
                stars = self.rows[key].stars  # only the whole listing takes a rating back
            self.rows[key] = Stored(tile.film, stars, liked)
        if page.complete is None:
            return
        for key in self.rows.keys() - {film.film_id for film in page.complete}:
            row = self.rows[key]
            gone = {"liked": False} if page.listing is Listing.LIKES else {"stars": None}
            self.rows[key] = replace(row, **gone)
        self.rows = {key: row for key, row in self.rows.items() if row.stars or row.liked}

    def _save_feed(self, page: FeedPage) -> None:
        numbers = {row.film.slug: number for number, row in self.rows.items()}
        for entry in page.entries:
            key = numbers.get(entry.film.slug) or int(entry.film.slug.split("-")[1])
            film = replace(entry.film, film_id=key)
            liked = key in self.rows and self.rows[key].liked if entry.liked is None else entry.liked
            self.rows[key] = Stored(film, entry.stars, liked)


def start_of(site: Site, store: Store, reason: Reason = Reason.MOVED) -> DeltaStart:
    counted = reason is not Reason.UNCOUNTED
    films, likes = (site.profile().films, len(site.likes)) if counted else (None, None)
    return DeltaStart("ida", reason, films, likes, store.films, store.likes, YESTERDAY)


def read(crawl: MemberDelta, site: Site, store: Store) -> list[tuple[Listing, int]]:
    """Let a delta crawl read the site; return what it asked for."""
    crawl.know(store.rows.values())
    asked = read_on(crawl, site, store)
    if not crawl.doubts:
        store.films, store.likes = crawl.films or 0, crawl.likes or 0
    return asked


def read_on(crawl: MemberDelta, site: Site, store: Store) -> list[tuple[Listing, int]]:
    asked = []
    while step := crawl.next_page():
        listing, number = step
        asked.append(step)
        assert len(asked) < 60
        if listing is Listing.PROFILE:
            crawl.saw_profile(site.profile())
        elif listing is Listing.FEED:
            crawl.saw_feed(site.feed)
        else:
            tiles, last = site.page(listing, number)
            total = len(site.likes) if listing is Listing.LIKES else None
            crawl.saw_page(number, tiles, last=last, total=total)
        for item in crawl.items:
            store.save(item)
        crawl.items.clear()
    return asked


def refresh(site: Site, store: Store, rules: Rules = Rules()) -> list[tuple[Listing, int]]:  # noqa: B008
    """Refresh a member as the gate does: not at all where no count has moved."""
    start = start_of(site, store)
    if (start.films, start.likes) == (store.films, store.likes):
        return []
    crawl = MemberDelta(start, rules)
    asked = read(crawl, site, store)
    assert not crawl.doubts
    return asked


def member(count: int = 200, seed: int = 1) -> Site:
    """Return a member who has rated so many films, and likes a third of them and a few others."""
    rng = Random(seed)
    names = [f"film-{number}" for number in range(1, count + 11)]
    ratings = {name: rng.choice(STARS) for name in names[:count]}
    likes = dict.fromkeys([*(n for n in names[:count] if rng.random() < 0.3), *names[count : count + 4]])
    return Site(ratings, likes, set(names[: count + 8]))


PROFILE, RATED, LIKES, NEWEST = Listing.PROFILE, Listing.RATED, Listing.LIKES, Listing.RATED_BY_DATE
FEED = Listing.FEED


def of_level(site: Site, stars: float) -> str:
    return next(name for name, own in site.ratings.items() if own == stars and name not in site.likes)


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
    assert refresh(site, store, Rules(by_date=True)) == [(NEWEST, 1)]
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
    pages = -(-len(site.shown(Listing.RATED_5_0)) // PER_PAGE)
    levels = [(Listing.RATED_5_0, number) for number in range(1, pages + 1)]
    assert refresh(site, store) == [(PROFILE, 1), (FEED, 1), *levels]
    assert store.truth() == site.truth()


def test_an_entry_from_before_the_last_crawl_is_old_news() -> None:
    site = member(count=2_000)
    store = Store(site)
    film = of_level(site, 1.0)
    site.ratings |= {"film-9000": 3.5, "film-9001": 2.0, "film-9002": 5.0}
    site.feed = [replace(viewing(site, film, YESTERDAY), stars=4.5)]
    refresh(site, store)
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
    refresh(site, store, Rules(by_date=True))
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
    crawl = MemberDelta(start_of(site, store), Rules())
    crawl.know(store.rows.values())
    assert crawl.next_page() == (PROFILE, 1)
    crawl.saw_profile(replace(site.profile(), ratings=None, histogram=None))
    assert crawl.next_page() == (RATED, 1)


def test_an_audit_finds_what_left_both_counts_alone() -> None:
    site = member()
    store = Store(site)
    site.ratings[of_level(site, 1.0)] = 4.0
    assert refresh(site, store) == []
    crawl = MemberDelta(start_of(site, store, Reason.AUDIT), Rules())
    asked = read(crawl, site, store)
    assert asked[0] == (PROFILE, 1)
    assert (LIKES, 1) in asked
    assert store.truth() == site.truth()


def test_who_is_on_no_listing_takes_a_profile_and_a_page_of_likes() -> None:
    site = member()
    store = Store(site)
    crawl = MemberDelta(start_of(site, store, Reason.UNCOUNTED), Rules())
    assert read(crawl, site, store) == [(PROFILE, 1), (LIKES, 1)]
    assert (crawl.films, crawl.likes) == (site.profile().films, len(site.likes))


# Random histories

OPERATIONS = ("rate", "rate again", "remove", "unrate", "like", "unlike", "log again", "rename")
Night = list[tuple[str, int, float]]
nights = st.lists(
    st.lists(
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 10_000), st.sampled_from(STARS)), max_size=6
    ),
    min_size=1,
    max_size=8,
)


def live(site: Site, night: Night, *, removals: bool = True) -> None:
    """Let the member do what they do in a night."""
    for number, (operation, index, stars) in enumerate(night):
        rated, liked = list(site.ratings), list(site.likes)
        if operation == "rate":
            site.ratings[f"film-{10_000 + index}"] = stars
        elif operation == "like":
            site.likes.setdefault(
                rated[index % len(rated)] if rated and index % 3 else f"film-{20_000 + index}"
            )
        elif operation == "unlike" and liked:
            del site.likes[liked[index % len(liked)]]
        elif rated and (removals or operation not in ("remove", "unrate")):
            change_rating(site, operation, rated[index % len(rated)], stars, f"{number}-{index}")
        site.watched |= site.ratings.keys()


def change_rating(site: Site, operation: str, film: str, stars: float, name: str) -> None:
    before = site.ratings[film]
    if operation == "rename":
        site.names[film] = f"{film}-{name}"
    elif operation in ("rate again", "log again"):  # which makes it the newest
        del site.ratings[film]
        site.ratings[film] = stars if operation == "rate again" else before
    elif operation in ("remove", "unrate"):
        del site.ratings[film]
        site.watched.discard(film) if operation == "remove" else site.watched.add(film)


def cancels(stored: Truth, truth: Truth) -> bool:
    """Say whether changes since the last crawl cancel each other in one of the counts."""
    nothing = (None, False)
    gone: Counter[object] = Counter()
    come: Counter[object] = Counter()
    for name in stored.keys() | truth.keys():
        (before, liked), (now, likes) = stored.get(name, nothing), truth.get(name, nothing)
        if before != now:
            gone[before] += 1
            come[now] += 1
        gone["likes"] += liked and not likes
        come["likes"] += likes and not liked
    return any(gone[count] and come[count] for count in (*STARS, "likes"))


def check_histories(history: list[Night], count: int, rules: Rules, *, removals: bool = True) -> None:
    site = member(count)
    store = Store(site)
    for night in history:
        live(site, night, removals=removals)
        shows = not cancels(store.truth(), site.truth())
        asked = refresh(site, store, rules)
        if asked and shows:
            assert store.truth() == site.truth()
        if (PROFILE, 1) in asked:
            found = Counter(stars for stars, _ in store.truth().values())
            assert tuple(found[stars] for stars in STARS) == site.histogram()
        if asked:
            assert refresh(site, store, rules) == []
    crawl = MemberDelta(start_of(site, store, Reason.AUDIT), rules)
    read(crawl, site, store)
    assert not crawl.doubts
    if not cancels(store.truth(), site.truth()):
        assert store.truth() == site.truth()
    store.crawl(site)
    assert store.truth() == site.truth()


@settings(max_examples=150, deadline=None)
@given(history=nights, count=st.sampled_from([0, 3, 40, 160]))
def test_what_the_counts_show_is_found(history: list[Night], count: int) -> None:
    check_histories(history, count, Rules())


@settings(max_examples=150, deadline=None)
@given(history=nights, count=st.sampled_from([0, 3, 40, 160]))
def test_what_the_counts_show_is_found_by_date_too(history: list[Night], count: int) -> None:
    # A rating that is taken back while another is given leaves nothing to be explained: see below.
    check_histories(history, count, Rules(by_date=True), removals=False)


def one_given_one_taken_back(site: Site) -> None:
    del site.ratings[of_level(site, 3.0)]
    site.ratings["film-901"] = 3.0


def two_that_swap(site: Site) -> None:
    one, other = of_level(site, 2.0), of_level(site, 3.0)
    site.ratings[one], site.ratings[other] = 3.0, 2.0


def one_liked_one_not(site: Site) -> None:
    del site.likes[next(iter(site.likes))]
    site.likes["film-902"] = None


@pytest.mark.parametrize("change", [one_given_one_taken_back, two_that_swap, one_liked_one_not])
def test_changes_that_cancel_in_every_count_wait_for_a_full_crawl(change: Callable[[Site], None]) -> None:
    site = member()
    store = Store(site)
    change(site)
    site.ratings["film-999"] = 5.0  # which opens the gate
    refresh(site, store)
    assert store.truth()["film-999"] == (5.0, False)
    assert store.truth() != site.truth()
    store.crawl(site)
    assert store.truth() == site.truth()


def taken_back(site: Site) -> None:
    name = of_level(site, 3.0)
    del site.ratings[name]
    site.watched.add(name)


def rated_anew(site: Site) -> None:
    site.ratings[of_level(site, 3.0)] = 1.0


def rated_though_watched_before(site: Site) -> None:
    site.ratings[next(iter(site.watched - site.ratings.keys()))] = 3.0


@pytest.mark.parametrize("change", [taken_back, rated_anew, rated_though_watched_before])
def test_changes_that_leave_both_counts_alone_wait_for_the_audit(change: Callable[[Site], None]) -> None:
    site = member()
    store = Store(site)
    change(site)
    assert refresh(site, store) == []
    assert store.truth() != site.truth()
    read(MemberDelta(start_of(site, store, Reason.AUDIT), Rules()), site, store)
    assert store.truth() == site.truth()


def test_a_rating_taken_back_beside_a_new_one_is_not_seen_by_date_alone() -> None:
    """The new film explains the count of films: the profile is not read."""
    site = member()
    store = Store(site)
    taken_back(site)
    site.ratings["film-900"] = 3.5
    assert refresh(site, store, Rules(by_date=True)) == [(NEWEST, 1)]
    assert store.truth() != site.truth()
    read(MemberDelta(start_of(site, store, Reason.AUDIT), Rules(by_date=True)), site, store)
    assert store.truth() == site.truth()


def test_what_changes_between_the_pages_is_read_once_more() -> None:
    site = member()
    store = Store(site)
    site.ratings["film-900"] = 3.5
    crawl = MemberDelta(start_of(site, store), Rules())
    crawl.know(store.rows.values())
    crawl.saw_profile(site.profile())
    site.ratings["film-901"] = 3.5
    asked = read_on(crawl, site, store)
    assert asked == [(Listing.RATED_3_5, 1), (PROFILE, 1)]
    assert not crawl.doubts
    assert store.truth() == site.truth()


def test_what_cannot_be_reconciled_removes_nothing_and_is_told() -> None:
    site = member()
    store = Store(site)
    hidden = of_level(site, 3.0)
    site.ratings["film-900"] = 3.5
    crawl = MemberDelta(start_of(site, store), Rules())
    crawl.know(store.rows.values())

    def shown(listing: Listing, number: int) -> tuple[tuple[Tile, ...], bool]:
        tiles, last = Site.page(site, listing, number)
        return tuple(tile for tile in tiles if tile.film.title != hidden), last

    site.page = shown  # type: ignore[method-assign]
    histogram = list(site.histogram())
    histogram[5] += 1  # a level that claims more than it shows
    counts = replace(site.profile(), histogram=tuple(histogram), ratings=sum(histogram))
    site.profile = lambda: counts  # type: ignore[method-assign]
    read_on(crawl, site, store)
    assert [listing for listing, _ in crawl.doubts] == [RATED]
    assert "nothing was removed" in crawl.doubts[0][1]
    assert store.rows.keys() >= {int(hidden.split("-")[1])}
