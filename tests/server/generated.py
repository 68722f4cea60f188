"""What tests that send generated requests share."""

from typing import Any

from hypothesis import HealthCheck, settings
from schemathesis.core.result import Ok

# The same requests in each process, however busy the machine is.
SAME_REQUESTS = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def operations(document: Any) -> list[Any]:
    """Return what can be asked for by an OpenAPI document that schemathesis has read."""
    return [one.ok() for one in document.get_all_operations() if isinstance(one, Ok)]
