"""Pages that are not what they should be: what each such fault does to a page, and which pages it leaves."""

import re

import pytest

from tests.site import Fault, Site
from tests.site.client import ask, right

FILMS, FRIENDS = "/marla/films/", "/marla/following/"


GRID = re.compile(r'<ul class="grid -p70">(.*?)</ul>', re.DOTALL)
TABLE = re.compile(r'<table class="table-base member-table">.*?<tbody>(.*?)</tbody>\s*</table>', re.DOTALL)


@pytest.mark.parametrize(
    ("path", "listing"), [(FILMS, GRID), ("/marla/likes/films/", GRID), (FRIENDS, TABLE)]
)
def test_no_listing_leaves_all_else_as_it_is(site: Site, path: str, listing: re.Pattern[str]) -> None:
    site.faults.add(Fault("no-listing"))
    reply = ask(site, path)
    whole = right(site, path)
    assert reply.status == 200
    assert reply.text == listing.sub("", whole)
    assert reply.text.count("paginate-nextprev") == whole.count("paginate-nextprev")


@pytest.mark.parametrize(("path", "listing"), [(FILMS, GRID), (FRIENDS, TABLE)])
def test_empty_listing_keeps_the_listing_itself(site: Site, path: str, listing: re.Pattern[str]) -> None:
    site.faults.add(Fault("empty-listing"))
    match = listing.search(right(site, path))
    assert match
    assert match[1].strip()
    assert ask(site, path).text == right(site, path).replace(match[1], "")


@pytest.mark.parametrize("kind", ["no-listing", "empty-listing"])
@pytest.mark.parametrize("path", ["/marla/", "/robots.txt", "/nobody-at-all/", "/Marla/films/"])
def test_a_page_without_a_listing_passes(site: Site, kind: str, path: str) -> None:
    site.faults.add(Fault(kind, times=1), Fault("status", FILMS, code=500))
    assert ask(site, path).text == right(site, path)
    assert site.faults.struck == []
    assert site.log[0].fault is None
    ask(site, FILMS)
    assert site.faults.struck == [(FILMS, kind)]


def test_a_listing_that_is_empty_anyway_does_not_lie(site: Site) -> None:
    site.faults.add(Fault("empty-listing"))
    ask(site, "/newcomer/films/rated/5/")
    assert site.faults.struck == []


@pytest.mark.parametrize("path", [FILMS, "/marla/films/page/2/", FRIENDS, "/marla/"])
def test_wrong_member_is_the_same_page_of_somebody_else(site: Site, path: str) -> None:
    site.faults.add(Fault("wrong-member"))
    text = ask(site, path).text
    owner = re.search(r'<body [^>]*data-owner="(\w+)"', text)
    assert owner
    assert owner[1].lower() != "marla"
    assert text == right(site, path.replace("marla", owner[1].lower()))


def test_wrong_member_can_be_named(site: Site) -> None:
    site.faults.add(Fault("wrong-member", member="otto_reels"))
    assert ask(site, FILMS).text == right(site, "/otto_reels/films/")
    assert ask(site, "/otto_reels/films/").text == right(site, "/otto_reels/films/")
    assert ask(site, "/robots.txt").text == right(site, "/robots.txt")
    assert site.faults.struck == [(FILMS, "wrong-member")]


def test_garbage_is_no_html_though_it_says_so(site: Site) -> None:
    site.faults.add(Fault("garbage", size=1000))
    first, second = ask(site, FILMS), ask(site, FILMS)
    assert (first.status, len(first.raw)) == (200, 1000)
    assert first.headers["Content-Type"].startswith("text/html")
    assert first.raw != second.raw
    site.faults.replace([Fault("garbage", size=1000)])
    assert ask(site, FILMS).raw == first.raw


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "utf-16-le"])
def test_wrong_charset(site: Site, charset: str) -> None:
    path = "/ines_f/"  # Inès
    site.faults.add(Fault("wrong-charset", path, charset=charset))
    reply = ask(site, path)
    assert reply.headers["Content-Type"] == "text/html;charset=UTF-8"
    assert "Inès" in reply.raw.decode(charset)
    assert "Inès" not in reply.raw.decode(errors="replace")


def test_wrong_charset_needs_a_letter_to_break(site: Site) -> None:
    site.faults.add(Fault("wrong-charset"))
    assert ask(site, "/robots.txt").text == right(site, "/robots.txt")
    assert site.faults.struck == []


@pytest.mark.parametrize("path", [FILMS, "/robots.txt"])
def test_huge(site: Site, path: str) -> None:
    site.faults.add(Fault("huge", megabytes=1.5))
    reply = ask(site, path)
    assert len(reply.raw) == 1_500_000
    without = re.sub(r"(<p>(padding )+</p>\n)+ *", "", reply.text)
    assert without.rstrip("\n") == right(site, path).rstrip("\n")
