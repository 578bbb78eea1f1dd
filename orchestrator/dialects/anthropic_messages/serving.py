"""How clients of this dialect are served: errors and the list of models.

https://platform.claude.com/docs/en/api/errors, https://platform.claude.com/docs/en/api/models-list
(2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orchestrator.dialects.anthropic_messages.stream_repair import REPAIR
from orchestrator.dialects.anthropic_messages.vocabulary import ERROR_TYPES_BY_STATUS
from orchestrator.dialects.serving import ListedModel, Serving, StreamClosing

_NOT_SERVERS = range(400, 500)


def _error_body(
    *, status: int, reason: str, message: str, hint: str, request_id: str | None
) -> dict[str, Any]:
    other = "invalid_request_error" if status in _NOT_SERVERS else "api_error"
    error = {"type": ERROR_TYPES_BY_STATUS.get(status, other), "message": message, "reason": reason}
    error |= {"hint": hint} if hint else {}
    return {"type": "error", "error": error, "request_id": request_id}


def _describe_model(model: ListedModel) -> dict[str, Any]:
    created = datetime.fromtimestamp(model.created, UTC)
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.name,
        "created_at": created.isoformat().replace("+00:00", "Z"),
        # Demanded, and null where nobody knows.
        "capabilities": None,
        "max_input_tokens": None,
        "max_tokens": None,
    }


def _list_models(models: Sequence[ListedModel]) -> dict[str, Any]:
    return {
        "data": [_describe_model(model) for model in models],
        "has_more": False,
        "first_id": models[0].name if models else None,
        "last_id": models[-1].name if models else None,
    }


def _may_close(event: Mapping[str, Any]) -> bool:
    """``message_delta`` has the reason of the end, and the usage."""
    return event.get("type") in ("message_delta", "error")


SERVING = Serving(
    paths=("/messages",),
    known_by="anthropic-version",
    passed_headers=("anthropic-beta",),
    error_body=_error_body,
    list_models=_list_models,
    describe_model=_describe_model,
    closing=StreamClosing(marks=frozenset({"message_stop"}), may_close=_may_close),
    repair=REPAIR,
)
