"""What delta crawls find, night after night, of all that a member may do; and what no count can show them."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.items.members import STARS, Listing
from letterboxd_scraper.items.tasks import Reason
from tests.crawl.delta_site import Delta, Site, Store, Truth, member, of_level, refresh

PROFILE, NEWEST = Listing.PROFILE, Listing.RATED_BY_DATE

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


def check_histories(history: list[Night], count: int, rules: DeltaRules, *, removals: bool = True) -> None:
    site = member(count)
    store = Store(site)
    for night in history:
        live(site, night, removals=removals)
        shows = not cancels(store.truth(), site.truth())
        asked = refresh(site, store, rules)
        if asked and shows:
            assert store.truth() == site.truth()
        if (PROFILE, 1) in asked:
            counts = Counter(stars for stars, _ in store.truth().values())
            assert tuple(counts[stars] for stars in STARS) == site.histogram()
        if asked:
            assert refresh(site, store, rules) == []
    assert not Delta(site, store, rules, Reason.AUDIT).read().failures
    if not cancels(store.truth(), site.truth()):
        assert store.truth() == site.truth()
    store.crawl(site)
    assert store.truth() == site.truth()


@settings(max_examples=150, deadline=None)
@given(history=nights, count=st.sampled_from([0, 3, 40, 160]))
def test_what_the_counts_show_is_found(history: list[Night], count: int) -> None:
    check_histories(history, count, DeltaRules())


@settings(max_examples=150, deadline=None)
@given(history=nights, count=st.sampled_from([0, 3, 40, 160]))
def test_what_the_counts_show_is_found_by_date_too(history: list[Night], count: int) -> None:
    # A rating that is taken back while another is given leaves nothing to be explained: see below.
    check_histories(history, count, DeltaRules(by_date=True), removals=False)


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
    Delta(site, store, reason=Reason.AUDIT).read()
    assert store.truth() == site.truth()


def test_a_rating_taken_back_beside_a_new_one_is_not_seen_by_date_alone() -> None:
    """The new film explains the count of films: the profile is not read."""
    site = member()
    store = Store(site)
    taken_back(site)
    site.ratings["film-900"] = 3.5
    assert refresh(site, store, DeltaRules(by_date=True)) == [(NEWEST, 1)]
    assert store.truth() != site.truth()
    Delta(site, store, DeltaRules(by_date=True), Reason.AUDIT).read()
    assert store.truth() == site.truth()
