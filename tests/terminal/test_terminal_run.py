"""How a command line ends: its exit code, one line for an error, the database's name."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer

from letterboxd_scraper.errors import ExitCode, UnknownName
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.help import Group, command_of
from letterboxd_scraper.terminal.run import global_options, run
from letterboxd_scraper.terminal.session import Session

Line = Callable[..., int]


def line(function: Callable[..., None], monkeypatch: pytest.MonkeyPatch, folder: Path) -> Line:
    """Return a command line whose only command, `do`, is this function."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / 'x.db'}")
    command = command_of(function)
    command.name = "do"
    group = Group("app", "Help.", [command], options=command_of(global_options))  # type: ignore[list-item]
    return lambda *arguments: run(group, "app", arguments)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownName("no such film:\n  ordet"), ExitCode.BAD_INPUT),
        (OSError(errno.EMFILE, "no such film: ordet"), ExitCode.BAD_INPUT),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (typer.Abort(), ExitCode.INTERRUPTED),
        (typer.Exit(ExitCode.BLOCKED), ExitCode.BLOCKED),
    ],
)
def test_an_error_becomes_an_exit_code_and_at_most_one_line(
    error: BaseException,
    code: ExitCode,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def do() -> None:
        raise error

    assert line(do, monkeypatch, tmp_path)("do") == code
    assert capsys.readouterr().err == ("app: no such film: ordet\n" if code == ExitCode.BAD_INPUT else "")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnknownName("no such film:\n  ordet"), {"message": "no such film: ordet", "code": 2}),
        (typer.Exit(ExitCode.FAILURES), {"code": 3}),
        (typer.BadParameter("not a day"), {"code": 2}),
        (typer.Abort(), None),
    ],
)
def test_with_json_an_error_is_one_object_after_everything_else(
    error: Exception,
    told: dict[str, object] | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def do(context: typer.Context) -> None:
        context.obj.begin().database()
        raise error

    call = line(do, monkeypatch, tmp_path)
    for log in ("text", "json"):
        monkeypatch.setenv("LOG_FORMAT", log)
        call("do", "--json")
        *_, last = capsys.readouterr().err.splitlines()
        if told is None:
            assert '"error"' not in last
        else:
            assert json.loads(last)["error"].items() >= told.items()
            assert ("level" in json.loads(last)) == (log == "json")


def test_with_json_a_result_that_tells_of_failures_is_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(context: typer.Context) -> None:
        context.obj.begin().print_json({"failures": 2})
        raise typer.Exit(ExitCode.FAILURES)

    assert line(do, monkeypatch, tmp_path)("do", "--json") == ExitCode.FAILURES
    printed = capsys.readouterr()
    assert (json.loads(printed.out), printed.err) == ({"failures": 2}, "")


def test_a_wrong_option_names_the_help(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def do() -> None: ...

    assert line(do, monkeypatch, tmp_path)("do", "--fast") == ExitCode.BAD_INPUT
    assert capsys.readouterr().err == "app: no option --fast (`app do --help` shows what there is)\n"


def test_the_database_that_was_used_is_named_after_everything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(context: typer.Context) -> None:
        session: Session = context.obj.begin()
        session.database()
        raise UnknownName("nobody")

    call = line(do, monkeypatch, tmp_path)
    assert call("do") == ExitCode.BAD_INPUT
    assert capsys.readouterr().err == f"app: nobody\ndatabase: sqlite:///{tmp_path / 'x.db'}\n"
    call("do", "--quiet")
    assert capsys.readouterr().err == "app: nobody\n"


def test_global_options_may_stand_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Session] = []

    def do(context: typer.Context, limit: Annotated[int, options.count("N")] = 1) -> None:
        seen.append(context.obj.begin())

    call = line(do, monkeypatch, tmp_path)
    call("do", "--limit", "3", "--db-url", f"sqlite:///{tmp_path}/other.db", "--json")
    assert (seen[0].config.DATABASE_URL, seen[0].as_json) == (f"sqlite:///{tmp_path}/other.db", True)


@pytest.mark.parametrize("number", ["0", "2147483648", "1.5", "-1", "٣"])
def test_a_count_is_a_whole_number_that_the_database_can_hold(
    number: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(limit: Annotated[int, options.count("How many.")]) -> None: ...

    assert line(do, monkeypatch, tmp_path)("do", "--limit", number) == ExitCode.BAD_INPUT
    assert "is not a whole number from 1 to 2147483647" in capsys.readouterr().err


def test_a_word_is_one_of_those_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words: list[str] = []

    def do(kind: Annotated[str, options.word(("cron", "systemd"), "Which.", "--as")]) -> None:
        words.append(kind)

    call = line(do, monkeypatch, tmp_path)
    assert call("do", "--as", "cron") == ExitCode.DONE
    assert words == ["cron"]
    assert call("do", "--as", "at") == ExitCode.BAD_INPUT
    assert "'at' is not one of cron, systemd" in capsys.readouterr().err
