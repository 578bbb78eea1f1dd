"""Records of a batch: what became of one line, as the files and the database hold it."""

from __future__ import annotations

import uuid
from typing import Any

import attrs
import msgspec

from orchestrator.api.errors import CallFailed
from orchestrator.api.response import Response
from orchestrator.batch.lines import BatchLine
from orchestrator.dialects import Usage
from orchestrator.ledger import Attempt
from orchestrator.serving.http_errors import told_as

NANO = 1_000_000_000
"""Units of money in a US dollar, as the database adds them up: whole numbers add up exactly."""


@attrs.frozen
class Outcome:
    """What became of a line.

    Attributes:
        number, custom_id: Which line.
        is_answered: Whether it stands in OUT; else among the failures.
        text: The line of its file, in JSON.
        prompt_tokens, completion_tokens: Of all its attempts, as far as providers told.
        cost: What they cost, in billionths of a US dollar; ``None`` where no price is known.
        is_rescued: It was answered, but not at once by the first that was asked.
    """

    number: int
    custom_id: str
    is_answered: bool
    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int | None = None
    is_rescued: bool = False


def line_name(batch: str, number: int) -> str:
    """What a line is known by to the engine and the ledger: the same at each start."""
    return f"{batch}:{number}"


def request_name(batch: str, number: int) -> str:
    """The ``id`` of a line's answer: the same whenever it is written."""
    return f"batch_req_{uuid.uuid5(uuid.NAMESPACE_OID, line_name(batch, number)).hex}"


def answered_text(batch: str, line: BatchLine, body: msgspec.Raw, request_id: str) -> str:
    """The line of OUT of an answer: OpenAI's batch-file format."""
    response = {"status_code": 200, "request_id": request_id, "body": body}
    return _text(
        {
            "id": request_name(batch, line.number),
            "custom_id": line.custom_id,
            "response": response,
            "error": None,
        }
    )


def failed_text(
    batch: str, line: BatchLine, error: Exception, body: dict[str, Any] | None = None
) -> str:
    """The line of the failures: the same format, with the real cause and what was tried."""
    status, reason, hint = told_as(error)
    said: dict[str, Any] = {"code": reason, "message": str(error), "hint": hint}
    request_id = ""
    if isinstance(error, CallFailed):
        said |= {
            "target": error.target,
            "stopped_by": error.stopped_by.value,
            "attempts": [_attempt(attempt) for attempt in error.attempts],
            "skipped": [str(skipped) for skipped in error.skipped],
        }
        request_id = error.ledger.call
    response = {"status_code": status, "request_id": request_id, "body": body or {}}
    return _text(
        {
            "id": request_name(batch, line.number),
            "custom_id": line.custom_id,
            "line": line.number,
            "response": response,
            "error": said,
        }
    )


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "target": attempt.target,
        "credential": attempt.credential,
        "status": attempt.status,
        "reason": None if attempt.reason is None else attempt.reason.value,
        "rule": attempt.rule,
        "message": attempt.message,
        "seconds": round(attempt.seconds, 3),
        "next": attempt.next,
    }


def _text(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def is_rescued(response: Response) -> bool:
    """Whether an answer came, but not at once from the first of its route."""
    return len(response.attempts) > 1 or bool(response.skipped)


def tokens(attempts: tuple[Attempt, ...]) -> tuple[int, int]:
    """The tokens of all attempts, of the requests and of the answers."""
    told = [attempt.usage or Usage() for attempt in attempts]
    return sum(one.prompt_tokens for one in told), sum(one.completion_tokens for one in told)
