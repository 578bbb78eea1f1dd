"""Streams written in the chat-completions dialect."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from orchestrator.dialects import Usage
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    StreamError,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.openai_chat import CHAT, chunk
from tests.dialect_strategies import delta_sequences, deltas_of, gathered, read, text_of


def written(*deltas: Delta) -> bytes:
    writer = CHAT.stream_writer(Heading(model="model-1"))
    return b"".join(writer.write(delta) for delta in deltas)


def bodies(stream: bytes) -> list[Any]:
    events = stream.decode().split("\n\n")
    assert events.pop() == ""
    texts = [event.removeprefix("data: ") for event in events]
    return [text if text == "[DONE]" else msgspec.json.decode(text) for text in texts]


def reread(stream: bytes) -> list[Delta]:
    return deltas_of(read(CHAT.stream_reader(), [stream]))


@given(delta_sequences(thinking=True))
def test_what_was_written_is_read(deltas: list[Delta]) -> None:
    back = reread(written(*deltas))

    assert gathered(back) == gathered(deltas)
    assert text_of(back) == text_of(deltas)


def test_every_chunk_has_the_shape_that_clients_check() -> None:
    stream = written(
        StreamStart("a-1", "m"),
        TextDelta("a"),
        FinishReason("stop"),
        UsageDelta(Usage(1, 2, 3)),
        EndMark(),
    )
    *chunks, end = bodies(stream)

    assert end == "[DONE]"
    assert [one["choices"][0]["delta"] for one in chunks] == [
        {"role": "assistant", "content": ""},
        {"content": "a"},
        {},
    ]
    assert [one["choices"][0]["finish_reason"] for one in chunks] == [None, None, "stop"]
    assert chunks[-1]["usage"]["total_tokens"] == 3
    for one in chunks:
        assert (one["id"], one["model"], one["object"]) == ("a-1", "m", "chat.completion.chunk")


def test_a_stream_without_a_beginning_gets_one_and_a_second_is_dropped() -> None:
    roles = [
        one["choices"][0]["delta"].get("role")
        for one in bodies(written(TextDelta("a"), StreamStart("b", "other"), TextDelta("b")))
    ]

    assert roles == ["assistant", None, None]
    assert bodies(written(TextDelta("a")))[0]["model"] == "model-1"


def test_a_second_end_is_not_written() -> None:
    assert written(FinishReason("stop"), EndMark(), EndMark()) == written(
        FinishReason("stop"), EndMark()
    )


def test_the_finish_reason_waits_for_the_end() -> None:
    assert reread(
        written(
            StreamStart("a", "m"), FinishReason("stop"), StreamError({"error": {"message": "x"}})
        )
    ) == [
        StreamStart("a", "m"),
        StreamError(
            {"error": {"type": "upstream_error", "code": None, "param": None, "message": "x"}}
        ),
    ]


@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "over"}},
            "over",
            "overloaded_error",
        ),
        (
            {"error": {"code": 503, "message": "over", "status": "UNAVAILABLE"}},
            "over",
            "upstream_error",
        ),
        ({"error": "over"}, "over", "upstream_error"),
        ({"type": "error", "message": "over"}, "over", "error"),
        (
            {"response": {"error": {"message": "over", "code": "server_error"}}},
            "over",
            "upstream_error",
        ),
        ("over", "over", "upstream_error"),
        ({"x": 1}, '{"x":1}', "upstream_error"),
        (None, "null", "upstream_error"),
    ],
)
def test_an_error_of_any_dialect_becomes_one_of_this(body: Any, message: str, kind: str) -> None:
    (error,) = bodies(written(StreamError(body)))

    assert error["error"]["message"] == message
    assert error["error"]["type"] == kind


def test_what_nobody_can_read_and_what_others_signed_is_not_written() -> None:
    unreadable = CHAT.stream_writer(Heading(model="m")).write(Unreadable("{"))
    (_, foreign) = bodies(written(ThinkingDelta("hm", "s", dialect="gemini")))
    (_, ours) = bodies(written(ThinkingDelta(signature='{"data":"x"}', dialect="openai-chat")))

    assert unreadable == b""
    assert foreign["choices"][0]["delta"] == {"reasoning_content": "hm"}
    assert ours["choices"][0]["delta"] == {"reasoning_details": [{"data": "x"}]}
    assert len(bodies(written(ThinkingDelta(signature="s", dialect="gemini")))) == 1


def test_googles_signature_goes_along() -> None:
    begun = ToolCallDelta(0, "x", "f", "", "signed")

    assert reread(written(begun))[1:] == [begun]


@pytest.mark.parametrize(
    ("delta", "choices"),
    [
        (StreamStart("a", "m"), [{"role": "assistant", "content": ""}]),
        (TextDelta("a"), [{"content": "a"}]),
        (ThinkingDelta("hm"), [{"reasoning_content": "hm"}]),
        (
            ToolCallDelta(1, "x", "f"),
            [
                {
                    "tool_calls": [
                        {
                            "index": 1,
                            "id": "x",
                            "type": "function",
                            "function": {"name": "f", "arguments": ""},
                        }
                    ]
                }
            ],
        ),
        (
            ToolCallDelta(1, arguments="{"),
            [{"tool_calls": [{"index": 1, "function": {"arguments": "{"}}]}],
        ),
        (FinishReason("stop"), [{}]),
        (UsageDelta(Usage(1, 2, 3)), []),
        (EndMark(), []),
        (StreamError("x"), []),
        (Unreadable("x"), []),
    ],
)
def test_a_delta_as_a_chunk(delta: Delta, choices: list[Any]) -> None:
    made = chunk(delta, id="a", model="m", created=7)

    assert [choice["delta"] for choice in made["choices"]] == choices
    assert (made["id"], made["model"], made["created"]) == ("a", "m", 7)
    assert ("usage" in made) is isinstance(delta, UsageDelta)
