"""Diaries: when ratings were made and where their entries are; crawled, killed, broken and read twice."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import DiaryEntry, DiaryPage, FilmsPage, Listing, Profile, Tile
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, scrape_failures, user_scrape_state, users
from tests.conftest import Names, Shell, assert_ended, on_sqlite, stored_facts
from tests.held_site import HeldSite
from tests.site import Fault, Site, own_world
from tests.site.diary import PER_PAGE, entry_path
from tests.site.world import Entry
from tests.spiders.test_crawl import noted_writes, truth, watch_writes

OTTO = "otto_reels"

# A member's film, and the day and address that are stored with it.
Dates = dict[tuple[str, str], tuple[datetime | None, str | None]]


@pytest.fixture
def site(friends: Names) -> Iterator[HeldSite]:
    site = HeldSite(own_world(follows=friends))
    with site:
        yield site


def stored_dates(engine: sa.Engine) -> Dates:
    query = (
        sa.select(users.c.letterboxd_username, films.c.slug, ratings.c.rated_at, ratings.c.diary_entry_url)
        .join(ratings, ratings.c.user_id == users.c.id)
        .join(films, films.c.id == ratings.c.film_id)
    )
    with engine.connect() as connection:
        return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}


def true_dates(site: Site, *names: str) -> Dates:
    """Return what a first reading of the diaries of ``names`` must find, from the world itself."""
    dates: Dates = {}
    for name, slug, stars, _, _ in site.world.truth(names):
        member = site.world.member(name)
        entries = sorted((e for e in member.diary if e.film == slug), key=lambda e: (e.date, e.id))
        rated = [entry for entry in entries if entry.stars is not None]
        dating = rated[-1] if rated and rated[-1].stars == stars else None
        linked: Entry | None = dating or (entries[-1] if entries else None)
        day = midnight(dating.date) if dating else None
        dates[name, slug] = (day, site.url + entry_path(member, linked) if linked else None)
    return dates


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def circle(site: Site) -> list[str]:
    return list(site.world.circle("marla"))


def of(member: str, dates: Dates) -> Dates:
    return {key: value for key, value in dates.items() if key[0] == member}


def read_diary(shell: Shell, member: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    process = shell.scrapy("profile", user=member, diary="true")
    assert_ended(process, code)
    return process


@on_sqlite
def test_diaries_date_and_link_the_ratings(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    """Once, and nothing changes after that: not by the diaries again, not by the listings alone."""
    site.clear_log()
    assert_ended(crawled.scrapy("profile", cohort="friends", diary="true"), 0)
    expected = true_dates(site, *circle(site))
    assert stored_dates(crawled_engine) == expected
    assert stored_facts(crawled_engine) == truth(site)
    assert len([day for day, _ in expected.values() if day]) > 300
    pages = [hit.path for hit in site.log if "/diary/" in hit.path]
    assert sum(-(-max(1, len(member.diary)) // PER_PAGE) for member in readable(site)) == len(pages)
    watch_writes(crawled_engine)
    read_diary(crawled, OTTO)
    assert_ended(crawled.scrapy("profile", user=OTTO), 0)
    assert noted_writes(crawled_engine) == []


def readable(site: Site) -> list[Any]:
    members = map(site.world.member, circle(site))
    return [member for member in members if member.state == "ok"]


def test_the_world_has_diaries_that_can_mislead(site: Site) -> None:
    members = readable(site)
    assert len(site.world.member(OTTO).diary) > 3 * PER_PAGE
    assert any(not member.diary for member in members)
    of_films = [
        [entry for entry in member.diary if entry.film == slug]
        for member in members
        for slug in member.ratings
    ]
    twice = [entries for entries in of_films if len(entries) > 1]
    stars = [[entry.stars for entry in entries] for entries in twice]
    assert any(first == last for first, last in stars)
    assert any(None is not first != last is not None for first, last in stars)
    assert any(last is None for _, last in stars)


def log_twice(site: Site) -> tuple[str, str]:
    """Let Otto log two films long ago and lately; the second he rates anew, as he did long ago."""
    first, second = list(site.world.member(OTTO).ratings)[:2]
    for film in (first, second):
        site.world.log(OTTO, film, "2015-01-01", 1.0)
        site.world.log(OTTO, film, "2026-01-01", 4.5)
    site.world.rate(OTTO, second, 1.0)
    return first, second


def test_killed_in_the_middle_of_a_diary_it_ends_the_same(
    crawled: Shell, site: HeldSite, crawled_engine: sa.Engine
) -> None:
    first, second = log_twice(site)
    site.clear_log()
    for number in (2, 3):
        kill_when_asked(crawled, site, f"/{OTTO}/diary/films/page/{number}/")
    read_diary(crawled, OTTO)
    dates = of(OTTO, stored_dates(crawled_engine))
    assert dates == true_dates(site, OTTO)
    assert dates[OTTO, first][0] == datetime(2026, 1, 1, tzinfo=UTC)
    assert dates[OTTO, second][0] is None
    asked = [hit.path for hit in site.log if hit.path.startswith(f"/{OTTO}/")]
    assert asked.count(f"/{OTTO}/") == 1  # it went on where it was
    # Each kill can cost the page in flight and those that wait for a database that is slow today.
    assert len(asked) - len(set(asked)) <= 2 * 4


def kill_when_asked(shell: Shell, site: HeldSite, path: str) -> None:
    answer = site.hold(path)
    process = shell.start("scrapy", "crawl", "profile", "-a", f"user={OTTO}", "-a", "diary=true")
    assert answer.asked.wait(60)
    process.kill()
    process.wait()
    answer.sent.set()


def first_page(kind: str, **values: Any) -> Fault:
    return Fault(kind, path=f"/{OTTO}/diary/films/", **values)


BROKEN = {
    "without its table": (first_page("no-listing"), 3),
    "without its rows, though more follow": (first_page("empty-listing"), 3),
    "of somebody else": (first_page("wrong-member"), 3),
    "cut short": (first_page("truncated", adapted=True), 3),
    "a challenge with status 200": (first_page("challenge", code=200, header=False), 4),
    "not there": (first_page("status", code=404), 3),
}


@on_sqlite
@pytest.mark.parametrize(("fault", "code"), BROKEN.values(), ids=BROKEN)
def test_a_diary_page_that_proves_nothing_changes_nothing(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, fault: Fault, code: int
) -> None:
    site.faults.add(fault)
    read_diary(crawled, OTTO, code)
    assert set(stored_dates(crawled_engine).values()) == {(None, None)}
    assert stored_facts(crawled_engine) == truth(site)
    with crawled_engine.connect() as connection:
        (failure,) = connection.execute(sa.select(scrape_failures)).all()
    assert (failure.member, failure.stage, failure.resolved_at) == (OTTO, "diary", None)


@on_sqlite
def test_a_diary_that_could_not_be_read_is_read_the_next_time(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    site.faults.add(first_page("status", code=404))
    read_diary(crawled, OTTO, 3)
    site.faults.clear()
    read_diary(crawled, OTTO)
    assert of(OTTO, stored_dates(crawled_engine)) == true_dates(site, OTTO)
    with crawled_engine.connect() as connection:
        assert connection.scalar(sa.select(scrape_failures.c.resolved_at)) is not None


@on_sqlite
def test_other_work_that_was_interrupted_is_not_taken_for_this(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    """A crawl of the listings alone is blocked near its end; the next reads every diary nevertheless."""
    last = sorted(set(circle(site)) - {"wipe_left", "understudy"})[-1]
    site.faults.add(Fault("block", path=f"/{last}/"))
    assert_ended(crawled.scrapy("profile", cohort="friends"), 4)
    site.faults.clear()
    process = crawled.letterboxd("scrape", "--cohort", "friends", "--diary")
    assert_ended(process, 0)
    assert "; their diaries come on top, with at least 12 requests" in process.stderr
    assert stored_dates(crawled_engine) == true_dates(site, *circle(site))


@on_sqlite
def test_a_rating_given_anew_loses_its_date_and_a_logged_one_gets_another(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    read_diary(crawled, OTTO)
    before = of(OTTO, stored_dates(crawled_engine))
    world = site.world
    anew, logged = [key[1] for key, (day, _) in before.items() if day][:2]
    world.rate(OTTO, anew, 0.5 if world.member(OTTO).ratings[anew] != 0.5 else 1.0)
    world.log(OTTO, logged, "2026-03-01", 0.5 if world.member(OTTO).ratings[logged] != 0.5 else 1.0)
    read_diary(crawled, OTTO)
    after = of(OTTO, stored_dates(crawled_engine))
    assert after[OTTO, anew] == (None, before[OTTO, anew][1])
    assert after[OTTO, logged] == true_dates(site, OTTO)[OTTO, logged]
    assert after[OTTO, logged][0] == datetime(2026, 3, 1, tzinfo=UTC)
    assert {key for key in before if before[key] != after[key]} == {(OTTO, anew), (OTTO, logged)}


# The rules one by one, at the store.

MONDAY, TUESDAY = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
EARLY, LATE = date(2020, 5, 1), date(2024, 5, 1)
Store = Callable[..., None]


def film(slug: str) -> Film:
    return Film(slug, slug.title(), 1999)


def entry(slug: str, day: date, stars: float | None = None) -> DiaryEntry:
    return DiaryEntry(1, film(slug), day, stars, False, False, False, f"/ada/film/{slug}/{day.year}/")


def diary(*entries: DiaryEntry, number: int = 1, last: bool = True) -> DiaryPage:
    return DiaryPage("ada", number, entries, last)


# Entries, the newest first; the years of the date and of the link that a rating of 4.0 stars gets by them.
RULES: dict[str, tuple[list[tuple[date, float | None]], int | None, int | None]] = {
    "never-logged": ([], None, None),
    "once": ([(LATE, 4.0)], 2024, 2024),
    "other-stars": ([(LATE, 3.0)], None, 2024),
    "without-stars": ([(LATE, None)], None, 2024),
    "twice-alike": ([(LATE, 4.0), (EARLY, 4.0)], 2024, 2024),
    "first-otherwise": ([(LATE, 4.0), (EARLY, 3.0)], 2024, 2024),
    "last-otherwise": ([(LATE, 3.0), (EARLY, 4.0)], None, 2024),
    "seen-again": ([(LATE, None), (EARLY, 4.0)], 2020, 2020),
    "seen-again-otherwise": ([(LATE, None), (EARLY, 3.0)], None, 2024),
}


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    """Save items as of a day; ada has rated the films of the rules, and has a like and a favourite."""

    def store(*items: Any, at: datetime = MONDAY) -> None:
        for item in items:
            with engine.begin() as connection:
                save(item, connection, Provenance(at, run=1))

    tiles = tuple(Tile(film(slug), 4.0) for slug in RULES)
    liked = (Tile(film("liked"), None, True),)
    store(Profile("ada", "Ada", None, None, 10, 5, 6, (film("favourite"),), len(RULES), None))
    store(FilmsPage("ada", Listing.RATED, 1, tiles, True, len(tiles), tuple(tile.film for tile in tiles)))
    store(FilmsPage("ada", Listing.UNRATED_LIKES, 1, liked, True, 1, (film("liked"),)))
    return store


def years(engine: sa.Engine) -> dict[str, tuple[int | None, int | None]]:
    """Return the year of each film's date, and that of its link."""
    dated = stored_dates(engine).items()
    return {
        slug: (day.year if day else None, int(url.split("/")[4]) if url else None)
        for (_, slug), (day, url) in dated
    }


