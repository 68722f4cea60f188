"""The names of the tests: the same in all of pytest-xdist's workers, whenever they were collected."""

import pytest


def test_no_name_is_made_of_bytes(request: pytest.FixtureRequest) -> None:
    named = [
        item.nodeid
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        for value in item.callspec.params.values()
        if isinstance(value, bytes) and len(value) > 3 and repr(value[:4])[2:-1] in item.nodeid
    ]
    assert not named
