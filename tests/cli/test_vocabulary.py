"""One word for a thing: what an option of a name is, it is in every command.

Whoever adds a command takes its options from `letterboxd_scraper.terminal.options`; a new word, or a new use
of an old one, has to be added here, too.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from typer.exceptions import TyperException

from letterboxd_scraper.errors import ProjectError
from letterboxd_scraper.terminal.mistakes import in_words
from tests.cli.test_conventions import COMMANDS, CONTEXTS, GROUPS
from tests.conftest import ROOT

# By the first name of an option: its other names, and what it takes (None: nothing).
VOCABULARY: dict[str, tuple[set[str], str | None]] = {
    "--cohort": ({"-c"}, "LABEL"),
    "--label": ({"--cohort", "-c"}, "LABEL"),
    "--name": ({"--cohort", "-c"}, "LABEL"),
    "--member": ({"--user"}, "MEMBER"),
    "--seed": ({"--member", "--user"}, "MEMBER"),
    "--film": ({"--slug"}, "FILM"),
    "--output": ({"-o"}, "FILE"),
    "--limit": ({"-n"}, "N"),
    "--param": (set(), "NAME=NUMBER"),
    "--rank": ({"--param"}, "NAME=NUMBER"),  # of a cohort's definition
    "--without": (set(), "MEMBER"),
    "--strategy": (set(), "STRATEGY"),
    "--yes": (set(), None),
    "--json": (set(), None),
    "--quiet": (set(), None),
    "--db-url": (set(), "URL"),
    "--config": (set(), "FILE"),
    "--log-level": (set(), "LEVEL"),
}
# Members beside the one whom a command is about.
PARTS = {
    "--exclude",
    "--for",
    "--not-on-watchlist-of",
    "--on-watchlist-of",
    "--rated-by",
    "--resume-from",
    "--unseen-by",
    "--with",
}
# A folder, where others write a file.
ONE_YEAR = ("letterboxd year", "--year")  # elsewhere it may be several
FOLDERS = {("letterboxd export parquet", "--output"), ("letterboxd rank compute", "--data")}
# Not the words of who types a command.
MAKERS_WORDS = re.compile(
    r"\b(?:spiders?|gated?|habits?|doors?|lids?|pydantic|sqlalchemy|typer|scrapy crawl)\b"
    r"|-a \w+=|\b(?:cohort|user|seed|slug|label)=(?:LABEL|NAME|SLUG|USER)",
    re.IGNORECASE,
)


def options_of(path: str) -> list[Any]:
    return [one for one in CONTEXTS[path].command.params if one.param_type_name == "option"]


def arguments_of(path: str) -> list[Any]:
    return [one for one in CONTEXTS[path].command.params if one.param_type_name == "argument"]


@pytest.mark.parametrize("path", CONTEXTS)
def test_an_option_has_its_other_names_and_takes_what_it_takes_everywhere(path: str) -> None:
    for option in options_of(path):
        first, *others = option.opts
        if first in VOCABULARY:
            names, takes = VOCABULARY[first]
            takes = "DIR" if (path, first) in FOLDERS else takes
            assert (set(others), option.metavar) == (names, takes), f"{path} {first}"
        else:
            other_words = {name for name in others if name in VOCABULARY} - {"--seed"}
            assert not other_words, f"{path} {first} is {other_words}"
            assert option.metavar != "LABEL"
            assert option.metavar != "FILM"
            assert option.metavar != "MEMBER" or first in PARTS, f"{path} {first}: a new part of a member"


def test_one_name_takes_one_thing() -> None:
    takes: dict[str, set[str | None]] = defaultdict(set)
    for path in CONTEXTS:
        for option in options_of(path):
            for name in option.opts:
                if (path, option.opts[0]) not in {*FOLDERS, ONE_YEAR} and option.opts[0] != "--draw":
                    takes[name].add(option.metavar)
    assert {name: kinds for name, kinds in takes.items() if len(kinds) > 1} == {}


def test_a_letter_is_short_for_one_word() -> None:
    letters: dict[str | None, set[str]] = defaultdict(set)
    for path in CONTEXTS:
        for option in options_of(path):
            long = {name for name in option.opts if name.startswith("--")} & {
                "--cohort",
                "--limit",
                "--output",
            }
            for name in set(option.opts) - {one for one in option.opts if one.startswith("--")}:
                letters[name] |= long or {option.opts[0]}
    assert letters == {"-c": {"--cohort"}, "-n": {"--limit"}, "-o": {"--output"}}


@pytest.mark.parametrize("path", COMMANDS)
def test_a_cohort_or_a_member_may_be_an_option_where_it_is_an_argument(path: str) -> None:
    names = {name for option in options_of(path) for name in option.opts}
    for argument in arguments_of(path):
        expected = {"LABEL": "--cohort", "MEMBER": "--member"}.get(argument.metavar)
        assert expected is None or expected in names, f"{path} {argument.metavar}"


@pytest.mark.parametrize("path", COMMANDS)
def test_who_completes_labels_members_and_films_is_the_option_of_the_kit(path: str) -> None:
    completed = {"LABEL", "MEMBER", "FILM"}
    for parameter in CONTEXTS[path].command.params:
        assert parameter.metavar not in completed or parameter._custom_shell_complete, parameter.opts


@pytest.mark.parametrize("path", CONTEXTS)
def test_help_is_in_sentences_and_in_the_words_of_the_command_line(path: str) -> None:
    context = CONTEXTS[path]
    page = context.get_help()
    assert not MAKERS_WORDS.findall(page)
    assert not re.search(r"<\w+>", page), "an option without a metavar"
    for parameter in context.command.params:
        assert parameter.help, parameter.opts
        assert parameter.help[0].isupper() or parameter.help[0].isdigit(), parameter.help
        assert parameter.help.endswith("."), parameter.help
    first = context.command.get_short_help_str(200)
    assert len(first) <= 72, "the first line of a help has to fit into the list of commands"


@pytest.mark.parametrize("path", COMMANDS)
def test_what_an_option_does_not_take_is_said_in_its_own_words(path: str) -> None:
    context = CONTEXTS[path]
    for option in options_of(path):
        if option.metavar is None:
            continue
        name = option.opts[0]
        try:
            context.command.make_context("x", [name, "x?"], context.parent)
        except TyperException as error:
            said = in_words(error, "x")
            assert not re.search("Input should|Value error|unable to|Invalid", said), said
            first = max(option.opts, key=lambda one: one.startswith("--"))
            assert said.startswith(("give ", f"{first}: 'x?' is not ")), said
        except ProjectError:
            pass  # a file that cannot be used


def test_messages_are_in_the_words_of_the_command_line() -> None:
    """But for what only `scrapy crawl` says, metrics, and what describes tables."""
    theirs = {"arguments.py", "commands", "extensions", "schema", "server"}
    files = [*ROOT.glob("letterboxd_scraper/**/*.py"), *ROOT.glob("ranking/**/*.py")]
    for file in files:
        if theirs.isdisjoint(file.relative_to(ROOT).parts):
            text = file.read_text(encoding="utf-8")
            if lines := [line for line in _messages(text) if MAKERS_WORDS.search(line)]:
                raise AssertionError(f"{file}: {lines}")


def _messages(text: str) -> Iterator[str]:
    """Yield the texts of several words in a module, but for docstrings."""
    if not MAKERS_WORDS.search(text):
        return  # most have none of these words at all
    tree = ast.parse(text)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone)
    yield from (node.value for node in texts if isinstance(node.value, str) and " " in node.value.strip())


def test_every_group_says_what_it_is_for() -> None:
    assert all(CONTEXTS[" ".join(["letterboxd", *words])].command.help for words in GROUPS)
