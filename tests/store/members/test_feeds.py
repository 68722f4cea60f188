"""What feeds and diaries set, date and link; whose feeds are asked for."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Failure, FeedEntry, FeedNews, Listing
from letterboxd_scraper.items.tasks import FeedStart, Provenance
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.members import diaries, feeds
from letterboxd_scraper.store.members.diaries import Viewing
from letterboxd_scraper.store.schema import films, ratings, scrape_failures, user_scrape_state, users
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_user, rating_rows

RUN = 7
READ = Provenance(MONDAY + DAY, RUN)
MIDNIGHT = MONDAY.replace(hour=0)
URL = "https://letterboxd.com/ada/film/x/"


def entry(slug: str = "x", stars: float | None = None, liked: bool | None = None, **more: Any) -> FeedEntry:
    """Return an entry of Monday noon, after all that is stored."""
    values: dict[str, Any] = {"number": 1, "published": MONDAY, "url": URL, "day": MONDAY.date()}
    values |= more
    guid = f"letterboxd-watch-{values.pop('number')}"
    film = Film(slug, slug.title(), 1999)
    return FeedEntry(
        guid, film, values.pop("day"), values.pop("published"), stars, liked, values.pop("url"), **values
    )


@pytest.fixture
def ada(connection: sa.Connection) -> int:
    """Her rated films were read whole on Sunday."""
    ada = add_user(connection, "ada")
    row = {"user_id": ada, "listing": Listing.RATED, "page": 1, "seen": [], "status": "complete"}
    row |= {"updated_at": MONDAY - DAY, "complete_as_of": MONDAY - DAY}
    connection.execute(user_scrape_state.insert().values(row))
    return ada


def save(connection: sa.Connection, *entries: FeedEntry, **more: Any) -> None:
    feeds.save_news(connection, FeedNews("ada", entries, **more), READ)


COLUMNS = ("rating", "liked", "rated_at", "diary_entry_url", "first_seen_at", "seen_after", "updated_at")


def test_a_rating_is_stored_as_of_when_it_was_published(connection: sa.Connection, ada: int) -> None:
    save(connection, entry(stars=4.0))
    expected = (4.0, False, MIDNIGHT, URL, MONDAY, MONDAY - DAY, MONDAY)
    assert list(rating_rows(connection, *COLUMNS).values()) == [expected]


def test_what_is_published_in_the_future_is_as_of_now(connection: sa.Connection, ada: int) -> None:
    save(connection, entry(stars=4.0, published=READ.at + HOUR))
    assert list(rating_rows(connection, "first_seen_at", "updated_at").values()) == [(READ.at, READ.at)]


def test_a_like_leaves_the_interval_of_the_rating(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, rating=4.0, first_seen_at=MONDAY - DAY, updated_at=MONDAY - DAY)
    save(connection, entry(liked=True))
    assert rating_rows(connection, *COLUMNS) == {film: (4.0, True, None, URL, MONDAY - DAY, None, READ.at)}


def test_a_rating_and_a_like_of_two_entries(connection: sa.Connection, ada: int) -> None:
    newer = entry(stars=3.0, number=2, published=MONDAY + HOUR, url=f"{URL}1/")
    save(connection, newer, entry(stars=4.0, liked=True))
    late = MONDAY + HOUR
    assert list(rating_rows(connection, *COLUMNS).values()) == [
        (3.0, True, MIDNIGHT, f"{URL}1/", late, MONDAY - DAY, late)
    ]


@pytest.mark.parametrize(
    ("published", "stored", "is_news"),
    [
        (MONDAY - DAY, None, False),
        (MONDAY - DAY + timedelta(seconds=1), None, True),
        (MONDAY, MONDAY, True),
        (MONDAY, MONDAY + timedelta(seconds=1), False),
        (MONDAY, MONDAY - HOUR, True),
    ],
)
@pytest.mark.parametrize("told", [{"stars": 3.0}, {"liked": True}])
def test_news_are_newer_than_the_whole_listing_and_the_row(
    connection: sa.Connection, ada: int, published: Any, stored: Any, is_news: bool, told: dict[str, Any]
) -> None:
    if stored:
        add_rating(connection, ada, add_film(connection, "x"), rating=4.0, updated_at=stored)
    save(connection, entry(published=published, **told))
    rows = rating_rows(connection, "rating", "liked")
    before = (4.0 if stored else None, False)
    changed = [row for row in rows.values() if row != before]
    assert bool(changed) is is_news
    counts = feeds.ratings_set_by(connection, READ.run or 0)
    assert counts == (1 if is_news and "stars" in told else 0)


def test_of_who_was_never_read_all_is_news(connection: sa.Connection, ada: int) -> None:
    add_user(connection, "ben")
    item = FeedNews("ben", (entry(stars=4.0, published=MONDAY - 99 * DAY),))
    feeds.save_news(connection, item, READ)
    assert list(rating_rows(connection, "rating", "seen_after").values()) == [(4.0, None)]


def test_the_same_rating_is_not_set_again_but_dated(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, rating=4.0, updated_at=MONDAY - HOUR)
    save(connection, entry(stars=4.0))
    assert feeds.ratings_set_by(connection, 7) == 0
    assert rating_rows(connection, "rating", "rated_at", "diary_entry_url") == {film: (4.0, MIDNIGHT, URL)}


def test_another_rating_begins_a_new_interval(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, "x")
    seen = {"first_seen_at": MONDAY - 9 * DAY, "seen_after": MONDAY - 10 * DAY, "updated_at": MONDAY - DAY}
    add_rating(connection, ada, film, rating=4.0, **seen)
    save(connection, entry(stars=3.0))
    assert rating_rows(connection, *COLUMNS) == {
        film: (3.0, False, MIDNIGHT, URL, MONDAY, MONDAY - DAY, MONDAY)
    }


def test_an_entry_that_says_of_no_like_takes_none_away(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, rating=4.0, liked=True, updated_at=MONDAY - HOUR)
    save(connection, entry(stars=3.0, liked=False))
    assert rating_rows(connection, "rating", "liked") == {film: (3.0, True)}


def test_only_the_newest_entry_of_a_film_speaks(connection: sa.Connection, ada: int) -> None:
    newest, edited = entry(stars=4.0), entry(stars=1.0, liked=True, number=2)
    save(connection, newest, edited, read_before=(newest.guid,))
    assert list(rating_rows(connection, "rating", "liked").values()) == [(None, True)]
    (count,) = connection.scalars(
        sa.select(user_scrape_state.c.total).where(user_scrape_state.c.listing == "feed")
    )
    assert count == 0


def test_the_link_is_that_of_the_entry_with_stars(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, rating=4.0, updated_at=MONDAY - HOUR)
    save(connection, entry(number=2, url=f"{URL}2/"), entry(stars=4.0, number=1))
    assert rating_rows(connection, "diary_entry_url") == {film: URL}


def test_a_film_that_archives_alone_knew_gets_its_slug(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, None, title="X", release_year=1999, letterboxd_lid="2aHi")
    save(connection, entry(stars=4.0))
    assert rating_rows(connection, "rating") == {film: 4.0}


def test_where_tmdb_has_a_film(connection: sa.Connection, ada: int) -> None:
    def at_tmdb() -> dict[str, tuple[str | None, int | None]]:
        rows = connection.execute(sa.select(films.c.slug, films.c.tmdb_media_type, films.c.tmdb_id))
        return {row[0]: (row[1], row[2]) for row in rows}

    save(connection, entry("x", 4.0, tmdb_kind="movie", tmdb_id=5), entry("y", 4.0, number=2))
    assert at_tmdb() == {"x": ("movie", 5), "y": (None, None)}
    save(connection, entry("x", tmdb_kind="tv", tmdb_id=6), entry("z", tmdb_kind="tv", tmdb_id=7, number=3))
    assert at_tmdb() == {"x": ("movie", 5), "y": (None, None)}
    save(connection, entry("y", tmdb_kind="tv", tmdb_id=8, number=4))
    assert at_tmdb()["y"] == ("tv", 8)
    # What was but guessed is replaced, and asked for anew.
    connection.execute(films.update().values(tmdb_guessed=True, tmdb_synced_at=MONDAY))
    save(connection, entry("x", tmdb_kind="movie", tmdb_id=5, number=5))
    save(connection, entry("y", tmdb_kind="tv", tmdb_id=9, number=6))
    query = sa.select(films.c.tmdb_id, films.c.tmdb_guessed, films.c.tmdb_synced_at)
    rows = connection.execute(query.order_by(films.c.slug)).all()
    assert rows == [(5, False, MONDAY), (9, False, None)]


def state(connection: sa.Connection) -> Any:
    query = sa.select(user_scrape_state).where(user_scrape_state.c.listing == Listing.FEED)
    return connection.execute(query).one()


def test_what_the_feed_said_is_remembered(connection: sa.Connection, ada: int) -> None:
    entries = [entry(f"film-{number}", 4.0, number=number) for number in range(100, 160)]
    save(connection, *entries, etag='"1"', last_modified="then")
    stored = state(connection)
    assert (stored.page, stored.status, stored.run, stored.total) == (1, "complete", 7, 60)
    assert (stored.updated_at, stored.etag, stored.last_modified) == (READ.at, '"1"', "then")
    marks = {str(number): f"{MONDAY.date()} 4.0 None" for number in range(100, 150)}
    assert stored.seen == marks
    start = FeedStart("ada", '"1"', "then", marks, READ.at)
    assert feeds.due(connection, None, "ada") == [start]
    save(connection, *entries, read_before=tuple(one.guid for one in entries))
    assert (state(connection).total, state(connection).etag) == (0, None)


def test_a_feed_that_can_be_read_is_its_members_and_made_good(connection: sa.Connection, ada: int) -> None:
    connection.execute(users.update().values(status="gone"))
    ben = add_user(connection, "ben", status="private")
    for stage in (Listing.FEED, Listing.RATED):
        failures.record(connection, Failure(stage, f"https://l/{stage}/", "broken", "ada"), MONDAY)
    feeds.save_answered(connection, "ada", READ.at)
    query = sa.select(users.c.id, users.c.status, users.c.last_incremental_scrape_at)
    assert {tuple(row) for row in connection.execute(query)} == {(ada, "ok", None), (ben, "private", None)}
    rows = connection.execute(sa.select(scrape_failures.c.stage, scrape_failures.c.resolved_at))
    assert {tuple(row) for row in rows} == {("feed", READ.at), ("rated", None)}
    feeds.save_status(connection, "ada", "private")
    assert connection.scalar(sa.select(users.c.status).where(users.c.id == ada)) == "private"
    save(connection)
    assert connection.scalar(sa.select(users.c.status).where(users.c.id == ada)) == "ok"


def test_the_ratings_that_a_runs_feeds_have_set(connection: sa.Connection, ada: int) -> None:
    ben = add_user(connection, "ben")
    for user, listing, run, total in (
        (ada, "feed", 7, 2),
        (ben, "feed", 7, 3),
        (ben, "likes", 7, 9),
        (ben + 1, "feed", 8, 5),
    ):
        if user > ben:
            add_user(connection, "cleo")
        row = {"user_id": user, "listing": listing, "page": 1, "seen": [], "status": "complete"}
        connection.execute(
            user_scrape_state.insert().values(row | {"run": run, "total": total, "updated_at": MONDAY})
        )
    assert [feeds.ratings_set_by(connection, run) for run in (7, 8, 9)] == [5, 5, 0]


# Whose feeds are asked for


def test_feeds_of_members_who_are_not_gone(connection: sa.Connection) -> None:
    for name, status in (("ada", "ok"), ("ben", "private"), ("cleo", "gone"), ("dan", "ok"), ("eve", "ok")):
        add_user(connection, name, status=status)
    cohort = add_cohort(connection, "friends", ["dan", "ben", "cleo", "ada"])
    add_cohort(connection, "others", ["eve"])

    def due(shard: Shard | None = None) -> list[str]:
        return [start.name for start in feeds.due(connection, cohort.id, None, shard)]

    assert due() == ["dan", "ben", "ada"]
    halves = [due(Shard(number, 2)) for number in (1, 2)]
    assert sorted(halves[0] + halves[1]) == ["ada", "ben", "dan"]
    for number, half in enumerate(halves, start=1):
        assert half == [name for name in due() if Shard(number, 2).holds(name)]
    assert feeds.due(connection, None, "cleo") == [FeedStart("cleo")]
    assert feeds.due(connection, None, "nobody") == [FeedStart("nobody")]  # who may be new


@pytest.mark.parametrize(("hours", "is_known"), [(-1, True), (0, True), (1, False)])
def test_after_the_whole_listing_a_feed_is_read_anew(
    connection: sa.Connection, ada: int, hours: int, is_known: bool
) -> None:
    save(connection, entry(stars=4.0), etag='"1"')
    complete = {"complete_as_of": READ.at + hours * HOUR}
    connection.execute(
        user_scrape_state.update().where(user_scrape_state.c.listing == Listing.RATED).values(complete)
    )
    (start,) = feeds.due(connection, None, "ada")
    assert (start != FeedStart("ada")) is is_known


@pytest.mark.parametrize(
    ("work", "minutes", "is_done"), [(-1, 0, True), (0, 60, True), (0, 61, False), (1, 0, False)]
)
def test_interrupted_work_has_read_a_feed_for_an_hour(
    connection: sa.Connection, ada: int, work: int, minutes: int, is_done: bool
) -> None:
    save(connection, entry(stars=4.0))
    at = READ.at + timedelta(minutes=minutes)
    assert feeds.read_by(connection, RUN + work, at) == ({"ada"} if is_done else set())


# Diaries


def viewing(film: int, stars: float | None = None, days: int = 0, url: str = URL) -> Viewing:
    return Viewing(film, (MONDAY + days * DAY).date(), stars, url)


def test_each_films_newest_entry_with_stars_is_chosen() -> None:
    entries = [viewing(1), viewing(1, 4.0), viewing(2, 3.0), viewing(1, 2.0), viewing(3, 1.0)]
    assert diaries.newest_ratings(entries, [3]) == {1: entries[1], 2: entries[2]}
    assert diaries.newest_ratings(entries, []) == {1: entries[1], 2: entries[2], 3: entries[4]}


@pytest.mark.parametrize("keep_later", [False, True])
@pytest.mark.parametrize(
    ("stored", "stars", "after"),
    [
        ({}, 4.0, MIDNIGHT),
        ({"rated_at": MIDNIGHT - DAY}, 4.0, MIDNIGHT),
        ({"rated_at": MIDNIGHT + DAY}, 4.0, "later"),
        ({"rated_at": MIDNIGHT - DAY}, 3.0, None),
        ({"rated_at": MIDNIGHT}, 3.0, None),
        ({"rated_at": MIDNIGHT + DAY}, 3.0, MIDNIGHT + DAY),
        ({"rating": None, "liked": True}, 3.0, None),
    ],
)
def test_an_entry_dates_the_rating_that_was_given_with_it(
    connection: sa.Connection, ada: int, stored: dict[str, Any], stars: float, after: Any, keep_later: bool
) -> None:
    """``later``: the date is kept where the entry may not be the newest."""
    film, ben = add_film(connection, "x"), add_user(connection, "ben")
    for user in (ada, ben):
        add_rating(connection, user, film, **{"rating": 4.0} | stored)
    entry = viewing(film, stars)
    diaries.save_entries(connection, ada, [entry], {film: entry}, READ.at, keep_later=keep_later)
    expected = (MIDNIGHT + DAY if keep_later else MIDNIGHT) if after == "later" else after
    query = sa.select(ratings.c.rated_at, ratings.c.diary_entry_url).where(ratings.c.user_id == ada)
    assert tuple(connection.execute(query).one()) == (expected, URL)
    query = sa.select(ratings.c.rated_at, ratings.c.diary_entry_url).where(ratings.c.user_id == ben)
    assert tuple(connection.execute(query).one()) == (stored.get("rated_at"), None)


@pytest.mark.parametrize(
    ("stored", "after"),
    [
        (None, URL),
        ("https://boxd.it/a", URL),
        ("https://letterboxd.com/ada/film/x/9/", "https://letterboxd.com/ada/film/x/9/"),
    ],
)
def test_an_entry_links_what_has_no_better_link(
    connection: sa.Connection, ada: int, stored: str | None, after: str
) -> None:
    film, other = add_film(connection, "x"), add_film(connection, "y")
    for one in (film, other):
        add_rating(connection, ada, one, rating=4.0, diary_entry_url=stored)
    entries = [viewing(film), viewing(film, url=f"{URL}old/"), viewing(other + 1)]
    diaries.save_entries(connection, ada, entries, {}, READ.at)
    assert rating_rows(connection, "rated_at", "diary_entry_url") == {
        film: (None, after),
        other: (None, stored),
    }


def test_what_changes_is_of_that_moment_and_nothing_else_is(connection: sa.Connection, ada: int) -> None:
    dated, same, undated, linked = (add_film(connection, slug) for slug in "wxyz")
    kept = {"rated_at": MIDNIGHT, "diary_entry_url": URL}
    for film, values in ((dated, {}), (same, kept), (undated, kept), (linked, {})):
        add_rating(connection, ada, film, rating=4.0, **values)
    rated = {film: viewing(film, stars) for film, stars in ((dated, 4.0), (same, 4.0), (undated, 2.0))}
    diaries.save_entries(connection, ada, [*rated.values(), viewing(linked)], rated, READ.at)
    moments = {dated: READ.at, same: MONDAY, undated: READ.at, linked: READ.at}
    assert rating_rows(connection, "updated_at") == moments
    other = viewing(same, 4.0, url=f"{URL}9/")
    diaries.save_entries(connection, ada, [other], {same: other}, READ.at + HOUR)
    assert rating_rows(connection, "updated_at", "diary_entry_url")[same] == (READ.at + HOUR, f"{URL}9/")
