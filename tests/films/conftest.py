"""What the tests of films share."""

import pytest
import sqlalchemy as sa

from tests.films.ordet import facts, keep


@pytest.fixture
def complete(engine: sa.Engine) -> sa.Engine:
    keep(engine, facts())
    return engine
