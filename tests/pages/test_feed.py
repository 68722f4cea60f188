"""Feeds: what is read, what is refused, and never anything but our own errors."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterboxd_scraper.errors import LayoutChanged, PageError, WrongPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry
from letterboxd_scraper.pages.feed import parse_feed, read_feed
from tests.site import own_world
from tests.site.feed import feed

WORLD = own_world()
MEMBER = next(m for m in WORLD.members.values() if len({entry.stars for entry in m.diary}) > 3)
FEED = feed(WORLD, MEMBER).encode()

ENTRY = """<item> <title>Flow, 2024 - ★★★★½</title> <link>https://letterboxd.com/ada/film/flow-2024/1/</link>
<guid isPermaLink="false">letterboxd-review-1153149850</guid>
<pubDate>Mon, 12 Jan 2026 09:03:05 +1300</pubDate>
<letterboxd:watchedDate>2026-01-11</letterboxd:watchedDate> <letterboxd:rewatch>Yes</letterboxd:rewatch>
<letterboxd:filmTitle>Flow &amp; Co</letterboxd:filmTitle> <letterboxd:filmYear>2024</letterboxd:filmYear>
<letterboxd:memberRating>4.5</letterboxd:memberRating> <letterboxd:memberLike>Yes</letterboxd:memberLike>
<tmdb:movieId>823219</tmdb:movieId> <description><![CDATA[ <p>Words</p> ]]></description> </item>"""


def around(*items: str, owner: str = "Ada") -> bytes:
    """Return a feed with these items."""
    spaces = 'xmlns:letterboxd="https://letterboxd.com" xmlns:tmdb="https://themoviedb.org"'
    head = f"<channel><title>Letterboxd - Ada</title><link>https://letterboxd.com/{owner}/</link>"
    return f'<rss version="2.0" {spaces}>{head}{"".join(items)}</channel></rss>'.encode()


def test_a_viewing_is_read() -> None:
    assert parse_feed(around(ENTRY), "ada") == (
        FeedEntry(
            guid="letterboxd-review-1153149850",
            film=Film("flow-2024", "Flow & Co", 2024),
            watched=date(2026, 1, 11),
            published=datetime(2026, 1, 11, 20, 3, 5, tzinfo=UTC),
            stars=4.5,
            liked=True,
            url="https://letterboxd.com/ada/film/flow-2024/1/",
            tmdb_kind="movie",
            tmdb_id=823219,
        ),
    )


def test_a_feed_is_no_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feed<").mkdir()
    (tmp_path / "feed<" / "rss>").write_bytes(around(ENTRY))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongPage):
        parse_feed(b"feed</rss>", "ada")


def test_what_is_not_said_is_not_known() -> None:
    silent = ENTRY.replace("<letterboxd:memberRating>4.5</letterboxd:memberRating>", "")
    silent = silent.replace("<letterboxd:memberLike>Yes</letterboxd:memberLike>", "")
    (entry,) = parse_feed(around(silent), "ada")
    assert (entry.stars, entry.liked) == (None, None)
    (entry,) = parse_feed(around(ENTRY.replace("memberLike>Yes", "memberLike>No")), "ada")
    assert entry.liked is False


def test_lists_are_skipped_and_a_feed_may_be_empty() -> None:
    assert parse_feed(around(ENTRY.replace("letterboxd-review-1153149850", "letterboxd-list-7")), "ada") == ()
    assert parse_feed(around(), "ada") == ()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (around(ENTRY)[:-20], WrongPage),
        (around(ENTRY, owner="bob"), WrongPage),
        (b"<html><title>Just a moment...</title></html>", WrongPage),
        (b"", WrongPage),
        # feedparser would take half a minute.
        (around(ENTRY, "<b>" * 400_000), WrongPage),
        (around(ENTRY.replace(">4.5<", ">4.7<")), LayoutChanged),
        (around(ENTRY.replace("2026-01-11<", "yesterday<")), LayoutChanged),
        (around(ENTRY.replace("/film/flow-2024/1/", "/journal/")), LayoutChanged),
        (
            around(ENTRY.replace("<letterboxd:filmTitle>Flow &amp; Co</letterboxd:filmTitle>", "")),
            LayoutChanged,
        ),
        (around(ENTRY.replace("Mon, 12 Jan 2026 09:03:05 +1300", "")), LayoutChanged),
    ],
)
def test_what_is_no_feed_of_theirs_is_refused(body: bytes, error: type[PageError]) -> None:
    with pytest.raises(error):
        parse_feed(body, "ada")


def other(number: int, *changes: tuple[str, str]) -> str:
    """Return another viewing, of film ``film-NUMBER``, with so much changed."""
    item = ENTRY.replace("1153149850", str(number)).replace("flow-2024/1/", f"film-{number}/")
    for old, new in changes:
        assert old in item
        item = item.replace(old, new)
    return item


DAY = "<letterboxd:watchedDate>2026-01-11</letterboxd:watchedDate>"
PUBLISHED = "Mon, 12 Jan 2026 09:03:05 +1300"


@pytest.mark.parametrize(
    ("change", "stars"),
    [
        ((">4.5<", ">4<"), 4.0),
        ((">4.5<", "> 4.0 <"), 4.0),
        ((">4.5<", ">-1.0<"), None),
        ((">4.5<", "><"), None),
        (("/film-7/", "/film-7/?utm=rss"), 4.5),
        (("/film-7/", "/film-7/#review"), 4.5),
    ],
)
def test_what_is_written_otherwise_is_read(change: tuple[str, str], stars: float | None) -> None:
    (entry,) = parse_feed(around(other(7, change)), "ada")
    assert (entry.film.slug, entry.stars) == ("film-7", stars)
    assert entry.url == "https://letterboxd.com/ada/film/film-7/"


def test_a_review_without_a_day_is_known_by_when_it_was_published() -> None:
    undated, dated = parse_feed(around(other(8, (DAY, "")), other(7)), "ada")
    assert (undated.film.slug, undated.stars, undated.watched) == ("film-8", 4.5, None)
    assert undated.published == datetime(2026, 1, 11, 20, 3, 5, tzinfo=UTC)
    assert (dated.film.slug, dated.watched) == ("film-7", date(2026, 1, 11))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((PUBLISHED, "some day"), "some day"),
        ((PUBLISHED, ""), "published"),
        ((">4.5<", ">4.7<"), "4.7"),
        ((">4.5<", ">-4.5<"), "-4.5"),
        (("2026-01-11<", "yesterday<"), "yesterday"),
        (("/film/film-8/", "/journal/"), "/journal/"),
        (("<letterboxd:filmTitle>Flow &amp; Co</letterboxd:filmTitle>", ""), "without a film"),
    ],
)
def test_an_entry_that_cannot_be_read_costs_no_other(change: tuple[str, str], reason: str) -> None:
    entries, unread = read_feed(around(other(7), other(8, change), other(9)), "ada")
    assert [entry.film.slug for entry in entries] == ["film-7", "film-9"]
    ((name, why),) = [(entry.name, entry.reason) for entry in unread]
    assert name == "letterboxd-review-8"
    assert reason in why


def test_the_imitation_sites_feeds_are_read() -> None:
    newest = sorted(MEMBER.diary, key=lambda entry: entry.id, reverse=True)[:50]
    entries = [
        (entry.film.slug, entry.watched, entry.stars, entry.liked) for entry in parse_feed(FEED, MEMBER.name)
    ]
    assert entries == [(entry.film, entry.date, entry.stars, entry.liked) for entry in newest]


@pytest.mark.slow
@settings(deadline=None, max_examples=50)  # the first to come loads the library
@given(at=st.integers(0, len(FEED) - 1), length=st.integers(0, 200), put=st.binary(max_size=20))
def test_a_damaged_feed_is_read_or_refused(at: int, length: int, put: bytes) -> None:
    try:
        entries = parse_feed(FEED[:at] + put + FEED[at + length :], MEMBER.name)
    except PageError:
        return
    assert all(entry.film.slug and entry.film.title for entry in entries)
