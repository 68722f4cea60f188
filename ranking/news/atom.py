"""News as an Atom feed (RFC 4287): an entry for each day on which something changed.

Made with the standard library: a feed is a dozen elements, and the libraries that write feeds have none but
these either, and are no longer kept or bring lxml.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ranking.news.model import News
from ranking.news.page import as_fragment
from ranking.news.words import summary

MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
# What XML has no characters for, not even as references.
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_atom(
    days: Sequence[News], *, circle: str, name: str, address: str, page: Callable[[News], str], at: datetime
) -> str:
    """Return the feed of a circle's days, the newest first; days without news are no entries.

    ``name`` is a tag (RFC 4151) that stays the same whatever happens, of which those of the entries are made.
    ``address`` is the feed's own, ``page`` makes that of a day. ``at``: when the circle last changed, for a
    feed without entries.
    """
    told = [day for day in days if not day.is_empty]
    feed = Element("feed", xmlns=_NAMESPACE)
    _add(feed, "id", name)
    _add(feed, "title", f"New in {circle}")
    _add(feed, "updated", _moment(told[0].at if told else at))
    SubElement(feed, "link", rel="self", type=MEDIA_TYPE, href=address)
    _add(SubElement(feed, "author"), "name", "letterboxd-scraper")
    for day in told:
        entry = SubElement(feed, "entry")
        _add(entry, "id", f"{name}/{day.at:%Y-%m-%d}")
        _add(entry, "title", summary(day))
        _add(entry, "updated", _moment(day.at))
        SubElement(entry, "link", rel="alternate", type="text/html", href=page(day))
        _add(entry, "content", as_fragment(day)).set("type", "html")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, encoding="unicode") + "\n"


def _add(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _IMPOSSIBLE.sub("", text)
    return element


def _moment(at: datetime) -> str:
    """Write a moment as RFC 3339 has it.

    >>> _moment(datetime(2026, 11, 3, 4, 5, 6, 7, UTC))
    '2026-11-03T04:05:06Z'
    """
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
