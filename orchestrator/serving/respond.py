"""HTTP replies to clients: status, headers, and a body or a stream of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import attrs
import msgspec

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.dialects import Operation, dialect
from orchestrator.execution.call_run import CallRun
from orchestrator.ledger import Ledger, Skipped
from orchestrator.serving.body_streams import AsyncBody, SyncBody
from orchestrator.serving.http_errors import error_response
from orchestrator.serving.refusals import AccessRefused

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


@attrs.frozen
class HttpReply:
    """An HTTP answer of no library."""

    status: int
    headers: dict[str, str]
    body: bytes | SyncBody | AsyncBody


def answer(request: Request, response: Response) -> HttpReply:
    """A whole answer, in the dialect in which it was asked for."""
    headers = _headers(
        len(response.attempts),
        f"{response.provider}/{response.model}",
        _cause(response.ledger, response.skipped),
        response.attempts[-1].request_id,
    )
    return json(200, _body(request, response), headers)


def _body(request: Request, response: Response) -> dict[str, Any]:
    if request.operation is Operation.GENERATE:
        return response.in_dialect(request.dialect, request.payload)
    spec = dialect(response.dialect).operations[request.operation]
    return spec.complete_answer(response.raw, request.payload, response.model)


def stream(run: CallRun, body: SyncBody | AsyncBody) -> HttpReply:
    """A stream whose first content is here: from now on its headers say how it was come by."""
    headers = _headers(
        run.call.number,
        str(run.call.target or ""),
        _cause(run.recorder.ledger, run.skipped),
    )
    return HttpReply(200, {**headers, "content-type": "text/event-stream; charset=utf-8"}, body)


def refused(error: Exception, spoken: str) -> HttpReply:
    """What went wrong, as an HTTP error that the client raises in its own way."""
    status, body = error_response(error, spoken)
    if isinstance(error, AccessRefused):
        return json(status, body, {**_headers(0, "", error.reason), **error.headers})
    if not isinstance(error, CallFailed):
        return json(status, body, _headers(0, "", type(error).__name__))
    last = error.attempts[-1].request_id if error.attempts else None
    headers = _headers(len(error.attempts), error.target, error.reason.value, last)
    if error.error.retry_after is not None:
        headers["retry-after"] = f"{error.error.retry_after:.0f}"
    return json(status, body, headers)


def json(status: int, body: Any, headers: dict[str, str]) -> HttpReply:
    """A body of JSON."""
    return HttpReply(
        status, {**headers, "content-type": "application/json"}, msgspec.json.encode(body)
    )


def _headers(
    attempts: int, target: str, reason: str | None, request_id: str | None = None
) -> dict[str, str]:
    headers = {
        "x-orchestrator-attempts": str(attempts),
        # A model may have any name, a header may not.
        "x-orchestrator-target": quote(target, safe=_PRINTABLE),
        "x-orchestrator-reason": reason or "none",
        # The official clients retry some statuses unless they are told not to.
        "x-should-retry": "false",
    }
    if request_id:
        # As the client's own vendor calls it, for OpenAI and for Anthropic.
        plain = quote(request_id, safe=_PRINTABLE)
        headers |= {"x-request-id": plain, "request-id": plain}
    return headers


def _cause(ledger: Ledger, skipped: Sequence[Skipped]) -> str | None:
    """Why the call left the first target that it considered, if it did."""
    first = ledger[0].route[0].name
    reasons = [str(each.reason) for each in skipped if each.target == first]
    reasons += [str(each.reason) for each in ledger.attempts if each.reason is not None]
    reasons += [str(each.reason) for each in skipped]
    return reasons[0] if reasons else None
