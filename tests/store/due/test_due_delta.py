"""Who is read by a delta crawl, and why: a table of situations."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Failure, Listing
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.due import delta_crawl
from letterboxd_scraper.store.due.delta_crawl import MembersDue, of_cohort, of_member
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import user_scrape_state, users
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_run, add_user

LAST_WEEK = MONDAY - 7 * DAY
# A member who was read last week; their counts were seen since, and have not moved.
UNMOVED = {
    "last_full_scrape_at": LAST_WEEK,
    "counts_seen_at": MONDAY - HOUR,
    "films_count": 10,
    "likes_count": 5,
    "crawled_films_count": 10,
    "crawled_likes_count": 5,
}
MOVED = {"films_count": 11}


def due(
    connection: sa.Connection, at: datetime = MONDAY, *, seed: str | None = "ada", **arguments: Any
) -> MembersDue:
    """Return who of ada's circle, ada and ben, is due; without a seed it is a list of names."""
    return of_cohort(connection, add_cohort(connection, "friends", ["ada", "ben"], seed), at, **arguments)


def reason_of(connection: sa.Connection, row: dict[str, Any], **arguments: Any) -> str | None:
    """Return why ben is read, if he is, or that he is read in full."""
    add_user(connection, "ada", status="gone", last_incremental_scrape_at=MONDAY)
    add_user(connection, "ben", **UNMOVED | row)
    members = due(connection, **arguments)
    assert len(members.delta) + len(members.full) + members.skipped == 2
    if "ben" in [start.name for start in members.full]:
        return "in full"
    return next((start.reason.name for start in members.delta if start.name == "ben"), None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, None),
        ({"films_count": 11}, "MOVED"),
        ({"films_count": 9}, "MOVED"),
        ({"likes_count": 6}, "MOVED"),
        ({"likes_count": 0}, "MOVED"),
        ({"crawled_likes_count": None}, "MOVED"),
        # A count that the listing does not show says nothing.
        ({"films_count": None}, None),
        ({"films_count": None, "likes_count": 6}, "MOVED"),
        # Counts from before the last reading say nothing; those of the same moment do.
        ({"counts_seen_at": LAST_WEEK - HOUR, "films_count": 11}, None),
        ({"counts_seen_at": LAST_WEEK, "films_count": 11}, "MOVED"),
        ({"last_incremental_scrape_at": MONDAY, "films_count": 11}, None),
        ({"last_incremental_scrape_at": LAST_WEEK - DAY, "films_count": 11}, "MOVED"),
        # The last listing did not show the counts.
        ({"counts_seen_at": None}, "UNCOUNTED"),
        ({"counts_seen_at": None, "films_count": 11}, "UNCOUNTED"),
        ({"last_full_scrape_at": None}, "in full"),
        ({"status": "gone"}, None),
        ({"status": "private"}, None),
    ],
)
def test_of_a_listed_member_the_counts_decide(
    connection: sa.Connection, row: dict[str, Any], reason: str | None
) -> None:
    assert reason_of(connection, row, audit="none") == reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "AUDIT"),
        ({"films_count": 11}, "MOVED"),
        ({"counts_seen_at": None}, "UNCOUNTED"),
        ({"last_full_scrape_at": None}, "in full"),
        ({"status": "gone"}, "in full"),
    ],
)
def test_an_audit_of_all_reads_the_others_too(
    connection: sa.Connection, row: dict[str, Any], reason: str
) -> None:
    assert reason_of(connection, row, audit="all") == reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        # Nobody's listing shows them: what was seen elsewhere since counts, else they are asked for.
        ({}, None),
        ({"films_count": 11}, "MOVED"),
        ({"counts_seen_at": LAST_WEEK - HOUR}, "UNCOUNTED"),
        ({"counts_seen_at": None}, "UNCOUNTED"),
        ({"status": "gone"}, "in full"),
    ],
)
def test_a_list_of_names_has_no_listing(
    connection: sa.Connection, row: dict[str, Any], reason: str | None
) -> None:
    assert reason_of(connection, row, seed=None, audit="none") == reason


