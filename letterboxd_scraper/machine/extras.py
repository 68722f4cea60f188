"""Libraries that a small installation does not have, by the extra of ours that brings them."""

from importlib.util import find_spec
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
    if not all(map(_is_installed, EXTRAS[extra].modules)):
        how = f'pip install "letterboxd-scraper[{extra}]"'
        raise InputError(f"{what} needs {EXTRAS[extra].libraries}: {how}")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # it stands for nothing among the loaded modules
        return False
