"""Every command of the README, typed as it is printed there, against the imitation site.

Where README_TRANSCRIPT names a file, a shell types them, what came is written to it, and the site has the
real ratings of the folder RATINGS_DATA, if that is set.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import terminal
from tests.conftest import ROOT, Shell, on_sqlite
from tests.imports.test_reading import IMDB
from tests.site import FEW, Site, World, own_world, parquet_world
from tests.site.archive import archive, file_name
from tests.test_doors import save_member

README = (ROOT / "README.md").read_text(encoding="utf-8")
OURS = re.compile(r"^ {4}((?:[A-Z_]+=\S+ )?(?:letterboxd|scrapy) .*)$", re.MULTILINE)
TRANSCRIPT = os.environ.get("README_TRANSCRIPT")
REAL = os.environ.get("RATINGS_DATA") if TRANSCRIPT else None


def commands() -> list[str]:
    """Return the commands of the README, in its order, without the remarks beside them."""
    return [re.split(r"\s{2,}#", line)[0] for line in OURS.findall(README)]


def typed(line: str, world: World) -> str:
    """Fill in what a reader would: names, and the first of what there is to choose from."""
    other = sorted(world.member(world.seed).following)[0]
    line = re.sub(r"=N\b", "=20", line).replace("=i/n", "=1/1")
    line = re.sub(r"\bMEMBER\b", other, re.sub(r"\bNAME\b", world.seed, line))
    line = line.replace("TMDB_API_KEY=…", f"TMDB_API_KEY={Site.tmdb_key}")
    if REAL:
        line = line.replace("ordet", "alien")  # a film that these people know
    return line.replace("[", "").replace("]", "").replace("|all|none", "")


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
    """Somebody with a few archives, saved pages and IMDb's ratings, who set the site's address alone."""
    seed = site.world.seed
    downloads = shell.folder / "downloads"
    downloads.mkdir()
    for name in sorted(site.world.circle(seed))[:3]:
        if site.world.member(name).state == "ok":
            (downloads / file_name(name)).write_bytes(archive(site.world, name))
    save_member(downloads, site, seed)
    (shell.folder / "ratings.csv").write_text(IMDB)
    return shell


@on_sqlite
@pytest.mark.timeout(1800 if TRANSCRIPT else 900)
def test_every_command_of_the_readme_works_as_printed(reader: Shell, site: Site) -> None:
    found = commands()
    assert len(found) > 40
    story = []
    for line in found:
        words = typed(line, site.world)
        story.append(f"$ {words}\n{said(reader, words, site.world.seed)}")
    if TRANSCRIPT:
        Path(TRANSCRIPT).write_text("\n".join(story), encoding="utf-8")
    written = {"friends.csv", "friends.json", "table.html", "list.csv", "friends-data", "report.html"}
    assert written <= {entry.name for entry in reader.folder.iterdir()}


def said(reader: Shell, words: str, seed: str) -> str:
    """Type a command and return what it says; it must end well."""
    if words == "letterboxd init":
        answers = {"NAME): ": seed, "URL): ": "me@example.org", "not shown): ": ""}
        command = [sys.executable, "-m", "letterboxd_scraper", "init"]
        return terminal.answer(command, reader.folder, reader.environment, answers)
    if words == "letterboxd serve":
        return served(reader)
    if TRANSCRIPT:
        path = f"{Path(sys.executable).parent}:{reader.environment['PATH']}"
        done = subprocess.run(
            ["sh", "-c", words], cwd=reader.folder, env=reader.environment | {"PATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout
    return "".join(run_one(reader, part) for part in words.split(" && "))


def run_one(reader: Shell, words: str) -> str:
    """Do what a shell does with a command's words, without starting one."""
    first, *rest = shlex.split(words)
    environment = dict(reader.environment)
    while "=" in first:
        name, environment[name] = first.split("=", 1)[0], first.split("=", 1)[1]
        first, *rest = rest
    module = {"letterboxd": "letterboxd_scraper", "scrapy": "scrapy"}[first]
    names = [
        name
        for word in rest
        for name in ([file.name for file in reader.folder.glob(word)] if "*" in word else [word])
    ]
    done = Shell(reader.folder, environment).run(sys.executable, "-m", module, *names)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout + done.stderr


def served(reader: Shell) -> str:
    """Start the server, look at its first page, and end it as a user does."""
    command = [sys.executable, "-m", "letterboxd_scraper", "serve"]
    process = subprocess.Popen(
        command, cwd=reader.folder, env=reader.environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    address = re.search(r"http://\S+", line)
    assert address, line + process.stderr.read()
    assert "friends" in requests.get(address[0], timeout=30).text
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(timeout=60) in (0, 130), rest
    return line + rest
