"""Parsers over pages of our own making: a page of markup beside what it says, in `pages/<parser>`."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.pages import proof
from letterboxd_scraper.pages.diary import parse_diary, read_diary
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.people import parse_people
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_tiles

CASES = sorted(Path(__file__).parent.glob("*/*.html"))
PARSERS: dict[str, Callable[[Selector], tuple[Any, ...]]] = {
    "tiles": parse_tiles,
    "diary": parse_diary,
    "people": parse_people,
    "profile": lambda page: (parse_profile(page),),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_a_page_says_what_stands_beside_it(case: Path) -> None:
    items = PARSERS[case.parent.name](Selector(case.read_text("utf-8")))
    as_lists = json.loads(json.dumps([asdict(item) for item in items], default=str))
    assert as_lists == json.loads(case.with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_our_own_pages_prove_what_they_are(case: Path) -> None:
    text = case.read_text("utf-8")
    assert proof.block_in(200, {}, text) is None
    proof.refuse_truncated(text)
    assert proof.owner_of(Selector(text)) == "tess_t"


def test_every_kind_of_page_has_cases() -> None:
    assert {case.parent.name for case in CASES} == PARSERS.keys()


FILM = 'data-item-slug="tin-weather" data-item-name="Tin Weather (1991)"'


def tile(film: str = FILM, marks: str = "") -> str:
    return f'<li class="griditem"><div {film}></div><p class="poster-viewingdata">{marks}</p></li>'


def grid(*entries: str) -> str:
    return f'<div id="content"><ul class="grid">{"".join(entries)}</ul></div>'


BROKEN_GRIDS = {
    "no grid": "<div id='content'><p>Welcome back</p></div>",
    "tiles but no grid": f"<ul class='posterlist'>{tile()}</ul>",
    "a message outside the content": '<section class="filtered-message">Nothing here.</section>',
    "an empty page": "",
    "entries without a film": grid('<li class="griditem"><a href="/film/tin-weather/">Tin Weather</a></li>'),
    "entries under another list": '<div class="poster-grid"><ul class="tiles">' + tile() + "</ul></div>",
    "eleven half stars": grid(tile(marks='<span class="rating rated-11"></span>')),
    "zero half stars": grid(tile(marks='<span class="rating rated-0"></span>')),
    "six stars": grid(tile(marks='<span class="rating">★★★★★★</span>')),
    "a rating without stars": grid(tile(marks='<span class="rating"></span>')),
    "no slug": grid(tile('data-item-slug="" data-item-name="Tin Weather (1991)"')),
    "a slug of slashes": grid(tile('data-film-slug="//" data-item-name="Tin Weather (1991)"')),
    "no title": grid(tile('data-item-slug="tin-weather"')),
    "a blank title": grid(tile('data-item-slug="tin-weather" data-item-name=" "')),
    "a broken identity": grid(tile(FILM + ' data-postered-identifier="{&quot;lid&quot;:"')),
    "a slug that is only the path": grid(tile('data-film-slug="/film/" data-item-name="Tin Weather (1991)"')),
    "an identity nested without end": grid(tile(FILM + f' data-postered-identifier="{"[" * 100_000}"')),
    "one bad tile among good ones": grid(tile(), tile('data-item-slug=""'), tile()),
    "one entry without a film among good ones": grid(tile(), '<li class="griditem"></li>'),
    "films in another kind of list": f'<div class="poster-grid"><div><article {FILM}></article></div></div>',
}


@pytest.mark.parametrize("html", BROKEN_GRIDS.values(), ids=BROKEN_GRIDS)
def test_a_grid_that_cannot_be_read_is_refused(html: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_tiles(Selector(html))


IDENTITIES = {
    '{"lid":"tW1","uid":"film:903001"}': (903001, "tW1"),
    '{"uid":"film:903001"}': (903001, None),
    '{"lid":5,"uid":"film:903001"}': (903001, None),
    f'{{"uid":"film:{"9" * 500}"}}': (None, None),
    '{"lid":"tW1","uid":"list:903001"}': (None, "tW1"),
    '{"lid":"tW1","uid":"film:"}': (None, "tW1"),
    "[]": (None, None),
    "null": (None, None),
    "": (None, None),
}


@pytest.mark.parametrize(("identity", "expected"), IDENTITIES.items())
def test_only_a_films_own_number_is_its_number(identity: str, expected: tuple[Any, Any]) -> None:
    (parsed,) = parse_tiles(Selector(grid(tile(f"{FILM} data-postered-identifier='{identity}'"))))
    assert (parsed.film.film_id, parsed.film.lid) == expected


def test_a_slug_may_stand_in_the_link_alone() -> None:
    film = 'data-item-slug="" data-item-link="/film/tin-weather/" data-item-name="Tin Weather"'
    (parsed,) = parse_tiles(Selector(grid(tile(film))))
    assert parsed.film.slug == "tin-weather"


@pytest.mark.parametrize("halves", range(1, 11))
def test_every_level_is_half_as_many_stars(halves: int) -> None:
    by_class = f'<span class="rating -micro rated-{halves}"></span>'
    by_text = f'<span class="rating">{"★" * (halves // 2)}{"½" * (halves % 2)}</span>'
    tiles = parse_tiles(Selector(grid(tile(marks=by_class), tile(marks=by_text))))
    assert [one.stars for one in tiles] == [halves / 2, halves / 2]


STARS_SAID_TWICE = {
    "for screen readers": '<span class="rating" aria-label="★★½">★★½</span>',
    "in a drawing": '<span class="inline-rating"><svg aria-label="★★½"><title>★★½</title></svg></span>',
    "in a drawing's title": '<span class="inline-rating"><svg><title>★★½</title></svg></span>',
    "inside each other": '<span class="rating"><span class="inline-rating">★★½</span></span>',
}


@pytest.mark.parametrize("marks", STARS_SAID_TWICE.values(), ids=STARS_SAID_TWICE)
def test_stars_that_are_said_twice_count_once(marks: str) -> None:
    (parsed,) = parse_tiles(Selector(grid(tile(marks=marks))))
    assert parsed.stars == 2.5


def test_an_attribute_with_an_impossible_name_harms_no_other() -> None:
    (parsed,) = parse_tiles(Selector(grid(tile(FILM + ' {="x"'))))
    assert parsed.film.slug == "tin-weather"


def person(links: str) -> str:
    return f'<div class="person-summary">{links}</div>'


def member_table(links: str, table_class: str = "table-base member-table") -> str:
    return f'<table class="{table_class}"><tbody><tr><td>{person(links)}</td></tr></tbody></table>'


BROKEN_TABLES = {
    "no table": '<section class="col-main"><p>Nobody yet.</p></section>',
    "rows of another form": member_table("").replace("person-summary", "member-summary"),
    "another table": member_table('<a class="name" href="/ida/">Ida</a>', table_class="film-table"),
    "people without a table": person('<a class="name" href="/ida/">Ida</a>'),
    "a person without a link": member_table('<a class="name">Ida</a>'),
    "a link to nobody": member_table('<a class="avatar" href="/"></a><a class="name">Ida</a>'),
    "a link to something of theirs": member_table('<a class="name" href="/ida/films/">Ida</a>'),
    "a link elsewhere": member_table('<a class="name" href="https://example.org/ida/">Ida</a>'),
}


@pytest.mark.parametrize("html", BROKEN_TABLES.values(), ids=BROKEN_TABLES)
def test_a_table_of_members_that_cannot_be_read_is_refused(html: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_people(Selector(html))


def test_the_name_link_will_do_where_there_is_no_picture() -> None:
    (person,) = parse_people(Selector(member_table('<a class="name" href="/Ida/"> Ida </a>')))
    assert (person.member, person.display_name, person.avatar_url) == ("ida", "Ida", None)


def viewing(
    film: str = FILM,
    day: str = "/ida/diary/films/for/2025/12/14/",
    entry: str = "/ida/film/tin-weather/",
    rating: str = '<td class="col-rating"></td>',
    number: str = "7",
) -> str:
    return (
        f'<tr class="diary-entry-row" data-viewing-id="{number}"><td><a href="{day}">14</a></td>'
        f'<td><div {film}></div><a href="{entry}">Tin Weather</a></td>{rating}</tr>'
    )


def diary(*rows: str) -> str:
    return f'<table class="diary-table" id="diary-table"><tbody>{"".join(rows)}</tbody></table>'


def rating_cell(mark: str) -> str:
    return f'<td class="col-rating"><div class="hide-for-owner">{mark}</div></td>'


BROKEN_DIARIES = {
    "no diary": "<div id='content'><p>Welcome back</p></div>",
    "an empty page": "",
    "a message of another kind": '<section class="filtered-message">Something went wrong.</section>',
    "rows of another form": diary(viewing().replace("diary-entry-row", "viewing-row")),
    "rows outside a diary": f'<section class="empty-text"></section><table>{viewing()}</table>',
    "no film": diary(viewing(film="")),
    "a film without a title": diary(viewing(film='data-item-slug="tin-weather"')),
    "no day": diary(viewing(day="/ida/diary/films/for/2025/12/")),
    "a day that never was": diary(viewing(day="/ida/diary/films/for/2025/02/29/")),
    "the year nought": diary(viewing(day="/ida/diary/films/for/0000/01/01/")),
    "no link to the entry": diary(viewing(entry="/film/tin-weather/")),
    "a link to something beside it": diary(viewing(entry="/ida/film/tin-weather/activity/")),
    "no cell for the rating": diary(viewing(rating="<td></td>")),
    "eleven half stars": diary(viewing(rating=rating_cell('<span class="rating rated-11"></span>'))),
    "a rating in other words": diary(viewing(rating=rating_cell('<span class="rating">four</span>'))),
    "no number": diary(viewing(number="")),
    "a number that is none": diary(viewing(number="7a")),
    "a number without end": diary(viewing(number="9" * 5000)),
    "one bad entry among good ones": diary(viewing(), viewing(film=""), viewing()),
}


@pytest.mark.parametrize("html", BROKEN_DIARIES.values(), ids=BROKEN_DIARIES)
def test_a_diary_that_cannot_be_read_is_refused(html: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_diary(Selector(html))


def test_an_entry_that_cannot_be_read_costs_no_other() -> None:
    rows = (viewing(), viewing(film="", number="7"), viewing().replace("diary-entry-row", "viewing-row"))
    entries, unread = read_diary(Selector(diary(*rows)))
    assert [entry.film.slug for entry in entries] == ["tin-weather"]
    assert [(entry.name, entry.reason) for entry in unread] == [
        ("7", "a diary entry that names no film"),
        (unread[1].name, "a row of the diary that is no entry"),
    ]


def test_a_diary_needs_no_more_than_a_film_its_day_and_its_links() -> None:
    (entry,) = parse_diary(Selector(diary(viewing())))
    assert (entry.film.slug, str(entry.date), entry.url) == (
        "tin-weather",
        "2025-12-14",
        "/ida/film/tin-weather/",
    )
    assert (entry.stars, entry.liked, entry.rewatch, entry.review) == (None, False, False, False)


def profile_of_ida(content: str, head: str = "") -> Selector:
    body = f"<section class='profile-header'></section>{content}"
    return Selector(f"<html><head>{head}</head><body class='profile' data-owner='ida'>{body}</body></html>")


BARS = {
    "all without a word": ("", 10 * "<li class='rating-histogram-bar'></li>", None),
    "all without a word, the total says zero": ("0", 10 * "<li class='rating-histogram-bar'></li>", 0),
    "all without a word, the total says more": ("7", 10 * "<li class='rating-histogram-bar'></li>", None),
}


@pytest.mark.parametrize(("total", "bars", "expected"), BARS.values(), ids=BARS)
def test_bars_without_a_word_are_zero_only_if_the_total_says_so(
    total: str, bars: str, expected: int | None
) -> None:
    section = (
        f"<section class='ratings-histogram-chart'><a class='all-link'>{total}</a><ul>{bars}</ul></section>"
    )
    header = "<section class='profile-header'></section>"
    parsed = parse_profile(Selector(f"<body class='profile' data-owner='ida'>{header}{section}</body>"))
    assert parsed.ratings == expected


def test_a_blank_title_does_not_hide_what_the_browser_made_of_it() -> None:
    levels = ["half-★", "★", "★½", "★★", "★★½", "★★★", "★★★½", "★★★★", "★★★★½", "★★★★★"]
    bars = "".join(
        '<li class="rating-histogram-bar">'
        f'<a title="" data-original-title="3 {level} ratings (10%)"></a></li>'
        for level in levels
    )
    parsed = parse_profile(profile_of_ida(f"<section class='ratings-histogram-chart'>{bars}</section>"))
    assert parsed.histogram == (3,) * 10


def test_favourites_that_only_the_description_names_are_a_changed_layout() -> None:
    about = "Ida uses Letterboxd. 7 films watched. Favorites: Tin Weather (1991)."
    with pytest.raises(LayoutChanged, match="names favourites"):
        parse_profile(profile_of_ida("", f'<meta property="og:description" content="{about}">'))


BROKEN_PROFILES = {
    "no header": '<body class="profile" data-owner="ida"><h1>Ida</h1></body>',
    "no owner": '<body class="profile"><section class="profile-header"></section></body>',
    "an empty owner": '<body class="profile" data-owner=""><section class="profile-header"></section></body>',
    "an empty page": "",
    "a favourite without a slug": '<body data-owner="ida"><section class="profile-header"></section>'
    '<section id="favourites"><div data-item-slug="" data-item-name="Tin Weather"></div></section></body>',
}


@pytest.mark.parametrize("html", BROKEN_PROFILES.values(), ids=BROKEN_PROFILES)
def test_a_profile_that_cannot_be_read_is_refused(html: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_profile(Selector(html))


def test_a_header_of_2020_names_its_member() -> None:
    html = '<body class="profile"><section id="profile-header" data-person="Ida_B"></section></body>'
    assert parse_profile(Selector(html)).member == "ida_b"


NEXT_LINKS = {
    "the next page": ("/ida/films/rated/.5-5/page/3/", 3),
    "the next page with its host": ("https://example.org/ida/films/rated/.5-5/page/3/", 3),
    "the next page with capitals": ("/Ida/films/rated/.5-5/page/3/", 3),
    "another year": ("/ida/films/diary/for/2024/", None),
    "a page of another year": ("/ida/films/diary/for/2024/page/3/", None),
}


def linked(href: str) -> Selector:
    return Selector(f'<div class="pagination"><a class="next" href="{href}">Older</a></div>')


@pytest.mark.parametrize(("href", "expected"), NEXT_LINKS.values(), ids=NEXT_LINKS)
def test_only_this_listing_with_the_next_number_is_the_next_page(href: str, expected: int | None) -> None:
    assert next_page(linked(href), "/ida/films/rated/.5-5/page/2/") == expected


ELSEWHERE = {
    "no address at all": "//[",
    "another listing": "/ida/films/page/3/",
    "another member": "/bo/films/rated/.5-5/page/3/",
    "a page further on": "/ida/films/rated/.5-5/page/4/",
    "the same page": "/ida/films/rated/.5-5/page/2/",
    "the page before": "/ida/films/rated/.5-5/",
    "nowhere": "",
}


@pytest.mark.parametrize("href", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_next_link_that_leads_elsewhere_is_not_taken_for_the_end(href: str) -> None:
    with pytest.raises(LayoutChanged):
        next_page(linked(href), "/ida/films/rated/.5-5/page/2/")


PAGINATIONS = {
    "page two follows": (
        '<div class="pagination"><a class="next" href="/ida/following/page/2/">N</a></div>',
        2,
    ),
    "behind another year": (
        '<div class="pagination"><a class="next" href="/ida/diary/films/for/2024/">Next Year</a></div>'
        '<div class="pagination"><a class="next" href="/ida/following/page/2/">Next</a></div>',
        2,
    ),
    "the last page": ('<div class="pagination"><span class="next">Next</span></div>', None),
    "a link without an address": ('<div class="pagination"><a class="next">Next</a></div>', None),
    "a number alone": ('<div class="pagination"><a href="/ida/following/page/2/">2</a></div>', None),
    "a link elsewhere": ('<p><a class="next" href="/ida/following/page/2/">Next slide</a></p>', None),
    "a single page": ("<table></table>", None),
}


@pytest.mark.parametrize(("html", "expected"), PAGINATIONS.values(), ids=PAGINATIONS)
def test_the_pagination_says_whether_a_page_follows_the_first(html: str, expected: int | None) -> None:
    assert next_page(Selector(html), "/ida/following/") == expected
