"""What a database, a disk or a terminal refuses is one line and exit code 2, and changes nothing."""

import errno
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.terminal.session import write_file
from tests.conftest import Shell, on_sqlite
from tests.site import Site
from tests.site.archive import archive

READING = (
    "status",
    "cohort list",
    "rank show --cohort friends",
    "report --cohort friends --output x.html",
    "export csv --cohort friends --output x.csv",
    "plan --cohort friends",
    "taste --cohort friends --member marla",
)
WRITING = (
    "rank compute --cohort friends",
    "refresh stats",
    "cohort delete friends",
    "import zip x.zip --user marla",
)
# SQLite's codes, and what is advised.
READ_ERRORS = {11: "see `letterboxd db check`", 10: "look after the disk"}
WRITE_ERRORS = {13: "make room on the disk", 8: "give yourself the right to write"}


def refuse(monkeypatch: pytest.MonkeyPatch, code: int, *verbs: str) -> None:
    """Let every statement fail that begins so, but for the look at the schema's revision."""
    do_execute: Any = DefaultDialect.do_execute

    def execute(self: Any, cursor: Any, statement: str, *more: Any) -> None:
        if statement.lstrip().upper().startswith(verbs) and "alembic_version" not in statement:
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = code
            raise error
        do_execute(self, cursor, statement, *more)

    monkeypatch.setattr(DefaultDialect, "do_execute", execute)


def content(engine: sa.Engine) -> list[str]:
    engine.dispose()
    connection = sqlite3.connect(str(engine.url.database))
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def the_line(ended: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that tells of an error."""
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("letterboxd: ")]
    return line


@on_sqlite
@pytest.mark.parametrize("command", [*READING, *WRITING])
def test_an_error_of_the_database_is_one_line_and_changes_nothing(
    command: str, crawled: Shell, site: Site, crawled_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (crawled.folder / "x.zip").write_bytes(archive(site.world, "marla"))
    reads = command in READING
    before = content(crawled_engine)
    files = {path.name for path in crawled.folder.iterdir()}
    for code, advice in (READ_ERRORS if reads else WRITE_ERRORS).items():
        with monkeypatch.context() as patch:
            refuse(patch, code, *(("SELECT",) if reads else ("INSERT", "DELETE")))
            line = the_line(crawled.letterboxd(*command.split(), DATABASE_PATIENCE=0))
        assert line.startswith("letterboxd: cannot use the database sqlite:///")
        assert f": refused; {advice}" in line
        assert content(crawled_engine) == before
    assert {path.name for path in crawled.folder.iterdir()} - {"copy.db-wal", "copy.db-shm"} <= files


@on_sqlite
def test_a_damaged_file_is_named_with_its_newest_backup_and_reported_once(
    crawled: Shell, crawled_engine: sa.Engine
) -> None:
    file = Path(str(crawled_engine.url.database))
    content(crawled_engine)
    for name, moment in (("letterboxd-1.db", 1000), ("letterboxd-2.db", 2000)):
        (crawled.folder / name).write_text("a backup")
        os.utime(crawled.folder / name, (moment, moment))
    with file.open("r+b") as opened:
        size = file.stat().st_size
        opened.seek(size // 2)
        opened.write(b"\xa5" * (size // 2))
    line = the_line(crawled.letterboxd("rank", "compute", "--cohort", "friends"))
    assert "is malformed; see `letterboxd db check`; the newest backup is " in line
    assert line.endswith("letterboxd-2.db")
    checked = crawled.letterboxd("db", "check")
    assert checked.returncode == 3, checked.stderr
    assert checked.stdout.count("the database file is whole") == 1
    assert "Traceback" not in checked.stderr
    told = crawled.scrapy("profile", cohort="friends")
    assert told.returncode in (1, 2)
    assert "Traceback" not in told.stderr
    assert "letterboxd db check" in told.stderr


class Full(io.StringIO):
    """A terminal, or a file, that takes no more."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_output_that_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    assert run(["rank", "list"]) == 2
    assert capsys.readouterr().err == "letterboxd: cannot write the output: No space left on device\n"


@pytest.mark.slow
@pytest.mark.parametrize(("words", "said"), [(">/dev/full", "No space left"), (">&-", "Bad file descriptor")])
def test_a_process_says_so_too(words: str, said: str) -> None:
    command = f"'{sys.executable}' -P -m letterboxd_scraper rank list {words}"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith(f"letterboxd: cannot write the output: {said}")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "out.csv", tmp_path / "link.csv"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(link, "after")
    assert (file.read_text(), link.is_symlink(), file.stat().st_mode & 0o777) == ("after", True, 0o640)
    monkeypatch.setattr(Path, "replace", lambda part, target: Full().write(""))
    with pytest.raises(InputError, match=r"^cannot write .*out.csv: No space left on device$"):
        write_file(file, "never")
    assert file.read_text() == "after"
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "link.csv"}
