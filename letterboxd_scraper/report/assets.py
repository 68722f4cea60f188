"""The page's own styles and scripts: files by subject, put together as one of each."""

import re
from functools import lru_cache
from importlib.resources import files

_STYLES = ("page.css", "first.css", "list.css", "film.css", "charts.css", "print.css")
_OF_YEAR = ("first.css", "charts.css", "print.css", "year.css")
# Later ones use the names of earlier ones.
_SCRIPTS = tuple(
    f"{name}.js"
    for name in ("data", "later", "state", "list", "filters", "film", "charts", "member", "start")
)


@lru_cache(maxsize=1)
def styles() -> str:
    """Return what stands in the page's `<style>`."""
    return "".join(_text(name) for name in _STYLES)


@lru_cache(maxsize=1)
def shared_style() -> str:
    """Return the styles for pages beside the report, without scripts: dark where the reader's system is."""
    in_the_dark = r"@media (prefers-color-scheme: dark) { :root \1 }"
    return re.sub(r":root\.dark (\{[^}]*\})", in_the_dark, _text("page.css"))


@lru_cache(maxsize=1)
def year_style() -> str:
    """Return what stands in the `<style>` of a year's page, which has no scripts."""
    return shared_style() + "".join(_text(name) for name in _OF_YEAR)


@lru_cache(maxsize=1)
def howto_style() -> str:
    """Return what stands in the `<style>` of the page for friends, which has no scripts."""
    return shared_style() + _text("howto.css")


@lru_cache(maxsize=1)
def first_script() -> str:
    """Return what runs before anything is painted."""
    return apart(_text("theme.js"))


@lru_cache(maxsize=1)
def script() -> str:
    """Return what runs where the list of films stands."""
    return apart("".join(_text(name) for name in _SCRIPTS))


def apart(script: str) -> str:
    """Return a script that may wait, and whose names nobody else sees; it may stand in a page as it is.

    Raises ValueError if something in it would open or close a script.
    """
    if re.search(r"<(?=/?script|!--)", script, re.IGNORECASE):
        raise ValueError("a script of the report has a tag of a script in it")
    return f'(async () => {{\n"use strict";\n{script}}})();'


def _text(name: str) -> str:
    return (files("letterboxd_scraper.report") / "templates" / name).read_text(encoding="utf-8")
