"""Every command of every document, typed as it is printed there, against the imitation site.

Where DOCUMENTS_TRANSCRIPT names a file, a shell types them, what came is written to it, and the site has the
real ratings of the folder RATINGS_DATA, if that is set.
"""

import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
import sqlalchemy as sa

from letterboxd_scraper.cli.command_line import CLUB
from letterboxd_scraper.store.schema import films, users, watchlist
from tests import questions as terminal
from tests.conftest import Shell, on_sqlite, with_many_friends
from tests.documents import Document, documents
from tests.imports.test_reading import IMDB
from tests.site import FEW, Site, World, own_world, parquet_world
from tests.site.archive import archive, file_name, watchlist_of
from tests.site.cinema import expected
from tests.spiders.test_doors import save_member

TRANSCRIPT = os.environ.get("DOCUMENTS_TRANSCRIPT")
REAL = os.environ.get("RATINGS_DATA") if TRANSCRIPT else None
_OURS = re.compile(r"(?:[A-Z_]+=\S+ )?(?:letterboxd|scrapy crawl|python -m ranking) ")
# Documents whose reader begins with nothing.
FIRST_STEPS = "README.md"
FILES_ALONE = "docs/tutorials/circle-from-files.md"
# Commands of ours that are read by `tests/test_documents.py` alone, and why.
NOT_RUN = {
    r"letterboxd (init|sync)": "the README's reader does that",
    r".*--install-completion": "it changes the shell's own files",
    r"letterboxd schedule (install .*--write|remove)": "it changes the machine's timers",
    r"letterboxd schedule run (?!.*--local)": "it wants a Scrapyd: tests/schedule has one",
    r"letterboxd schedule run .*--notify": "nobody is told: tests/schedule/test_telling.py has somebody",
    r"letterboxd serve --host": "it listens to the world",
    r"letterboxd serve --invitations": "tests/cli/test_serve_invitations.py gives it an address",
    r"letterboxd club password": "what is typed stands in no document",
    r"letterboxd .*~/": "it writes into the home",
    r"LETTERBOXD_BROWSER=true": "it wants a browser: tests/downloader/test_browser.py has one",
    r"letterboxd (doctor|import).* --preview$": "the next command does that, and more",
}


def small_world() -> World:
    """Return a circle of a few people who know a few films only: those that most of them rated, and Ordet."""
    world = own_world(follows=FEW)
    circle = [world.member(name) for name in world.circle(world.seed)]
    rated = Counter(slug for member in circle for slug in member.ratings)
    few = {"ordet", *(slug for slug, _ in rated.most_common(25))}
    for member in circle:
        member.ratings = {slug: stars for slug, stars in member.ratings.items() if slug in few}
        member.likes = {slug: None for slug in member.likes if slug in few}
        member.watched &= few
        member.favourites = [slug for slug in member.favourites if slug in few]
        member.diary = [entry for entry in member.diary if entry.film in few]
    return world


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(parquet_world(REAL) if REAL else small_world()) as site:
        yield site


@pytest.fixture
def reader(shell: Shell, site: Site) -> Shell:
    """Somebody with names, archives, saved pages and IMDb's ratings, who set the site's address alone."""
    seed = site.world.seed
    downloads = shell.folder / "downloads"
    downloads.mkdir()
    names = sorted(site.world.circle(seed))
    for name in names[:3]:
        if site.world.member(name).state == "ok":
            (downloads / file_name(name)).write_bytes(archive(site.world, name))
    save_member(downloads, site, seed)
    (shell.folder / "ratings.csv").write_text(IMDB)
    (shell.folder / "names.txt").write_text("\n".join(names[:3]))
    return shell


