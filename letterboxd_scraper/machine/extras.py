"""Libraries that a small installation does not have, by the extra of ours that brings them."""

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from letterboxd_scraper.errors import InputError


class Extra(NamedTuple):
    """The modules that must be there, and what their libraries are called."""

    modules: tuple[str, ...]
    libraries: str


EXTRAS = {
    "postgres": Extra(("psycopg2",), "psycopg2"),
    "browser": Extra(("playwright", "scrapy_playwright"), "Playwright and scrapy-playwright"),
    "images": Extra(("PIL", "fontpkg_source_serif_4"), "Pillow and the font Source Serif 4"),
    "serve": Extra(
        ("fastapi", "uvicorn", "prometheus_client", "python_multipart"),
        "FastAPI, uvicorn, prometheus_client and python-multipart",
    ),
    "notify": Extra(("apprise",), "Apprise"),
    "schedule": Extra(("scrapyd_client",), "scrapyd-client"),
    "parquet": Extra(("pyarrow",), "pyarrow"),
    "duckdb": Extra(("duckdb", "pyarrow", "sqlglot"), "DuckDB, pyarrow and sqlglot"),
    "spark": Extra(("pyspark", "pyarrow", "sqlglot"), "PySpark, pyarrow and sqlglot"),
}


def require(extra: str, what: str = "this") -> None:
    """Raise InputError where a library of an extra is missing: ``what`` needs it, and how it is installed."""
    if not _is_there(extra):
        raise InputError(f"{what} needs {EXTRAS[extra].libraries}: {_command(extra)}")


def _command(extra: str) -> str:
    """Return what installs an extra: each tool leaves a file of its own in the environments that it makes."""
    own = Path(sys.prefix)
    if (own / "pipx_metadata.json").exists():
        return f'pipx inject letterboxd-scraper "letterboxd-scraper[{extra}]"'
    if (own / "uv-receipt.toml").exists():
        # It removes what it is not told of.
        names = ",".join(sorted({extra, *filter(_is_there, EXTRAS)}))
        return f'uv tool install "letterboxd-scraper[{names}]"'
    # Environments that uv makes have none.
    pip = "pip install" if _is_installed("pip") else f"uv pip install --python {shlex.quote(sys.executable)}"
    return f'{pip} "letterboxd-scraper[{extra}]"'


def _is_there(extra: str) -> bool:
    return all(map(_is_installed, EXTRAS[extra].modules))


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # it stands for nothing among the loaded modules
        return False