@pytest.mark.parametrize("per_page", [1, 50])
def test_the_newest_entry_with_stars_speaks_for_the_rating(
    store: Store, engine: sa.Engine, per_page: int
) -> None:
    entries = sorted(
        (entry(slug, day, stars) for slug, (logged, _, _) in RULES.items() for day, stars in logged),
        key=lambda one: one.date,
        reverse=True,
    )
    starts = range(0, len(entries), per_page)
    for number, start in enumerate(starts, start=1):
        on_page = entries[start : start + per_page]
        # What stood at the end of the page before may have been pushed onto this one.
        shifted = entries[max(0, start - 2) : start]
        store(diary(*shifted, *on_page, number=number, last=number == len(starts)), at=TUESDAY)
    expected = {slug: (dated, linked) for slug, (_, dated, linked) in RULES.items()}
    assert years(engine) == expected | {"liked": (None, None), "favourite": (None, None)}
    with engine.connect() as connection:
        state = connection.execute(sa.select(user_scrape_state).where(user_scrape_state.c.listing == "diary"))
        assert [(row.page, row.status, row.seen) for row in state] == [(len(starts), "complete", [])]


def test_what_is_not_rated_is_linked_and_what_has_no_row_gets_none(store: Store, engine: sa.Engine) -> None:
    store(
        diary(
            entry("liked", LATE, 4.0),
            entry("favourite", LATE),
            entry("liked", EARLY),
            entry("new", EARLY, 5.0),
        )
    )
    stored = years(engine)
    assert (stored["liked"], stored["favourite"]) == ((None, 2024), (None, 2024))
    assert "new" not in stored


