"""A member's feed: the fifty newest viewings, by when they were entered, and a list that is no viewing."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from contextvars import ContextVar
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from xml.sax.saxutils import escape

from .cinema import where_at_tmdb
from .diary import entry_path
from .grids import star_text
from .world import Entry, Film, Member, World

VIEWINGS = 50
# What the request being answered says it has already: its If-None-Match and If-Modified-Since.
CONDITIONS: ContextVar[tuple[str, str]] = ContextVar("conditions", default=("", ""))

_FEED = """<?xml version='1.0' encoding='utf-8'?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:letterboxd="https://letterboxd.com" xmlns:tmdb="https://themoviedb.org">
\t<channel>
\t\t<title>Letterboxd - {name}</title>
\t\t<link>https://letterboxd.com/{member}/</link>
\t\t<description>Letterboxd - {name}</description>
{items}\t</channel>
</rss>
"""
_LIST = """\t\t<item> <title>A list</title> <link>https://letterboxd.com/{member}/list/a-list/</link> \
<guid isPermaLink="false">letterboxd-list-1</guid> <pubDate>Mon, 5 Jan 2026 10:00:00 +1300</pubDate> </item>
"""
_VIEWING = """\t\t<item> <title>{title}, {year}{stars}</title> <link>https://letterboxd.com{link}</link> \
<guid isPermaLink="false">letterboxd-{kind}-{entry.id}</guid> <pubDate>{published} +1300</pubDate> \
<letterboxd:watchedDate>{entry.date}</letterboxd:watchedDate> <letterboxd:rewatch>{rewatch}</letterboxd:rewatch> \
<letterboxd:filmTitle>{title}</letterboxd:filmTitle> <letterboxd:filmYear>{year}</letterboxd:filmYear> \
{rating}<letterboxd:memberLike>{liked}</letterboxd:memberLike> {tmdb}<dc:creator>{name}</dc:creator> </item>
"""


def validators(member: Member, text: str) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a client may ask for a feed again, if it has changed."""
    newest = max((entry.date for entry in member.diary), default=datetime(2011, 1, 1, tzinfo=UTC).date())
    entered = datetime.combine(newest, time(22), UTC) - timedelta(hours=13)
    tag = blake2b(text.encode(), digest_size=8).hexdigest()
    return ("ETag", f'"{tag}"'), ("Last-Modified", format_datetime(entered, usegmt=True))


def is_unchanged(headers: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether the client has the feed with these headers; its tag counts more than its time."""
    tag, since = CONDITIONS.get()
    sent = dict(headers)
    return tag == sent["ETag"] if tag else since == sent["Last-Modified"]


def feed(world: World, member: Member) -> str:
    """Return the feed; a viewing counts as entered in the evening of its day, in New Zealand's summer time."""
    newest = sorted(member.diary, key=lambda entry: entry.id, reverse=True)[:VIEWINGS]
    items = "".join(_item(world, member, entry) for entry in newest) + _LIST.format(member=member.name)
    return _FEED.format(name=escape(member.display_name), member=member.name, items=items)


def _item(world: World, member: Member, entry: Entry) -> str:
    film = world.films[entry.film]
    return _VIEWING.format(
        entry=entry,
        title=escape(film.title),
        year=film.year or "",
        stars=f" - {star_text(entry.stars)}" if entry.stars else "",
        link=entry_path(member, entry),
        kind="review" if entry.review else "watch",
        published=f"{entry.date:%a, %d %b %Y} 22:00:00",
        rewatch="Yes" if entry.rewatch else "No",
        rating=f"<letterboxd:memberRating>{entry.stars}</letterboxd:memberRating> " if entry.stars else "",
        liked="Yes" if entry.liked else "No",
        tmdb=_at_tmdb(film),
        name=escape(member.display_name),
    )


def _at_tmdb(film: Film) -> str:
    """Return the number of a movie or a whole series; nobody has seen how the site tells of parts of one."""
    link = where_at_tmdb(film)
    if link is None or link.season is not None:
        return ""
    element = {"movie": "tmdb:movieId", "tv": "tmdb:tvId"}[link.kind]
    return f"<{element}>{link.id}</{element}> "
