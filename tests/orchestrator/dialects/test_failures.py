"""What reports a failure, and what is a piece of an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.failures import remarked, reported
from tests.dialect_strategies import any_json

CHUNK = {
    "id": "c",
    "object": "chat.completion.chunk",
    "created": 1,
    "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}],
}

REPORTED: list[dict[str, Any]] = [
    {"error": {"message": "no"}},
    {"error": "no"},
    {**CHUNK, "error": {"code": 429}},
    {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
    {**CHUNK, "base_resp": {"status_code": 1027, "status_msg": "output sensitive"}},
    {"code": "Arrearage", "message": "Access denied", "request_id": "q"},
    {"code": 1113, "msg": "out of money"},
    {"code": 429},
    {"code": 400, "message": "no", "choices": []},
    {"header": {"code": 11200, "message": "no licence", "status": 2}},
    {"error_code": 17, "error_msg": "Open api daily request limit reached"},
    {"Response": {"Error": {"Code": "FailedOperation", "Message": "no"}, "RequestId": "q"}},
    {"detail": "Insufficient balance"},
    {"detail": [{"loc": ["body"], "msg": "field required"}]},
    {"fault": {"faultstring": "Rate limit quota violation"}},
    {"errors": [{"message": "no"}]},
    {"object": "error", "message": "no", "type": "invalid_request_error"},
    {"status": "error", "message": "no"},
    {"success": False, "message": "no"},
    {"statusCode": 503},
]


@pytest.mark.parametrize("body", REPORTED)
def test_each_form_is_a_failure(body: dict[str, Any]) -> None:
    assert reported(body)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"error": None},
        {"errors": []},
        {"base_resp": {"status_code": 0, "status_msg": ""}},
        {"base_resp": None},
        {"code": 0, "message": "Success"},
        {"code": "200", "message": "OK"},
        {"code": 10013, "message": "not looked at beside content"},
        {"header": {"code": 0, "message": "Success", "status": 1}},
        {"status": "failed", "detail": "not looked at either"},
    ],
)
def test_no_piece_of_an_answer_is_one(more: dict[str, Any]) -> None:
    assert not reported({**CHUNK, **more})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": [], "usage": {"prompt_tokens": 1}},
        {"id": "", "choices": [], "prompt_filter_results": []},
        {"type": "ping"},
        {"type": "message_stop"},
        {"status": "processing"},
        {"code": 0, "message": "ok"},
        {"status": "failed"},
        {"output": [], "status": "failed"},
    ],
)
def test_what_says_nothing_is_none(body: dict[str, Any]) -> None:
    assert not reported(body)


def test_words_alone_may_be_news_or_a_failure() -> None:
    assert remarked({"message": "Insufficient Balance"})
    assert remarked({"msg": "you are third in the queue"})
    assert not reported({"message": "Insufficient Balance"})
    assert not remarked({**CHUNK, "message": "x"})
    assert not remarked({"message": {"role": "assistant"}})


KEYS = ("choices", "delta", "content", "message", "text", "finish_reason", "arguments", "name")


@given(st.dictionaries(st.sampled_from(KEYS), any_json(KEYS)))
def test_nothing_that_a_model_wrote_makes_one(body: dict[str, Any]) -> None:
    assert not reported({**CHUNK, **body, "choices": CHUNK["choices"]})


@given(any_json(["code", "error_code", "status", "message", "detail", "base_resp", "header"]))
def test_it_never_raises(body: Any) -> None:
    if isinstance(body, dict):
        assert isinstance(reported(body), bool)
        assert isinstance(remarked(body), bool)
