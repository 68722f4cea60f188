"""Fields that are filled as a rule: their loss is noticed within a member, and nothing else is."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from letterboxd_scraper.extensions.coverage import Coverage, has_fallen
from letterboxd_scraper.items.coverage import FIELDS, Counts, counts_of
from letterboxd_scraper.items.films import Director, Film, FilmFacts, FilmPage, TmdbLink
from letterboxd_scraper.items.members import (
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    MemberStatus,
    PeoplePage,
    Person,
    Profile,
    Tile,
)
from letterboxd_scraper.store.crawl_state import coverage
from tests.conftest import on_both

FILM = Film("tin-weather", "Tin Weather", 1991, 5, "aB")
PAGE = FilmPage(
    FILM, TmdbLink("movie", 5), "tt5", 90, "/p.jpg", "Rain.", ("Drama",), (Director("Ann", "ann"),), 3.5, 900
)
PERSON = Person("bo", "Bo", "/bo.jpg", 12, 0)
PROFILE = Profile("bo", "Bo", "/bo.jpg", "aB", 12, 3, 0, (), 0, (0,) * 10)


def films(number: int, *, stars: float | None = 4.0, liked: bool = False, **lost: Any) -> list[Tile]:
    return [Tile(replace(FILM, **lost), stars, liked)] * number


def page(tiles: list[Tile], listing: Listing = Listing.RATED) -> FilmsPage:
    return FilmsPage("bo", listing, 1, tuple(tiles), last=True)


def counted(*items: Any) -> dict[tuple[str, str], Counts]:
    coverage = Coverage({})
    for item in items:
        assert coverage.add(item) is None  # nothing is usual yet
    return coverage.counts


USUAL = counted(
    *[page(films(72))] * 60,
    *[page(films(72, liked=True), Listing.LIKES)] * 10,
    *[PeoplePage("bo", Listing.FOLLOWING, 1, (PERSON,) * 25, last=True)] * 20,
    *[PROFILE] * 300,
    *[FilmFacts(FILM, None, PAGE, None, False, ())] * 300,
)


def test_what_is_counted() -> None:
    assert dict(counts_of(page(films(3) + films(1, lid=None, year=None)))) == {
        ("rated films", "film_id"): Counts(4, 4),
        ("rated films", "lid"): Counts(4, 3),
        ("rated films", "year"): Counts(4, 3),
        ("rated films", "stars"): Counts(4, 4),
    }
    assert dict(counts_of(page(films(2, stars=None), Listing.UNRATED_LIKES)))["likes", "liked"] == Counts(
        2, 0
    )
    assert list(counts_of(page([]))) == list(counts_of(MemberStatus("bo", "gone"))) == []
    no_like = FeedEntry("g", FILM, date(2026, 1, 2), datetime(2026, 1, 3, tzinfo=UTC), 4.0, False, "/a/")
    of_feed = dict(counts_of(FeedPage("bo", (no_like, replace(no_like, liked=None)))))
    assert of_feed["feed", "liked"] == Counts(2, 1)
    # A count of nought is a count.
    assert dict(counts_of(replace(PROFILE, films=0)))["profile", "films"] == Counts(1, 1)
    assert set(USUAL) == {
        (parser, field)
        for parser in ("rated films", "likes", "people", "profile", "film")
        for field in FIELDS[parser]
    }


LOSSES: dict[str, tuple[str, list[Any]]] = {
    "the number of every film": ("no film_id in 5 of 5", [page(films(1, film_id=None))] * 6),
    "in a tenth of the tiles": ("no lid in", [page(films(65) + films(7, lid=None))] * 3),
    "the heart": ("no liked in", [page(films(72), Listing.LIKES)]),
    "a count of people": (
        "parser of people found no films",
        [PeoplePage("bo", Listing.FOLLOWING, 1, (replace(PERSON, films=None),) * 25, last=True)],
    ),
    "the histogram": ("parser of profile found no ratings", [replace(PROFILE, ratings=None)] * 9),
    "directors": (
        "parser of film found no directors",
        [FilmFacts(FILM, None, replace(PAGE, directors=()), None, False, ())] * 9,
    ),
}


@pytest.mark.parametrize(("says", "items"), LOSSES.values(), ids=LOSSES)
def test_a_field_that_is_lost_is_named(says: str, items: list[Any]) -> None:
    coverage = Coverage(USUAL)
    said = [text for item in items if (text := coverage.add(item))]
    assert said
    assert says in said[0]


def test_what_is_rare_as_a_rule_or_was_seldom_seen_tells_nothing() -> None:
    assert not has_fallen(Counts(500, 0), Counts(5000, 4000))
    assert not has_fallen(Counts(500, 0), Counts(9, 9))
    assert not has_fallen(Counts(500, 0), Counts())
    assert not has_fallen(Counts(500, 500), Counts(5000, 5000))


def test_thirty_nights_of_members_who_differ_raise_no_alarm() -> None:
    chance, usual = random.Random(5), dict[tuple[str, str], Counts]()
    habits = [chance.betavariate(0.5, 60) for _ in range(60)]  # how often a member's films have no year
    for night in range(30):
        coverage = Coverage(usual)
        for habit in habits if night % 10 == 0 else chance.sample(habits, 4):
            tiles = [
                Tile(replace(FILM, year=None if chance.random() < habit else 1991), 4.0) for _ in range(150)
            ]
            assert coverage.add(page(tiles)) is None
            assert coverage.add(replace(PROFILE, lid=None if chance.random() < 0.01 else "aB")) is None
        usual = {
            field: usual.get(field, Counts()) + counts for field, counts in coverage.counts.items()
        } or usual
    assert usual["rated films", "year"].missing > 50
    loss: Callable[[], str | None] = lambda: coverage.add(page(films(72, year=None)))  # noqa: E731
    coverage = Coverage(usual)
    assert loss() or loss()


@on_both
def test_what_was_counted_adds_up(engine: Any) -> None:
    with engine.begin() as connection:
        assert coverage.load(connection) == {}
        coverage.learn(connection, {("likes", "lid"): Counts(60_000, 59_999), ("diary", "lid"): Counts(2, 2)})
        coverage.learn(connection, {("likes", "lid"): Counts(3, 2)})
        stored = {("likes", "lid"): Counts(60_003, 60_001), ("diary", "lid"): Counts(2, 2)}
        assert coverage.load(connection) == stored
        # What is long ago counts half.
        coverage.learn(connection, {("likes", "lid"): Counts(40_001, 40_001)})
        assert coverage.load(connection)["likes", "lid"] == Counts(50_002, 50_001)
