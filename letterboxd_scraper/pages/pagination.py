"""Where a listing goes on, and where it ends."""

import re
from urllib.parse import urlsplit

from parsel import Selector

_PAGE = re.compile(r"page/(\d{1,6})/$")


def next_page(page: Selector, path: str) -> int | None:
    """Return the number of the page after ``path``; None on the last page.

    Only a link to the same path with the next number counts: diary pages also have an
    ``a.next`` that leads to another year.
    """
    stem, number = split_page(path)
    for href in page.css("div.pagination a.next::attr(href)").getall():
        other, following = split_page(_path(href))
        if other == stem and following == number + 1:
            return following
    return None


def _path(href: str) -> str:
    try:
        return urlsplit(href).path
    except ValueError:  # "//[" and the like: leads nowhere
        return ""


def split_page(path: str) -> tuple[str, int]:
    """Split a listing's path into its first page's path and its number.

    >>> split_page("/ada/films/page/3/"), split_page("/ada/films/")
    (('/ada/films/', 3), ('/ada/films/', 1))
    """
    found = _PAGE.search(path)
    return (path[: found.start()], int(found[1])) if found else (path, 1)
