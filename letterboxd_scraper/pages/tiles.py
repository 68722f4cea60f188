"""Film grids: rated films, likes, watched films, favourites. One tile is one film.

Three forms are read: the current one (`data-item-*`, the film's number in a JSON attribute),
the one until April 2026 (with `data-film-id` too) and the one until 2025 (`data-film-slug`).
"""

import json
import re
from typing import Any

from parsel import Selector, SelectorList

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items import Film, Tile
from letterboxd_scraper.pages.numbers import parse_count

_TILE = "[data-item-slug], [data-film-slug]"
# A grid, or the message that stands in its place when a listing is empty.
_GRID = "ul.grid, ul.poster-list, ul.js-list-entries"
_CONTAINER = f"{_GRID}, .poster-grid, #content section.filtered-message"
# Entries that hold a film; others (advertisements, say) may stand between them.
_FILM_ENTRY = "li.griditem, li.posteritem, li.poster-container"
_YEAR = re.compile(r"^(?P<title>.*\S)\s+\((?P<year>\d{4})\)$", re.DOTALL)
_STARS_SHOWN = ("@aria-label", ".//svg/@aria-label", "string(.//svg/*[local-name()='title'])", "string()")
_POSTER_ALT = re.compile(r"^Poster for ")


def parse_tiles(page: Selector) -> tuple[Tile, ...]:
    """Return the films of a grid page in the order shown; an empty grid is an empty tuple.

    Raises LayoutChanged if the page has no grid, or a grid whose entries cannot be read.
    """
    grids = page.css(_CONTAINER)
    if not grids:
        raise LayoutChanged("no film grid on the page")
    tiles = tuple(_tile(entry) for entry in page.css(_GRID).xpath("./li") if _is_film(entry))
    if not tiles:
        _refuse_false_emptiness(page)
    return tiles


def parse_film(tile: Selector) -> Film:
    """Read the film of one tile's own element. Raises LayoutChanged without slug or title."""
    identity = _json(_attribute(tile, "data-postered-identifier"))
    title, year = _title_and_year(tile)
    lid = identity.get("lid")
    return Film(
        slug=_slug(tile),
        title=title,
        year=year,
        film_id=_film_id(tile, identity),
        lid=lid if isinstance(lid, str) else None,
    )


def _refuse_false_emptiness(page: Selector) -> None:
    """Raise LayoutChanged if a grid page without a film shows signs of having some."""
    grids = page.css(_GRID)
    # Beside an empty grid there may be other films (a list in the sidebar); without any grid they are it.
    entries = grids.css("li") if grids else page.css("#content, .poster-grid").css(_TILE)
    if entries or page.css(".poster-grid").css(f"li, {_TILE}"):
        raise LayoutChanged("the film grid has entries, but no film could be read from any of them")
    message = page.css("#content section.filtered-message").xpath("string()").get("")
    if page.css("div.pagination a.next") or parse_count(message):
        raise LayoutChanged("the film grid is empty, but the page says that there are films")


def _is_film(entry: Selector) -> bool:
    if entry.css(_TILE):
        return True
    if entry.xpath("self::*").css(_FILM_ENTRY):
        raise LayoutChanged("an entry of the film grid names no film")
    return False


def _tile(entry: Selector) -> Tile:
    viewing = entry.css("p.poster-viewingdata")
    return Tile(
        parse_film(entry.css(_TILE)[0]), stars=_stars(viewing), liked=bool(viewing.css(".icon-liked"))
    )


def _slug(tile: Selector) -> str:
    # Not data-target-link: in favourites and diaries that is the member's own page of the film.
    for name in ("data-item-slug", "data-item-link", "data-film-slug"):
        if (slug := _attribute(tile, name).removeprefix("/film/").strip("/")) not in ("", "film"):
            return slug
    raise LayoutChanged("a film tile without a slug")


def _film_id(tile: Selector, identity: dict[str, Any]) -> int | None:
    uids = (
        identity.get("uid"),
        tile.xpath("following-sibling::p/@data-item-uid").get(),
        _attribute(tile, "data-film-id"),
    )
    for uid in uids:
        if found := re.fullmatch(r"(?:film:)?(\d{1,9})", str(uid or "")):
            return int(found[1])
    return None


def _title_and_year(tile: Selector) -> tuple[str, int | None]:
    # The full name first: in 2025 the short one had no year.
    name = _attribute(tile, "data-item-full-display-name") or _attribute(tile, "data-item-name")
    if not name:
        name = _POSTER_ALT.sub("", tile.css("img::attr(alt)").get(""))
    name = " ".join(name.split())
    if not name:
        raise LayoutChanged(f"the tile of {_slug(tile)!r} has no title")
    found = _YEAR.match(name)
    return (found["title"], int(found["year"])) if found else (name, None)


def _stars(viewing: SelectorList[Selector]) -> float | None:
    """Read ``rated-7`` as 3.5 stars (the site counts in half stars), else count the stars shown."""
    ratings = viewing.css(".rating, .inline-rating")
    if not ratings:
        return None
    if halves := ratings.css("::attr(class)").re_first(r"\brated-(\d{1,3})\b"):
        return _half_stars(int(halves))
    # The same stars may be said again for screen readers: the first place that shows any counts.
    shown = [ratings[0].xpath(path).get("") for path in _STARS_SHOWN]
    stars = next((text for text in shown if "★" in text or "½" in text), "")
    return _half_stars(2 * stars.count("★") + stars.count("½"))


def _half_stars(halves: int) -> float:
    if not 1 <= halves <= 10:
        raise LayoutChanged(f"a rating of {halves} half stars")
    return halves / 2


def _attribute(element: Selector, name: str) -> str:
    # Not element.attrib: it fails as a whole if any one name is not well formed.
    return element.xpath("@*[name()=$name]", name=name).get("")


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise LayoutChanged(f"a film's identity is not JSON: {text[:80]!r}") from None
    return value if isinstance(value, dict) else {}
