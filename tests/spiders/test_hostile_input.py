"""Pages meant to break something: what they hold is stored as it is, or the page is a recorded failure."""

import csv
import html
import os
import pty
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import films, scrape_failures, users
from tests.conftest import Shell, assert_ended, make_shell, on_sqlite, stored_facts
from tests.site import Fault, Film, Member, Site, World
from tests.site.pages import Answer

pytestmark = pytest.mark.slow

TEXTS = (
    "Robert'); DROP TABLE ratings; --",
    "' OR '1'='1",
    "<script>alert(1)</script>",
    "<b>bold</b> &amp; &lt;i&gt; <!-- no --> ]]>",
    "\"double\" 'single' `back` \\ \\n \\x1b",
    "%s %d %(name)s {0} {name} $HOME $(id)",
    "\x1b[31mred\x1b[0m and \x1b]0;a window's title\x07",
    "\x9b31m in one character \x08\x08\x7f",
    "[red]console markup[/red] [/]",
    "zero \x00 byte",
    "\u202eright to left\u202c \u200fmarks\u200e",
    "🎬 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "e\u0301 and é, \u200b\ufeff, \U0010ffff \ufffe",
    "much " * 800,
    "  white \t\n space\u2028and\x85lines\x0b\x0c  ",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(A1)",
    '"; "a,b;c\td"',
    "NULL",
    "0",
    "(1999)",
)


class HostileSite(Site):
    """The imitation site; ``change`` sees each path and page, and may return another page."""

    change: Callable[[str, str], str] = staticmethod(lambda path, page: page)

    def right_answer(self, method: str, path: str) -> Answer:
        answer = super().right_answer(method, path)
        return replace(answer, body=self.change(path, answer.body))


def make_world(members: int, titles: list[str], slugs: list[str] | None = None) -> World:
    """Return a seed who follows ``members`` others; each of them rated and likes films of their own."""
    slugs = slugs or [f"film-{number}" for number in range(len(titles))]
    pairs = enumerate(zip(slugs, titles, strict=True))
    films = [Film(1000 + number, f"F{number:03}", slug, title, 2001) for number, (slug, title) in pairs]
    people = [
        Member(f"m{number:02}", f"m{number:02}", f"M {number}", f"p{number:03}") for number in range(members)
    ]
    for number, film in enumerate(films):
        owner = people[number % members]
        owner.watched.add(film.slug)
        owner.ratings[film.slug] = 1 + number % 9 / 2
        if number // members % 2:
            owner.likes[film.slug] = None
    seed = Member("seed", "seed", "Seed", "s000", following=[person.name for person in people])
    return World(films, [seed, *people])


def plain(text: str) -> str:
    """Return a text as it may be stored: white space made one, control characters perhaps left out."""
    words = " ".join(text.replace("\0", "").split())
    return "".join(letter for letter in words if unicodedata.category(letter) != "Cc")


def crawl(folder: Path, site: Site, engine: sa.Engine) -> tuple[Shell, "subprocess.CompletedProcess[str]"]:
    shell = make_shell(folder, site, engine)
    assert_ended(shell.scrapy("follow_graph", seed="seed", label="hostile"), 0)
    return shell, shell.scrapy("profile", "-s", "RETRY_TIMES=0", cohort="hostile")


def column(engine: sa.Engine, *columns: Any) -> dict[Any, Any]:
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(sa.select(*columns))}


@pytest.fixture
def texts(tmp_path: Path, engine: sa.Engine) -> Iterator[tuple[Shell, World]]:
    """A crawled circle whose people and films have names such as nobody should have."""
    world = make_world(len(TEXTS), list(TEXTS))
    for number, text in enumerate(TEXTS):
        world.members[f"m{number:02}"].display_name = text
    with Site(world) as site:
        shell, process = crawl(tmp_path, site, engine)
        assert_ended(process, 0)
        yield shell, world


