"""A circle of friends' files in a real Chromium: `letterboxd club` in a process that is killed meanwhile."""

import io
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import warm
from tests.conftest import ROOT
from tests.imports.test_reading import IMDB, write
from tests.site import FEW, World, own_world
from tests.site.archive import archive, file_name, packed

pytestmark = pytest.mark.slow

FRIENDS = ("marla", *FEW[:3])


def of_2019(world: World, name: str) -> bytes:
    """Return a member's archive as the site gave them until 2020: its links name films by their slugs."""
    texts = contents(archive(world, name))
    for film in world.films.values():
        link = f"https://letterboxd.com/film/{film.slug}/"
        texts = {path: text.replace(f"https://boxd.it/{film.lid}", link) for path, text in texts.items()}
    return packed(
        {path: texts[path] for path in ("profile.csv", "ratings.csv", "watched.csv", "watchlist.csv")}
    )


def contents(packed: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(packed)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """What five friends have sent: archives, one of 2019, one unpacked, and one's ratings from IMDb."""
    world = own_world(follows=FEW)
    first, second, old, unpacked = FRIENDS
    files: dict[str, str | bytes] = {file_name(name): archive(world, name) for name in (first, second)}
    files[file_name(old, "2019-11-21-07-11")] = of_2019(world, old)
    files |= {
        f"letterboxd-{unpacked}/{path}": text for path, text in contents(archive(world, unpacked)).items()
    }
    return write(tmp_path / "downloads", {**files, "imdb.csv": IMDB, "bill.pdf": "%PDF-1.7"})


@contextmanager
def club(folder: Path) -> Iterator[tuple[str, warm.Process]]:
    """Start the command; give the address that it says."""
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'letterboxd.db'}",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(temporary),
    }
    command = [sys.executable, "-m", "letterboxd_scraper", "club", "--names", "--no-open"]
    process = warm.Process(command, folder, environment)
    try:
        deadline = time.monotonic() + 60
        while not (address := re.search(r"http://127\S+", process.said())):
            assert process.poll() is None, process.said()
            assert time.monotonic() < deadline, process.said()
            time.sleep(0.01)
        yield address[0], process
    finally:
        process.kill()
        process.wait(timeout=60)


def drop(page: Page, files: Sequence[Path]) -> None:
    """Drop files and folders on the page, as a person does."""
    browser = page.context.new_cdp_session(page)
    box = page.locator("#zone").bounding_box()
    assert box
    dragged = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        spot = {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": dragged}
        browser.send("Input.dispatchDragEvent", spot)


def look_at(page: Page, files: Sequence[Path]) -> None:
    drop(page, files)
    expect(page.locator("#chosen")).to_contain_text(re.compile(r"^\d+ files?, "))
    page.get_by_role("button", name="Look at them").click()


def agree_to_come(page: Page) -> None:
    """Say whose the file from IMDb is, and see all five."""
    expect(page.get_by_role("heading", level=1)).to_have_text("What these files would change")
    page.get_by_label("Whose is it?").fill("ida")
    page.get_by_role("button", name="Show what changes with these names").click()
    for name in (*FRIENDS, "ida"):
        expect(page.get_by_role("row", name=re.compile(rf"^{name} \d+ new ratings?"))).to_be_visible()


def members_in(folder: Path) -> int:
    with closing(connect(folder / "letterboxd.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM users").fetchone()
    return int(count)


def test_five_friends_files_become_what_i_would_like_though_the_server_is_killed(
    browser: Browser, downloads: Path, tmp_path: Path
) -> None:
    files = list(downloads.iterdir())
    huge = tmp_path / "film.mkv"
    with huge.open("wb") as file:
        file.truncate(300_000_000)
    page, other = browser.new_page(), browser.new_page()
    with club(tmp_path) as (address, process):
        page.goto(address)
        other.goto(address)
        look_at(page, [downloads / "bill.pdf"])
        expect(page.get_by_role("alert")).to_contain_text("Nothing of it can be taken in")
        drop(page, [huge])
        expect(page.get_by_role("alert")).to_contain_text("These files have more than 100 MB")
        look_at(page, files)
        agree_to_come(page)
        look_at(other, files[:1])  # two at once
        expect(other.get_by_role("alert")).to_contain_text("Other files wait for your answer")
        with closing(connect(tmp_path / "letterboxd.db")) as held:
            held.execute("BEGIN EXCLUSIVE")  # nothing can be stored meanwhile
            with page.expect_request("**/drop/store"):
                page.get_by_role("button", name="Take them in").click(no_wait_after=True)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
    look_at(other, files[:1])
    expect(other.get_by_role("alert")).to_contain_text("The server has not answered: is it still running?")
    assert members_in(tmp_path) == 0
    with club(tmp_path) as (address, _):
        page.goto(address)
        look_at(page, files)
        agree_to_come(page)
        page.get_by_role("button", name="Take them in").click()
        page.wait_for_url("**/cohorts/friends/report")
        expect(page.locator("#films tbody tr").first).to_be_visible()
        page.get_by_role("link", name="What would I like?").click()
        page.get_by_label("ida").check()
        page.get_by_role("button", name="Show films").click()
        expect(page.get_by_role("heading", name="For ida")).to_be_visible()
        expect(page.locator("tbody tr").nth(5)).to_be_visible()
    assert members_in(tmp_path) == 5
    assert list((tmp_path / "temporary").iterdir()) == []
    page.context.close()
    other.context.close()
