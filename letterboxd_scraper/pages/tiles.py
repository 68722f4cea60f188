"""Film grids: rated films, likes, watched films, favourites. One tile is one film.

Three forms are read: the current one (`data-item-*`, the film's number in a JSON attribute),
the one until April 2026 (with `data-film-id` too) and the one until 2025 (`data-film-slug`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Tile
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.words import counted

# An element of the parsed page. A page has hundreds of them below its tiles: walking over them is some
# ten times as fast as a selector for every attribute.
Element = Any

_TILE = "[data-item-slug], [data-film-slug]"
# A grid, or what stands in its place when a listing is empty.
_GRID = "ul.grid, ul.poster-list, ul.js-list-entries"
_NO_GRID = ".poster-grid, #content section.filtered-message"
CONTAINER = f"{_GRID}, {_NO_GRID}"
# Entries that hold a film; others (advertisements, say) may stand between them.
_FILM_ENTRY = frozenset({"griditem", "posteritem", "poster-container"})
_RATING = frozenset({"rating", "inline-rating"})
_RATED = re.compile(r"\brated-(\d{1,3})\b")
_UID = re.compile(r"(?:film:)?([1-9]\d{0,8})")
_LID = re.compile(r"[0-9A-Za-z]{1,16}")
# In letters; the site's have up to 150.
_LONGEST_IDENTITY = 1000
# Longer than any slug was ever seen; a database's index takes no text of any length.
_SLUG = re.compile(r"[^\s/]{1,500}")
_HOW_MANY = re.compile(r"\b(?:watched|likes|liked)\s+(\d.*)")
_YEAR = re.compile(r"^(?P<title>.*\S)\s+\((?P<year>\d{4})\)$", re.DOTALL)
_STARS_TEXTS = ("@aria-label", ".//svg/@aria-label", "string(.//svg/*[local-name()='title'])", "string()")
_POSTER_ALT = re.compile(r"^Poster for ")


class Grid(NamedTuple):
    """The films of a grid page in the order shown, and why others could not be read."""

    tiles: tuple[Tile, ...]
    unread: tuple[str, ...]


def parse_tiles(page: Selector) -> tuple[Tile, ...]:
    """Return the films of a grid page in the order shown; an empty grid is an empty tuple.

    Raises LayoutChanged if the page has no grid, or a grid of which an entry cannot be read: a listing that
    lacks a film proves nothing.
    """
    tiles, unread = read_tiles(page)
    if unread:
        raise LayoutChanged(unread[0])
    return tiles


def read_tiles(page: Selector) -> Grid:
    """Return the films of a grid page: an entry that cannot be read costs none of the others.

    Raises LayoutChanged if the page has no grid, or one whose entries cannot be read.
    """
    grids = page.css(_GRID)
    if not grids and not page.css(_NO_GRID):
        raise LayoutChanged("no film grid on the page")
    tiles, unread = [], []
    for entry in grids.xpath("./li"):
        try:
            if tile := _tile(entry.root):
                tiles.append(tile)
        except LayoutChanged as error:
            unread.append(str(error))
    if unread and not tiles:
        raise LayoutChanged(unread[0])
    if not tiles:
        _refuse_false_emptiness(page)
    return Grid(tuple(tiles), tuple(unread))


def parse_likes_total(page: Selector) -> int | None:
    """Return how many films the tab above a page of likes says there are; None if it does not say."""
    tab = page.css(".sub-nav li.selected a[href*='/likes/films/']")
    return parse_count(tab.xpath("@title | @data-original-title").get())


def parse_filtered_total(page: Selector) -> int | None:
    """Return how many films the sentence above a filtered grid says there are; None if it does not say."""
    # Not with #content before it, which would be looked for among all elements of the page.
    sentences = page.css("section.filtered-message").xpath("self::*[ancestor::*[@id='content']]")
    sentence = sentences.xpath("string()").get("")
    total = _HOW_MANY.search(sentence)  # not just any number: the member's name may hold one
    return parse_count(total[1]) if total else None


def parse_watchlist_total(page: Selector) -> int | None:
    """Return how many films a watchlist says there are; None if it does not say."""
    return parse_count(page.css(".js-watchlist-count").xpath("string()").get())


def parse_film(tile: Selector) -> Film:
    """Read the film of one tile's own element. Raises LayoutChanged without slug or title."""
    return _film(tile.root)


def parse_stars(marks: list[Element]) -> float | None:
    """Return the rating among these elements, None if there is none. Raises LayoutChanged for half of one.

    ``rated-7`` are 3.5 stars (the site counts in half stars); without such a class the ★ and ½ are counted.
    """
    ratings = [mark for mark in marks if _RATING.intersection(_classes(mark))]
    if not ratings:
        return None
    classes = (part.get("class", "") for rating in ratings for part in rating.iter("*"))
    if halves := next(filter(None, map(_RATED.search, classes)), None):
        return _half_stars(int(halves[1]))
    # The same stars may stand there again for screen readers: the first text with any counts.
    first = Selector(root=ratings[0], type="html")
    texts = [first.xpath(path).get("") for path in _STARS_TEXTS]
    stars = next((text for text in texts if "★" in text or "½" in text), "")
    return _half_stars(2 * stars.count("★") + stars.count("½"))


