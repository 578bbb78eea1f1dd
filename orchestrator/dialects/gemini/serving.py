"""How clients of this dialect are served: https://ai.google.dev/api (2026-11-21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.gemini.vocabulary import error_status
from orchestrator.dialects.request_fields import RequestError
from orchestrator.dialects.serving import Address, Serving

_WHOLE, _STREAM = ":generateContent", ":streamGenerateContent"


def _address(path: str, params: Mapping[str, str]) -> Address:
    """The address names the model and the method: ``/models/NAME:generateContent``."""
    model = path.partition("/models/")[2].rpartition(":")[0] or None
    if not path.endswith(_STREAM):
        return model, None
    if params.get("alt") != "sse":
        raise RequestError(
            "a stream of Gemini is served as server-sent events only: ask for it with ?alt=sse"
        )
    return model, True


def _error_body(*, status: int, reason: str, message: str) -> dict[str, Any]:  # noqa: ARG001
    return {"error": {"code": status, "message": message, "status": error_status(status)}}


def _describe_model(name: str, owner: str = "") -> dict[str, Any]:  # noqa: ARG001
    methods = [_WHOLE.lstrip(":"), _STREAM.lstrip(":")]
    return {
        "name": f"models/{name}",
        "displayName": name,
        "supportedGenerationMethods": methods,
        "supportedActions": methods,
    }


def _list_models(owners: Mapping[str, str]) -> dict[str, Any]:
    return {"models": [_describe_model(name) for name in owners]}


SERVING = Serving(
    paths=(_WHOLE, _STREAM),
    known_by="x-goog-api-key",
    address=_address,
    error_body=_error_body,
    list_models=_list_models,
    describe_model=_describe_model,
)
