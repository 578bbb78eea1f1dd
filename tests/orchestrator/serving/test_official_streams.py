"""Streams of every dialect, told to clients of every dialect, as the vendors describe them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product
from typing import Any

import httpx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import orchestrator
from orchestrator.config.loading import loads
from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    TextDelta,
    is_content,
)
from tests.acceptance import spoken
from tests.acceptance.test_official_shapes import ASKED
from tests.dialect_strategies import delta_sequences
from tests.official_shapes import wrong_in_error_event, wrong_in_event
from tests.streams import events_of

CHAT, RESPONSES, MESSAGES, GEMINI = spoken.DIALECTS
few = settings(max_examples=8, deadline=None)
crossed = pytest.mark.parametrize(("client", "upstream"), list(product(spoken.DIALECTS, repeat=2)))
each = pytest.mark.parametrize("name", spoken.DIALECTS)


CONFIG = """
health = "memory"
[providers.a]
dialect = "{upstream}"
base_url = "http://a/v1"
credentials = ["k"]
[routes]
default = ["a/m"]
"""


@cache
def client_of(upstream: str) -> tuple[httpx.Client, list[bytes]]:
    """A client before a provider of that dialect, and what that answers next."""
    bodies: list[bytes] = []
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=bodies[-1]))
    config = loads(CONFIG.format(upstream=upstream), {})
    inner = orchestrator.Orchestrator(config, transport=answer)
    return httpx.Client(transport=orchestrator.transport(inner)), bodies


def answered(client: str, upstream: str, body: bytes) -> bytes:
    """What a client gets where a provider of that dialect sends the bytes of a stream."""
    http, bodies = client_of(upstream)
    bodies[:] = [body]
    path, payload = ASKED[client]
    path = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    streamed = {} if client == GEMINI else {"stream": True}
    asked = {"model": "default", **payload, **streamed}
    answer = http.post(f"http://any.where{path}", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.content


def said(name: str, *, tool: bool = False, until: int | None = None) -> bytes:
    """What a provider streams, as its vendor's reference shows it."""
    body = spoken.streamed(name, tool=tool, until=until).body
    assert isinstance(body, bytes)
    return body


def written(name: str, deltas: Iterable[Delta]) -> list[Any]:
    """The events of a provider that says ``deltas`` as its vendor does."""
    writer = dialect(name).stream_writer(Heading("up", "upstream", 1_700_000_000))
    return events_of(b"".join(map(writer.write, deltas)))


def sent(name: str, events: Sequence[Any], *, named: bool = True) -> bytes:
    """``events`` on the wire."""
    lines = (
        (f"event: {event['type']}\n" if named and "type" in event else "")
        + f"data: {json.dumps(event)}\n\n"
        for event in events
    )
    return ("".join(lines) + ("data: [DONE]\n\n" if name == CHAT else "")).encode()


def wrong_in_stream(client: str, told: bytes) -> list[str]:
    """What is wrong with a whole stream."""
    events = events_of(told)
    wrong = [one for event in events for one in wrong_in_event(client, event)]
    ids = {one for event in events for one in ids_of(event)}
    named = len(ids) == 1 or (client == GEMINI and not ids)  # there it may be left out
    wrong += [] if named and all(ids) else [f"ids of one answer: {ids}"]
    wrong += [f"made at {event['created']}" for event in events if event.get("created") == 0]
    made = [event["response"].get("created_at") for event in events if "response" in event]
    wrong += [f"made at {one}" for one in made if not one]
    numbers = [event["sequence_number"] for event in events if "sequence_number" in event]
    wrong += [f"numbers {numbers}"] if numbers != list(range(len(numbers))) else []
    return wrong


def ids_of(event: Any) -> list[str]:
    named = [event, event.get("message", {}), event.get("response", {})]
    found = [one["id"] for one in named if isinstance(one, dict) and "id" in one]
    return found + ([event["responseId"]] if "responseId" in event else [])