def test_rows_are_written_only_where_something_changes(store: Store, engine: sa.Engine) -> None:
    page = diary(entry("once", LATE, 4.0), entry("other-stars", LATE, 3.0), entry("liked", LATE))
    store(page)
    store(page, at=TUESDAY)
    store(diary(), at=TUESDAY)
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(ratings.c.updated_at))) == {MONDAY}


@pytest.mark.parametrize(
    ("day", "kept"), [(date(2024, 4, 30), False), (LATE, False), (date(2024, 5, 2), True)]
)
def test_a_date_up_to_an_entry_with_other_stars_belonged_to_another_rating(
    store: Store, engine: sa.Engine, day: date, kept: bool
) -> None:
    with engine.begin() as connection:
        connection.execute(
            ratings.update().values(rated_at=midnight(day), diary_entry_url="/ada/film/x/2024/")
        )
    store(diary(entry("once", LATE, 3.0)), at=TUESDAY)
    assert years(engine)["once"] == (2024 if kept else None, 2024)


def test_a_page_after_one_that_was_not_saved_says_nothing(store: Store, engine: sa.Engine) -> None:
    store(diary(entry("once", LATE, 3.0), last=False))
    store(diary(entry("twice-alike", EARLY, 4.0), number=3), at=TUESDAY)
    assert years(engine)["twice-alike"] == (None, None)
    with engine.connect() as connection:
        state = sa.select(user_scrape_state.c.status).where(user_scrape_state.c.listing == "diary")
        assert connection.scalar(state) == "reading"
