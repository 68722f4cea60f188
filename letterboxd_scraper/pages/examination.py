"""What can be read from a page, field by field: which selector broke, how many fields are filled."""

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
    """One page: its ``kind``, what is ``broken`` (None: nothing), and by field the share that is filled.

    ``shares`` go from 0 to 1: in how many of the page's entries the field has a value.
    """

    kind: str
    broken: str | None = None
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def filled(self) -> float:
        """The mean of the shares, 0 to 1; 0 for a page without entries."""
        return sum(self.shares.values()) / len(self.shares) if self.shares else 0.0

    @property
    def empty(self) -> list[str]:
        """The fields that no entry of the page has."""
        return [name for name, share in self.shares.items() if share == 0]


@dataclass(frozen=True)
class _Kind:
    """How a kind of page is read; a field that is ``always`` there must have a value in some entry."""

    name: str
    parse: Callable[[Selector], Sequence[Any]]
    always: frozenset[str]


# By the class of their body.
_KINDS = {
    "profile": _Kind("profile", lambda page: [parse_profile(page)], frozenset({"films", "display_name"})),
    "films-watched": _Kind("films", parse_tiles, frozenset({"film_id"})),
    "likes": _Kind("likes", parse_tiles, frozenset({"film_id", "liked"})),
    "watchlist": _Kind("watchlist", parse_tiles, frozenset({"film_id"})),
    "films-diary": _Kind("diary", parse_diary, frozenset({"date", "url"})),
    "following": _Kind("following", parse_people, frozenset({"films", "likes"})),
    "followers": _Kind("followers", parse_people, frozenset({"films", "likes"})),
    "film": _Kind("film", lambda page: [parse_film_page(page)], frozenset({"film_id", "directors", "link"})),
    "filmography-page": _Kind("person", lambda page: [parse_person_page(page)], frozenset({"tmdb_id"})),
}


def examine(body: bytes, url: str = "") -> Examination:
    """Read a page of any kind, a rating histogram or a feed. ``url`` tells whose feed it is."""
    body = own_links(body)
    if b"<rss" in body[:2000]:
        return _examination("feed", lambda: parse_feed(body, _feed_owner(body, url)))
    try:
        proof.refuse_monstrous(body)
        proof.refuse_other_encoding(body, "utf-8")
        text = body.decode()
        if not text.strip():
            return Examination("unknown", "an empty page")
        if block := proof.block_in(200, {}, text):
            return Examination("refusal", f"the site answered with a {block}")
        page = Selector(body=body, encoding="utf-8", type="html")
        if page.css(".rating-histogram") and not page.css("header"):
            return _examination("histogram", lambda: [_parse_histogram(page, text)])
        proof.refuse_truncated(text)
    except PageError as error:
        return Examination("unknown", str(error))
    classes = page.xpath("//body/@class").get("").split()
    kind = next((kind for name, kind in _KINDS.items() if name in classes), None)
    if kind is None:
        return Examination("unknown", f"no parser for a page with body class {' '.join(classes)!r}")
    return _examination(kind.name, lambda: kind.parse(page), kind.always)


def _examination(
    kind: str, parse: Callable[[], Sequence[Any]], always: frozenset[str] = frozenset()
) -> Examination:
    try:
        items = parse()
    except PageError as error:
        return Examination(kind, str(error))
    shares = _shares(items)
    lost = sorted(name for name in always if items and shares[name] == 0)
    return Examination(kind, f"nothing is read of: {', '.join(lost)}" if lost else None, shares)


def _parse_histogram(page: Selector, text: str) -> Any:
    histogram.refuse_truncated(text)
    slug = page.css("a::attr(href)").re_first(r"/film/([^\s/]+)/ratings/", "")
    return histogram.parse_histogram(page, slug)


def _feed_owner(body: bytes, url: str) -> str:
    """Return whose feed it should be: by its address, else by what it says itself."""
    if owner := url.rstrip("/").removesuffix("/rss").rsplit("/", 1)[-1]:
        return owner
    link = Selector(body=body, type="xml").xpath("//channel/link/text()").get("")
    if not link:
        raise WrongPage("a feed that does not say whose it is")
    return link.rstrip("/").rsplit("/", 1)[-1].lower()


def _shares(items: Sequence[Any]) -> dict[str, float]:
    rows = [_values(item) for item in items]
    return {name: sum(_is_filled(row[name]) for row in rows) / len(rows) for name in (rows or [{}])[0]}


def _values(item: Any) -> dict[str, Any]:
    """Return an item's fields, those of its film among them."""
    values = {one.name: getattr(item, one.name) for one in fields(item)}
    film = values.pop("film", None)
    return (_values(film) if film else {}) | values


def _is_filled(value: Any) -> bool:
    return value is not None and value != () and value != "" and value is not False
