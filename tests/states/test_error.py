"""What a classified failure says of itself."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from orchestrator.states import Error, Reason
from tests.states_strategies import errors

SAID = {
    "billing (HTTP 402: Insufficient Balance)": Error(
        Reason.BILLING, "deepseek.balance", 402, "Insufficient Balance"
    ),
    "connection (refused)": Error(Reason.CONNECTION, "refused", message="refused"),
    "overloaded (HTTP 503)": Error(Reason.OVERLOADED, "status.503", 503),
    "timeout": Error(Reason.TIMEOUT, "timeout.idle"),
    "invalid_response (HTTP 0: odd)": Error(Reason.INVALID_RESPONSE, "none", 0, "odd"),
}


@pytest.mark.parametrize("said", SAID)
def test_reads_as_reason_status_and_the_providers_words(said: str) -> None:
    assert said == str(SAID[said])


@given(error=errors())
def test_is_a_frozen_value(error: Error) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        error.reason = Reason.BILLING  # type: ignore[misc]  # that it cannot be set is the test
    assert error == attrs.evolve(error)
    assert hash(error) == hash(attrs.evolve(error))
