"""What a page must be before it is believed."""

from typing import Any

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.pages import proof
from letterboxd_scraper.pages.head import meta
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.people import parse_people, parse_total
from letterboxd_scraper.pages.person import parse_person_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.saved import own_links

# Status, headers, text: how the site refuses us.
BLOCKS: dict[str, tuple[int, dict[str, str], str, str | None]] = {
    "a page": (200, {}, "<title>ann's films</title>", None),
    "a page of words": (200, {}, "<p>Just a moment, I have been blocked. you have been blocked</p>", None),
    "a page with a script of Cloudflare's": (
        200,
        {},
        '<script src="/cdn-cgi/challenge-platform/x.js">',
        None,
    ),
    "a challenge by its title": (200, {}, "<title> Just a moment...</title>", "challenge"),
    "a challenge by its script": (403, {}, '<script nonce="1">window._cf_chl_opt={}</script>', "challenge"),
    "a challenge by its header": (403, {"cf-mitigated": "challenge"}, "", "challenge"),
    "another header": (403, {"cf-mitigated": "block"}, "", None),
    "a challenge by its words": (403, {}, "Enable JavaScript and cookies to continue", "challenge"),
    "these words on a page": (200, {}, "Enable JavaScript and cookies to continue", None),
    "a ban": (403, {}, "The owner has banned you temporarily", "ban"),
    "a ban of a rate": (429, {}, "You are being rate limited", "ban"),
    "a ban by Cloudflare": (403, {}, "used Cloudflare to restrict access", "ban"),
    "a block": (403, {}, "Sorry, you have been blocked", "ban"),
    "a status of its own": (426, {}, "", "ban"),
    "a refusal without a word": (403, {}, "", None),
}


@pytest.mark.parametrize(("status", "headers", "text", "block"), BLOCKS.values(), ids=BLOCKS)
def test_a_refusal_is_told_from_a_page(
    status: int, headers: dict[str, str], text: str, block: str | None
) -> None:
    assert proof.block_in(status, headers, text) == block


def test_a_page_has_an_end() -> None:
    proof.refuse_truncated("<html></html>" + " " * 1990)
    for text in ("<html><body>", "<html></html>" + " " * 2000, ""):
        with pytest.raises(WrongPage):
            proof.refuse_truncated(text)


@pytest.mark.parametrize(
    ("body", "is_whole"),
    [
        ("café".encode(), True),
        ("café".encode("latin-1"), False),
        ("<html></html>".encode("utf-16-le"), False),
        (b"a" * 90 + b"\x00" * 10, True),
        (b"a" * 89 + b"\x00" * 11, False),
    ],
)
def test_a_page_is_written_as_it_says(body: bytes, is_whole: bool) -> None:
    if is_whole:
        proof.refuse_other_encoding(body, "utf-8")
    else:
        with pytest.raises(WrongPage):
            proof.refuse_other_encoding(body, "utf-8")


OWNERS = {
    '<body data-owner="Ann"></body>': "ann",
    '<body><div id="profile-header" data-person="Ann"></div></body>': "ann",
    '<body data-owner="bo"><div id="profile-header" data-person="ann"></div></body>': "bo",
    '<body><div data-person="ann"></div></body>': None,
}


@pytest.mark.parametrize(("html", "owner"), OWNERS.items())
def test_a_page_says_whose_it_is(html: str, owner: str | None) -> None:
    assert proof.owner_of(Selector(html)) == owner


def test_a_page_is_of_its_kind_and_of_its_member() -> None:
    page = Selector('<body class="films-watched wide" data-owner="ann"></body>')
    proof.check(page, "films-watched")
    proof.check(page, "films-watched", "Ann")
    for body_class, owner in (("films", None), ("likes", "ann"), ("films-watched", "bo")):
        with pytest.raises(WrongPage):
            proof.check(page, body_class, owner)
    with pytest.raises(WrongPage, match="body class ''"):
        proof.check(Selector("<p></p>"), "films-watched")


@pytest.mark.parametrize(
    ("html", "is_private"),
    [
        ('<section class="message">Not for you.</section>', True),
        ("<p>This profile is private.</p>", True),
        ('<section class="other">Not for you.</section>', False),
        ("", False),
    ],
)
def test_a_private_profile_says_so(html: str, is_private: bool) -> None:
    assert proof.is_private(Selector(html)) is is_private


def pagination(*links: str) -> Selector:
    return Selector('<div class="pagination">' + "".join(f'<a class="next" href="{link}">' for link in links))


@pytest.mark.parametrize(
    ("path", "links", "number"),
    [
        ("/ann/films/", ["/ann/films/page/2/"], 2),
        ("/Ann/films/page/2/", ["/ann/films/page/3/"], 3),
        ("/ann/films/page/2/", ["https://letterboxd.com/ann/films/page/3/"], 3),
        ("/ann/films/", [], None),
        ("/ann/diary/films/", ["/ann/diary/films/for/2025/", "/ann/diary/films/page/2/"], 2),
        ("/ann/diary/films/", ["/ann/diary/for/2025/"], None),
    ],
)
def test_the_next_page(path: str, links: list[str], number: int | None) -> None:
    assert next_page(pagination(*links), path) == number


@pytest.mark.parametrize(
    "link", ["/ann/films/page/3/", "/ann/films/", "/bo/films/page/2/", "//[", "/ann/films/page/1/"]
)
def test_a_next_page_that_leads_elsewhere_is_no_end(link: str) -> None:
    with pytest.raises(LayoutChanged):
        next_page(pagination(link), "/ann/films/")


