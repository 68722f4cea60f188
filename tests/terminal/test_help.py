"""The command line as its users meet it: help pages, examples, what a shell completes."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from letterboxd_scraper.cli.command_line import letterboxd
from letterboxd_scraper.terminal.help import LazyCommand
from letterboxd_scraper.terminal.run import hoisted
from letterboxd_scraper.terminal.session import Session
from tests.conftest import Shell, on_sqlite

pytestmark = pytest.mark.slow

ROOT = letterboxd()


def commands(command: Any = ROOT, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command and group of commands with the words that call it."""
    yield words, command.load() if isinstance(command, LazyCommand) else command
    for name, one in getattr(command, "commands", {}).items():
        yield from commands(one, (*words, name))


COMMANDS = dict(commands())
LEAVES = [words for words, command in COMMANDS.items() if not hasattr(command, "commands")]


def help_of(words: tuple[str, ...]) -> str:
    context = ROOT.make_context("letterboxd", list(words), resilient_parsing=True)
    for name in words:
        context = typer.Context(COMMANDS[words[: words.index(name) + 1]], parent=context, info_name=name)
    return str(context.get_help())


def examples_in(text: str) -> list[str]:
    """Return the commands that a text shows, without what stands beside them."""
    examples = re.findall(r"^ {4}(letterboxd .+)$", text, re.MULTILINE)
    return [re.split(r"\s{3,}|\s#", line)[0] for line in examples]


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_shows_an_example_that_its_options_allow(words: tuple[str, ...]) -> None:
    examples = examples_in(help_of(words))
    assert examples
    assert any(example.split()[1 : len(words) + 1] == list(words) for example in examples)
    for example in examples:
        assert_parses(example)


def assert_parses(example: str) -> None:
    """Read a command's words as the command line would, without running it. Fails for a wrong option."""
    first, *rest = _split(shlex.split(example)[1:])
    assert ROOT.make_context("letterboxd", [*first, "db"], obj=Session()) is not None
    command: Any = ROOT
    while hasattr(command, "commands"):
        if command.usual and (not rest or rest[0] not in command.commands):
            rest = [command.usual, *rest]
        assert rest[0] in command.commands, example
        command, rest = command.commands[rest[0]], rest[1:]
    assert command.make_context(example, rest) is not None


def _split(words: list[str]) -> list[Any]:
    """Return the global options, as a list of their own, and then the other words."""
    ordered = hoisted(words)
    begin = next(index for index, word in enumerate(ordered) if word in ROOT.commands)
    return [ordered[:begin], *ordered[begin:]]


def test_every_command_stands_under_a_heading() -> None:
    assert all(command.rich_help_panel for command in ROOT.commands.values())  # type: ignore[attr-defined]


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from letterboxd_scraper.cli.main import run; run(['--help']); "
        "heavy = {'sqlalchemy', 'pydantic', 'scrapy', 'alembic', 'rich', 'numpy', 'jinja2', 'fastapi'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1] == "[]"


def complete(shell: Shell, line: str) -> list[str]:
    words = line.split(" ")
    asked = {"_LETTERBOXD_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": len(words) - 1}
    process = shell.letterboxd(**asked)
    assert process.stderr == ""
    return process.stdout.split()


@on_sqlite
def test_the_tab_key_knows_cohorts_members_and_strategies(known: Shell) -> None:
    assert complete(known, "letterboxd rank show --cohort f") == ["friends"]
    assert complete(known, "letterboxd rank show --unseen-by mar") == ["marla"]
    assert complete(known, "letterboxd rank show --strategy disc") == ["discovery"]
    assert complete(known, "letterboxd cohort show ") == ["friends"]


@on_sqlite
def test_the_tab_key_makes_no_database(known: Shell, tmp_path: Path) -> None:
    empty = tmp_path / "new" / "letterboxd.db"
    elsewhere = Shell(known.folder, known.environment | {"DATABASE_URL": f"sqlite:///{empty}"})
    assert complete(elsewhere, "letterboxd rank show --cohort ") == []
    assert not empty.parent.exists()


@on_sqlite
def test_the_tab_key_knows_a_database_of_any_name(known: Shell, tmp_path: Path) -> None:
    odd = tmp_path / "100%41 #1.db"
    shutil.copy(known.environment["DATABASE_URL"].removeprefix("sqlite:///"), odd)
    there = Shell(known.folder, known.environment | {"DATABASE_URL": f"sqlite:///{odd}"})
    assert complete(there, "letterboxd rank show --cohort f") == ["friends"]
