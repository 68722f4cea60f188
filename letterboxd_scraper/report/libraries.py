"""What a report carries along of DataTables and Vega-Lite: their JavaScript and CSS, and their licences."""

import re
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files

from platformdirs import user_cache_path

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.files import write_file


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
def chart_script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed, which set ``window.vegaEmbed``.

    Putting them together takes seconds: they are kept in the user's cache directory.
    """
    cached = user_cache_path("letterboxd-scraper") / f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError):
        return inline(cached.read_text(encoding="utf-8"))
    import vl_convert  # a library of 60 MB, which is not loaded where the cache has its bundle

    text: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    with suppress(OSError, InputError):  # then it is put together again the next time
        cached.parent.mkdir(parents=True, exist_ok=True)
        write_file(cached, text)
    return inline(text)


@lru_cache
def notice(bundle: str) -> str:
    """Return whose work the bundle ``table`` or ``charts`` is, and its licences; fit for an HTML comment."""
    return (files("letterboxd_scraper.report") / "notices" / f"{bundle}.txt").read_text(encoding="utf-8")


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
