"""Feeds: news, exact days and links for one request a member; nothing is ever removed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.store.schema import films, scrape_failures, user_scrape_state, users
from tests.conftest import Shell, Snapshots, assert_ended, make_shell, on_both, on_sqlite, stored_facts
from tests.site import FEW, Fault, Site, World
from tests.site.cinema import where_at_tmdb
from tests.site.diary import entry_path
from tests.site.feed import VIEWINGS
from tests.site.world import Entry
from tests.spiders.test_crawl import noted_writes, watch_writes
from tests.spiders.test_diary import Dates, midnight, stored_dates
from tests.spiders.test_when_rated import night, rated_film, somebody, truth, unseen_film

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
        of_film = [entry for entry in newest if entry.film == slug]
        rated = [entry for entry in of_film if entry.stars is not None]
        linked: Entry | None = next(iter(rated or of_film), None)
        day = midnight(rated[0].date) if rated and rated[0].stars == stars else None
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
    dated = {slug: at for slug, at in stored.items() if at != (None, None)}
    expected = {slug: (link.kind, link.id) for slug, link in links.items() if link and link.season is None}
    assert dated == {slug: at for slug, at in expected.items() if slug in stored}
    assert {kind for kind, _ in dated.values()} == {"movie", "tv"}


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
def test_a_block_ends_it_and_an_unknown_cohort_begins_nothing(crawled: Shell, site: Site) -> None:
    site.faults.add(Fault("block", path="/.*/rss/", after=4))
    process = crawled.scrapy("rss", cohort="friends")
    assert_ended(process, 4)
    assert "Blocked" in process.stderr
    site.clear_log()
    process = crawled.scrapy("rss", cohort="strangers")
    assert_ended(process, 2)
    assert "strangers" in process.stderr
    assert "Traceback" not in process.stderr
    assert site.log == []


def test_who_is_watched_may_be_new(shell: Shell, site: Site, engine: sa.Engine) -> None:
    """Nobody but their feed knows of them: they come by it, and what it cannot know is said."""
    name = "otto_reels"
    watched = shell.letterboxd("watch", "--member", name)
    assert_ended(watched, 0)
    assert "a feed shows the newest fifty diary entries" in watched.stderr
    newest = {}
    for entry in sorted(site.world.member(name).diary, key=lambda entry: entry.id)[-VIEWINGS:]:
        if entry.stars is not None:
            newest[entry.film] = entry.stars
    rated = {row[1]: row[2] for row in stored_facts(engine) if row[0] == name and row[2]}
    assert rated == newest
    site.clear_log()
    again = shell.letterboxd("watch", "--user", name)
    assert_ended(again, 0)
    assert [hit.status for hit in site.log] == [304]
    nobody = shell.letterboxd("watch", "--member", "nobody_at_all")
    assert_ended(nobody, 2)
    assert "nobody_at_all: no such member on the site" in nobody.stderr
    with engine.connect() as connection:
        assert not connection.scalars(
            sa.select(users.c.id).where(users.c.letterboxd_username == "nobody_at_all")
        ).all()


def statuses(engine: sa.Engine) -> dict[str, str]:
    query = sa.select(users.c.letterboxd_username, users.c.status).where(users.c.status != "ok")
    with engine.connect() as connection:
        return {row.letterboxd_username: row.status for row in connection.execute(query)}


def open_failures(engine: sa.Engine) -> set[tuple[str, str]]:
    failed = scrape_failures.c
    query = sa.select(failed.member, failed.stage).where(failed.resolved_at.is_(None))
    with engine.connect() as connection:
        return {(row.member, row.stage) for row in connection.execute(query)}
