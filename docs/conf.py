"""How the documents are built: `make docs`. They are plain Markdown, to be read without that, too."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs import reference_pages
from letterboxd_scraper import __version__

project = "letterboxd-scraper"
author = "the letterboxd-scraper authors"
version = release = __version__
extensions = ["myst_parser"]
# Links to headings are checked as those to pages are.
myst_heading_anchors = 3
nitpicky = True
exclude_patterns = ["_build"]
# Fonts and scripts of this theme come with it: who reads the pages asks nobody else for anything.
html_theme = "furo"
html_title = f"letterboxd-scraper {__version__}"
html_copy_source = False


def fill_in(app: Any, name: str, source: list[str]) -> None:
    """Put what the program says of itself into a page of the reference."""
    source[0] = reference_pages.filled(source[0])


def setup(app: Any) -> None:
    """Have every page filled in before it is read."""
    app.connect("source-read", fill_in)
