"""What the tests of the server share: a circle in each kind of database, and servers that show it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.conftest import Snapshots
from tests.served import Server, furnish, serving
from tests.site import FEW

BOTH = ["sqlite", "postgresql"]
# What does not depend on the database.
on_one = pytest.mark.parametrize("store", ["sqlite"], indirect=True, scope="module")


def address(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture(scope="module", params=BOTH)
def store(
    request: pytest.FixtureRequest, snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A furnished circle in each kind of database, which all tests read."""
    file = tmp_path_factory.mktemp("served") / "letterboxd.db"
    with snapshots.copy(request.param, file, "crawled", FEW) as engine:
        furnish(engine)
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