def test_the_seed_is_on_no_listing_of_its_own(connection: sa.Connection) -> None:
    for name in ("ada", "ben"):
        add_user(connection, name, **UNMOVED | {"counts_seen_at": LAST_WEEK - HOUR})
    (start,) = due(connection, audit="none").delta
    assert (start.name, start.reason, start.is_seed) == ("ada", Reason.UNCOUNTED, True)


@pytest.mark.parametrize("audit", ["none", "all"])
@pytest.mark.parametrize(
    ("row", "reason"), [({}, "FAILED"), (MOVED, "MOVED"), ({"counts_seen_at": None}, "UNCOUNTED")]
)
def test_who_could_not_be_read_whole_is_read_again_also_where_an_audit_is_due(
    connection: sa.Connection, audit: str, row: dict[str, Any], reason: str
) -> None:
    failures.record(connection, Failure(Listing.RATED, "https://l/ben/", "broken", "ben"), LAST_WEEK)
    assert reason_of(connection, row, audit=audit) == reason


def test_what_was_made_good_or_is_not_a_deltas_to_read_is_no_failure(connection: sa.Connection) -> None:
    failures.record(connection, Failure(Listing.RATED, "https://l/ben/", "broken", "ben"), LAST_WEEK)
    failures.record(connection, Failure(Listing.DIARY, "https://l/ben/diary/", "broken", "ben"), LAST_WEEK)
    failures.resolve(connection, "ben", MONDAY, [Listing.RATED])
    assert reason_of(connection, {}, audit="none") is None


def test_a_start_tells_the_counts(connection: sa.Connection) -> None:
    add_user(connection, "ada", **UNMOVED)
    add_user(connection, "ben", **UNMOVED | {"films_count": 11, "likes_count": 7})
    members = due(connection, audit="none")
    assert members == MembersDue((DeltaStart("ben", Reason.MOVED, 11, 7, 10, 5, LAST_WEEK),), (), 1)


def test_of_who_is_not_counted_no_counts_hold(connection: sa.Connection) -> None:
    add_user(connection, "ben", **UNMOVED | {"counts_seen_at": None})
    start = DeltaStart("ben", Reason.UNCOUNTED, None, None, 10, 5, LAST_WEEK)
    assert of_member(connection, "ben", MONDAY).delta == (start,)


@pytest.mark.parametrize(
    ("row", "audit", "reasons"),
    [
        ({}, "auto", []),
        ({}, "none", []),
        ({}, "all", [Reason.AUDIT]),
        (MOVED, "auto", [Reason.MOVED]),
        ({"last_full_scrape_at": None}, "auto", []),
    ],
)
def test_one_member(
    connection: sa.Connection, row: dict[str, Any], audit: Any, reasons: list[Reason]
) -> None:
    add_user(connection, "ada", **UNMOVED)
    add_user(connection, "ben", **UNMOVED | row)
    members = of_member(connection, "ben", MONDAY, audit=audit)
    assert [start.reason for start in members.delta] == reasons
    in_full = ["ben"] if "last_full_scrape_at" in row else []
    assert [start.name for start in members.full] == in_full
    assert members.skipped == 1 - len(reasons) - len(in_full)


def test_one_member_who_is_gone_is_asked_after_at_once(connection: sa.Connection) -> None:
    add_user(connection, "ben", **UNMOVED | {"status": "gone"})
    assert [start.name for start in of_member(connection, "ben", MONDAY).full] == ["ben"]


def test_one_member_who_was_read_by_the_work_that_is_carried_on_waits(connection: sa.Connection) -> None:
    work = add_run(connection, type="when_rated", started_at=MONDAY - 5 * HOUR)
    add_user(connection, "ben", **UNMOVED | {"last_full_scrape_at": MONDAY - HOUR})
    assert of_member(connection, "ben", MONDAY, audit="all").delta
    assert not of_member(connection, "ben", MONDAY, work, audit="all").delta