def test_hostile_texts_are_stored_and_told_without_harm(
    texts: tuple[Shell, World], engine: sa.Engine, tmp_path: Path
) -> None:
    shell, world = texts
    assert stored_facts(engine) == world.truth()
    titles = column(engine, films.c.slug, films.c.title)
    assert {slug: plain(title) for slug, title in titles.items()} == {
        slug: plain(film.title) for slug, film in world.films.items()
    }
    names = column(engine, users.c.letterboxd_username, users.c.display_name)
    assert {name: plain(word) for name, word in names.items()} == {
        name: plain(member.display_name) for name, member in world.members.items()
    }
    assert_ended(shell.letterboxd("rank", "compute", "--cohort", "hostile", "--param", "min_votes=1"), 0)
    exported = tmp_path / "hostile.csv"
    assert_ended(shell.letterboxd("export", "csv", "--cohort", "hostile", "--output", str(exported)), 0)
    with exported.open(encoding="utf-8", newline="") as file:
        cells = {row["title"] for row in csv.DictReader(file)}
    # What a spreadsheet would compute is told to be a text.
    written = [f"'{title}" if title[0] in "=+-@" else title for title in titles.values()]
    assert {plain(cell) for cell in cells} == set(map(plain, written))
    assert any(cell.startswith("'=HYPERLINK(") for cell in cells)
    if engine.dialect.name != "sqlite":
        return  # what is shown of the same titles does not depend on where they are stored
    told = {
        "rank show": shown_on_a_terminal(shell, "rank", "show", "--cohort", "hostile", "--limit", "99"),
        "cohort show": shown_on_a_terminal(shell, "cohort", "show", "hostile"),
        "rank export": shown_on_a_terminal(shell, "export", "csv", "--cohort", "hostile"),
        "rank show, piped": shell.letterboxd("rank", "show", "--cohort", "hostile", "--limit", "99").stdout,
    }
    # A terminal shortens a long title.
    assert all("DROP" in told[name] for name in ("rank export", "rank show, piped"))
    assert "Robert" in told["rank show"]
    assert {name: controls_in(text) for name, text in told.items()} == {name: set() for name in told}