@crossed
@few
@given(deltas=delta_sequences(thinking=True))
def test_a_stream_of_a_vendor_is_told_as_described(
    client: str, upstream: str, deltas: list[Delta]
) -> None:
    assume(any(map(is_content, deltas)))  # else there is no answer
    told = answered(client, upstream, sent(upstream, written(upstream, deltas)))

    assert wrong_in_stream(client, told) == []


OFTEN_LEFT_OUT = {
    CHAT: ("id", "created", "object", "model", "index", "finish_reason", "usage", "logprobs"),
    RESPONSES: ("id", "created_at", "sequence_number", "object", "model", "item_id", "logprobs",
                "annotations", "tools", "text", "usage", "summary_index"),
    MESSAGES: ("id", "role", "model", "usage", "citations", "caller", "stop_sequence",
               "stop_details", "container", "cache_creation", "output_tokens_details"),
    GEMINI: ("responseId", "modelVersion", "usageMetadata", "index", "role"),
}  # fmt: skip
MARKS = {CHAT: "id", RESPONSES: "id", MESSAGES: "id", GEMINI: "responseId"}
"""What the beginning of a stream has to have, so that it is passed on as it came."""


def thinned(value: Any, names: frozenset[str]) -> Any:
    """``value`` without the fields of those names."""
    if isinstance(value, list):
        return [thinned(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    # A reason why the model stopped is left out only where there is none.
    kept = {
        name: one
        for name, one in value.items()
        if name not in names or (name == "finish_reason" and one is not None)
    }
    return {
        name: one if name in ("tool_calls", "args", "input") else thinned(one, names)
        for name, one in kept.items()
    }


@crossed
@few
@given(deltas=delta_sequences(thinking=True), data=st.data())
def test_so_is_one_of_a_relay_that_leaves_out_what_is_demanded(
    client: str, upstream: str, deltas: list[Delta], data: st.DataObject
) -> None:
    assume(any(map(is_content, deltas)))
    others = st.frozensets(st.sampled_from(OFTEN_LEFT_OUT[upstream]))
    names = data.draw(others) | {MARKS[upstream]}
    # An id of a call is not one of the answer; dialects that have both at one place give it.
    events = thinned(written(upstream, deltas), names)
    named = data.draw(st.booleans())
    told = answered(client, upstream, sent(upstream, events, named=named))

    assert wrong_in_stream(client, told) == []


@each
def test_what_a_vendor_sends_is_passed_on_as_it_came(name: str) -> None:
    body = said(name).replace(b'"created": 1,', b'"created": 1700000000,')

    assert answered(name, name, body) == body


def test_azures_first_chunk_gets_the_id_and_the_time_of_the_others() -> None:
    first = {
        "choices": [],
        "created": 0,
        "id": "",
        "model": "",
        "object": "",
        "prompt_filter_results": [{"prompt_index": 0}],
    }
    body = sent(CHAT, [first])[: -len(b"data: [DONE]\n\n")] + said(CHAT)
    told = answered(CHAT, CHAT, body)

    assert wrong_in_stream(CHAT, told) == []
    assert events_of(told)[0]["prompt_filter_results"] == [{"prompt_index": 0}]


def test_a_choice_beside_the_first_and_its_words_stay_where_a_stream_is_completed() -> None:
    choices = [
        {"index": index, "delta": {"content": "Hello"}, "logprobs": None} for index in (0, 1)
    ]
    stops: list[Any] = [{"index": index, "delta": {}, "finish_reason": "stop"} for index in (0, 1)]
    told = answered(CHAT, CHAT, sent(CHAT, [{"choices": choices}, {"choices": stops}]))

    assert wrong_in_stream(CHAT, told) == []
    assert [len(event["choices"]) for event in events_of(told)] == [2, 2]


def test_a_comment_before_a_break_does_not_change_the_number_of_the_error() -> None:
    told = answered(RESPONSES, RESPONSES, said(RESPONSES, until=5) + b": keep-alive\n\n")
    events = events_of(told)

    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_fields_that_are_null_where_nothing_may_be_are_left_out_of_what_is_completed() -> None:
    nulls = {"role": None, "tool_calls": None, "function_call": None, "refusal": None}
    chunk = {"system_fingerprint": None, "created": 0, "id": "c", "object": "x", "usage": None}
    events = [
        {**chunk, "choices": [{"index": 0, "delta": {"content": "Hello", **nulls}}]},
        {**chunk, "choices": [{"index": 0, "delta": nulls, "finish_reason": "stop"}]},
    ]
    told = answered(CHAT, CHAT, sent(CHAT, events))

    assert wrong_in_stream(CHAT, told) == []
    assert {event["id"] for event in events_of(told)} == {"c"}


def test_a_stream_without_an_end_mark_gets_one() -> None:
    body = said(CHAT).removesuffix(b"data: [DONE]\n\n")

    assert answered(CHAT, CHAT, body) == body + b"data: [DONE]\n\n"


def test_a_list_of_a_server_that_knows_no_events_is_told_in_events() -> None:
    events = written(GEMINI, [*spoken_deltas(), FinishReason("stop"), EndMark()])
    told = answered(GEMINI, GEMINI, json.dumps(events).encode())

    assert wrong_in_stream(GEMINI, told) == []
    assert "STOP" in told.decode()


def spoken_deltas() -> list[Delta]:
    return [TextDelta("Hello"), TextDelta(" you")]


@crossed
def test_no_two_answers_share_an_id(client: str, upstream: str) -> None:
    """Those of items and of calls too, but where the provider itself gives them twice."""
    told = [answered(client, upstream, said(upstream, tool=tool)) for tool in (False, True)]
    both = [frozenset(all_ids(events_of(one))) for one in told]

    assert client == upstream or not both[0] & both[1]


def all_ids(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        for one in value:
            yield from all_ids(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name in ("id", "item_id", "responseId") and isinstance(one, str):
                yield one
            else:
                yield from all_ids(one)


@crossed
def test_a_stream_that_breaks_off_ends_as_described_and_not_like_a_whole_one(
    client: str, upstream: str
) -> None:
    until = {RESPONSES: 5, GEMINI: 1}.get(upstream, 4)
    told = answered(client, upstream, said(upstream, until=until))
    *events, last = events_of(told)
    for event in events:
        event.pop("xVendor", None)  # what a vendor says beside the description stays

    assert [one for event in events for one in wrong_in_event(client, event)] == []
    assert wrong_in_error_event(client, last) == []
    if client == RESPONSES:
        assert [one["sequence_number"] for one in (*events, last)] == list(range(len(events) + 1))
    assert b"[DONE]" not in told
    assert b"message_stop" not in told
    assert b"response.completed" not in told
    assert b'"STOP"' not in told


CONTINUED = """
health = "memory"
policy = {{on_interrupted = "continue"}}
[providers.a]
dialect = "{first}"
base_url = "http://a/v1"
credentials = ["k"]
[providers.b]
dialect = "{second}"
base_url = "http://b/v1"
credentials = ["k"]
[routes]
default = ["a/m", "b/m"]
"""


@crossed
def test_a_stream_that_goes_on_elsewhere_is_one_as_described(client: str, upstream: str) -> None:
    second = spoken.DIALECTS[spoken.DIALECTS.index(upstream) - 1]
    until = {RESPONSES: 5, GEMINI: 1}.get(upstream, 4)
    bodies = {"a": said(upstream, until=until), "b": said(second)}
    answer = httpx.MockTransport(lambda asked: httpx.Response(200, content=bodies[asked.url.host]))
    path, payload = ASKED[client]
    path = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    streamed = {} if client == GEMINI else {"stream": True}
    config = loads(CONTINUED.format(first=upstream, second=second), {})
    with (
        orchestrator.Orchestrator(config, transport=answer) as inner,
        httpx.Client(transport=orchestrator.transport(inner)) as http,
    ):
        asked = {"model": "default", **payload, **streamed}
        told = http.post(f"http://any.where{path}", json=asked).content
    events = events_of(told)
    for event in events:
        event.pop("xVendor", None)
    plain = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)

    assert wrong_in_stream(client, plain) == []
    assert any(mark in told for mark in (b"[DONE]", b"message_stop", b".completed", b'"STOP"'))
