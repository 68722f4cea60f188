"""The pages of a listing: the next one, and the number of one."""

import re

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.pages.head import path_of

_YEAR = re.compile(r"/diary/(?:films/)?for/\d{4}/")
_PAGE = re.compile(r"page/(\d{1,6})/$")
# A page's address where it is written plainly, and what may stand for a letter of one.
_WRITTEN = re.compile(r"page/(\d{1,6})")
_IN_DISGUISE = re.compile(
    r"&(?:sol;|#0*(?:4[7-9]|5[0-7]|97|10[13]|112)(?!\d)|#[xX]0*(?:2[fF]|3\d|6[157]|70)(?![\da-fA-F]))"
)


def proved_next_page(page: Selector, path: str, text: str) -> int | None:
    """Return the number of the page after ``path``; None on the last page. ``text`` is the page as it came.

    Raises LayoutChanged where none is linked, but the page does not show that it is the last: to take that
    for the end would make a whole listing of its beginning.
    """
    following = next_page(page, path)
    if following is None and (doubt := _doubt_about_end(page, text, *split_page(path.lower()))):
        raise LayoutChanged(f"no link leads to a page after {path}, but {doubt}")
    return following


def next_page(page: Selector, path: str) -> int | None:
    """Return the number of the page after ``path``; None where no link leads there, which proves nothing.

    Diary pages also have an ``a.next`` that leads to another year. Raises LayoutChanged for any other that
    leads elsewhere.
    """
    stem, number = split_page(path.lower())
    for href in page.css("div.pagination a.next::attr(href)").getall():
        other, following = split_page(path_of(href).lower())
        if (other, following) == (stem, number + 1):
            return following
        if not _YEAR.search(other):
            raise LayoutChanged(f"the page after {path} is said to be {href!r}")
    return None


def _doubt_about_end(page: Selector, text: str, stem: str, number: int) -> str | None:
    """Say what speaks against a page without a link to the next one being the last; None: nothing does."""
    if _may_name_later_page(text, number):
        numbered = re.compile(rf"(?:^|{re.escape(stem)})page/(\d{{1,6}})(?:/|$)")
        for value in page.xpath("//@*[contains(., 'page/')]").getall():
            if any(int(other) > number for other in numbered.findall(value.lower())):
                return f"{value[:80]!r} stands on it"
    pagers = [pager for pager in page.css("div.pagination")[:5] if not _leads_to_years(pager)]
    # Where there is but one page, there is no pager, or an empty one.
    alone = number == 1 and not any(pager.xpath("*") for pager in pagers)
    if alone or any(pager.css("span.next") for pager in pagers):
        return None
    return "it does not show that it is the last"


def _may_name_later_page(text: str, number: int) -> bool:
    """Say whether it is worth a look at every attribute, which takes as long as a third of the parsing."""
    plainly = any(int(other) > number for other in _WRITTEN.findall(text))
    return plainly or "\0" in text or _IN_DISGUISE.search(text) is not None


def _leads_to_years(pager: Selector) -> bool:
    return any(_YEAR.search(path_of(href)) for href in pager.css("a::attr(href)").getall())


def split_page(path: str) -> tuple[str, int]:
    """Split a listing's path into its first page's path and its number.

    >>> split_page("/ada/films/page/3/"), split_page("/ada/films/")
    (('/ada/films/', 3), ('/ada/films/', 1))
    """
    match = _PAGE.search(path)
    return (path[: match.start()], int(match[1])) if match else (path, 1)
