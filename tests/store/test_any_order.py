"""Sources in any order, some of them twice: what is stored of a member in the end is the same."""

import pytest
import sqlalchemy as sa

from benchmarks.any_order import differences
from tests.store import lives


@pytest.mark.parametrize("seed", range(25))
def test_the_order_of_sources_makes_no_difference(connection: sa.Connection, seed: int) -> None:
    lives.name_films(connection)
    assert differences(connection, seed, days=30, orders=3) == []
