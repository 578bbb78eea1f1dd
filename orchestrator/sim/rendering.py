"""A reply made to fit a request: the bytes of its head, and of its body in pieces."""

from __future__ import annotations

import http
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from orchestrator.sim.operations import UnreadableRequest, operation_body
from orchestrator.sim.received import Received
from orchestrator.sim.replies import openai_error
from orchestrator.sim.reply import Body, Completion, Framing, Reply

_JSON = "application/json"
_EVENTS = "text/event-stream"
_TEXT = "text/plain; charset=utf-8"
# A fixed instant: replies are the same bytes in every run.
_CREATED = 1_700_000_000


@attrs.frozen
class Rendered:
    """What goes over the wire.

    Attributes:
        head: The status line and the headers, with the empty line.
        pieces: The body, cut where a pause or a chunk may be.
        chunked: True where each piece is a chunk.
        closes: True where the connection ends after it.
    """

    head: bytes
    pieces: tuple[bytes, ...]
    chunked: bool
    closes: bool


def render(reply: Reply, received: Received) -> Rendered:
    """The bytes of ``reply`` as an answer to ``received``."""
    reply = _fitted(reply, received)
    content_type, pieces = _body(reply, received)
    framing = reply.framing
    if content_type == _EVENTS and framing is Framing.LENGTH:
        framing = Framing.CHUNKED
    headers = {"Content-Type": content_type} if pieces else {}
    match framing:
        case Framing.LENGTH:
            headers["Content-Length"] = str(sum(map(len, pieces)))
        case Framing.CHUNKED:
            headers["Transfer-Encoding"] = "chunked"
        case Framing.CLOSE:
            headers["Connection"] = "close"
    headers = _replaced(headers, reply.headers)
    closes = headers.get("Connection", "").lower() == "close"
    return Rendered(_head(reply.status, headers), pieces, framing is Framing.CHUNKED, closes)


def _replaced(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    names = {name.title() for name in others}
    kept = {name: value for name, value in headers.items() if name.title() not in names}
    return kept | {name.title(): value for name, value in others.items()}


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"  # vendors make up statuses such as 529 and 498
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _fitted(reply: Reply, received: Received) -> Reply:
    """``reply``, or where no answer of a model is asked for what is, or why there is none."""
    if reply.completion is None:
        return reply
    try:
        body = operation_body(received)
    except UnreadableRequest as error:
        refusal = openai_error(400, str(error))
        return attrs.evolve(reply, completion=None, status=400, body=refusal.body)
    return reply if body is None else attrs.evolve(reply, completion=None, body=body)


def _body(reply: Reply, received: Received) -> tuple[str, tuple[bytes, ...]]:
    if reply.events:
        return _EVENTS, tuple(f"data: {event}\n\n".encode() for event in reply.events)
    if reply.completion is None:
        content_type, content = _encoded(reply.body, received)
        return content_type, (content,) if content else ()
    if received.streamed:
        return _EVENTS, tuple(_event(data) for data in _chunks(reply.completion, received))
    return _JSON, (json.dumps(_completion(reply.completion, received)).encode(),)


def _encoded(body: Body, received: Received) -> tuple[str, bytes]:
    match body:
        case bytes():
            return "application/octet-stream", body
        case str():
            return _TEXT, body.replace("{credential}", received.credential or "").encode()
        case _:
            return _JSON, json.dumps(body).encode()


def _event(data: Mapping[str, Any] | str) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return f"data: {text}\n\n".encode()


def _tool_calls(completion: Completion) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(completion.tool_calls, 1)
    ]


def _usage(completion: Completion) -> Mapping[str, Any]:
    return completion.usage or {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def _completion(completion: Completion, received: Received) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": completion.text}
    if completion.tool_calls:
        message["tool_calls"] = _tool_calls(completion)
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason}
    return {
        **_common(received, "chat.completion"),
        "choices": [choice],
        "usage": _usage(completion),
    }


def _common(received: Received, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-sim-{received.number}",
        "object": kind,
        "created": _CREATED,
        "model": received.model or "sim",
    }


def _chunks(completion: Completion, received: Received) -> Iterable[Mapping[str, Any] | str]:
    common = _common(received, "chat.completion.chunk")
    for delta in _deltas(completion):
        yield {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    last = {"index": 0, "delta": {}, "finish_reason": completion.finish_reason}
    yield {**common, "choices": [last]}
    if (received.body.get("stream_options") or {}).get("include_usage"):
        yield {**common, "choices": [], "usage": _usage(completion)}
    yield "[DONE]"


def _deltas(completion: Completion) -> Iterable[dict[str, Any]]:
    """The role, then the text word by word, then each tool call in two halves."""
    yield {"role": "assistant", "content": ""}
    for word in _words(completion.text or ""):
        yield {"content": word}
    for index, call in enumerate(_tool_calls(completion)):
        function = call["function"]
        begin = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
        yield {"tool_calls": [begin]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": function["arguments"]}}]}


def _words(text: str) -> Sequence[str]:
    first, *others = text.split(" ")
    return [word for word in (first, *(f" {other}" for other in others)) if word]
