"""The command line knows its commands by a table, and loads a command's module when it is called."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from letterboxd_scraper.cli.command_line import letterboxd, ranking
from letterboxd_scraper.cli.main import run
from letterboxd_scraper.terminal.help import LazyCommand


def lazy_commands(group: Any, words: str = "") -> Iterator[tuple[str, LazyCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, LazyCommand):
            yield f"{words} {name}".strip(), command
        else:
            yield from lazy_commands(command, f"{words} {name}")


COMMANDS = dict(lazy_commands(letterboxd()))


@pytest.mark.parametrize("words", COMMANDS)
def test_the_line_of_help_in_the_table_is_the_command_s_own(words: str) -> None:
    command = COMMANDS[words]
    assert command.load().get_short_help_str(100) == command.short_help
    assert command.load().name == command.name


def test_the_ranking_s_command_line_has_the_commands_of_rank_and_those_beside_it() -> None:
    words = {words.removeprefix("rank ") for words in COMMANDS if words.split()[0] in _OF_RANKING}
    assert {words for words, _ in lazy_commands(ranking())} == words


_OF_RANKING = {"rank", "export", "refresh", "help"}


def test_a_command_s_own_help_is_its_functions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rank", "list", "--help"]) == 0
    assert "List the strategies" in capsys.readouterr().out


def test_a_command_s_own_garbage_is_collected(capsys: pytest.CaptureFixture[str]) -> None:
    gc.disable()
    try:
        assert run(["rank", "list"]) == 0
        assert gc.isenabled()
    finally:
        gc.enable()


def test_a_mistyped_command_is_one_line_that_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rank", "sho"]) == 2
    assert "no command 'sho': did you mean `letterboxd rank show`?" in capsys.readouterr().err


def test_completing_a_command_s_name_loads_no_command() -> None:
    script = (
        "import sys\nfrom letterboxd_scraper.cli.main import run\ntry:\n    run()\n"
        "finally:\n    print(sorted(name for name in sys.modules if '.cli.' in name))"
    )
    asked = {"_LETTERBOXD_COMPLETE": "complete_bash", "COMP_WORDS": "letterboxd rank s", "COMP_CWORD": "2"}
    process = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert process.stdout.split("\n")[:2] == [
        "show",
        "['letterboxd_scraper.cli.command_line', 'letterboxd_scraper.cli.main']",
    ]


def test_help_loads_nothing_but_what_prints_it() -> None:
    """Settings, database and tables take ten times as long to load as the help to print."""
    script = (
        "import sys\nfrom letterboxd_scraper.cli.main import run\nrun(['--help'])\n"
        "print(*sorted(name for name in sys.modules if '.' not in name), sep=',', file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    modules = process.stderr.strip().split(",")
    assert "typer" in modules
    assert not {"pydantic", "rich", "scrapy", "sqlalchemy", "twisted"}.intersection(modules)


def test_the_ranking_s_commands_load_where_scrapy_is_not_installed() -> None:
    script = (
        "import sys\nsys.modules |= {'scrapy': None, 'twisted': None}\n"
        "from tests.cli.test_lazy_commands import lazy_commands, ranking\n"
        "for _, command in lazy_commands(ranking()):\n    command.load()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
