"""A person's page, of a director or an actor: who that is on TMDB. The films on it are not read."""

import re

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Director

CONTAINER = "h1.title-1"
_SLUG = re.compile(r"/[a-z-]+/([^\s/]{1,500})/?$")


def parse_person_page(page: Selector) -> Director:
    """Read who a page of films is about; ``tmdb_id`` is None where the page does not say."""
    name = " ".join("".join(page.css(CONTAINER).xpath("./text()").getall()).split())
    address = page.xpath("//meta[@property='og:url']/@content").get("")
    slug = _SLUG.search(address)
    if slug is None:
        raise WrongPage(f"expected a person's page, found {address!r}")
    if not name:
        raise LayoutChanged(f"the page of {slug[1]!r} has no name")
    return Director(name, slug[1], parse_person_number(page))


def parse_person_number(page: Selector) -> int | None:
    """Return the person's number on TMDB; None where the page does not say."""
    body = page.css("body")
    places = [body.xpath("@data-tmdb-id").get("")] if body.xpath("@data-tmdb-type").get() == "person" else []
    places += page.css("img.js-tmdb-person::attr(data-tmdb-id)").getall()
    found = (re.fullmatch(r"[1-9]\d{0,8}", place) for place in places)
    return next((int(number[0]) for number in found if number), None)