@pytest.mark.parametrize(("ago", "page"), [(HOUR, 2), (HOUR + timedelta(seconds=1), None)])
@pytest.mark.parametrize("status", ["reading", "complete", "unproved"])
def test_what_an_interrupted_run_has_lately_read_of_a_member_is_told(
    connection: sa.Connection, ago: timedelta, page: int | None, status: str
) -> None:
    work = add_run(connection, type="when_rated", started_at=MONDAY - 5 * HOUR)
    user = add_user(connection, "ben", **UNMOVED | {"films_count": 99, "counts_seen_at": MONDAY})
    film = add_film(connection, "cure")
    row = {"user_id": user, "listing": "rated_3.5", "page": 2, "seen": [film], "status": status, "run": work}
    connection.execute(user_scrape_state.insert().values(row | {"updated_at": MONDAY - ago}))
    (start,) = of_member(connection, "ben", MONDAY, work).delta
    (anew,) = of_member(connection, "ben", MONDAY).delta
    marks = {listing: (mark.page, mark.finished) for listing, mark in start.bookmarks.items()}
    if page and status == "unproved":
        page = 0
    assert marks == ({} if page is None else {Listing.RATED_3_5: (page, status == "complete")})
    assert anew.bookmarks == {}


# The work that is carried on began so long before; ben was read so long ago.
@pytest.mark.parametrize(
    ("began", "read", "is_read"),
    [
        (5 * HOUR, HOUR, False),
        (5 * HOUR, 5 * HOUR, True),
        (5 * HOUR, 6 * HOUR, True),
        (20 * HOUR, 12 * HOUR - timedelta(seconds=1), False),
        (20 * HOUR, 12 * HOUR, True),
        (20 * HOUR, 13 * HOUR, True),
        (None, HOUR, True),
    ],
)
@pytest.mark.parametrize("column", ["last_full_scrape_at", "last_incremental_scrape_at"])
def test_who_was_read_by_the_work_that_is_carried_on_waits(
    connection: sa.Connection, began: timedelta | None, read: timedelta, is_read: bool, column: str
) -> None:
    work = add_run(connection, type="when_rated", started_at=MONDAY - began) if began else None
    row = {column: MONDAY - read, "counts_seen_at": MONDAY}
    assert (reason_of(connection, row, work=work, audit="all") is not None) is is_read


def test_whose_counts_have_moved_since_is_read_though_they_were_read_in_the_same_work(
    connection: sa.Connection,
) -> None:
    work = add_run(connection, type="when_rated", started_at=MONDAY - 5 * HOUR)
    row = {"last_full_scrape_at": MONDAY - HOUR, "counts_seen_at": MONDAY, "films_count": 11}
    assert reason_of(connection, row, work=work) == "MOVED"


@pytest.mark.parametrize(("read", "since"), [(MONDAY - HOUR, False), (MONDAY, False), (MONDAY + HOUR, True)])
@pytest.mark.parametrize("column", ["last_full_scrape_at", "last_incremental_scrape_at"])
def test_was_read_since(connection: sa.Connection, read: datetime, since: bool, column: str) -> None:
    add_user(connection, "ben", **{"last_full_scrape_at": LAST_WEEK} | {column: read})
    assert delta_crawl.was_read_since(connection, "ben", MONDAY) is since


def test_a_forgotten_member_counts_as_read(connection: sa.Connection) -> None:
    assert delta_crawl.was_read_since(connection, "ben", MONDAY)


def test_what_is_stored_of_a_member(connection: sa.Connection) -> None:
    ada, ben = add_user(connection, "ada"), add_user(connection, "ben")
    x = add_film(connection, "x", release_year=1999, letterboxd_film_id=7, letterboxd_lid="2aHi")
    unnamed = add_film(connection, None)
    add_rating(connection, ada, x, rating=4.0)
    add_rating(connection, ada, unnamed, liked=True, updated_at=LAST_WEEK)
    add_rating(connection, ben, x, rating=1.0)
    assert set(delta_crawl.stored_rows(connection, "ada")) == {
        Stored(Film("x", "X", 1999, 7, "2aHi"), 4.0, False, MONDAY),
        Stored(Film(f"film-row:{unnamed}", "Untitled"), None, True, LAST_WEEK),
    }


# Audits

NAMES = [f"member-{number}" for number in range(10)]


def audited(connection: sa.Connection, at: datetime, days: int = 30, **arguments: Any) -> set[str]:
    cohort = cohorts.find(connection, "friends")
    members = of_cohort(connection, cohort, at, audit_days=days, **arguments)
    names = [start.name for start in members.delta if start.reason is Reason.AUDIT]
    return {*names, *(start.name for start in members.full)}


