"""How the documents are built: `make docs`. They are plain Markdown, to be read without that, too."""

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs import reference_pages
from letterboxd_scraper import __version__

project = "letterboxd-scraper"
author = copyright = "the letterboxd-scraper authors"
version = release = __version__
extensions = ["myst_parser"]
# Links to headings are checked as those to pages are.
myst_heading_anchors = 3
nitpicky = True
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"letterboxd-scraper {__version__}"
html_copy_source = False
# What a browser would fetch from elsewhere, in a page or a style sheet.
_FETCHED = re.compile(
    r"<(?:script|img|iframe)[^>]*\ssrc=\"(?:https?:)?//|<link[^>]*\shref=\"(?:https?:)?//|url\([\"']?(?:https?:)?//"
)


def fill_in(app: Any, name: str, source: list[str]) -> None:
    """Put what the program says of itself into a page of the reference."""
    source[0] = reference_pages.filled(source[0])


def refuse_what_is_fetched(app: Any, exception: Exception | None) -> None:
    """Raise RuntimeError if the pages would fetch fonts, scripts or pictures from elsewhere."""
    for file in [*Path(app.outdir).rglob("*.html"), *Path(app.outdir).rglob("*.css")]:
        if fetched := _FETCHED.search(file.read_text(encoding="utf-8")):
            raise RuntimeError(f"{file} would fetch something from elsewhere: {fetched[0]}")


def setup(app: Any) -> None:
    """Have every page filled in before it is read, and all of them looked at when they are done."""
    app.connect("source-read", fill_in)
    app.connect("build-finished", refuse_what_is_fetched)
