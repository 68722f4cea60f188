"""The pages of a listing: the next one, and the number of one."""

import re

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.pages.head import path_of

_YEAR = re.compile(r"/diary/(?:films/)?for/\d{4}/")
_PAGE = re.compile(r"page/(\d{1,6})/$")


def next_page(page: Selector, path: str) -> int | None:
    """Return the number of the page after ``path``; None on the last page.

    Diary pages also have an ``a.next`` that leads to another year. Raises LayoutChanged for any
    other that leads elsewhere: to take it for the end would make a whole listing of its beginning.
    """
    stem, number = split_page(path.lower())
    for href in page.css("div.pagination a.next::attr(href)").getall():
        other, following = split_page(path_of(href).lower())
        if (other, following) == (stem, number + 1):
            return following
        if not _YEAR.search(other):
            raise LayoutChanged(f"the page after {path} is said to be {href!r}")
    return None


def split_page(path: str) -> tuple[str, int]:
    """Split a listing's path into its first page's path and its number.

    >>> split_page("/ada/films/page/3/"), split_page("/ada/films/")
    (('/ada/films/', 3), ('/ada/films/', 1))
    """
    match = _PAGE.search(path)
    return (path[: match.start()], int(match[1])) if match else (path, 1)
