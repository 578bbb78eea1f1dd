"""HTTP answers and streams of a script's words, as bytes and pauses.

Answers and events are written by the dialect's own writer, so that what is read is what that
vendor's answers look like.
"""

from __future__ import annotations

import http
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import attrs

from orchestrator.connections.errors import RemoteProtocolError, TransportError
from orchestrator.dialects import dialect
from orchestrator.dialects.answer import Usage
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    NeutralAnswer,
    StreamError,
    StreamStart,
    Text,
    TextDelta,
    ToolCallDelta,
    ToolUse,
    UsageDelta,
)
from orchestrator.http_messages import ResponseHead, ResponseHeaders
from orchestrator.lab.simulation.script_items import (
    BROKEN_PIECES,
    CUT,
    EMPTY,
    PIECES,
    SILENCE,
    STALL,
    TOOL,
    Item,
    is_whole,
)
from orchestrator.states import Reason

TEXT = "simulated"
"""What an answer that succeeds says."""


@attrs.frozen
class _UsualFailure:
    """The usual answer of a provider that fails in this way."""

    status: int
    message: str
    kind: str = ""
    code: str | None = None


# Wordings and codes of the vendors' own pages; what classification makes of each is a test.
_USUAL: dict[Reason, _UsualFailure] = {
    Reason.BILLING: _UsualFailure(402, "Insufficient Balance"),
    Reason.RATE_LIMIT: _UsualFailure(
        429, "Rate limit reached for requests", "requests", "rate_limit_exceeded"
    ),
    Reason.AUTH: _UsualFailure(
        401, "Incorrect API key provided", "authentication_error", "invalid_api_key"
    ),
    Reason.OVERLOADED: _UsualFailure(503, "The engine is currently overloaded", "overloaded_error"),
    Reason.SERVER_ERROR: _UsualFailure(500, "The server had an error", "server_error"),
    Reason.FORBIDDEN: _UsualFailure(451, "Not available in your region"),
    Reason.MODEL_NOT_FOUND: _UsualFailure(
        404, "The model does not exist", "not_found_error", "model_not_found"
    ),
    Reason.CONTEXT_OVERFLOW: _UsualFailure(
        400,
        "This model's maximum context length is 8192 tokens",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    Reason.PAYLOAD_TOO_LARGE: _UsualFailure(413, "Request Entity Too Large", "request_too_large"),
    Reason.CONTENT_POLICY: _UsualFailure(
        400,
        "The request was rejected by the content policy",
        "invalid_request_error",
        "content_policy_violation",
    ),
    Reason.BAD_REQUEST: _UsualFailure(400, "Unknown parameter", "invalid_request_error"),
}


@attrs.frozen
class ScriptedAnswer:
    """An HTTP answer in one piece.

    Attributes:
        head: Its head.
        content: Its body.
    """

    head: ResponseHead
    content: bytes


def _answered(
    status: int, body: Any, headers: Mapping[str, str] = MappingProxyType({})
) -> ScriptedAnswer:
    told = ResponseHeaders.of({"content-type": "application/json", **headers})
    return ScriptedAnswer(ResponseHead(status, told), json.dumps(body).encode())


def answer(item: Item, *, spoken: str, model: str) -> ScriptedAnswer:
    """The HTTP answer of an item that is one.

    Args:
        item: None of ``timeout``, ``silence``, ``stall``, ``connect`` and ``cut``.
        spoken: The name of the dialect that the provider speaks.
        model: The model's name.
    """
    if item.status is not None and item.status >= 300:
        return _failure(item, _by_status(item.status))
    if item.word in (Reason.INVALID_RESPONSE, Reason.UNKNOWN):
        return _odd(item)
    if item.word in (reason.value for reason in _USUAL):
        return _failure(item, _USUAL[Reason(item.word)])
    reply = NeutralAnswer((_part(item),), _finish(item), id="simulated", model=model)
    return _answered(item.status or 200, dialect(spoken).write_answer(reply))


def _finish(item: Item) -> str:
    if item.word == Reason.OUTPUT_TRUNCATED:
        return "length"
    return "tool_calls" if item.content == TOOL and item.word != EMPTY else "stop"


def _part(item: Item) -> Text | ToolUse:
    said = "" if item.word == EMPTY else item.message or TEXT
    if item.word == EMPTY or item.content != TOOL:
        return Text(said)
    return ToolUse("call_simulated", "simulated", json.dumps({"text": said}))


def _by_status(status: int) -> _UsualFailure:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"  # vendors make up statuses such as 529 and 498
    return _UsualFailure(status, phrase)


def _failure(item: Item, usual: _UsualFailure) -> ScriptedAnswer:
    words = usual.message if item.message is None else item.message
    named = {"type": usual.kind, "code": usual.code}
    detail = {"message": words, **{name: value for name, value in named.items() if value}}
    return _answered(usual.status, {"error": detail}, _headers(item))


def _odd(item: Item) -> ScriptedAnswer:
    """A 200 that is no answer, or a failure that nobody can read."""
    body: Any = {"error": {"message": item.message or "Something happened", "code": "simulated"}}
    if item.word == Reason.INVALID_RESPONSE:
        body = {"id": "simulated", "choices": []}
    return _answered(200, body, _headers(item))


def _headers(item: Item) -> dict[str, str]:
    return {} if item.retry_after is None else {"Retry-After": f"{item.retry_after:g}"}


# Streams.

BREAKS_OFF = "peer closed connection without sending complete message body"
"""httpcore's words where a body is cut."""

_NEVER = float("inf")


@attrs.frozen
class StreamPart:
    """One part of what comes.

    Attributes:
        seconds: How long it takes to come; infinite where nothing comes any more.
        data: The bytes.
        error: What the connection does instead.
    """

    seconds: float
    data: bytes = b""
    error: TransportError | None = None


def is_streamed(item: Item) -> bool:
    """Whether ``item`` answers a streamed request with a stream, not with a failure or nothing."""
    return is_whole(item) or item.word in (SILENCE, STALL, CUT) or item.pieces is not None


def parts(item: Item, *, spoken: str, model: str) -> Iterator[StreamPart]:
    """The parts of the stream that ``item`` is, in order.

    Args:
        item: See :func:`is_streamed`.
        spoken: The name of the dialect that the provider speaks.
        model: The model's name.
    """
    writer = dialect(spoken).stream_writer(Heading(model=model))
    yield StreamPart(0.0, writer.write(StreamStart("simulated", model)))
    if item.word == SILENCE:
        yield StreamPart(_NEVER)
        return
    seconds = item.seconds
    for delta in _pieces(item):
        yield StreamPart(seconds, writer.write(delta))
        seconds = item.pace
    if is_whole(item):
        last = seconds if item.word == EMPTY else 0.0
        yield StreamPart(last, b"".join(map(writer.write, _end(item))))
    elif item.word == STALL:
        yield StreamPart(_NEVER)
    elif item.word == CUT:
        yield StreamPart(seconds, error=broken_off(item))
    else:
        yield StreamPart(seconds, writer.write(StreamError(_error(item, spoken, model))))


def broken_off(item: Item) -> RemoteProtocolError:
    """The exception of an answer that is cut."""
    return RemoteProtocolError(f"{item.message or BREAKS_OFF} (incomplete chunked read)")


def _pieces(item: Item) -> Iterator[Delta]:
    if item.word == EMPTY:
        return
    usual = PIECES if is_whole(item) else BROKEN_PIECES
    count = usual if item.pieces is None else item.pieces
    if item.content == TOOL:
        yield from _tool_call(item, count)
    else:
        said = item.message if is_whole(item) and item.message else TEXT
        yield from map(TextDelta, _cut(said, count))


def _tool_call(item: Item, count: int) -> Iterator[Delta]:
    """A call of a tool: its name first, then its arguments; half of them where it is cut."""
    said = item.message if is_whole(item) and item.message else TEXT
    arguments = json.dumps({"text": _long(said, 2 * count)})
    if not is_whole(item) or item.word == Reason.OUTPUT_TRUNCATED:
        arguments = arguments[: len(arguments) // 2]
    named = ToolCallDelta(0, id="call_simulated", name="simulated")
    if count == 1:
        yield attrs.evolve(named, arguments=arguments)
    elif count:
        yield named
        yield from (ToolCallDelta(0, arguments=piece) for piece in _cut(arguments, count - 1))


def _cut(text: str, count: int) -> Iterator[str]:
    """``text`` in ``count`` pieces; said again where it is too short for so many."""
    whole = _long(text, count)
    edges = [len(whole) * number // max(1, count) for number in range(count + 1)]
    return (whole[start:end] for start, end in pairwise(edges))


def _long(text: str, least: int) -> str:
    """``text``, said as often as it takes to have so many characters."""
    return " ".join([text] * (1 + least // (len(text) + 1)))


def _end(item: Item) -> tuple[Delta, ...]:
    usage = Usage(10, 0, 10) if item.word == EMPTY else Usage(10, 5, 15)
    return FinishReason(_finish(item)), UsageDelta(usage), EndMark()


_REASONS = {
    400: Reason.BAD_REQUEST,
    401: Reason.AUTH,
    402: Reason.BILLING,
    404: Reason.MODEL_NOT_FOUND,
    413: Reason.PAYLOAD_TOO_LARGE,
    429: Reason.RATE_LIMIT,
    500: Reason.SERVER_ERROR,
    502: Reason.SERVER_ERROR,
    504: Reason.SERVER_ERROR,
    503: Reason.OVERLOADED,
    529: Reason.OVERLOADED,
}
"""What a status means: a stream has begun with 200, so its error must be told in words."""


def _error(item: Item, spoken: str, model: str) -> object:
    """The error that the item is outside a stream; its status becomes its code."""
    named = item.status
    if named in _REASONS:
        item = attrs.evolve(item, word=_REASONS[named].value)
    outside = answer(item, spoken=spoken, model=model)
    body = json.loads(outside.content)
    error = body.get("error")
    if isinstance(error, dict):
        error.setdefault("code", named or outside.head.status)
    return body
