"""A member's diary: 50 viewings a page, the newest first.

Two forms are read: the current one (`td.col-rating` …) and the one of 2025 (`td.td-rating` …).
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import DiaryEntry, UnreadEntry
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.pages.tiles import parse_film, parse_stars

# Stands in the place of the table when there is no entry.
_NO_TABLE = "section.empty-text"
_TABLE = "table#diary-table, table.diary-table"
CONTAINER = f"{_TABLE}, {_NO_TABLE}"
# The day links to its own page; month and year are not written on every row.
_DAY = re.compile(r"/for/(\d{4})/(\d{1,2})/(\d{1,2})/$")
# The first viewing of a film has no number.
_ENTRY = re.compile(r"/[^/\s]+/film/[^/\s]{1,500}/(?:\d+/)?")
_NUMBER = re.compile(r"\d{1,18}")
_YEAR = re.compile(r"\d{4}")
# What is said of an entry that cannot be read is kept, and must not grow with what is on the page.
_LONGEST_REASON = 200


class Diary(NamedTuple):
    """The entries of one page of a diary in the order shown, and those that could not be read."""

    entries: tuple[DiaryEntry, ...]
    unread: tuple[UnreadEntry, ...]


def parse_diary(page: Selector) -> tuple[DiaryEntry, ...]:
    """Return the entries of one page. Raises LayoutChanged as `read_diary`, and if one cannot be read."""
    entries, unread = read_diary(page)
    if unread:
        raise LayoutChanged(unread[0].reason)
    return entries


def read_diary(page: Selector) -> Diary:
    """Return the entries of one page: one that cannot be read costs none of the others.

    Raises LayoutChanged if the page has no diary, or if none of its entries can be read.
    """
    table = page.css(_TABLE)
    if not table and not page.css(_NO_TABLE):
        raise LayoutChanged("no diary on the page")
    entries, unread = [], []
    for row in table.css("tr:has(td)"):
        try:
            entries.append(_entry(row))
        except LayoutChanged as error:
            unread.append(
                UnreadEntry(row.attrib.get("data-viewing-id", "")[:20], str(error)[:_LONGEST_REASON])
            )
    if unread and not entries:
        raise LayoutChanged(f"no entry of the diary can be read: {unread[0].reason}")
    if not entries and (table.css("td") or page.css("tr.diary-entry-row")):
        raise LayoutChanged("the diary has rows, but no entry could be read from any of them")
    return Diary(tuple(entries), tuple(unread))


def parse_total(page: Selector) -> int | None:
    """Return how many films the heading (in 2025: the tab) says were viewed; None if it does not say."""
    heading = page.css("h1.section-heading .tooltip, .sub-nav li.selected a[href*='/diary/']")
    return parse_count(heading.xpath("@title | @data-original-title").get())


def _entry(row: Selector) -> DiaryEntry:
    if "diary-entry-row" not in row.attrib.get("class", "").split():
        raise LayoutChanged("a row of the diary that is no entry")
    links = row.xpath(".//a/@href").getall()
    return DiaryEntry(
        viewing_id=_viewing_id(row),
        film=_film(row),
        date=_date(links),
        stars=_stars(row),
        liked=bool(row.css("td.col-like .icon-liked, td.td-like .icon-liked")),
        rewatch=_is_on(row, "rewatch"),
        review=_is_on(row, "review"),
        url=_url(links),
    )


def _viewing_id(row: Selector) -> int:
    number = row.xpath("@data-viewing-id").get("")
    if not _NUMBER.fullmatch(number):
        raise LayoutChanged(f"a diary entry with the number {number!r}")
    return int(number)


def _film(row: Selector) -> Film:
    posters = row.css("[data-item-slug], [data-film-slug]")
    if not posters:
        raise LayoutChanged("a diary entry that names no film")
    film = parse_film(posters[0])
    if film.year is not None:
        return film
    # In 2025 the year stood in a cell of its own only.
    year = _YEAR.fullmatch(row.css("td.col-releaseyear, td.td-released").xpath("normalize-space()").get(""))
    return Film(film.slug, film.title, int(year[0]) if year else None, film.film_id, film.lid)


def _date(links: Sequence[str]) -> date:
    days = [match for match in map(_DAY.search, links) if match]
    if not days:
        raise LayoutChanged("a diary entry without a link to its day")
    year, month, day = map(int, days[0].groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise LayoutChanged(f"a diary entry of the day {days[0][0]!r}") from None


def _stars(row: Selector) -> float | None:
    cell = row.css("td.col-rating, td.td-rating")
    if not cell:
        raise LayoutChanged("a diary entry without a cell for its rating")
    # The owner may see a second rating, one that they can change.
    ratings = cell.css(".hide-for-owner .rating, .hide-for-owner .inline-rating")
    return parse_stars([rating.root for rating in ratings if not _is_blank(rating)])


def _is_blank(rating: Selector) -> bool:
    """Say whether a rating's element is empty, as it is on an entry without a rating."""
    return "rated-" not in rating.attrib["class"] and not rating.xpath("*|text()[normalize-space()]")


def _is_on(row: Selector, name: str) -> bool:
    """Say whether a mark ("rewatch", "review") is on; its icon is there in any case."""
    cell = row.css(f"td.col-{name}, td.td-{name}")
    return bool(cell) and "icon-status-off" not in cell.attrib.get("class", "").split()


def _url(links: Sequence[str]) -> str:
    for link in links:
        if _ENTRY.fullmatch(link):
            return link
    raise LayoutChanged("a diary entry without a link to it")