def add_circle(connection: sa.Connection, **row: Any) -> None:
    for name in NAMES:
        add_user(connection, name, **UNMOVED | {"counts_seen_at": MONDAY + 99 * DAY} | row)
    add_cohort(connection, "friends", NAMES, NAMES[0])


@pytest.mark.parametrize("days", [5, 10, 20, 30])
def test_audits_are_spread_over_their_days(connection: sa.Connection, days: int) -> None:
    """Nobody is read otherwise, so who is due stays so; on each day as many more are."""
    add_circle(connection, last_full_scrape_at=MONDAY - 99 * DAY)
    assert audited(connection, MONDAY, days) == set(NAMES)
    connection.execute(users.update().values(last_full_scrape_at=MONDAY))
    first = math.ceil(days / 3)
    many = [len(audited(connection, MONDAY + day * DAY, days)) for day in range(days + first + 1)]
    assert many[:first] == [0] * first
    assert many == sorted(many)
    assert many[-1] == 10
    steps = [after - before for before, after in zip(many[first:], many[first + 1 :], strict=False)]
    assert max(steps) <= max(1, 10 // days) + 1


def days_due(connection: sa.Connection, days: int, count: int, **row: Any) -> dict[str, list[int]]:
    """Return on which of the ``count`` days from Monday each member is due."""
    add_circle(connection, **row)
    by_name: dict[str, list[int]] = {name: [] for name in NAMES}
    for day in range(count):
        for name in audited(connection, MONDAY + day * DAY, days):
            by_name[name].append(day)
    return by_name


def test_who_was_never_read_and_is_gone_from_the_listing_is_asked_after(connection: sa.Connection) -> None:
    gone = days_due(connection, 10, 12, status="gone", last_full_scrape_at=None)
    assert all(days == list(range(12)) for days in gone.values())


def test_who_is_gone_is_asked_after_once_in_so_many_days(connection: sa.Connection) -> None:
    """They were asked on Monday: not on that day again, and from their next day on."""
    gone = days_due(connection, 10, 11, status="gone", last_incremental_scrape_at=MONDAY)
    assert sorted(days[0] for days in gone.values()) == list(range(1, 11))
    assert all(days == list(range(days[0], 11)) for days in gone.values())


def test_who_was_read_lately_is_spared(connection: sa.Connection) -> None:
    """Members whose day comes within a third of the days wait for the next one."""
    read = days_due(connection, 9, 14, last_full_scrape_at=MONDAY)
    firsts = sorted(days[0] for days in read.values())
    assert firsts[0] == 3
    assert firsts[-1] == 11
    assert set(firsts) == set(range(3, 12))


def test_an_audit_is_at_least_a_day_after_the_last_reading(connection: sa.Connection) -> None:
    read = days_due(connection, 1, 3, last_full_scrape_at=MONDAY)
    assert all(days == [1, 2] for days in read.values())


def test_who_seems_to_have_been_read_long_from_now_is_audited(connection: sa.Connection) -> None:
    """By a clock that was wrong then; one that differs by a day changes nothing."""
    assert all(days_due(connection, 10, 1, last_full_scrape_at=MONDAY + 9 * DAY).values())
    connection.execute(users.update().values(last_full_scrape_at=MONDAY + DAY))
    assert audited(connection, MONDAY, 10) == set()


def test_a_shard_has_its_members_on_the_same_days(connection: sa.Connection) -> None:
    add_circle(connection, last_full_scrape_at=MONDAY)
    for day in range(30):
        at = MONDAY + day * DAY
        parts = [audited(connection, at, shard=Shard(number, 2)) for number in (1, 2)]
        assert parts[0] | parts[1] == audited(connection, at)
        for number, part in enumerate(parts, start=1):
            assert part == {name for name in parts[0] | parts[1] if Shard(number, 2).holds(name)}


def test_the_day_of_an_audit_follows_from_the_name(connection: sa.Connection) -> None:
    """On every machine, and in whatever order the members came."""
    gone = days_due(connection, 10, 11, status="gone", last_incremental_scrape_at=MONDAY)
    assert [days[0] for days in gone.values()] == [2, 10, 8, 9, 3, 7, 4, 1, 6, 5]
