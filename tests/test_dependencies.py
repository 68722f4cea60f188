"""What is imported is installed: by a dependency or extra of ours, or by what comes with one."""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires

import pytest

from letterboxd_scraper.machine.extras import EXTRAS
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What is not named in pyproject.toml, and what it comes with.
COME_WITH = {
    "certifi": "requests",
    "fontpkg": "fontpkg-source-serif-4",
    "h11": "uvicorn",
    "markupsafe": "jinja2",
    "parsel": "scrapy",
    "pydantic": "pydantic-settings",
    "python-dotenv": "pydantic-settings",
    "requests": "tmdbv3api",
    "rich": "typer",
    "starlette": "fastapi",
    "twisted": "scrapy",
    "urllib3": "requests",
}
# Where a module is called otherwise than its distribution.
DISTRIBUTIONS = {"PIL": "pillow", "dotenv": "python-dotenv", "psycopg2": "psycopg2-binary"}
IMPORT = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
OURS = {"letterboxd_scraper", "ranking", "migrations"}


def names_of(requirements: Iterable[str]) -> set[str]:
    """Return the names of distributions, as they are compared."""
    names = (re.split(r"[\[>=<;~! (]", line)[0] for line in requirements)
    return {name.lower().replace("_", "-").replace(".", "-") for name in names}


BASE = names_of(PROJECT["dependencies"])
EXTRA = {name: names_of(lines) for name, lines in PROJECT["optional-dependencies"].items()}


def test_what_is_imported_is_named_or_comes_with_what_is_named() -> None:
    texts = [file.read_text() for folder in OURS for file in (ROOT / folder).rglob("*.py")]
    modules = {module for text in texts for module in IMPORT.findall(text)} - sys.stdlib_module_names - OURS
    imported = names_of(DISTRIBUTIONS.get(module, module) for module in modules)
    named = BASE.union(*EXTRA.values())
    assert imported - named == set(COME_WITH)
    for name, parent in COME_WITH.items():
        always = [line for line in requires(parent) or () if ";" not in line]
        assert name in names_of(always), f"{name} comes with {parent} no more: name it in pyproject.toml"


def test_the_base_is_small() -> None:
    assert len(BASE) <= 15
    assert not BASE & {name for extra in EXTRAS for name in EXTRA[extra]}


def test_an_extra_brings_what_is_asked_for() -> None:
    for name, extra in EXTRAS.items():
        assert EXTRA[name] == names_of(DISTRIBUTIONS.get(module, module) for module in extra.modules), name
    assert PROJECT["optional-dependencies"]["all"] == [f"letterboxd-scraper[{','.join(sorted(EXTRAS))}]"]


PIN = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


@pytest.mark.parametrize("pins", ["requirements", "requirements-dev"])
def test_the_lock_has_the_pins_and_their_hashes(pins: str) -> None:
    """`make lock` makes it anew."""
    text = (ROOT / f"{pins}.lock").read_text()
    pinned, locked = (PIN.findall(part) for part in ((ROOT / f"{pins}.txt").read_text(), text))
    assert {(*names_of([name]), version) for name, version in pinned} == {
        (*names_of([name]), version) for name, version in locked
    }
    entries = re.split(r"\n(?=\w)", text)[1:]
    assert len(entries) == len(locked)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert "//" not in text  # where they came from is nobody's business


def test_everything_is_pinned() -> None:
    texts = [(ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt")]
    names = names_of(name for text in texts for name, _ in PIN.findall(text))
    assert (BASE | EXTRA["all"].union(*EXTRA.values())) - {"letterboxd-scraper", "pyspark"} <= names
    assert "\n-r requirements-dev.txt\n" in texts[0]
    assert texts[0].endswith("\n-e .\n")
