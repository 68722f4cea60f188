"""A director's or an actor's page: their name and their number on TMDB. The films on it are not read."""

import re

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Director
from letterboxd_scraper.pages.head import meta

CONTAINER = "h1.title-1"
_NUMBER = re.compile(r"[1-9]\d{0,8}")
_SLUG = re.compile(r"/[a-z-]+/([^\s/]{1,500})/?$")


def parse_person_page(page: Selector) -> Director:
    """Return the person a page is about; ``tmdb_id`` is None where the page does not say.

    Raises WrongPage if it is no person's page, and LayoutChanged if it has no name.
    """
    name = " ".join("".join(page.css(CONTAINER).xpath("./text()").getall()).split())
    address = meta(page, "og:url")
    slug = _SLUG.search(address)
    if slug is None:
        raise WrongPage(f"expected a person's page, found {address!r}")
    if not name:
        raise LayoutChanged(f"the page of {slug[1]!r} has no name")
    return Director(name, slug[1], _tmdb_id(page))


def _tmdb_id(page: Selector) -> int | None:
    body = page.css("body").attrib
    numbers = [body.get("data-tmdb-id", "")] if body.get("data-tmdb-type") == "person" else []
    numbers += page.css("img.js-tmdb-person::attr(data-tmdb-id)").getall()
    return next((int(number) for number in numbers if _NUMBER.fullmatch(number)), None)
