"""`letterboxd club`: from files to a page, in one command."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from letterboxd_scraper.cli import import_files
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.machine.extras import EXTRAS
from letterboxd_scraper.server import running
from tests.asked import Reply, ask
from tests.cli.conftest import Ended, Run
from tests.imports.test_reading import ARCHIVE, IMDB, packed, write
from tests.site import FEW, own_world
from tests.site.archive import archive, file_name

BOTH = ("marla", FEW[0])


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Archives of two members, IMDb's ratings of somebody else, and what else lies there."""
    world = own_world(follows=FEW)
    zips = {file_name(member): archive(world, member) for member in BOTH}
    return write(tmp_path / "downloads", {**zips, "imdb.csv": IMDB, "bill.pdf": "%PDF-1.7"})


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses at which a browser was opened."""
    addresses: list[str] = []
    monkeypatch.setattr(running, "show_in_browser", lambda page, unable: addresses.append(page))
    return addresses


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch, opened: list[str]) -> dict[str, Reply]:
    """What the server answers at the page that it is opened for, instead of serving it for good."""
    answered: dict[str, Reply] = {}

    def serve(app: Any, listening: Any) -> None:
        for page in opened:
            path = "/" + page.split("/", 3)[3]
            answered[path] = asyncio.run(ask(app, path, accept="text/html"))

    monkeypatch.setattr(running, "serve", serve)
    return answered


def test_a_folder_becomes_a_circle_and_its_page(
    empty: Run, downloads: Path, opened: list[str], replies: dict[str, Reply]
) -> None:
    ended = empty("club", str(downloads), "--member", "ida")
    assert ended.code == ExitCode.DONE, ended.err
    assert ended.out == ""
    (page,) = opened
    assert f"friends: {page} (Ctrl-C ends it)" in ended.err.splitlines()
    assert "films ranked for friends" in ended.err
    assert page.startswith("http://127.0.0.1:")
    assert replies["/cohorts/friends/report"].status == 200
    cohort = json.loads(empty("cohort", "show", "friends", "--json").out)
    assert {one["member"] for one in cohort} == {*BOTH, "ida"}


def test_called_again_it_takes_what_is_new(empty: Run, downloads: Path, replies: dict[str, Reply]) -> None:
    def call() -> Any:
        ended = empty("--json", "club", str(downloads), "--name", "monday", "--member", "ida", "--no-open")
        assert ended.code == ExitCode.DONE, ended.err
        return json.loads(ended.out)

    first = call()
    assert [one["new"] for one in first["members"]] == [1, 1, 1]
    assert first["cohort"] == "monday"
    world = own_world(follows=FEW)
    write(downloads, {file_name(FEW[1]): archive(world, FEW[1])})
    second = call()
    new = {one["member"]: one["new"] for one in second["members"]}
    assert new == {"marla": 0, FEW[0]: 0, "ida": 0} | {FEW[1]: 1}
    assert second["rankings"]["circle"] >= first["rankings"]["circle"] > 0


def test_no_open_opens_nothing(
    empty: Run, downloads: Path, opened: list[str], replies: dict[str, Reply]
) -> None:
    ended = empty("club", str(downloads / file_name("marla")), "--no-open")
    assert ended.code == ExitCode.DONE, ended.err
    assert opened == []
    assert "friends: http://127.0.0.1:" in ended.err


def test_members_are_numbers_unless_names_are_asked_for(
    empty: Run, downloads: Path, replies: dict[str, Reply]
) -> None:
    archives = [str(downloads / file_name(member)) for member in BOTH]
    said = {}
    for names in ((), ("--names",)):
        assert empty("club", *archives, *names).code == ExitCode.DONE
        said[names] = FEW[0] in replies.pop("/cohorts/friends/report").text
    assert said == {(): False, ("--names",): True}


def test_without_a_path_there_is_a_page_for_files(
    empty: Run, opened: list[str], replies: dict[str, Reply], tmp_path: Path
) -> None:
    ended = empty("club", "--name", "monday")
    assert ended.code == ExitCode.DONE, ended.err
    assert [page.rpartition("/")[2] for page in opened] == ["drop"]
    assert 'value="monday"' in replies["/drop"].text
    assert (tmp_path / "letterboxd.db").exists()


def test_files_are_dropped_on_this_machine_only(club: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def serve(app: Any, listening: Any) -> None:
        asked.append(asyncio.run(ask(app, "/drop")).status)

    monkeypatch.setattr(running, "serve", serve)
    monkeypatch.setenv("LETTERBOXD_SERVE_TOKEN", "")
    for words in (("--drop",), ()):
        assert club("serve", "--port", "0", *words).code == ExitCode.DONE
    assert asked == [200, 404]
    monkeypatch.setenv("LETTERBOXD_SERVE_TOKEN", "a-long-enough-token-for-everybody")
    ended = club("serve", "--drop", "--host", "0.0.0.0", "--port", "0")
    assert (ended.code, "files can be dropped on this machine only" in ended.err) == (
        ExitCode.BAD_INPUT,
        True,
    )


def test_who_declines_keeps_the_database_as_it_is(
    empty: Run, downloads: Path, tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_files, "_is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    ended = empty("club", str(downloads / file_name("marla")))
    assert (ended.code, opened) == (ExitCode.DONE, [])
    assert "nothing is stored" in ended.err.splitlines()
    assert not (tmp_path / "letterboxd.db").exists()


def test_where_nothing_can_be_ranked_there_is_a_page_all_the_same(
    empty: Run, tmp_path: Path, opened: list[str], replies: dict[str, Reply]
) -> None:
    likes = {name: text for name, text in ARCHIVE.items() if name != "ratings.csv"}
    file = write(tmp_path, {"gus.zip": packed(likes)}) / "gus.zip"
    ended = empty("club", str(file))
    assert ended.code == ExitCode.DONE, ended.err
    assert "no film of cohort 'friends' can be ranked by circle" in ended.err
    assert replies["/cohorts/friends"].status == 200


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra that serves pages."""
    for module in EXTRAS["serve"].modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_without_the_server_the_ranking_is_there_and_one_line_says_what_is_missing(
    empty: Run, downloads: Path, base: None
) -> None:
    ended = empty("club", str(downloads / file_name("marla")))
    assert ended.code == ExitCode.DONE, ended.err
    assert ended.err.count('pip install "letterboxd-scraper[serve]"') == 1
    assert "films ranked for friends" in ended.err
    assert empty("rank", "show", "--cohort", "friends").code == ExitCode.DONE


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda club: club("club", "nowhere"), "nowhere: no such file or folder"),
        (lambda club: club("club", "letterboxd.db", "--name", "club"), "Settings, Data, Export your data"),
    ],
)
def test_what_cannot_be_taken_in_is_said(club: Run, make: Callable[[Run], Ended], says: str) -> None:
    ended = make(club)
    assert ended.code == ExitCode.BAD_INPUT
    assert says in ended.err
