"""What holds for every command there is, so that a new one looks and behaves like the others."""

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from letterboxd_scraper.cli.command_line import letterboxd
from letterboxd_scraper.cli.main import run, run_ranking
from letterboxd_scraper.terminal.help import LazyCommand

ROOT = letterboxd()


def contexts(command: Any, name: str, parent: Any = None) -> Iterator[Any]:
    """Yield the context of a command, and of all commands in it, as where somebody asks for its help."""
    command = command.load() if isinstance(command, LazyCommand) else command
    context = command.make_context(name, [], parent, resilient_parsing=True)
    yield context
    for name, one in getattr(command, "commands", {}).items():
        yield from contexts(one, name, context)


CONTEXTS = {context.command_path: context for context in contexts(ROOT, "letterboxd")}
GROUPS = [path.split()[1:] for path, context in CONTEXTS.items() if hasattr(context.command, "commands")]
COMMANDS = [path for path, context in CONTEXTS.items() if not hasattr(context.command, "commands")]


def seen(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run `letterboxd` with these words; return its exit code and what it wrote."""
    code = run(words) if words else run(["--quiet"])
    return code, *capsys.readouterr()


@pytest.mark.parametrize("words", GROUPS, ids=" ".join)
def test_a_group_without_a_command_prints_its_help(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = seen([*words, "--help"], capsys)
    assert page[0] == 0
    assert "\n\nOptions:\n" in page[1]
    for same in ([*words, "-h"], ["help", *words], [*words, "help"]):
        assert seen(same, capsys) == page
    if CONTEXTS[" ".join(["letterboxd", *words])].command.begins_alone:
        return  # it does what is usual
    for same in (words, [*words, "--quiet"]):
        assert seen(same, capsys) == page
    monkeypatch.setattr(sys, "argv", ["letterboxd"])
    assert run(words) == 0
    assert capsys.readouterr() == page[1:]


def test_the_group_ranking_prints_its_help_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["ranking"])
    assert run_ranking([]) == 0
    page = capsys.readouterr()
    assert "Usage: python -m ranking [OPTIONS] COMMAND" in page.out
    assert run_ranking(["help"]) == 0
    assert capsys.readouterr() == page


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_a_help_of_both_names(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = path.split()[1:]
    page = seen([*words, "--help"], capsys)
    assert page[0] == 0
    assert seen([*words, "-h"], capsys) == page
    assert seen(["help", *words], capsys) == page


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("path", CONTEXTS)
def test_no_help_is_wider_than_the_terminal_and_no_word_is_cut(
    path: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    whole = _words(CONTEXTS[path].get_help())
    monkeypatch.setenv("COLUMNS", str(columns))
    page = CONTEXTS[path].get_help()
    assert max(map(len, page.splitlines())) <= columns
    assert _words(page) == whole
    assert columns < 80 or "\\" not in page  # an example fits on a line of a usual terminal


def _words(page: str) -> set[str]:
    return set(page.split()) - {"#", "\\"}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("rnk", "no command 'rnk': did you mean `letterboxd rank`? (`letterboxd --help`"),
        (
            "club invit",
            "no command 'invit': did you mean `letterboxd club invite`? (`letterboxd club --help`",
        ),
        ("rank sho", "no command 'sho': did you mean `letterboxd rank show`? (`letterboxd rank --help`"),
        ("help rank sho", "no command 'sho': did you mean `letterboxd rank show`? (`letterboxd rank --help`"),
        ("compute", "no command 'compute': did you mean `letterboxd rank compute`? (`letterboxd --help`"),
        ("export cvs", "no command 'cvs': did you mean `letterboxd export csv`? (`letterboxd export --help`"),
        ("explain", "no command 'explain': did you mean `letterboxd rank explain`? (`letterboxd --help`"),
        ("xyz", "no command 'xyz' (`letterboxd --help`"),
        (
            "rank show us",
            "'us' is one word too many: did you mean --cohort us? (`letterboxd rank show --help`",
        ),
        ("runs us", "'us' is one word too many (`letterboxd runs --help`"),
        ("rank show --limt 3", "no option --limt: did you mean --limit? (`letterboxd rank show --help`"),
        ("rank show --jsn", "no option --jsn: did you mean --json? (`letterboxd rank show --help`"),
        ("rank show --limit", "give --limit N, how many films (`letterboxd rank show --help`"),
        ("cohort build", "give --label LABEL, a name for the cohort (`letterboxd cohort build --help`"),
        (
            "schedule run --cohort x",
            "give --job nightly|monthly, which job (`letterboxd schedule run --help`",
        ),
        (
            "import zip",
            "give FILE…, archives from letterboxd.com/settings/data (`letterboxd import zip --help`",
        ),
    ],
)
def test_a_mistake_is_one_line_that_says_what_could_be_typed(
    words: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seen(words.split(), capsys) == (2, "", f"letterboxd: {line} shows what there is)\n")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = seen(["--version"], capsys)
    assert code == 0
    assert re.fullmatch(r"letterboxd-scraper \d+\.\d+\.\d+\S*\n", out)
