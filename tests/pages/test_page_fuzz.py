"""Damaged pages: whatever is cut, lost, doubled or garbled, a parser finds items or says why not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsel import Selector

from letterboxd_scraper.errors import PageError, WrongPage
from letterboxd_scraper.items.members import DiaryEntry, Person, Profile, Tile
from letterboxd_scraper.pages import proof
from letterboxd_scraper.pages.diary import parse_diary
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.people import parse_people
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_tiles
from tests.site import own_world
from tests.site.pages import answer

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Sound:
    """A page that is whole, with the address and the type it was asked for by."""

    path: str
    body_class: str
    text: str
    name: str = ""

    def __repr__(self) -> str:
        return self.name or self.path


PARSERS: dict[str, Callable[[Selector], tuple[Any, ...]]] = {
    "films-watched": parse_tiles,
    "likes": parse_tiles,
    "following": parse_people,
    "profile": lambda page: (parse_profile(page),),
    "films-diary": parse_diary,
}
SERVED = {
    "/kip/films/rated/.5-5/": "films-watched",
    "/ohara/films/rated/.5-5/page/2/": "films-watched",
    "/silent_sam/films/rated/.5-5/": "films-watched",
    "/newcomer/films/": "films-watched",
    "/marla/likes/films/rated/none/": "likes",
    "/marla/following/page/2/": "following",
    "/hermit/following/": "following",
    "/marla/": "profile",
    "/newcomer/": "profile",
    "/marla/diary/films/page/2/": "films-diary",
    "/newcomer/diary/films/": "films-diary",
}
WRITTEN = {
    "tiles/current": "films-watched",
    "tiles/film-slug-2020": "films-watched",
    "tiles/likes-without-rating": "likes",
    "tiles/stars-without-a-class": "films-watched",
    "people/current": "following",
    "people/table-2020": "following",
    "profile/june-2026": "profile",
    "profile/columns-of-april-2026": "profile",
    "diary/current": "films-diary",
    "diary/spring-2025": "films-diary",
}


@cache
def sound_pages() -> tuple[Sound, ...]:
    """Return pages that the imitation site serves, and some of those in `pages`."""
    world, folder = own_world(), Path(__file__).parent
    served = [Sound(path, kind, answer(world, path).body) for path, kind in SERVED.items()]
    written = [
        Sound("/tess_t/films/rated/.5-5/", kind, (folder / f"{name}.html").read_text("utf-8"), name)
        for name, kind in WRITTEN.items()
    ]
    return (*served, *written)


def read(sound: Sound, text: str) -> tuple[Any, ...]:
    """Read ``text`` as the answer to ``sound``'s address, the way a spider does."""
    proof.refuse_truncated(text)
    page = Selector(body=text.encode(), encoding="utf-8", type="html")
    proof.check(page, sound.body_class, owner=sound.path.split("/")[1])
    if not sound.name:  # those written by hand are of several addresses
        next_page(page, sound.path)
    return PARSERS[sound.body_class](page)


def must_make_sense(item: Tile | DiaryEntry | Person | Profile) -> None:
    match item:
        case Tile(film=film, stars=stars, liked=liked) | DiaryEntry(film=film, stars=stars, liked=liked):
            assert film.slug
            assert film.title.strip()
            assert stars is None or (0.5 <= stars <= 5 and stars * 2 == int(stars * 2))
            assert isinstance(liked, bool)
        case Person(member=member):
            assert member == member.lower().strip("/")
            assert member
        case Profile(histogram=histogram, ratings=ratings):
            assert histogram is None or len(histogram) == 10
            assert ratings == (sum(histogram) if histogram else None)


