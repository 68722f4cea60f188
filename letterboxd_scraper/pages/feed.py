"""A member's feed: at most fifty viewings, the newest first, and lists, which are skipped."""

import re
from calendar import timegm
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any, Literal, NamedTuple

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import STARS, FeedEntry, UnreadEntry
from letterboxd_scraper.pages.head import path_of
from letterboxd_scraper.pages.proof import refuse_monstrous

_VIEWING = re.compile(r"letterboxd-(?:watch|review)-\d{1,18}")
_FILM = re.compile(r"/([^/\s]+)/film/([^/\s]{1,500})/(?:\d+/)?$")
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_STARS = re.compile(r"[0-5](?:\.[05]0*)?", re.ASCII)
# As another reader of feeds has met it, for an entry without a rating.
_NO_STARS = re.compile(r"-1(?:\.0)?", re.ASCII)
# What is said of entries that cannot be read is kept, and must not grow with what strangers write.
_LONGEST_REASON, _MOST_UNREAD = 200, 50
# feedparser takes a second for ten thousand; the longest feed that was seen has five thousand.
_MOST_TAGS = 50_000
_ON_TMDB: dict[Literal["movie", "tv"], str] = {"movie": "tmdb_movieid", "tv": "tmdb_tvid"}


class Feed(NamedTuple):
    """The viewings in a feed in the order shown, and those that could not be read."""

    entries: tuple[FeedEntry, ...]
    unread: tuple[UnreadEntry, ...]


def parse_feed(body: bytes, member: str) -> tuple[FeedEntry, ...]:
    """Return the viewings in ``member``'s feed that can be read, in the order shown; else as `read_feed`."""
    return read_feed(body, member).entries


def read_feed(body: bytes, member: str) -> Feed:
    """Return the viewings in ``member``'s feed: one that cannot be read costs none of the others.

    Raises WrongPage if it is no whole feed of theirs, and LayoutChanged if none of its viewings can be read.
    """
    if b"</rss>" not in body[-200:]:
        raise WrongPage("the feed is cut short: it has no end")
    if body.count(b"<") > _MOST_TAGS:
        raise WrongPage(f"the feed has more than {_MOST_TAGS:,} tags")
    # As much to load as a twentieth of a crawl's start: for who reads a feed.
    import feedparser

    refuse_monstrous(body)
    # As a stream: bytes might also be the name of a file.
    feed = feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    owner = str(feed.feed.get("link", "")).rstrip("/").rsplit("/", 1)[-1].lower()
    if owner != member:
        raise WrongPage(f"expected the feed of {member!r}, found one of {owner!r}")
    entries, unread = [], []
    for entry in feed.entries:
        guid = str(entry.get("id", "")).strip()
        if not _VIEWING.fullmatch(guid):
            continue
        try:
            entries.append(_entry(entry, guid))
        except LayoutChanged as error:
            unread.append(UnreadEntry(guid, str(error)[:_LONGEST_REASON]))
    if unread and not entries:
        raise LayoutChanged(f"no viewing in the feed can be read: {unread[0].reason}")
    return Feed(tuple(entries), tuple(unread[:_MOST_UNREAD]))


def _entry(entry: Any, guid: str) -> FeedEntry:
    link = str(entry.get("link", "")).strip()
    film, title = _FILM.search(path_of(link)), str(entry.get("letterboxd_filmtitle", "")).strip()
    if not film or not title:
        raise LayoutChanged(f"a viewing without a film in the feed: {link!r}")
    year = str(entry.get("letterboxd_filmyear", "")).strip()
    kind, number = _at_tmdb(entry)
    return FeedEntry(
        guid=guid,
        film=Film(film[2], title, int(year) if re.fullmatch(r"\d{4}", year, re.ASCII) else None),
        watched=_day(str(entry.get("letterboxd_watcheddate", "")).strip()),
        published=_published(entry),
        stars=_stars(str(entry.get("letterboxd_memberrating", "")).strip()),
        liked={"Yes": True, "No": False}.get(str(entry.get("letterboxd_memberlike", "")).strip()),
        url=link.partition("?")[0].partition("#")[0],
        tmdb_kind=kind,
        tmdb_id=number,
    )


def _at_tmdb(entry: Any) -> tuple[Literal["movie", "tv"] | None, int | None]:
    """Return the film's kind and number on TMDB; None, None where the feed does not say."""
    for kind, name in _ON_TMDB.items():
        if _NUMBER.fullmatch(number := str(entry.get(name, "")).strip()):
            return kind, int(number)
    return None, None


def _published(entry: Any) -> datetime:
    try:
        return datetime.fromtimestamp(timegm(entry.get("published_parsed")), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise LayoutChanged(f"a viewing published at {entry.get('published')!r} in the feed") from None


def _day(text: str) -> date | None:
    """Return the day of a viewing; None for a review of no viewing."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise LayoutChanged(f"a viewing on the day {text!r} in the feed") from None


def _stars(text: str) -> float | None:
    if not text or _NO_STARS.fullmatch(text):
        return None
    stars = float(text) if _STARS.fullmatch(text) else None
    if stars not in STARS:
        raise LayoutChanged(f"a rating of {text!r} in the feed")
    return stars
