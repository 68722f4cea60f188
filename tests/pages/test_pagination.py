"""A listing ends where its page shows that it does: a pager that was renamed is no end."""

import re
from collections.abc import Callable

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.pages import diary, people, tiles
from letterboxd_scraper.pages.pagination import proved_next_page
from tests.site import own_world
from tests.site.pages import answer

WORLD = own_world(follows=None)
LISTINGS = [
    "/marla/following/",
    "/otto_reels/diary/films/",
    "/otto_reels/films/",
    "/otto_reels/films/rated/.5-5/",
    "/otto_reels/likes/films/",
]
CHANGES: dict[str, Callable[[str], str]] = {
    "the link renamed": lambda page: page.replace('<a class="next"', '<a class="pager-next"'),
    "the block renamed": lambda page: page.replace('<div class="pagination">', '<div class="pager">'),
    "a button": lambda page: re.sub(r'<a class="next" href=("[^"]*")>', r"<button data-url=\1>", page),
    "a button without an address": lambda page: re.sub(r'<a class="next" href="[^"]*">', "<button>", page),
    "a link in the head alone": lambda page: re.sub(r'<div class="pagination">.*</div>', "", page).replace(
        "</head>", f'<link rel="next" href="{Selector(page).css("a.next::attr(href)").get()}"></head>'
    ),
}


def proved_next(page: str, path: str) -> int | None:
    return proved_next_page(Selector(page), path, page)


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_pager_that_is_not_known_is_no_end(path: str, change: Callable[[str], str]) -> None:
    page = answer(WORLD, path).body
    assert proved_next(page, path) == 2
    with pytest.raises(LayoutChanged, match="no link leads to a page after"):
        proved_next(change(page), path)


@pytest.mark.parametrize(
    "name", ["page/2", "page&#47;2", "p&#x61;ge/2", "page&sol;2", "page/&#0050;", "pa\0ge/2"]
)
def test_however_it_is_written_a_later_page_is_no_end(name: str) -> None:
    end = '<div class="pagination"><span class="next">Older</span></div>'
    assert proved_next(f'<a href="/ada/films/page/1/">1</a>{end}', "/ada/films/") is None
    with pytest.raises(LayoutChanged, match="'/ada/films/page/2/' stands on it"):
        proved_next(f'<b data-to="/ada/films/{name}/">2</b>{end}', "/ada/films/")


@pytest.mark.parametrize("path", LISTINGS)
def test_the_last_page_says_so(path: str) -> None:
    number = 1
    while number:
        last = path if number == 1 else f"{path}page/{number}/"
        page = answer(WORLD, last).body
        number = proved_next(page, last) or 0
    for change in ('"next"', '"pagination"'):
        with pytest.raises(LayoutChanged):
            proved_next(page.replace(change, '"other"'), last)
    past = last.replace(f"page/{last.split('/')[-2]}/", "page/90/")
    assert proved_next(answer(WORLD, past).body, past) is None


def test_a_listing_says_how_much_it_holds() -> None:
    otto = WORLD.member("otto_reels")
    rated, unrated = tiles.parse_filtered_total, len(set(otto.likes) - otto.ratings.keys())
    assert people.parse_total(at("/marla/following/")) == len(WORLD.member("marla").following)
    assert diary.parse_total(at("/otto_reels/diary/films/")) == len({entry.film for entry in otto.diary})
    assert rated(at("/otto_reels/films/rated/.5-5/")) == len(otto.ratings)
    assert rated(at("/otto_reels/likes/films/rated/none/")) == unrated
    assert rated(at("/otto_reels/films/")) is None


def at(path: str) -> Selector:
    return Selector(answer(WORLD, path).body)


def test_a_page_of_2025_says_in_its_tab_how_many_films_were_viewed() -> None:
    link = '<a href="/ann/films/diary/" title="1,265&nbsp;films">Diary</a>'
    assert diary.parse_total(Selector(f'<ul class="sub-nav"><li class="selected">{link}</li></ul>')) == 1265
    assert diary.parse_total(Selector(f'<ul class="sub-nav"><li>{link}</li></ul>')) is None