GARBAGE = [
    "", " ", "\x00", "\n", "<", ">", '"', "'", "&", "&quot;", "&#0;", "{", "}", "é", "★", "½", "-1", "0",
    "99999", "rated-99", "rated-", "film:", "/", "//", "?", "#", "(2001)", "</", "<!--", "-->", "<![CDATA[",
    "]]>", "<script>", "<template>", "<noscript>", "<svg>", "<textarea>", "<title>", "<body>", "</body>",
    "<html>", "</html>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<ul class='grid'>", "<li>",
    "</li>", "</ul>", "<div>", "</div>", "<p class='poster-viewingdata'>", "</p>",
]  # fmt: skip
PARTS = {
    "attributes": re.compile(r'(?<==")[^"]*(?=")'),
    "names of attributes": re.compile(r"\b[\w-]+(?==[\"'])"),
    "tags": re.compile(r"</?\w+[^>]*>"),
    "ends of tags": re.compile(r"</\w+>"),
    "texts": re.compile(r"(?<=>)[^<>]+(?=<)"),
}


@st.composite
def damaged_pages(draw: st.DrawFn) -> tuple[Sound, str]:
    sound = draw(st.sampled_from(sound_pages()))
    text = sound.text
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from([garbled, replaced, moved]))(draw, text)
    return sound, text


def span(draw: st.DrawFn, text: str) -> tuple[int, int]:
    start = draw(st.integers(0, 1_000_000)) % (len(text) + 1)
    return start, start + draw(st.sampled_from([1, 7, 60, 400, 3000]))


def garbled(draw: st.DrawFn, text: str) -> str:
    """Replace one part of the markup: an attribute's value or name, a tag, a text."""
    matches = list(PARTS[draw(st.sampled_from(sorted(PARTS)))].finditer(text))
    if not matches:
        return text
    part = matches[draw(st.integers(0, 1_000_000)) % len(matches)]
    return text[: part.start()] + draw(st.sampled_from(GARBAGE)) + text[part.end() :]


def replaced(draw: st.DrawFn, text: str) -> str:
    """Replace characters anywhere, or drop them."""
    start, end = span(draw, text)
    return text[:start] + draw(st.sampled_from(GARBAGE) | st.text(max_size=5)) + text[end:]


def moved(draw: st.DrawFn, text: str) -> str:
    """Repeat a piece of the page somewhere else, which breaks its nesting."""
    start, end = span(draw, text)
    there, _ = span(draw, text)
    return text[:there] + text[start:end] + text[there:]


@settings(max_examples=250, deadline=None, derandomize=True)
@given(damaged_pages())
def test_a_damaged_page_gives_items_or_a_page_error(damaged: tuple[Sound, str]) -> None:
    sound, text = damaged
    try:
        items = read(sound, text)
    except PageError:
        return
    for item in items:
        must_make_sense(item)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(damaged_pages(), st.integers(0, 1_000_000))
def test_a_parser_alone_needs_no_proof_to_be_safe(damaged: tuple[Sound, str], cut: int) -> None:
    sound, text = damaged
    raw = text.encode()
    page = Selector(raw[: cut % (len(raw) + 1)].decode("utf-8", "replace"))
    try:
        items = PARSERS[sound.body_class](page)
    except PageError:
        return
    for item in items:
        must_make_sense(item)


# Members who have nothing there.
EMPTY = {
    "/silent_sam/films/rated/.5-5/",
    "/newcomer/films/",
    "/hermit/following/",
    "/newcomer/diary/films/",
}


@pytest.mark.parametrize("sound", sound_pages(), ids=repr)
def test_the_undamaged_page_is_read(sound: Sound) -> None:
    items = list(read(sound, sound.text))
    assert bool(items) is (repr(sound) not in EMPTY)
    for item in items:
        must_make_sense(item)


@pytest.mark.parametrize("sound", sound_pages(), ids=repr)
def test_a_page_cut_short_anywhere_is_refused(sound: Sound) -> None:
    raw = sound.text.encode()
    end = raw.rindex(b"</html") + len(b"</html") - 1
    for length in [*range(0, end, 101), *range(max(0, end - 2500), end + 1)]:
        with pytest.raises(WrongPage):
            proof.refuse_truncated(raw[:length].decode("utf-8", "replace"))
