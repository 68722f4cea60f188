"""What the tests of the server share: a circle in each kind of database, and servers that show it."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.imports import apart
from letterboxd_scraper.imports.reading import ReadFiles
from tests.conftest import Snapshots, address
from tests.served import Server, furnished, serving
from tests.server.browsing import Site
from tests.server.dropped import Page

BOTH = ["sqlite", "postgresql"]
# What does not depend on the database.
on_one = pytest.mark.parametrize("store", ["sqlite"], indirect=True, scope="module")


@pytest.fixture(scope="module", params=BOTH)
def store(
    request: pytest.FixtureRequest, snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A furnished circle in each kind of database, which all tests read."""
    with furnished(request.param, snapshots, tmp_path_factory.mktemp("served")) as engine:
        yield engine


@pytest.fixture(scope="module")
def numbered(store: sa.Engine) -> Iterator[Server]:
    """A server that does not say who the members are."""
    with serving(address(store)) as server:
        yield server


@pytest.fixture(scope="module")
def named(store: sa.Engine) -> Iterator[Server]:
    with serving(address(store), "--names") as server:
        yield server


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uploaded files lie while they are read."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def read_here(
    paths: Sequence[Path], now: datetime, *, member: str | None, how_named: str | None
) -> ReadFiles:
    """Read files in the tests' own process, which starts sooner."""
    return apart.read_as_asked(paths, now, member, how_named)


@pytest.fixture
def page(engine: sa.Engine, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The page for files, which are read in the tests' own process."""
    monkeypatch.setattr(apart, "read_apart", read_here)
    page = Page(address(engine))
    yield page
    assert list(temporary.iterdir()) == []  # whatever came of it
    page.engine.dispose()


@pytest.fixture
def options() -> dict[str, Any]:
    """How the server with invitations is started."""
    return {}


@pytest.fixture
def site(
    engine: sa.Engine, temporary: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """A server with invitations, which reads files in the tests' process."""
    monkeypatch.setattr(apart, "read_apart", read_here)
    site = Site(address(engine), **options)
    yield site
    assert list(temporary.iterdir()) == []  # whatever came of it
    site.engine.dispose()