def test_links_of_saved_pages_are_the_sites() -> None:
    saved = b"<a HREF=\"https://www.Letterboxd.com/ann/\"><a href='http://letterboxd.com/bo/'>"
    assert own_links(saved) == b"<a HREF=\"/ann/\"><a href='/bo/'>"
    other = b'<a href="https://boxd.it/1"><img src="https://letterboxd.com/a.png">'
    assert own_links(other) == other


@pytest.mark.parametrize("name", ["title", "data-original-title"])
def test_the_tab_says_how_many_people(name: str) -> None:
    tab = f'<ul class="sub-nav"><li class="selected"><a {name}="1,204 people"></a></li></ul>'
    assert parse_total(Selector(tab)) == 1204
    assert parse_total(Selector(tab.replace("selected", "other"))) is None


def test_a_person_has_counts_by_links() -> None:
    row = (
        '<table class="person-table"><tr><td><div class="person-summary"><a class="avatar" href="/Ann/">'
        '<img alt="Ann A." src="/a.png"></a><a class="name" href="/ann/"> Ann <b>Patron</b></a></div></td>'
        '<td class="table-stats"><a>9</a><a href="/ann/films/">1,204</a></td>'
        '<td class="table-stats"><a href="/ann/likes/films/">7</a></td></tr></table>'
    )
    (person,) = parse_people(Selector(row))
    assert (person.member, person.display_name, person.avatar_url) == ("ann", "Ann", "/a.png")
    assert (person.films, person.likes) == (1204, 7)
    (nameless,) = parse_people(Selector(row.replace("> Ann <b>", "><b>")))
    assert nameless.display_name == "Ann A."


def director(body: str = "", name: str = "Carl Th. <i>x</i> Dreyer") -> Selector:
    head = '<meta property="og:url" content="https://letterboxd.com/director/dreyer/">'
    return Selector(f'<html><head>{head}</head><body {body}><h1 class="title-1">{name}</h1></body></html>')


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ('data-tmdb-type="person" data-tmdb-id="7"', 7),
        ('data-tmdb-type="movie" data-tmdb-id="7"', None),
        ('data-tmdb-type="person" data-tmdb-id="07"', None),
        ('data-tmdb-type="person"', None),
        ("", None),
    ],
)
def test_a_director_has_a_number_on_tmdb(body: str, number: int | None) -> None:
    person = parse_person_page(director(body))
    assert (person.name, person.slug, person.tmdb_id) == ("Carl Th. Dreyer", "dreyer", number)


def test_a_director_without_a_name_cannot_be_read() -> None:
    with pytest.raises(LayoutChanged):
        parse_person_page(director(name=" "))
    with pytest.raises(WrongPage):
        parse_person_page(Selector("<h1 class='title-1'>Dreyer</h1>"))


def profile(content: str = "", head: str = "") -> Selector:
    header = '<div class="profile-header"></div>'
    return Selector(f'<html><head>{head}</head><body data-owner="ann">{header}{content}</body></html>')


@pytest.mark.parametrize(
    ("content", "head", "name"),
    [
        ('<h1 class="person-display-name"><span class="displayname">Ann  A.</span></h1>', "", "Ann A."),
        ("", "Ann’s profile", "Ann"),
        ("", "Ann's profile", "Ann"),
        ("", "", None),
        ('<h1 class="person-display-name"><span class="displayname">Ann</span></h1>', "Bo's profile", "Ann"),
    ],
)
def test_a_member_has_a_name(content: str, head: str, name: str | None) -> None:
    title = f'<meta property="og:title" content="{head}">' if head else ""
    assert parse_profile(profile(content, title)).display_name == name


def test_a_profile_counts_by_links() -> None:
    links = "".join(
        f'<a href="{href}"><span class="value">{number}</span></a>'
        for href, number in (("/Ann/films/", "1,204"), ("/ann/following/", 7), ("/bo/followers/", 9))
    )
    read: Any = parse_profile(profile(f'<h4 class="profile-statistic"><a>0</a>{links}</h4>'))
    assert (read.films, read.following, read.followers) == (1204, 7, None)


def test_metadata_that_is_not_there_is_empty() -> None:
    page = profile(head='<meta property="og:title" content="Ann">')
    assert (meta(page, "og:title"), meta(page, "og:url")) == ("Ann", "")


PADDING = b"<p>padding</p>" * 200_000
MONSTERS = {
    "elements": (b"<b>" * 500_001, "more than 500,000 elements"),
    "attributes": (PADDING + b"<b " + b" a='>'" * 2000 + b">", "more than 1,000 attributes"),
    "one long attribute": (
        b'<body class="' + b"x" * 500_001 + b'">',
        "attributes of more than 500,000 bytes",
    ),
    "attributes without an end": (
        PADDING + b"<b " + b"a " * 2000,
        "more than 1,000 attributes",
    ),
}


@pytest.mark.parametrize(("body", "reason"), MONSTERS.values(), ids=MONSTERS)
def test_what_would_take_too_much_to_parse_is_not_parsed(body: bytes, reason: str) -> None:
    with pytest.raises(WrongPage, match=reason):
        proof.refuse_monstrous(body)


def test_pages_that_are_large_alone_are() -> None:
    proof.refuse_monstrous(PADDING)
    proof.refuse_monstrous(PADDING + b'<path d="' + b"1 " * 400 + b'"><p>' + b"words " * 100_000)
    proof.refuse_monstrous(b"<b " + b"a " * 2000)  # as small as any


def test_a_page_of_scripts_without_an_end_is_looked_through_once() -> None:
    """And not once for each of them, which would take hours."""
    assert proof.block_in(200, {}, "<script" * 500_000) is None