def controls_in(text: str) -> set[str]:
    return {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cf"}} - {"\n", "\r"}


def shown_on_a_terminal(shell: Shell, *arguments: str) -> str:
    """Return what a command sends to a terminal that has no colours."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "letterboxd_scraper", *arguments]
    plainly = shell.environment | {"TERM": "dumb", "COLUMNS": "120"}
    process = subprocess.Popen(
        command, cwd=shell.folder, env=plainly, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    received = b""
    while chunk := _read(ours):
        received += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0, received
    return received.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how a terminal says that the other side has gone
        return b""


SLUGS = ("film", "1917", "a", "0", "x" * 250, "film-1", "page", "rated", "none", "a-" * 40 + "1999")


@on_sqlite
def test_every_slug_that_the_site_can_have_is_a_slug(tmp_path: Path, engine: sa.Engine) -> None:
    world = make_world(len(SLUGS), [f"Title {slug[:9]}" for slug in SLUGS], list(SLUGS))
    with Site(world) as site:
        _, process = crawl(tmp_path, site, engine)
    assert stored_facts(engine) == world.truth()
    assert_ended(process, 0)


def identity(text: str) -> Callable[[str], str]:
    """Return what puts ``text`` in place of the JSON that tells a tile's film; ``@`` is the film's number."""

    def put(tile: re.Match[str]) -> str:
        return f'data-postered-identifier="{html.escape(text.replace("@", tile[1]))}"'

    return lambda page: re.sub(r"data-postered-identifier='[^']*film:(\d+)[^']*'", put, page)


def before(mark: str, text: str) -> Callable[[str], str]:
    return lambda page: page.replace(mark, text + mark)


DEEP = "<div>" * 100_000
NOISE = "".join(Random(4).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))  # what cannot be packed
CHANGES: dict[str, Callable[[str], str]] = {
    "JSON in a hundred thousand lists": identity("[" * 100_000),
    "JSON in a hundred thousand objects": identity('{"uid":' * 100_000),
    "JSON number of 5,000 digits": identity('{"uid": ' + "9" * 5000 + "}"),
    "JSON number without end": identity('{"uid": 1e999}'),
    "JSON that is a text": identity('"film:1"'),
    "JSON of a zero byte": identity('{"lid": "\\u0000@"}'),
    "JSON of half a character": identity('{"lid": "\\ud800@"}'),
    "film's code of 9,000 letters": identity(f'{{"lid": "{NOISE}@"}}'),
    "one code for all films": identity('{"lid": "same"}'),
    "film's number beyond 64 bits": identity('{"uid": "film:99999999999999999999"}'),
    "film's number beyond 64 bits, bare": identity('{"uid": 99999999999999999999}'),
    "film's number zero": lambda page: re.sub(r"film:\d+", "film:0", page),
    "slug of 9,000 letters": lambda page: re.sub(r'data-item-slug="[^"]*', rf"\g<0>-{NOISE}", page),
    "title of a zero byte": before("Title", "a &#0; b \x00 c "),
    "title of half a character": before("Title", "a &#xD800; b "),
    "films under a hundred thousand divs": before('<ul class="grid', DEEP),
    "next page under a hundred thousand divs": before('<div class="clear"></div>', DEEP),
    "everything under a hundred thousand divs": before('<div id="content"', DEEP),
    "count of films beyond 64 bits": lambda page: page.replace(
        'class="value">', 'class="value">99999999999999999999'
    ),
    "count of films beyond 32 bits": lambda page: page.replace(
        'class="value">', 'class="value">99,999,999,999'
    ),
    "total of ratings beyond 64 bits": lambda page: page.replace(
        '"all-link">', '"all-link">99999999999999999999'
    ),
    "level of ratings beyond 64 bits": lambda page: re.sub(
        r'title="(?=\d+ \S+ ratings?)', 'title="99999999999999999999', page
    ),
    "ten megabytes": before('<div id="content"', "<p>padding</p>\n" * 700_000),
}
CHARSETS = ("latin-1", "utf-16", "utf-16-le")
# Long to read, whatever the database is.
LARGE = {case for case in CHANGES if "hundred thousand" in case or "megabytes" in case}


def test_a_hostile_page_is_read_whole_or_recorded(tmp_path: Path, engine: sa.Engine) -> None:
    changes = CHANGES if engine.dialect.name == "sqlite" else CHANGES.keys() - LARGE
    cases = [*sorted(changes), *CHARSETS]
    titles = [f"Title {number} \u00e0 la fa\u00e7on \u00bd \u2026" for number in range(3 * len(cases))]
    world = make_world(len(cases), titles)
    case_of = {f"m{number:02}": case for number, case in enumerate(cases)}

    def change(path: str, page: str) -> str:
        member, rest = path.strip("/").partition("/")[::2]
        expected = CHANGES.get(case_of.get(member, ""))
        return expected(page) if expected and rest != "following" else page

    site = HostileSite(world)
    site.change = change
    with site:
        for number, charset in enumerate(CHARSETS, start=len(changes)):
            site.faults.add(Fault("wrong-charset", charset=charset, path=f"/m{number:02}/.*"))
        _, process = crawl(tmp_path, site, engine)
    with engine.connect() as connection:
        recorded = set(connection.scalars(sa.select(scrape_failures.c.member)))
    stored, titles_stored = stored_facts(engine), column(engine, films.c.slug, films.c.title)

    def is_whole(member: str) -> bool:
        expected = world.truth([member])
        same = all(titles_stored.get(slug, "").endswith(world.films[slug].title) for _, slug, *_ in expected)
        return {fact for fact in stored if fact[0] == member} == expected and same

    lost = {case for member, case in case_of.items() if member not in recorded and not is_whole(member)}
    internal = re.findall(r"^\w*\.?\w*(?:Error|Exception).*", process.stderr, re.MULTILINE)
    assert (lost, internal, process.returncode) == (set(), [], 3)
    assert "Traceback" not in process.stderr


def test_counts_of_people_beyond_all_limits_end_nothing(tmp_path: Path, engine: sa.Engine) -> None:
    counts = ("99999999999999999999", "99,999,999,999", "3000000000")
    world = make_world(len(counts), ["One", "Two", "Three"])
    site = HostileSite(world)
    people = re.compile(r'(<span class="icon"></span>)\d+(</a>)')

    def change(path: str, page: str) -> str:
        beyond = cycle(count for count in counts for _ in range(3))  # a person has three
        replaced = people.sub(lambda match: f"{match[1]}{next(beyond)}{match[2]}", page)
        return replaced if "/following/" in path else page

    site.change = change
    with site:
        _, process = crawl(tmp_path, site, engine)
        assert_ended(process, 0)
    assert stored_facts(engine) == world.truth()
