"""HTTP replies to clients: status, headers, and a body or a stream of one."""

from __future__ import annotations

from typing import Any

import msgspec

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.dialects import Operation, dialect
from orchestrator.serving import call_headers
from orchestrator.serving.body_streams import ByteStream, SyncBody
from orchestrator.serving.http_errors import error_response, told_as
from orchestrator.serving.refusals import RequestRefused

NO_RETRY = {"x-should-retry": "false"}
"""The official clients retry some statuses unless they are told not to."""

_STREAM = {"content-type": "text/event-stream; charset=utf-8"}


class HttpReply(msgspec.Struct, frozen=True):  # attrs takes five times as long to make one
    """An HTTP answer of no library."""

    status: int
    headers: dict[str, str]
    body: bytes | SyncBody | ByteStream


def answer(request: Request, response: Response, headers: dict[str, str]) -> HttpReply:
    """A whole answer, in the dialect in which it was asked for."""
    return json(200, _body(request, response), headers)


def _body(request: Request, response: Response) -> dict[str, Any]:
    if request.operation is Operation.GENERATE:
        return response.in_dialect(request.dialect, request.payload)
    spec = dialect(response.dialect).operations[request.operation]
    return spec.complete_answer(response.raw, request.payload, response.model)


def stream(body: SyncBody | ByteStream, headers: dict[str, str]) -> HttpReply:
    """A stream whose first content is here: from now on its headers say how it was come by."""
    return HttpReply(200, {**headers, **_STREAM}, body)


def refused(error: Exception, spoken: str, headers: dict[str, str] | None = None) -> HttpReply:
    """What went wrong, as an HTTP error that the client raises in its own way."""
    status, body = error_response(error, spoken)
    told = call_headers.failed(error) if isinstance(error, CallFailed) else _none_sent(error)
    return json(status, body, {**told, **NO_RETRY, **(headers or {})})


def request_ids(request_id: str | None) -> dict[str, str]:
    """The id of a request, as the vendors call it: OpenAI, and Anthropic."""
    if not request_id:
        return {}
    shown = call_headers.plain(request_id)
    return {"x-request-id": shown, "request-id": shown}


def _none_sent(error: Exception) -> dict[str, str]:
    said = {"attempts": "0", "reason": told_as(error)[1]}
    headers = {call_headers.PREFIX + name: value for name, value in said.items()}
    return headers | error.headers if isinstance(error, RequestRefused) else headers


def json(status: int, body: Any, headers: dict[str, str]) -> HttpReply:
    """A body of JSON."""
    return HttpReply(
        status, {**headers, "content-type": "application/json"}, msgspec.json.encode(body)
    )
