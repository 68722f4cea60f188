"""What can be read from a page, field by field: which selector broke, and how much of the rest is there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from parsel import Selector

from letterboxd_scraper.errors import PageError, WrongPage
from letterboxd_scraper.pages import histogram, proof
from letterboxd_scraper.pages.diary import parse_diary
from letterboxd_scraper.pages.feed import parse_feed
from letterboxd_scraper.pages.film import parse_film_page
from letterboxd_scraper.pages.people import parse_people
from letterboxd_scraper.pages.person import parse_person_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.saved import own_links
from letterboxd_scraper.pages.tiles import parse_tiles


@dataclass(frozen=True)
class Examination:
    """One page: of which ``kind``, what broke (None: nothing), and the share of its fields that are filled.

    ``shares`` go from 0 to 1: of a page's entries, of how many the field is there.
    """

    kind: str
    broken: str | None = None
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def filled(self) -> float:
        return sum(self.shares.values()) / len(self.shares) if self.shares else 0.0

    @property
    def empty(self) -> list[str]:
        """The fields that are nowhere on the page."""
        return [name for name, share in self.shares.items() if share == 0]


def _films(page: Selector) -> Sequence[Any]:
    return [_Together(tile.film, tile) for tile in parse_tiles(page)]


def _entries(page: Selector) -> Sequence[Any]:
    return [_Together(entry.film, entry) for entry in parse_diary(page)]


def _of_film(page: Selector) -> Sequence[Any]:
    shown = parse_film_page(page)
    return [_Together(shown.film, shown)]


class _Together:
    """The fields of two items as those of one."""

    def __init__(self, *items: Any) -> None:
        self.found = {each.name: getattr(item, each.name) for item in items for each in fields(item)}
        self.found.pop("film", None)


@dataclass(frozen=True)
class _Kind:
    """How a kind of page is read, and which of its fields are always there: if one is nowhere, it broke."""

    name: str
    read: Callable[[Selector], Sequence[Any]]
    always: frozenset[str]


# By the class of their body.
_KINDS = {
    "profile": _Kind("profile", lambda page: [parse_profile(page)], frozenset({"films", "display_name"})),
    "films-watched": _Kind("films", _films, frozenset({"film_id"})),
    "likes": _Kind("likes", _films, frozenset({"film_id", "liked"})),
    "watchlist": _Kind("watchlist", _films, frozenset({"film_id"})),
    "films-diary": _Kind("diary", _entries, frozenset({"date", "url"})),
    "following": _Kind("following", parse_people, frozenset({"films", "likes"})),
    "followers": _Kind("followers", parse_people, frozenset({"films", "likes"})),
    "film": _Kind("film", _of_film, frozenset({"film_id", "directors", "link"})),
    "filmography-page": _Kind("person", lambda page: [parse_person_page(page)], frozenset({"tmdb_id"})),
}


def examine(body: bytes, url: str = "") -> Examination:
    """Read a page of any kind, a rating histogram or a feed. ``url`` tells whose feed it is."""
    body = own_links(body)
    if b"<rss" in body[:2000]:
        return _examine_feed(body, url)
    try:
        proof.refuse_other_encoding(body, "utf-8")
        text = body.decode()
        if not text.strip():
            return Examination("unknown", "an empty page")
        if block := proof.block_in(200, {}, text):
            return Examination("refusal", f"the site answered with a {block}")
        page = Selector(body=body, encoding="utf-8", type="html")
        if page.css(".rating-histogram") and not page.css("header"):
            return _examine_histogram(page, text)
        proof.refuse_truncated(text)
    except PageError as error:
        return Examination("unknown", str(error))
    classes = page.xpath("//body/@class").get("").split()
    kind = next((kind for name, kind in _KINDS.items() if name in classes), None)
    if kind is None:
        return Examination("unknown", f"no parser for a page with body class {' '.join(classes)!r}")
    return _examine(kind, page)


def _examine(kind: _Kind, page: Selector) -> Examination:
    try:
        found = kind.read(page)
    except PageError as error:
        return Examination(kind.name, str(error))
    shares = _shares(found)
    lost = sorted(name for name in kind.always if found and shares.get(name, 0) == 0)
    return Examination(kind.name, f"nothing is read of: {', '.join(lost)}" if lost else None, shares)


def _examine_histogram(page: Selector, text: str) -> Examination:
    try:
        histogram.refuse_truncated(text)
        slugs = page.css("a::attr(href)").re(r"/film/([^\s/]+)/ratings/")
        found = histogram.parse_histogram(page, slugs[0] if slugs else "")
    except PageError as error:
        return Examination("histogram", str(error))
    return Examination("histogram", None, _shares([found]))


def _examine_feed(body: bytes, url: str) -> Examination:
    try:
        owner = url.rstrip("/").removesuffix("/rss").rsplit("/", 1)[-1] or _feed_owner(body)
        found = parse_feed(body, owner)
    except PageError as error:
        return Examination("feed", str(error))
    return Examination("feed", None, _shares([_Together(entry.film, entry) for entry in found]))


def _feed_owner(body: bytes) -> str:
    link = Selector(body=body, type="xml").xpath("//channel/link/text()").get("")
    if not link:
        raise WrongPage("a feed that does not say whose it is")
    return link.rstrip("/").rsplit("/", 1)[-1].lower()


def _shares(items: Sequence[Any]) -> dict[str, float]:
    values = [item.found if isinstance(item, _Together) else _Together(item).found for item in items]
    names = dict.fromkeys(name for value in values for name in value)
    return {name: sum(_is_there(value.get(name)) for value in values) / len(values) for name in names}


def _is_there(value: Any) -> bool:
    return value is not None and value != () and value != "" and value is not False
