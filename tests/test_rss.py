"""Feeds: news, exact days and links for one request a member; nothing is ever removed."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from scrapy.http import XmlResponse

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    FeedEntry,
    FeedNews,
    FeedUnchanged,
    FilmsPage,
    Listing,
    MemberStatus,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import FeedStart, Provenance
from letterboxd_scraper.spiders.rss import RssSpider, RssTask
from letterboxd_scraper.store.crawl_state import bookmarks
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.engine import read_transaction, write_transaction
from letterboxd_scraper.store.members import feeds
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, scrape_failures, user_scrape_state, users
from tests.conftest import Shell, Snapshots, assert_ended, make_shell, on_both, on_sqlite, stored_facts
from tests.site import FEW, Fault, Site, World
from tests.site.cinema import where_at_tmdb
from tests.site.diary import entry_path
from tests.site.feed import VIEWINGS, feed
from tests.site.world import Entry
from tests.test_crawl import noted_writes, watch_writes
from tests.test_diary import Dates, midnight, stored_dates
from tests.test_when_rated import night, rated_film, somebody, truth, unseen_film

TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
AT_NIGHT = midnight(TOMORROW) + timedelta(hours=23)
# The feed of the member who is gone is not asked for; that of the private one is.
ASKED = {f"/{name}/rss/" for name in {"marla", *FEW} - {"wipe_left"}}


def watch(shell: Shell, code: int = 0) -> str:
    """Read the circle's feeds, as of tomorrow night; return what is told of it."""
    options = ("-s", f"LETTERBOXD_NOW={AT_NIGHT.isoformat()}", "-s", "LOG_LEVEL=INFO")
    process = shell.scrapy("rss", *options, cohort="friends")
    assert_ended(process, code)
    return process.stderr


def told_dates(world: World, names: set[str]) -> Dates:
    """Return what feeds tell of the films that members have rated, liked or as a favourite."""
    told: Dates = {}
    for name, slug, stars, _, _ in world.truth(names):
        member = world.member(name)
        newest = sorted(member.diary, key=lambda entry: entry.id, reverse=True)[:VIEWINGS]
        here = [entry for entry in newest if entry.film == slug]
        given = [entry for entry in here if entry.stars is not None]
        linked: Entry | None = next(iter(given or here), None)
        day = midnight(given[0].date) if given and given[0].stars == stars else None
        told[name, slug] = (day, "https://letterboxd.com" + entry_path(member, linked) if linked else None)
    return told


def all_but_news(engine: sa.Engine) -> list[Any]:
    """Return what feeds have no say in: when members were read, and how far."""
    state = user_scrape_state
    with engine.connect() as connection:
        of_members = connection.execute(sa.select(users).order_by(users.c.id)).all()
        listings = sa.select(state).where(state.c.listing != Listing.FEED)
        return [*of_members, *connection.execute(listings.order_by(state.c.user_id, state.c.listing)).all()]


def asked(site: Site) -> list[tuple[str, int]]:
    return sorted((hit.path, hit.status) for hit in site.log if hit.path != "/robots.txt")


def log_some_viewings(world: World) -> tuple[str, str]:
    """Let members do things tomorrow; return whose rating of which film goes without the feeds telling it."""
    day = TOMORROW.isoformat()
    one, two, three = (somebody(world, number) for number in range(3))
    world.log(one, unseen_film(world, one), day, 3.5)
    world.log(one, unseen_film(world, one), day, 4.5, liked=True)
    world.like(one, unseen_film(world, one, -1))
    anew = rated_film(world, two)
    world.log(two, anew, day, 5.0 if world.member(two).ratings[anew] < 5 else 0.5, rewatch=True)
    again = rated_film(world, two, number=1)
    world.log(two, again, day, world.member(two).ratings[again], rewatch=True)
    world.log(three, rated_film(world, three, number=2), day)
    gone = rated_film(world, three, number=3)
    world.unwatch(three, gone)
    # What was liked with the entry is liked: the feed says it, and so does the page.
    world.like(one, [entry for entry in world.member(one).diary if entry.liked][-1].film)
    return three, gone


