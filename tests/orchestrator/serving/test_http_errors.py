"""Failures as clients are told them, by status and reason, in every dialect."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.errors import CallFailed
from orchestrator.dialects import DIALECTS, dialect
from orchestrator.dialects.neutral import Heading, StreamError
from orchestrator.ledger import Ledger
from orchestrator.serving.http_errors import error_response
from orchestrator.serving.refusals import NotServed, RequestRefused
from orchestrator.states import Error, Reason, StoppedBy
from orchestrator.states.reasons import SPECS
from tests.official_shapes import wrong_in_error, wrong_in_error_event
from tests.streams import events_of

each = pytest.mark.parametrize("name", DIALECTS)
statuses = st.integers(400, 599)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
reasons = st.sampled_from([*Reason, "unauthorized", "not_served", "busy"]).map(str)
refusals = st.builds(RequestRefused, statuses, reasons, texts)
REFUSED = {
    400: ("invalid_request_error", "INVALID_ARGUMENT"),
    401: ("authentication_error", "UNAUTHENTICATED"),
    402: ("billing_error", "FAILED_PRECONDITION"),
    403: ("permission_error", "PERMISSION_DENIED"),
    404: ("not_found_error", "NOT_FOUND"),
    405: ("invalid_request_error", "INVALID_ARGUMENT"),
    409: ("invalid_request_error", "ABORTED"),
    413: ("invalid_request_error", "INVALID_ARGUMENT"),
    415: ("invalid_request_error", "INVALID_ARGUMENT"),
    429: ("rate_limit_error", "RESOURCE_EXHAUSTED"),
    431: ("invalid_request_error", "INVALID_ARGUMENT"),
    500: ("api_error", "INTERNAL"),
    502: ("api_error", "INTERNAL"),
    503: ("overloaded_error", "UNAVAILABLE"),
    504: ("timeout_error", "DEADLINE_EXCEEDED"),
}


@each
@given(error=refusals, request_id=st.none() | texts)
def test_whatever_is_refused_is_told_as_described(
    name: str, error: RequestRefused, request_id: str | None
) -> None:
    status, body = error_response(error, name, request_id)

    assert status == error.status
    assert wrong_in_error(name, body) == []
    assert body["error"]["message"] == str(error)


@each
@given(error=refusals)
def test_so_is_what_breaks_a_stream_off_and_nothing_follows_it(
    name: str, error: RequestRefused
) -> None:
    _, body = error_response(error, name)
    writer = dialect(name).stream_writer(Heading("1", "m", 1))
    (event,) = events_of(writer.write(StreamError(body)))

    assert wrong_in_error_event(name, event) == []
    told = event["error"] if name == "openai-responses" else event
    assert told == (body["error"] if name == "openai-responses" else body)


@each
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told_as_described(name: str, reason: Reason) -> None:
    spec = SPECS[reason]
    failure = CallFailed(
        Error(reason, "rule", hint=spec.hint),
        target="a/m",
        stopped_by=StoppedBy.EXHAUSTED,
        skipped=(),
        ledger=Ledger("1"),
        seconds=0.0,
    )
    status, body = error_response(failure, name)

    assert status == spec.status
    assert wrong_in_error(name, body) == []
    assert reason.value in str(body).lower()
    assert str(body).count(spec.hint) == 2


@pytest.mark.parametrize(("status", "words"), REFUSED.items())
def test_the_words_for_a_status_are_the_vendors_own(status: int, words: tuple[str, str]) -> None:
    error = RequestRefused(status, "any", "no")
    bodies = [error_response(error, name)[1]["error"] for name in ("anthropic-messages", "gemini")]

    assert (bodies[0]["type"], bodies[1]["status"], bodies[1]["code"]) == (*words, status)


def test_a_request_has_the_name_that_it_is_given() -> None:
    error = NotServed("nothing here")

    assert error_response(error, "anthropic-messages", "req_1")[1]["request_id"] == "req_1"
    assert error_response(error, "anthropic-messages")[1]["request_id"] is None


def test_a_refusal_survives_pickling() -> None:
    found = pickle.loads(pickle.dumps(RequestRefused(429, "busy", "too many", 3.5)))

    assert (found.status, found.reason, str(found)) == (429, "busy", "too many")
    assert found.headers == {"retry-after": "4"}
    assert str(pickle.loads(pickle.dumps(NotServed("nothing here", 405)))) == "nothing here"
