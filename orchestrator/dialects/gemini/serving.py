"""How clients of this dialect are served: https://ai.google.dev/api (2026-11-21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.dialects.gemini.stream_repair import REPAIR
from orchestrator.dialects.gemini.vocabulary import error_status
from orchestrator.dialects.request_fields import RequestError
from orchestrator.dialects.serving import Address, ListedModel, Serving, StreamClosing
from orchestrator.dialects.wire import mappings

_WHOLE, _STREAM = ":generateContent", ":streamGenerateContent"


def _address(path: str, params: Mapping[str, str]) -> Address:
    """The address names the model and the method: ``/models/NAME:generateContent``."""
    # Vendors' own names begin with "models/" where a client takes them from a list.
    model = path.partition("/models/")[2].rpartition(":")[0].removeprefix("models/") or None
    if not path.endswith(_STREAM):
        return model, None
    if params.get("alt") != "sse":
        raise RequestError(
            "a stream of Gemini is served as server-sent events only: ask for it with ?alt=sse"
        )
    return model, True


_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
"""Where Google puts what programs look at: https://google.aip.dev/193 (2026-11-30)."""


def _error_body(
    *,
    status: int,
    reason: str,
    message: str,
    hint: str,
    request_id: str | None,
) -> dict[str, Any]:
    said = {"hint": hint, "request_id": request_id or ""}
    info = {
        "@type": _ERROR_INFO,
        "reason": reason.upper(),
        "domain": "orchestrator",
        "metadata": {name: value for name, value in said.items() if value},
    }
    error = {"code": status, "message": message, "status": error_status(status), "details": [info]}
    return {"error": error}


def _describe_model(model: ListedModel) -> dict[str, Any]:
    return {
        "name": f"models/{model.name}",
        "baseModelId": model.name,
        # A version is demanded, and nobody here knows one: that of the list is its age.
        "version": str(model.created),
        "displayName": model.name[:_LONGEST_NAME],
        "supportedGenerationMethods": [_WHOLE.lstrip(":"), _STREAM.lstrip(":")],
    }


_LONGEST_NAME = 128


def _list_models(models: Sequence[ListedModel]) -> dict[str, Any]:
    return {"models": [_describe_model(model) for model in models]}


def _may_close(event: Mapping[str, Any]) -> bool:
    """There is no end mark; some models name a reason in every chunk."""
    ends = any(one.get("finishReason") for one in mappings(event.get("candidates")))
    return ends or not event.get("candidates")


SERVING = Serving(
    paths=(_WHOLE, _STREAM),
    known_by="x-goog-api-key",
    address=_address,
    error_body=_error_body,
    list_models=_list_models,
    describe_model=_describe_model,
    repair=REPAIR,
    lists_at="/v1beta/models",
    closing=StreamClosing(may_close=_may_close),
)