@on_both
def test_a_night_of_feeds(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    """One request each; the second time nothing is written; and the delta crawl finds the rest."""
    before = stored_facts(crawled_engine)
    name, slug = log_some_viewings(site.world)
    aside = all_but_news(crawled_engine)
    site.clear_log()
    told = watch(crawled)
    assert {path for path, _ in asked(site)} == ASKED
    assert len(asked(site)) == len(ASKED)
    assert "11 members asked, 0 unchanged, 10 read, 1 gone or private" in told
    assert "3 ratings set" in told
    unseen = {row for row in before if row[:2] == (name, slug)}
    seen_by_delta = {row for row in truth(site) - stored_facts(crawled_engine)}
    assert stored_facts(crawled_engine) - truth(site) == unseen
    assert [(row[2], row[3]) for row in seen_by_delta] == [(None, True)]  # a like without an entry
    dates = stored_dates(crawled_engine)
    expected = told_dates(site.world, {"marla", *FEW})
    assert {key: dates[key] for key in dates if key in expected} == {
        key: value for key, value in expected.items() if key in dates
    }
    assert len([day for day, _ in dates.values() if day]) > 100
    assert all_but_news(crawled_engine) == aside
    check_tmdb(site, crawled_engine)

    watch_writes(crawled_engine)
    site.clear_log()
    told = watch(crawled)
    assert asked(site) == sorted((path, 403 if "understudy" in path else 304) for path in ASKED)
    assert "10 unchanged, 0 read, 1 gone or private; 0 new entries, 0 ratings set; 11 requests" in told
    assert noted_writes(crawled_engine) == []
    assert all_but_news(crawled_engine) == aside

    night(crawled, AT_NIGHT + timedelta(hours=1))
    assert stored_facts(crawled_engine) == truth(site)
    assert stored_dates(crawled_engine) == told_dates(site.world, {"marla", *FEW})


def check_tmdb(site: Site, engine: sa.Engine) -> None:
    """Check that the films in the feeds, and only they, are known by where TMDB has them."""
    readable = [site.world.member(path.split("/")[1]) for path in ASKED]
    entries = [
        entry
        for member in readable
        if member.state == "ok"
        for entry in sorted(member.diary, key=lambda entry: entry.id)[-VIEWINGS:]
    ]
    links = {slug: where_at_tmdb(site.world.films[slug]) for slug in {entry.film for entry in entries}}
    with engine.connect() as connection:
        stored = {
            row.slug: (row.tmdb_media_type, row.tmdb_id) for row in connection.execute(sa.select(films))
        }
    found = {slug: at for slug, at in stored.items() if at != (None, None)}
    wanted = {slug: (link.kind, link.id) for slug, link in links.items() if link and link.season is None}
    assert found == {slug: at for slug, at in wanted.items() if slug in stored}
    assert {kind for kind, _ in found.values()} == {"movie", "tv"}


@on_sqlite
def test_feeds_before_a_crawl_and_after_it_end_in_the_same(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, snapshots: Snapshots, tmp_path: Path
) -> None:
    """Where the newest entry has other stars than the film has now, the next look at the feed settles it."""
    names = {"marla", *FEW}
    assert_ended(crawled.scrapy("rss", cohort="friends"), 0)
    expected = told_dates(site.world, names)
    assert stored_dates(crawled_engine) == expected
    with snapshots.copy("sqlite", tmp_path / "other.db", "known", FEW) as engine:
        other = make_shell(tmp_path, site, engine)
        watched = other.letterboxd("watch", "--cohort", "friends")
        assert_ended(watched, 0)
        assert (
            "friends: 12 feeds, a request each, less than a minute at one each 0 s; 0 of them"
            in watched.stderr
        )
        assert "friends: feeds: 12 members asked, 0 unchanged, 10 read, 2 gone or private;" in watched.stderr
        assert stored_facts(engine)
        assert_ended(other.scrapy("profile", cohort="friends"), 0)
        assert stored_facts(engine) == stored_facts(crawled_engine) == truth(site)
        dates = stored_dates(engine)
        undated = {key for key in expected if expected[key][0] is None}
        assert {key for key in expected if dates[key] != expected[key]} <= undated
        assert_ended(other.letterboxd("watch", "--cohort", "friends"), 0)
        assert stored_dates(engine) == expected


@on_sqlite
def test_members_who_cannot_be_read(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    """Failures are kept until the feed is read; who is gone is not asked for again; who is back is."""
    site.world.set_state("noor", "gone")
    site.world.set_state("kip", "private")
    site.world.set_state("understudy", "ok")
    site.faults.add(
        Fault("truncated", path="/ebb/rss/"),
        Fault("status", path="/junebug/rss/", code=500),
        Fault("status", path="/the_usher/rss/", code=403),
    )
    told = watch(crawled, 3)
    assert "11 members asked, 0 unchanged, 6 read, 2 gone or private" in told
    assert statuses(crawled_engine) == {"wipe_left": "gone", "noor": "gone", "kip": "private"}
    assert open_failures(crawled_engine) == {("ebb", "feed"), ("junebug", "feed"), ("the_usher", "feed")}
    site.faults.clear()
    site.world.set_state("kip", "ok")
    site.clear_log()
    ended = crawled.letterboxd("watch", "--cohort", "friends")
    assert_ended(ended, 0)
    assert {path for path, _ in asked(site)} == ASKED - {"/noor/rss/"}
    assert statuses(crawled_engine) == {"wipe_left": "gone", "noor": "gone"}
    assert open_failures(crawled_engine) == set()
    site.clear_log()
    ended = crawled.letterboxd("watch", "--user", "noor")  # who asks for them by name may know better
    assert_ended(ended, 0)
    assert asked(site) == [("/noor/rss/", 404)]


@on_sqlite
def test_a_block_ends_it_and_unknown_names_begin_nothing(crawled: Shell, site: Site) -> None:
    site.faults.add(Fault("block", path="/.*/rss/", after=4))
    process = crawled.scrapy("rss", cohort="friends")
    assert_ended(process, 4)
    assert "Blocked" in process.stderr
    for arguments in ({"cohort": "strangers"}, {"user": "nobody_at_all"}):
        process = crawled.scrapy("rss", **arguments)
        assert_ended(process, 2)
        assert next(iter(arguments.values())) in process.stderr
        assert "Traceback" not in process.stderr


def statuses(engine: sa.Engine) -> dict[str, str]:
    query = sa.select(users.c.letterboxd_username, users.c.status).where(users.c.status != "ok")
    with engine.connect() as connection:
        return {row.letterboxd_username: row.status for row in connection.execute(query)}


def open_failures(engine: sa.Engine) -> set[tuple[str, str]]:
    failed = scrape_failures.c
    query = sa.select(failed.member, failed.stage).where(failed.resolved_at.is_(None))
    with engine.connect() as connection:
        return {(row.member, row.stage) for row in connection.execute(query)}


# What the spider makes of an answer.

KNOWN = FeedStart(
    "otto_reels", '"tag"', "Mon, 23 Nov 2026 09:00:00 GMT", {}, datetime(2026, 11, 23, tzinfo=UTC)
)


async def nobody_is_followed(member: str, profile: Profile) -> bool:
    return False


def answered(start: FeedStart, **response: Any) -> list[Any]:
    spider = RssSpider(cohort="friends")
    spider.task = RssTask((start,), follow_to_new_name=nobody_is_followed)
    spider.settings = {"LETTERBOXD_BASE_URL": "http://127.0.0.1"}  # type: ignore[assignment]

    async def ask() -> list[Any]:
        (request,) = [request async for request in spider.start()]
        found = XmlResponse(request.url, request=request, **response)
        return [item async for item in spider.parse_listing(found, **request.cb_kwargs)]

    return asyncio.run(ask())


def test_what_has_changed_in_a_feed_is_new(site: Site) -> None:
    member = site.world.member("otto_reels")
    body = feed(site.world, member).encode()
    (first,) = answered(FeedStart("otto_reels"), body=body, headers={"ETag": '"1"'})
    assert (len(first.new), first.read_before, first.etag, first.last_modified) == (50, (), '"1"', None)
    known = replace(KNOWN, marks={entry.number: entry.mark for entry in first.entries})
    (second,) = answered(known, body=body)
    assert second.new == ()
    stars = 1.0 if member.diary[-1].stars != 1.0 else 2.0
    member.diary[-1] = replace(member.diary[-1], stars=stars)
    site.world.log("otto_reels", unseen_film(site.world, "otto_reels"), TOMORROW.isoformat(), 4.0)
    (third,) = answered(known, body=feed(site.world, member).encode())
    (new, edited) = third.new if third.new[0].stars == 4.0 else third.new[::-1]
    assert (edited.stars, edited.published) == (stars, max(known.read_at, edited.published))
    assert new.published == midnight(TOMORROW) + timedelta(hours=9)


def test_an_entry_that_cannot_be_read_is_a_failure_once(site: Site) -> None:
    member = site.world.member("otto_reels")
    body = re.sub("<pubDate>[^<]*<", "<pubDate>some day<", feed(site.world, member), count=1).encode()
    news, failure = answered(FeedStart("otto_reels"), body=body)
    assert len(news.entries) == 49
    assert (failure.stage, failure.member) == (Listing.FEED, "otto_reels")
    assert "some day" in failure.error
    assert news.unread[0].name in failure.error
    marks = {entry.number: entry.mark for entry in news.entries} | {news.unread[0].name: ""}
    (news,) = answered(replace(KNOWN, marks=marks), body=body)
    assert news.new == ()


def test_an_unchanged_feed_is_told_only_to_who_asked_so() -> None:
    assert answered(KNOWN, status=304) == [FeedUnchanged("otto_reels")]


# The rules one by one, at the store.

READ_AT = datetime(2026, 11, 23, tzinfo=UTC)
OLD, NEWS = READ_AT - timedelta(days=3), READ_AT + timedelta(days=1)
WATCHED = (READ_AT - timedelta(days=5)).date()
DAY, LATER = midnight(WATCHED), midnight(WATCHED) + timedelta(days=1)
LINK, OTHER = "https://letterboxd.com/ada/film/x/", "https://letterboxd.com/ada/film/x/0/"
Store = Callable[..., None]


def viewing(
    slug: str,
    stars: float | None = None,
    published: datetime = OLD,
    *,
    liked: bool | None = None,
    number: int = 1,
    **more: Any,
) -> FeedEntry:
    film = Film(slug, slug.title(), 1999)
    url = LINK if number == 1 else f"{LINK}{number}/"
    return FeedEntry(f"letterboxd-watch-{number}", film, WATCHED, published, stars, liked, url, **more)


def undated(slug: str, stars: float, published: datetime = OLD) -> FeedEntry:
    """A review of no viewing."""
    return replace(viewing(slug, stars, published), watched=None)


def news(*entries: FeedEntry, **more: Any) -> FeedNews:
    return FeedNews("ada", entries, **more)


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    """Save items as of a moment, the first when ada's films were read whole: she rated "x" with 4.0 stars."""

    def store(*items: Any, at: datetime = NEWS + timedelta(days=1), run: int = 2) -> None:
        for item in items:
            with write_transaction(engine) as connection:
                save(item, connection, Provenance(at, run))

    x = Film("x", "X", 1999, 7)
    page = FilmsPage("ada", Listing.RATED, 1, (Tile(x, 4.0),), True, 1, (x,))
    store(Profile("ada", "Ada", None, None, 1, 0, 0, (), 1, None), page, at=READ_AT, run=1)
    return store


Row = tuple[float | None, bool, datetime | None, str | None]


def stored(engine: sa.Engine) -> dict[str, Row]:
    columns = (ratings.c.rating, ratings.c.liked, ratings.c.rated_at, ratings.c.diary_entry_url)
    query = sa.select(films.c.slug, *columns).join(ratings, ratings.c.film_id == films.c.id)
    with engine.connect() as connection:
        return {row[0]: (row[1], bool(row[2]), row[3], row[4]) for row in connection.execute(query)}


def date_x(engine: sa.Engine, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(ratings.update().values(values))


UNTOLD: Row = (4.0, False, None, None)

# What is stored of "x" beforehand, the feed's entries, and what is stored of it after them.
RULES: dict[str, tuple[dict[str, Any], list[FeedEntry], Row | None]] = {
    "old, the same": ({}, [viewing("x", 4.0)], (4.0, False, DAY, LINK)),
    "old, the same, of a later day": (
        {"rated_at": DAY - timedelta(days=1), "diary_entry_url": OTHER},
        [viewing("x", 4.0)],
        (4.0, False, DAY, LINK),
    ),
    "old, the same, of an earlier day": (
        {"rated_at": LATER, "diary_entry_url": OTHER},
        [viewing("x", 4.0)],
        (4.0, False, LATER, OTHER),
    ),
    "old, another": ({}, [viewing("x", 3.0)], (4.0, False, None, LINK)),
    "old, another, after the date": (
        {"rated_at": DAY, "diary_entry_url": OTHER},
        [viewing("x", 3.0)],
        (4.0, False, None, OTHER),
    ),
    "old, another, before the date": (
        {"rated_at": LATER},
        [viewing("x", 3.0)],
        (4.0, False, LATER, LINK),
    ),
    "old, liked": ({}, [viewing("x", 4.0, liked=True)], (4.0, False, DAY, LINK)),
    "old, without stars": ({}, [viewing("x", liked=True)], (4.0, False, None, LINK)),
    "news, another": ({}, [viewing("x", 3.0, NEWS)], (3.0, False, DAY, LINK)),
    "news, another, dated": (
        {"rated_at": LATER, "diary_entry_url": OTHER},
        [viewing("x", 3.0, NEWS)],
        (3.0, False, DAY, LINK),
    ),
    "news, the same, of an earlier day": (
        {"rated_at": LATER, "diary_entry_url": OTHER},
        [viewing("x", 4.0, NEWS, liked=True)],
        (4.0, True, LATER, OTHER),
    ),
    "news, liked": ({}, [viewing("x", 3.0, NEWS, liked=True)], (3.0, True, DAY, LINK)),
    "news, not liked": ({"liked": True}, [viewing("x", 3.0, NEWS, liked=False)], (3.0, True, DAY, LINK)),
    "news, of likes nothing": ({"liked": True}, [viewing("x", 3.0, NEWS)], (3.0, True, DAY, LINK)),
    "news, without stars": ({}, [viewing("x", None, NEWS, liked=True)], (4.0, True, None, LINK)),
    "news, but stored since": (
        {"updated_at": NEWS + timedelta(seconds=1)},
        [viewing("x", 3.0, NEWS, liked=True)],
        (4.0, False, None, LINK),
    ),
    "news, then without stars": (
        {},
        [viewing("x", None, NEWS, number=2), viewing("x", 3.0, NEWS)],
        (3.0, False, DAY, LINK),
    ),
    "news, then other news": (
        {},
        [viewing("x", 2.0, NEWS, number=2), viewing("x", 3.0, NEWS, liked=True)],
        (2.0, True, DAY, f"{LINK}2/"),
    ),
    "news, then not liked": (
        {},
        [viewing("x", 2.0, NEWS, number=2, liked=False), viewing("x", 3.0, NEWS, liked=True)],
        (2.0, False, DAY, f"{LINK}2/"),
    ),
    "news of another film": ({}, [viewing("y", 3.0, NEWS)], UNTOLD),
    "old, undated": ({}, [undated("x", 4.0)], (4.0, False, None, LINK)),
    "old, undated, of a dated rating": ({"rated_at": DAY}, [undated("x", 4.0)], (4.0, False, DAY, LINK)),
    "news, another, undated": (
        {"rated_at": DAY, "diary_entry_url": OTHER},
        [undated("x", 3.0, NEWS)],
        (3.0, False, None, LINK),
    ),
    "nothing": ({"rated_at": DAY, "diary_entry_url": OTHER}, [], (4.0, False, DAY, OTHER)),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@on_sqlite
def test_an_entry_sets_dates_and_links_what_it_can_speak_of(
    store: Store, engine: sa.Engine, rule: str
) -> None:
    before, entries, after = RULES[rule]
    if before:
        date_x(engine, **before)
    store(news(*entries))
    assert stored(engine)["x"] == after
    with engine.connect() as connection:
        changed = connection.scalar(sa.select(ratings.c.updated_at).order_by(ratings.c.film_id).limit(1))
    store(news(*entries), at=NEWS + timedelta(days=9))
    assert stored(engine)["x"] == after
    with engine.connect() as connection:
        again = connection.scalar(sa.select(ratings.c.updated_at).order_by(ratings.c.film_id).limit(1))
    assert again == changed


@pytest.mark.parametrize(
    ("entry", "row"),
    [
        (viewing("y", 3.0), None),
        (viewing("y", liked=True), None),
        (viewing("y", 3.0, READ_AT), None),
        (viewing("y", 3.0, NEWS), (3.0, False, DAY, LINK)),
        (viewing("y", 3.0, NEWS, liked=True), (3.0, True, DAY, LINK)),
        (viewing("y", None, NEWS, liked=True), (None, True, None, LINK)),
        (viewing("y", None, NEWS), None),
    ],
)
@on_sqlite
def test_only_news_make_rows(store: Store, engine: sa.Engine, entry: FeedEntry, row: Row | None) -> None:
    store(news(entry))
    rows = {"x": UNTOLD} | ({"y": row} if row else {})
    assert stored(engine) == rows
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(films.c.slug))) == rows.keys()


def test_of_who_was_never_read_all_entries_are_news(store: Store, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(users.insert().values(letterboxd_username="ben", created_at=READ_AT))
    store(replace(news(viewing("y", 3.0), viewing("z", None, number=2)), member="ben"))
    assert stored(engine) == {"x": UNTOLD, "y": (3.0, False, DAY, LINK)}
    # The whole listing, read later, knows better; the feed is then asked for once more, in full.
    with read_transaction(engine) as connection:
        assert feeds.due(connection, None, "ben")[0].marks
    begun = NEWS + timedelta(days=2)
    store(Profile("ben", "Ben", None, None, 0, 0, 0, (), 0, None), at=begun)
    store(FilmsPage("ben", Listing.RATED, 1, (), True, 0, (), begun), at=begun)
    assert stored(engine) == {"x": UNTOLD}
    with read_transaction(engine) as connection:
        assert feeds.due(connection, None, "ben") == [FeedStart("ben")]


def test_what_is_known_is_not_stored_again(store: Store, engine: sa.Engine) -> None:
    entries = [viewing("y", 3.0, NEWS, number=number) for number in range(100, 160)]
    store(news(*entries, etag='"1"', last_modified="then"))
    with read_transaction(engine) as connection:
        (start,) = feeds.due(connection, None, "ada")
        assert feeds.ratings_set_by(connection, 2) == 1
        # What a profile crawl goes on from is none of it.
        (carried_on,) = full_crawl.member_start(connection, "ada", 1, NEWS + timedelta(days=1))
    assert carried_on.bookmarks.keys() == {Listing.PROFILE, Listing.RATED}
    assert (start.etag, start.last_modified, start.read_at) == ('"1"', "then", NEWS + timedelta(days=1))
    assert start.marks == {str(number): f"{WATCHED} 3.0 None" for number in range(100, 150)}
    with engine.begin() as connection:
        connection.execute(ratings.delete().where(ratings.c.rating == 3.0))
        bookmarks.replace(connection, films, 100, 1)  # their numbers are not those of films
    store(news(*entries, read_before=tuple(entry.guid for entry in entries)), at=NEWS + timedelta(days=2))
    assert stored(engine) == {"x": UNTOLD}
    with read_transaction(engine) as connection:
        (again,) = feeds.due(connection, None, "ada")
    assert (again.marks, again.etag, again.last_modified) == (start.marks, None, None)


def test_an_entry_that_is_not_the_newest_says_nothing_though_it_is_new(
    store: Store, engine: sa.Engine
) -> None:
    newest, edited = viewing("x", 4.0, NEWS), viewing("x", 1.0, NEWS, number=2)
    store(news(newest, edited, read_before=(newest.guid,)))
    assert stored(engine)["x"] == (4.0, False, None, f"{LINK}2/")


def test_an_edited_entry_is_news_of_after_the_last_reading(store: Store, engine: sa.Engine) -> None:
    first = NEWS + timedelta(days=1)
    store(news(viewing("x", 3.0, NEWS)), at=first)
    store(news(viewing("x", 2.0, first)), at=first + timedelta(days=1))  # as the spider tells it
    assert stored(engine)["x"] == (2.0, False, DAY, LINK)


def test_where_tmdb_has_a_film_is_filled_and_never_overwritten(store: Store, engine: sa.Engine) -> None:
    def at_tmdb() -> set[tuple[str, str | None, int | None]]:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(films.c.slug, films.c.tmdb_media_type, films.c.tmdb_id))
            return {(row[0], row[1], row[2]) for row in rows}

    store(news(viewing("x"), viewing("y", 3.0, NEWS, number=2, tmdb_kind="tv", tmdb_id=9)))
    assert at_tmdb() == {("x", None, None), ("y", "tv", 9)}
    store(news(viewing("x", tmdb_kind="movie", tmdb_id=5)))
    store(news(viewing("x", tmdb_kind="tv", tmdb_id=6), viewing("y", tmdb_kind="movie", tmdb_id=7)))
    assert at_tmdb() == {("x", "movie", 5), ("y", "tv", 9)}


def test_a_feed_tells_the_status_and_nothing_of_when_the_profile_is_due(
    store: Store, engine: sa.Engine
) -> None:
    def told() -> tuple[str, datetime | None]:
        with engine.connect() as connection:
            row = connection.execute(sa.select(users.c.status, users.c.last_incremental_scrape_at)).one()
            return row.status, row.last_incremental_scrape_at

    store(MemberStatus("ada", "gone", Listing.FEED))
    assert told() == ("gone", None)
    store(FeedUnchanged("ada"))
    assert told() == ("ok", None)
    store(MemberStatus("ada", "private"))
    assert told() == ("private", NEWS + timedelta(days=1))
    store(news())
    assert told() == ("ok", NEWS + timedelta(days=1))
