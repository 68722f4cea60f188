"""A member's feed: at most fifty viewings, the newest first, and lists, which are skipped."""

import re
from calendar import timegm
from datetime import UTC, date, datetime
from typing import Any, Literal

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import STARS, FeedEntry

_VIEWING = re.compile(r"letterboxd-(?:watch|review)-\d{1,18}")
_FILM = re.compile(r"/([^/\s]+)/film/([^/\s]{1,500})/(?:\d+/)?$")
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_ON_TMDB: dict[Literal["movie", "tv"], str] = {"movie": "tmdb_movieid", "tv": "tmdb_tvid"}


def parse_feed(body: bytes, member: str) -> tuple[FeedEntry, ...]:
    """Return the viewings in ``member``'s feed in the order shown.

    Raises WrongPage if it is no whole feed of theirs, and LayoutChanged for a viewing that cannot be read.
    """
    if b"</rss>" not in body[-200:]:
        raise WrongPage("the feed is cut short: it has no end")
    # As much to load as a twentieth of a crawl's start: for who reads a feed.
    import feedparser

    feed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    owner = str(feed.feed.get("link", "")).rstrip("/").rsplit("/", 1)[-1].lower()
    if owner != member:
        raise WrongPage(f"expected the feed of {member!r}, found one of {owner!r}")
    return tuple(_entry(entry) for entry in feed.entries if _VIEWING.fullmatch(str(entry.get("id", ""))))


def _entry(entry: Any) -> FeedEntry:
    link = str(entry.get("link", ""))
    film, published = _FILM.search(link), entry.get("published_parsed")
    title = str(entry.get("letterboxd_filmtitle", "")).strip()
    if not film or not published or not title:
        raise LayoutChanged(f"a viewing without film or date in the feed: {link!r}")
    year = str(entry.get("letterboxd_filmyear", ""))
    kind, number = _at_tmdb(entry)
    return FeedEntry(
        guid=str(entry.id),
        film=Film(film[2], title, int(year) if re.fullmatch(r"\d{4}", year, re.ASCII) else None),
        watched=_day(str(entry.get("letterboxd_watcheddate", ""))),
        published=datetime.fromtimestamp(timegm(published), UTC),
        stars=_stars(entry.get("letterboxd_memberrating")),
        liked={"Yes": True, "No": False}.get(str(entry.get("letterboxd_memberlike", ""))),
        url=link,
        tmdb_kind=kind,
        tmdb_id=number,
    )


def _at_tmdb(entry: Any) -> tuple[Literal["movie", "tv"] | None, int | None]:
    """Return the film's kind and number on TMDB; None, None where the feed does not say."""
    for kind, name in _ON_TMDB.items():
        if _NUMBER.fullmatch(number := str(entry.get(name, ""))):
            return kind, int(number)
    return None, None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise LayoutChanged(f"a viewing on the day {text!r} in the feed") from None


def _stars(text: Any) -> float | None:
    if text is None:
        return None
    stars = {str(stars): stars for stars in STARS}.get(str(text))
    if stars is None:
        raise LayoutChanged(f"a rating of {text!r} stars in the feed")
    return stars
