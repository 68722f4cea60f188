"""What the project's documents hold: their pages, links, and the commands that they print."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

from tests.conftest import ROOT

README = ROOT / "README.md"
# In the order in which a reader would go through them.
PARTS = ("tutorials", "explanation", "how-to", "reference", ".")
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<(https?://[^>\s]+)>")
_INLINE = re.compile(r"(?<!`)`(letterboxd [^`]+)`(?!`)")


@dataclass(frozen=True)
class Document:
    """A document, by its path from the project's folder."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """What is no block of code."""
        return _BLOCK.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """Return its blocks of code in a language."""
        return [dedent(block[3]) for block in _BLOCK.finditer(self.text) if block[2] == language]

    def printed(self) -> dict[str, str]:
        """Return what commands print by the document, by the last command of the block before it."""
        blocks = [(block[2], dedent(block[3])) for block in _BLOCK.finditer(self.text)]
        pairs = pairwise(blocks)
        return {typed.splitlines()[-1]: output for (_, typed), (kind, output) in pairs if kind == "output"}

    def commands(self) -> Iterator[str]:
        """Yield the commands that it prints to be typed, without the remarks beside them."""
        for block in self.blocks("sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if command := re.split(r"\s{2,}#", line)[0].strip():
                    yield command

    def named_commands(self) -> Iterator[str]:
        """Yield the commands of ours that it names within a sentence."""
        yield from (match[1] for match in _INLINE.finditer(self.prose))

    def links(self) -> Iterator[str]:
        """Yield where its links lead."""
        for link in _LINK.finditer(self.prose):
            yield link[1] or link[2]

    def anchors(self) -> set[str]:
        """Return the names by which its headings are linked to."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def documents() -> list[Document]:
    """Return all documents, those of `docs` in the order of their indexes."""
    docs = ROOT / "docs"
    names = ("CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "deploy/README.md")
    beside = [*(ROOT / name for name in names), *sorted((ROOT / ".github").rglob("*.yml"))]
    paths = [README, *(page for part in PARTS for page in _pages(docs / part)), *beside]
    return [Document(path) for path in dict.fromkeys(path.resolve() for path in paths)]


def _pages(folder: Path) -> list[Path]:
    index = folder / "index.md"
    tree = re.findall(r"^([\w-]+)$", index.read_text(encoding="utf-8"), re.MULTILINE)
    named = [folder / f"{name}.md" for name in tree if (folder / f"{name}.md").exists()]
    return [index, *named, *sorted(folder.glob("*.md"))]