@on_sqlite
@pytest.mark.timeout(1800 if TRANSCRIPT else 900)
def test_every_command_works_as_printed(reader: Shell, site: Site) -> None:
    done: dict[str, str] = {}
    for page in in_order():
        for line in page.commands():
            words = typed(line, site.world)
            if _OURS.match(words) and words not in done and not is_left_out(words):
                done[words] = said(reader, words, site.world.seed)
        for query in page.blocks("sql"):
            assert answered(query, reader), query
    assert len(done) > 60
    if TRANSCRIPT:
        story = "\n".join(f"$ {words}\n{output}" for words, output in done.items())
        Path(TRANSCRIPT).write_text(story, encoding="utf-8")
    written = {"friends.csv", "friends.json", "table.html", "list.csv", "friends-data", "report.html"}
    assert written <= {entry.name for entry in reader.folder.iterdir()}


def answered(query: str, reader: Shell) -> list[Any]:
    """Return what a query of exported files, or else of the database, finds."""
    if ".parquet" in query:
        return duckdb.execute(query.replace("friends-data", str(reader.folder / "friends-data"))).fetchall()
    with closing(sqlite3.connect(reader.environment["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        return database.execute(query).fetchall()


@on_sqlite
def test_the_first_steps_are_those_of_the_readme(reader: Shell, site: Site) -> None:
    for line in document(FIRST_STEPS).commands():
        if _OURS.match(line):
            said(reader, typed(line, site.world), site.world.seed)
    assert {"marla.csv", "report.html"} <= {entry.name for entry in reader.folder.iterdir()}


@on_sqlite
def test_a_circle_from_files_is_made_as_its_tutorial_says(reader: Shell) -> None:
    tutorial = document(FILES_ALONE)
    names = re.findall(r"\b(\w+\.csv)`:$", tutorial.prose, re.MULTILINE)
    tables = tutorial.blocks("text")
    for name, table in zip(names, tables, strict=True):
        (reader.folder / name).write_text(table)
    alone = replace(reader, environment=reader.environment | {"DATABASE_URL": "sqlite:///circle.db"})
    printed = tutorial.printed()
    for line in tutorial.commands():
        if _OURS.match(line):
            assert_printed(printed.pop(line, ""), run_one(alone, line))
    assert not printed
    assert "cleo" in (reader.folder / "report.html").read_text()


@on_sqlite
@with_many_friends
def test_the_readme_shows_the_ranking_of_the_demonstration(crawled: Shell) -> None:
    crawled.letterboxd("rank", "compute", "--cohort", "friends")
    ranking = crawled.letterboxd("rank", "show", "--cohort", "friends", "--limit", "5")
    printed_text = document(FIRST_STEPS).printed()["make demo"]
    assert len(printed_text.splitlines()) == 6
    assert_printed(printed_text, ranking.stdout)


@on_sqlite
@with_many_friends
def test_the_recipes_of_an_evening_show_what_comes(crawled: Shell, crawled_engine: sa.Engine) -> None:
    with crawled_engine.begin() as connection:
        tell_what_films_are(connection, own_world())
    crawled.letterboxd("rank", "compute", "--cohort", "friends")
    printed_here = document("docs/how-to/choose-films.md").printed()
    assert len(printed_here) == 2
    for line, output in printed_here.items():
        printed = run_one(crawled, line)
        assert len(output.splitlines()) == 4
        assert_printed(output, printed)


LANGUAGE = ("original_language", "language_by")


def tell_what_films_are(connection: sa.Connection, world: World) -> None:
    """Store what the site's pages and archives tell of films and watchlists, without reading them."""
    ids = {slug: film for film, slug in connection.execute(sa.select(films.c.id, films.c.slug))}
    for slug, film in ids.items():
        truth = expected(world.films[slug])
        told = {name: getattr(truth, name) for name in ("runtime_minutes", *LANGUAGE)}
        told |= {"letterboxd_weighted_average": truth.average, "letterboxd_rating_count": truth.ratings}
        connection.execute(films.update().where(films.c.id == film).values(told))
    for user, name in connection.execute(sa.select(users.c.id, users.c.letterboxd_username)).all():
        watchlisted = [ids[slug] for slug in watchlist_of(world, world.member(name)) if slug in ids]
        connection.execute(watchlist.insert(), [{"user_id": user, "film_id": film} for film in watchlisted])


def assert_printed(expected: str, printed: str) -> None:
    """Fail if a line that a document shows is none that was printed; columns may be left out."""
    for line in expected.splitlines():
        words = line.split()
        assert any(is_part_of(words, other.split()) for other in printed.splitlines()), f"{line!r}: {printed}"


def is_part_of(words: Sequence[str], others: Sequence[str]) -> bool:
    rest = iter(others)
    return all(word in rest for word in words)


def document(name: str) -> Document:
    return next(one for one in documents() if str(one) == name)


def in_order() -> list[Document]:
    """Return the other documents, those first that build what others work on, and that last which removes."""
    pages = [one for one in documents() if str(one) not in (FIRST_STEPS, FILES_ALONE)]
    return sorted(pages, key=lambda one: one.path.name == "forget.md")


def is_left_out(words: str) -> bool:
    return any(re.match(pattern, words) for pattern in NOT_RUN)


def typed(line: str, world: World) -> str:
    """Fill in what a reader would: names, a number, a key."""
    other = sorted(world.member(world.seed).following)[0]
    line = re.sub(r"=N\b", "=20", line)
    line = re.sub(r"\bMEMBER\b", other, re.sub(r"\bNAME\b", world.seed, line))
    line = line.replace("TMDB_API_KEY=…", f"TMDB_API_KEY={Site.tmdb_key}")
    if REAL:
        line = line.replace("ordet", "alien")  # a film that these people know
    return line


def said(reader: Shell, words: str, seed: str) -> str:
    """Type a command and return what it says; it must end well."""
    if words == "letterboxd init":
        answers = {"NAME): ": seed, "URL): ": "me@example.org", "not shown): ": ""}
        command = [sys.executable, "-m", "letterboxd_scraper", "init"]
        return terminal.answer(command, reader.folder, reader.environment, answers)
    if re.match(r"letterboxd forget (?!.*--undo)", words):
        command = [sys.executable, "-m", "letterboxd_scraper", *words.split()[1:]]
        return terminal.answer(command, reader.folder, reader.environment, {"Go on? [y/N]: ": "y"})
    if is_served(words):
        return served(reader, words)
    if TRANSCRIPT:
        path = f"{Path(sys.executable).parent}:{reader.environment['PATH']}"
        done = subprocess.run(
            ["sh", "-c", words], cwd=reader.folder, env=reader.environment | {"PATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout
    return run_one(reader, words)


def is_served(words: str) -> bool:
    """Say whether a command shows a page until it is interrupted."""
    if words in ("letterboxd serve", "letterboxd serve --open"):
        return True
    names = "|".join(name for name in CLUB if name != "make")
    return bool(re.match(rf"letterboxd club\b(?! (?:{names})\b)", words))


def run_one(reader: Shell, words: str) -> str:
    """Do what a shell does with a command's words, without starting one."""
    first, *rest = shlex.split(words)
    environment = dict(reader.environment)
    while "=" in first:
        name, environment[name] = first.split("=", 1)[0], first.split("=", 1)[1]
        first, *rest = rest
    if first == "python":
        module, *rest = rest[1:]
    else:
        module = {"letterboxd": "letterboxd_scraper", "scrapy": "scrapy"}[first]
    names = [
        name
        for word in rest
        for name in (
            [str(Path(*file.parts[-2:])) for file in reader.folder.glob(word)] if "*" in word else [word]
        )
    ]
    done = Shell(reader.folder, environment).run(sys.executable, "-m", module, *names)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout + done.stderr


def served(reader: Shell, words: str) -> str:
    """Start a server, look at the page that it names, and end it as a user does."""
    process = reader.start("letterboxd_scraper", *words.split()[1:])
    deadline = time.monotonic() + 60
    while not (address := re.search(r"(http://127\S+)\s", process.said())):
        assert process.poll() is None, process.said()
        assert time.monotonic() < deadline, process.said()
        time.sleep(0.02)
    assert requests.get(address[1], timeout=30).status_code == 200
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (0, 130), told
    return told
