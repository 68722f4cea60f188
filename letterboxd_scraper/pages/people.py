"""Following and followers pages: 25 people a page, each with counts of films and likes."""

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.members import Person
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.words import counted

CONTAINER = "table.member-table, table.person-table"


def parse_people(page: Selector) -> tuple[Person, ...]:
    """Return the people on one page in the order shown; an empty table is an empty tuple.

    Raises LayoutChanged if the page has no member table.
    """
    if not page.css(CONTAINER):
        raise LayoutChanged("no table of members on the page")
    rows = page.css("table.member-table tr:has(td), table.person-table tr:has(td)")
    people = tuple(_person(row) for row in rows if row.css("div.person-summary"))
    if len(people) < len(rows):
        both = f"{counted(len(rows), 'row')}, and {counted(len(people), 'person', 'people')} in them"
        raise LayoutChanged(f"the table of members has {both}")
    return people


def parse_total(page: Selector) -> int | None:
    """Return how many people the tab above the table says there are; None if it does not say."""
    tab = page.css(".sub-nav li.selected a")
    return parse_count(tab.xpath("@title | @data-original-title").get())


def _person(row: Selector) -> Person:
    member = row.css("a.avatar::attr(href)").get("") or row.css("a.name::attr(href)").get("")
    member = member.strip("/").lower()
    if not member or "/" in member:
        raise LayoutChanged("a person without a name in the member table")
    # Only the link's own text: a badge ("Patron") may stand inside it.
    name = " ".join("".join(row.css("a.name").xpath("./text()").getall()).split())
    return Person(
        member=member,
        display_name=name or row.css("a.avatar img::attr(alt)").get(),
        avatar_url=row.css("a.avatar img::attr(src)").get(),
        films=_stat(row, f"/{member}/films/"),
        likes=_stat(row, f"/{member}/likes/"),
    )


def _stat(row: Selector, path: str) -> int | None:
    """Read the number of the link that leads below ``path``: links stay when classes change."""
    for link in row.css("td.table-stats a"):
        if link.xpath("@href").get("").lower().startswith(path):
            return parse_count(link.xpath("string()").get())
    return None
