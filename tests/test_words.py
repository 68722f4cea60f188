"""Numbers in sentences: one film, two films, and no message that makes its plural by itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.words import counted
from tests.conftest import ROOT

FILES = [
    file for folder in ("letterboxd_scraper", "ranking") for file in sorted((ROOT / folder).rglob("*.py"))
]
THINGS = (
    "answers archives cohorts days diaries directors entries errors failures feeds films genres histograms "
    "hours jobs likes lines lists members minutes nodes pages people rankings ratings requests rows "
    "runs seconds shards times titles"
)
# A number, perhaps a word such as "new", and what it counts.
BY_ITSELF = re.compile(rf"(?:\{{\}}|%[ds]) (?:new |old |open |other |more )?(?:{THINGS.replace(' ', '|')})\b")


@given(st.integers(0, 10**9), st.sampled_from(["film", "open failure"]), st.sampled_from(["", "diaries"]))
def test_one_alone_is_in_the_singular(number: int, thing: str, plural: str) -> None:
    digits, _, words = counted(number, thing, plural).partition(" ")
    assert int(digits.replace(",", "")) == number
    assert all(len(part) == 3 for part in digits.split(",")[1:])
    assert words == (thing if number == 1 else plural or f"{thing}s")


def test_no_message_makes_its_plural_by_itself() -> None:
    assert [(file, text) for file in FILES for text in _texts(file) if BY_ITSELF.search(text)] == []


def test_what_would_be_noticed() -> None:
    assert BY_ITSELF.search("{} ratings")
    assert BY_ITSELF.search("%s: %d new requests")
    assert not BY_ITSELF.search("{} read in full")


def _texts(file: Path) -> Iterator[str]:
    """Yield a module's texts, its f-strings with {} for what changes; constants of several are no numbers."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(_part(value) for value in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _part(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    expression = ast.unparse(value.value) if isinstance(value, ast.FormattedValue) else ""
    return "many" if expression.lstrip("_").isupper() else "{}"
