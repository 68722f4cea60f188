"""Sources in any order, some of them twice: what is stored of members and films in the end is the same."""

import pytest
import sqlalchemy as sa

from benchmarks.any_order import differences
from tests.store import lives


@pytest.mark.parametrize("are_named", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_sources_makes_no_difference(
    connection: sa.Connection, seed: int, are_named: bool
) -> None:
    """Also where no page has named the films before."""
    if are_named:
        lives.name_films(connection)
    assert differences(connection, seed, days=30, orders=2) == []
