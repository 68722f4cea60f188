"""What cannot be written or printed: one line, exit code 2, nothing half done; if nobody reads: no line."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from sqlite3 import connect
from typing import IO, Any

import pytest

from letterboxd_scraper.terminal.run import NOBODY_READS
from tests.cli.every_command import COMMANDS, OUT, Place, Use, content, files_in, what_is_wrong
from tests.cli.test_lazy_commands import COMMANDS as LOADABLE
from tests.refusals import no_room, of_mode

# What each command writes; a folder is made, with those above it.
WRITERS = {name: Path(OUT) for name, row in COMMANDS.items() if OUT in row.words}
WRITERS["schedule install"] = Path("config/systemd/user")
FOLDERS = {"export parquet", "schedule install"}
# Without it they leave alone what is there.
FORCED = {"init", "db backup"}
# Hours of crawling come before it: whether there is room then, nobody knows.
LATE = "sync"


@contextmanager
def missing_folder(place: Place, output: Path) -> Iterator[None]:
    output.parent.rmdir()
    yield


@contextmanager
def folder_of_that_name(place: Place, output: Path) -> Iterator[None]:
    output.mkdir()
    yield


@contextmanager
def file_instead_of_folder(place: Place, output: Path) -> Iterator[None]:
    shutil.rmtree(output.parent)
    output.parent.write_text("a file")
    yield


@contextmanager
def read_only_folder(place: Place, output: Path) -> Iterator[None]:
    with of_mode(output if output.is_dir() else output.parent, 0o500):
        yield


@contextmanager
def full_device(place: Place, output: Path) -> Iterator[None]:
    if output.is_dir():
        output.rmdir()
    output.symlink_to("/dev/full")
    yield


@contextmanager
def no_more_room(place: Place, output: Path) -> Iterator[None]:
    """Let no file grow, while the database is in use: then it is read without making a file beside it."""
    with closing(connect(place.database)) as other:
        other.execute("SELECT count(*) FROM users")
        with no_room(place.database):
            yield


OF_FILES = (missing_folder, folder_of_that_name)
AT_ONCE = (*OF_FILES, file_instead_of_folder, read_only_folder)
SITUATIONS = (*AT_ONCE, full_device, no_more_room)


def test_every_command_with_an_output_is_among_these() -> None:
    assert {name for name, command in LOADABLE.items() if has_output(command.load())} <= WRITERS.keys()


@pytest.mark.parametrize("file", ["nowhere/unmatched.csv", "out"])
def test_where_the_unmatched_cannot_be_written_nothing_is_taken_in(file: str, place: Place) -> None:
    before = content(place.database), files_in(place.folder)
    ended = place.call("letterboxd import files", "--unmatched", file)
    assert what_is_wrong(ended, f"cannot write {file}: ") is None
    assert (content(place.database), files_in(place.folder)) == before


def has_output(command: Any) -> bool:
    return any(parameter.name == "output" for parameter in command.params)


@pytest.mark.parametrize("name", WRITERS)
def test_what_cannot_be_written_is_one_line_and_nothing_is_left(name: str, place: Place) -> None:
    wrong = {}
    for situation in SITUATIONS:
        if (name in FOLDERS and situation in OF_FILES) or (name == LATE and situation not in AT_ONCE):
            continue
        place.renew()
        output = place.folder / WRITERS[name]
        with situation(place, output):
            before = content(place.database), files_in(place.folder)
            ended = place.call(f"letterboxd {name}", *(["--force"] if name in FORCED else []))
            after = content(place.database), files_in(place.folder)
        wrong[situation.__name__] = what_is_wrong(ended, output.name) or (after != before and str(after[1]))
    assert {situation: words for situation, words in wrong.items() if words} == {}


PRINTING = [name for name, row in COMMANDS.items() if row.prints and row.use in (Use.NOTHING, Use.READS)]


@pytest.mark.parametrize("name", PRINTING)
def test_what_cannot_be_printed_is_one_line_and_where_nobody_reads_none(name: str, place: Place) -> None:
    for form in ((), ("--json",)):
        with Path("/dev/full").open("w") as full:
            ended = place.call(f"letterboxd {name}", *form, stdout=full)
        assert what_is_wrong(ended, "cannot write the output: No space left on device; ") is None
    ended = place.call(f"letterboxd {name}", stdout=None)
    assert what_is_wrong(ended, "letterboxd: cannot write the output: Bad file descriptor; ") is None
    with nobody_reads() as pipe:
        ended = place.call(f"letterboxd {name}", stdout=pipe)
    told = [line for line in ended.stderr.splitlines() if "letterboxd: " in line]
    assert (ended.returncode, told, "Traceback" in ended.stderr) == (NOBODY_READS, [], False)


@contextmanager
def nobody_reads() -> Iterator[IO[str]]:
    reader, writer = os.pipe()
    os.close(reader)
    pipe = os.fdopen(writer, "w")
    yield pipe
    with suppress(BrokenPipeError):
        pipe.close()
