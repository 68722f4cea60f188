"""What the documents name is there: pages, headings, files, commands and their options, settings."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import first_page
from docs import reference_pages
from letterboxd_scraper import __version__
from letterboxd_scraper.config import Config
from letterboxd_scraper.store import schema
from tests.conftest import ROOT
from tests.documents import README, Document, documents
from tests.site import __main__ as site
from tests.terminal.test_help import COMMANDS, assert_parses

DOCUMENTS = documents()
WORDS_IN_THE_README = 900
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=str)
# How a command begins that is ours to run or to read, wherever in a line it stands.
_OURS = re.compile(r"(?<![\w/.-])letterboxd (?=-|[a-z]+\b)(?!letterboxd)[^|&;()]+")
# Options that are done before anything else is read.
ENDS_AT_ONCE = {"-h", "--help", "--version", "--install-completion"}
# What is typed beside our commands, and by what else it is held.
BESIDE = {
    "sudo|su|systemctl|journalctl": "root and systemd",
    "docker": "containers: tests/deploy/test_deploy_files.py reads the files that it is given",
    "apt|git|pipx|pip|python3 -m venv|uvx": "installs from elsewhere",
    "openssl|certutil|createdb|pg_restore|psql": "programs of others",
    "mkdir|cd|install|editor|export|\\. ": "the shell",
    "\\(set -a": "scrapyd-deploy: tests/deploy/test_deploy.py does it",
    "python -m (tests|benchmarks)": "the module is looked for",
    "make|\\.ci/run": "the target is looked for",
    "twine|python -m build|pytest|\\.venv/bin/\\w+": "tools of who works on the project",
}


def test_the_readme_is_short() -> None:
    text = re.sub(r"^!\[.*$", "", Document(README).prose, flags=re.MULTILINE)
    assert len(text.split()) <= WORDS_IN_THE_README


@each_document
def test_every_link_leads_somewhere(document: Document) -> None:
    for link in document.links():
        if link.startswith(("http://", "https://")):
            assert re.fullmatch(r"https?://[\w.-]+(:\d+)?(/\S*)?", link)
            continue
        path, _, anchor = link.partition("#")
        target = (document.path.parent / path).resolve() if path else document.path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in Document(target).anchors(), link


def test_every_page_is_reached_from_the_first_one() -> None:
    pages = {document.path for document in DOCUMENTS if document.path.is_relative_to(ROOT / "docs")}
    listed = {ROOT / "docs" / "index.md"}
    for document in DOCUMENTS:
        if document.path.name == "index.md":
            tree = "\n".join(re.findall(r"```{toctree}\n.*?```", document.text, re.DOTALL))
            names = re.findall(r"^[\w/-]+$", tree, re.MULTILINE)
            listed |= {document.path.parent / f"{name}.md" for name in names}
    assert pages == listed


@each_document
def test_commands_that_are_printed_have_what_is_typed(document: Document) -> None:
    for command in document.commands():
        ours = _OURS.findall(command)
        for words in ours:
            if not set(words.split()) & ENDS_AT_ONCE:
                assert_parses(typical(words))
        if not ours and not command.startswith(("scrapy crawl", "python -m ranking")):
            assert any(re.match(rf"(?:[A-Z_]+=\S+ )?(?:{beside})", command) for beside in BESIDE), command


@each_document
def test_commands_that_are_named_have_the_options_beside_them(document: Document) -> None:
    for command in document.named_commands():
        words = tuple(command.split()[1:])
        path = next((words[:n] for n in (2, 1) if words[:n] in COMMANDS), None)
        options = [word for word in words if word.startswith("--")]
        assert path or (words[0].startswith("-") and not options[1:]), command
        possible = {*_options_of(COMMANDS[path or ()]), *_options_of(COMMANDS[()]), *ENDS_AT_ONCE}
        assert set(options) <= possible, command


def _options_of(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    if usual := getattr(command, "usual", None):
        yield from _options_of(command.commands[usual].load())


@each_document
def test_modules_and_targets_that_are_named_exist(document: Document) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for module in re.findall(r"python -m ((?:tests|benchmarks)(?:\.\w+)*)", document.text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
    for words in re.findall(r"^python -m tests.site(.*)$", "\n".join(document.commands()), re.MULTILINE):
        site._parser().parse_args(shlex.split(words))
    for target in re.findall(r"(?:`|^ *)make ([a-z-]+)", document.text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@each_document
def test_settings_that_are_named_exist(document: Document) -> None:
    named = set(re.findall(r"\b(?:LETTERBOXD|DELTA|TMDB|SCRAPYD|DATABASE|DOWNLOAD)_[A-Z_]+\b", document.text))
    assert named <= Config.model_fields.keys() | {"SCRAPYD_BIND_ADDRESS"}


@each_document
def test_nothing_of_the_place_where_it_was_written_is_told(document: Document) -> None:
    assert not re.search(r"/work/|/tmp/|/root/|#\d+\b", document.prose)


@each_document
def test_what_only_its_makers_say_is_not_said(document: Document) -> None:
    assert not re.findall(r"\b(?:doors?|gates?|gated|habits?)\b", document.prose, re.IGNORECASE)


def test_the_reference_tells_of_everything_there_is() -> None:
    pages = {document.path.name: reference_pages.filled(document.text) for document in DOCUMENTS}
    for words in COMMANDS:
        assert f"## {' '.join(('letterboxd', *words))}\n" in pages["commands.md"]
    for setting in Config.model_fields:
        assert f"| `{setting}` |" in pages["settings.md"]
    for table in schema.metadata.tables.values():
        assert f"## {table.name}\n\n{table.info['about']}" in pages["tables.md"]
        assert all(column.doc or column.name == "id" for column in table.columns), table.name


def test_what_is_measured_of_an_empty_machine_is_what_is_printed() -> None:
    printed = set(Document(ROOT / "docs" / "how-to" / "club.md").commands())
    for commands in first_page.WAYS.values():
        words = [
            one.replace(" -q", "").replace("Downloads --yes --no-open", "~/Downloads") for one in commands
        ]
        assert set(words) <= printed


def typical(words: str) -> str:
    """Fill in a command what a reader would: a name, or a number."""
    words = re.sub(r"=N\b", "=20", words)
    return shlex.join(shlex.split(re.sub(r"\b(NAME|MEMBER)\b", "marla", words)))


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs" / "images" / "report.png").stat().st_size < 200_000


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(
        rf"^## {re.escape(__version__)} - \d{{4}}-\d\d-\d\d$", Document(ROOT / "CHANGELOG.md").text, re.M
    )


def test_the_extras_are_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for document in (Document(README), Document(ROOT / "docs" / "tutorials" / "install.md")):
        assert all(f"`{extra}`" in document.text for extra in project["optional-dependencies"])
