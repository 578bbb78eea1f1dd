"""The straight way to a plain answer comes to what the general one comes to."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import Answer, dialect
from orchestrator.dialects.failures import reported
from orchestrator.dialects.judgement import answer_of, judge

CHAT = dialect("openai-chat")
PLAIN: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hello", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        "",
        "stop",
        "error",
        0,
        1,
        -1,
        True,
        1.5,
        [],
        {},
        [{}],
        ["x"],
        {"message": "x"},
        "length",
        "tool_calls",
        "content_filter",
        {"code": 1},
        [{"text": "x"}],
    ]
)
PLACES: list[tuple[Any, ...]] = [
    *((name,) for name in (*PLAIN, "error", "status", "message", "base_resp", "code", "detail")),
    ("choices", 0),
    *(
        ("choices", 0, name)
        for name in ("message", "finish_reason", "text", "error", "delta", "logprobs", "index")
    ),
    *(
        ("choices", 0, "message", name)
        for name in (
            "content",
            "refusal",
            "tool_calls",
            "function_call",
            "reasoning_content",
            "reasoning",
            "role",
            "annotations",
            "audio",
            "thinking",
        )
    ),
    *(
        ("usage", name)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details")
    ),
]


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Plain answers with some places changed, added, or taken out."""
    body = copy.deepcopy(PLAIN)
    for *above, last in draw(st.lists(st.sampled_from(PLACES), max_size=3)):
        where: Any = body
        for name in above:
            where = _inside(where, name)
        if isinstance(where, dict):
            if draw(st.booleans()):
                where[last] = draw(ODD)
            else:
                where.pop(last, None)
        elif isinstance(where, list) and where and last == 0:
            where[0] = draw(ODD)
    return body


def _inside(where: Any, name: Any) -> Any:
    if isinstance(where, list):
        return where[0] if where and name == 0 else None
    return where.get(name) if isinstance(where, dict) else None


@given(bodies())
def test_what_is_read_straight_is_what_is_read_otherwise(body: dict[str, Any]) -> None:
    found = CHAT.read_plain(body)

    if found is not None:
        assert not reported(body)
        reply = CHAT.read_whole(body)
        assert reply is not None
        assert judge(answer_of(reply, body), 200, {}) == found


def test_the_usual_answer_is_read_straight() -> None:
    found = CHAT.read_plain(PLAIN)

    assert isinstance(found, Answer)
    assert (found.text, found.usage.total_tokens) == ("hello", 5)
