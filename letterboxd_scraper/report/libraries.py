"""What a report carries along of DataTables: its JavaScript and CSS, and its licences."""

import re
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def table_script() -> str:
    """Return DataTables as a script that sets ``window.DataTable``.

    The bundle is a module, which a page runs only when all of it is read, and cannot import from itself: so
    it becomes a function that is called at once, and exports the one name that is used.
    """
    text = (files("itables") / "html" / "dt_bundle.js").read_text(encoding="utf-8")
    (exported,) = re.findall(r"export\s*\{[^}]*\}", text)
    (name,) = re.findall(r"(\w+) as default", exported)
    text = text.replace(exported, f"window.DataTable={name}")
    return inline(apart(text))


@lru_cache(maxsize=1)
def table_style() -> str:
    """Return the styles of DataTables."""
    return (files("itables") / "html" / "dt_bundle.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def notice() -> str:
    """Return whose work the bundle is, and its licences; fit for an HTML comment."""
    return (files("letterboxd_scraper.report") / "notices" / "table.txt").read_text(encoding="utf-8")


def apart(script: str) -> str:
    """Return a script whose names nobody else sees, as a module's are."""
    return f'(() => {{\n"use strict";\n{script}\n}})();'


def inline(script: str) -> str:
    r"""Return a script that may stand between the tags of a page: nothing in it opens or closes one.

    >>> inline("a = '</script><!-- <script>'")
    "a = '\\x3c/script>\\x3c!-- \\x3cscript>'"
    """
    # A parser of HTML reads line ends as LF: the policy's hash is of what it reads.
    script = script.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"<(?=/?script|!--)", r"\\x3c", script, flags=re.IGNORECASE)