def _refuse_false_emptiness(page: Selector) -> None:
    """Raise LayoutChanged if something else on a grid page without films says that there are some."""
    grids = page.css(_GRID)
    # Beside an empty grid there may be other films (a list in the sidebar); without any grid they are it.
    entries = grids.css("li") if grids else page.css("#content, .poster-grid").css(_TILE)
    if entries or page.css(".poster-grid").css(f"li, {_TILE}"):
        raise LayoutChanged("the film grid has entries, but no film could be read from any of them")
    if page.css("div.pagination a.next") or parse_filtered_total(page):
        raise LayoutChanged("the film grid is empty, but the page says that there are films")


def _tile(entry: Element) -> Tile | None:
    """Return the film of one entry of the grid; None if the entry is no film's."""
    poster = next(filter(_names_film, entry.iter("*")), None)
    if poster is None:
        if _FILM_ENTRY.intersection(_classes(entry)):
            raise LayoutChanged("an entry of the film grid names no film")
        return None
    viewings = (part for part in entry.iter("p") if "poster-viewingdata" in _classes(part))
    marks = [mark for viewing in viewings for mark in viewing.iter("*")]
    liked = any("icon-liked" in _classes(mark) for mark in marks)
    return Tile(_film(poster), stars=parse_stars(marks), liked=liked)


def _names_film(part: Element) -> bool:
    return part.get("data-item-slug") is not None or part.get("data-film-slug") is not None


def film_identity(text: str) -> tuple[int | None, str | None]:
    """Return the film's number and short code in a ``data-postered-identifier``. Raises LayoutChanged."""
    identity = _identity(text)
    uid = _UID.fullmatch(str(identity.get("uid") or ""))
    return int(uid[1]) if uid else None, _lid(identity)


def _film(tile: Element) -> Film:
    identity = _identity(tile.get("data-postered-identifier", ""))
    title, year = _title_and_year(tile)
    return Film(
        slug=_slug(tile), title=title, year=year, film_id=_film_id(tile, identity), lid=_lid(identity)
    )


def _lid(identity: Mapping[str, Any]) -> str | None:
    lid = identity.get("lid")
    return lid if isinstance(lid, str) and _LID.fullmatch(lid) else None


def _slug(tile: Element) -> str:
    # Not data-target-link: in favourites and diaries that is the member's own page of the film.
    for name in ("data-item-slug", "data-item-link", "data-film-slug"):
        slug = str(tile.get(name, "")).removeprefix("/film/").strip("/")
        # A path without a slug would leave "film", which is a film's slug as well.
        if _SLUG.fullmatch(slug) and (slug != "film" or name == "data-item-slug"):
            return slug
    raise LayoutChanged("a film tile without a slug")


def _film_id(tile: Element, identity: Mapping[str, Any]) -> int | None:
    for uid in _uids(tile, identity):
        if match := _UID.fullmatch(str(uid or "")):
            return int(match[1])
    return None


def _uids(tile: Element, identity: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what may be the film's number, from the surest place to the least sure."""
    yield identity.get("uid")
    beside = (paragraph.get("data-item-uid") for paragraph in tile.itersiblings("p"))
    yield next((uid for uid in beside if uid is not None), None)
    yield tile.get("data-film-id")


def _title_and_year(tile: Element) -> tuple[str, int | None]:
    # The full name first: in 2025 the short one had no year.
    name = tile.get("data-item-full-display-name") or tile.get("data-item-name")
    if not name:
        texts = (image.get("alt") for image in tile.iter("img"))
        name = _POSTER_ALT.sub("", next((text for text in texts if text is not None), ""))
    name = " ".join(name.split())
    if not name:
        raise LayoutChanged(f"the tile of {_slug(tile)!r} has no title")
    return title_and_year(name)


def title_and_year(name: str) -> tuple[str, int | None]:
    """Split a film's full name; what stands in other brackets belongs to the title.

    >>> title_and_year("Closer (2004)"), title_and_year("(500) Days of Summer")
    (('Closer', 2004), ('(500) Days of Summer', None))
    """
    name = " ".join(name.split())
    match = _YEAR.match(name)
    return (match["title"], int(match["year"])) if match else (name, None)


def _half_stars(halves: int) -> float:
    if not 1 <= halves <= 10:
        raise LayoutChanged(f"a rating of {counted(halves, 'half star')}")
    return halves / 2


def _classes(element: Element) -> list[str]:
    return element.get("class", "").split()  # type: ignore[no-any-return]


# Members of a circle have films in common: most identities are parsed once only.
@lru_cache(10_000)
def _identity(text: str) -> Mapping[str, Any]:
    if len(text) > _LONGEST_IDENTITY:  # which would be kept, once parsed
        raise LayoutChanged(f"a film's identity of {len(text):,} letters: {text[:80]!r}")
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise LayoutChanged(f"a film's identity is not JSON: {text[:80]!r}") from None
    return MappingProxyType(value if isinstance(value, dict) else {})
