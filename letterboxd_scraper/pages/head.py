"""What stands in a page's head, and paths in its links."""

from urllib.parse import urlsplit

from parsel import Selector


def meta(page: Selector, name: str) -> str:
    """Return the content of the meta element with the property ``name``; "" where there is none."""
    return page.xpath("//meta[@property=$name]/@content", name=name).get("")


def path_of(href: str) -> str:
    """Return the path of a link's address; "" where the address cannot be read.

    >>> path_of("https://letterboxd.com/film/ordet/?ref=1"), path_of("//[")
    ('/film/ordet/', '')
    """
    try:
        return urlsplit(href).path
    except ValueError:
        return ""
