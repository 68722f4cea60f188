"""What a database refuses is one line that says what, where and what to do next, for every command alike."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.every_command import (
    COMMANDS,
    EVERY,
    OUT,
    SPIDERS,
    Place,
    Use,
    content,
    files_in,
    known_commands,
    what_is_wrong,
)
from tests.cli.test_lazy_commands import COMMANDS as LOADABLE
from tests.refusals import (
    damage,
    locked,
    no_room,
    of_mode,
    refused,
    replace_by_folder,
    replace_by_text,
    taken,
)

UNREACHABLE = "postgresql://ann:secret@127.0.0.1:1/none"
OFFLINE = {Use.NOTHING, Use.READS, Use.WRITES}
ALL = {Use.READS, Use.ASKS, Use.WRITES, Use.CRAWLS}
WRITES = {Use.WRITES, Use.CRAWLS}


@dataclass(frozen=True)
class Refusal:
    """An error of the outside: what is said of it, whom it strikes, and how it comes about.

    It ``happens`` while a command runs, its file was spoiled before, or the database is another, at ``url``.
    """

    said: str
    strikes: set[Use]
    happens: Callable[[Path], AbstractContextManager[Any]] = nullcontext
    spoil: Callable[[Path], None] = lambda file: None
    url: str | None = None


LOCKED = "database is locked; try again when it answers"
FULL = "database or disk is full; make room on the disk"
READ_ONLY = "readonly database; give yourself the right to write to the file and to its folder"
UNOPENED = "unable to open database file; look whether the file and its folder are there"
BACKUP = "; see `letterboxd db check`; the newest backup is "
REFUSALS = {
    "another process writes": Refusal(LOCKED, WRITES, locked),
    "another process has it to itself": Refusal(LOCKED, ALL, taken),
    "the disk is full": Refusal(FULL, WRITES, refused("INSERT", "UPDATE", "DELETE")),
    "the disk is full at the end": Refusal(FULL, {Use.WRITES}, refused("never", commit=True)),
    "no file may grow": Refusal("disk I/O error; look after the disk", ALL, no_room),
    "the file is read-only": Refusal(READ_ONLY, WRITES, lambda file: of_mode(file, 0o400)),
    "the file is somebody else's": Refusal(UNOPENED, ALL, lambda file: of_mode(file, 0)),
    "the folder is read-only": Refusal("; ", ALL, lambda file: of_mode(file.parent, 0o500)),
    "it is damaged": Refusal(f"malformed{BACKUP}", ALL, spoil=damage),
    "it is a folder": Refusal("club.db is a folder: name a file in it", ALL, spoil=replace_by_folder),
    "a file is its folder": Refusal(
        "; a file is where a folder should be", ALL, url="sqlite:///names.txt/x.db"
    ),
    "no server answers": Refusal("Connection refused; try again when it answers", ALL, url=UNREACHABLE),
}
# What `python -m ranking` and the spiders have of their own is how they begin to tell: the rest is the same.
OF_OTHERS = {"another process writes", "another process has it to itself", "the disk is full"}
# What it hides it keeps in a file of its own.
EVALUATE = "letterboxd rank evaluate"
STRUCK_TOO = {(EVALUATE, "the disk is full"), (EVALUATE, "the disk is full at the end")}
# What is no refusal: a check reports what it has seen.
REPORTED = {("letterboxd db check", "it is damaged")}
# A database that is not there is made by these; others name it.
MAKE_ONE = {
    *(f"letterboxd {name}" for name, one in LOADABLE.items() if one.is_beginning),
    "letterboxd db upgrade",
}


def test_every_command_and_every_spider_has_a_row() -> None:
    assert known_commands() == COMMANDS.keys() | SPIDERS.keys()


@pytest.mark.parametrize(
    "name", [name for name, row in EVERY.items() if row.use in OFFLINE and not name.startswith("ranking ")]
)
def test_every_row_is_a_call_that_ends_well(name: str, place: Place) -> None:
    """Who only reads does so while another process writes."""
    with locked(place.database) if EVERY[name].use is Use.READS else nullcontext():
        ended = place.call(name)
    assert (ended.returncode, bool(ended.stdout)) == (0, EVERY[name].prints), ended.stderr


@pytest.mark.parametrize("name", EVERY)
def test_what_a_database_refuses_is_one_line_and_changes_nothing(name: str, place: Place) -> None:
    wrong = {}
    for error, refusal in REFUSALS.items():
        if not name.startswith("letterboxd ") and error not in OF_OTHERS:
            continue
        if EVERY[name].use in refusal.strikes or (name, error) in STRUCK_TOO:
            wrong[error] = wrong_when_struck(name, error, place)
    assert {error: words for error, words in wrong.items() if words} == {}


def wrong_when_struck(name: str, error: str, place: Place) -> str | None:
    refusal, file = REFUSALS[error], place.renew()
    refusal.spoil(file)
    before, files = content(file), files_in(place.folder)
    with refusal.happens(file):
        ended = place.call(name, url=refusal.url)
    if content(file) != before:
        return "the database has changed"
    if more := files_in(place.folder) - files:
        return f"left behind: {more}"
    if (name, error) in REPORTED:
        return None if ended.returncode == 3 else ended.stderr
    is_not_there = error == "a file is its folder" and name not in MAKE_ONE
    if is_not_there:
        return what_is_wrong(ended, "no database sqlite:///")
    if error == "a file is its folder" and name == "letterboxd watch":  # there is nobody to watch
        return what_is_wrong(ended, "there is no cohort yet")
    is_output_first = refusal.happens is no_room and "--output" in EVERY[name].words
    return what_is_wrong(ended, f"cannot write {OUT}: " if is_output_first else refusal.said)


SERVERS = ("serve --drop --port 0", "serve --invitations --port 0", "club --no-open")


@pytest.mark.parametrize("words", SERVERS)
def test_a_server_that_is_to_write_does_not_start_where_it_cannot(words: str, place: Place) -> None:
    """Nobody is to find that out who was invited; while another process writes, it does start."""
    environment = {"LETTERBOXD_PUBLIC_URL": "https://films.example.org"}
    for path, mode, said in ((place.database, 0o400, READ_ONLY), (place.database.parent, 0o500, "; ")):
        place.renew()
        with of_mode(path, mode):
            ended = place.run(words, **environment)
        assert what_is_wrong(ended, said) is None
    with locked(place.renew()):
        ended = place.run(words, **environment)
    assert (ended.returncode, "http://127.0.0.1:" in ended.stderr) == (0, True), ended.stderr


@pytest.mark.parametrize("spoil", [damage, replace_by_text])
def test_of_the_backups_the_newest_is_named_and_a_check_reports_damage_once(
    spoil: Callable[[Path], None], place: Place
) -> None:
    spoil(place.database)
    (place.folder / "letterboxd-2.db").write_text("here, and newer")
    assert place.call("letterboxd runs").stderr.splitlines()[0].endswith("place/letterboxd-2.db")
    checked = place.call("letterboxd db check")
    assert (checked.returncode, checked.stdout.count("the database file is whole")) == (3, 1), checked.stderr
