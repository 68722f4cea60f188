"""The OpenAPI document: whatever is asked for by it is answered as it says."""

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.served import Server
from tests.server.conftest import BOTH
from tests.server.generated import SAME_REQUESTS, operations

pytestmark = pytest.mark.slow

# What is asked for must be there in most cases, or all answers would be that it is not.
KNOWN = {"cohort": "friends", "strategy": "bayesian"}


@pytest.mark.parametrize(
    ("store", "mode"),
    [*((kind, GenerationMode.POSITIVE) for kind in BOTH), ("sqlite", GenerationMode.NEGATIVE)],
    indirect=["store"],
    scope="module",
)
def test_every_answer_is_what_the_openapi_document_says(named: Server, mode: GenerationMode) -> None:
    document = schemathesis.openapi.from_url(f"{named.address}/openapi.json")
    described = operations(document)
    assert len(described) >= 9

    @SAME_REQUESTS
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(described))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if mode is GenerationMode.POSITIVE:
            case.path_parameters |= {key: KNOWN[key] for key in case.path_parameters if key in KNOWN}
        answer = case.call(session=named.session)
        # A list that is not sure is refused.
        is_unsure = answer.status_code == 503 and "/lists/" in operation.path
        assert answer.status_code < 500 or is_unsure
        # Years from 1999 to 1990 are years in form, and refused.
        case.validate_response(answer, excluded_checks=[not_a_server_error, positive_data_acceptance])

    holds()
