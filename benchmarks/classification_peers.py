"""What other clients make of the same failures: ``PYTHON benchmarks/classification_peers.py ROWS``.

PYTHON is one where the peers are installed; they are no dependency of this project, so
this file imports nothing of it. ROWS is a file of JSON lines (or ``-``); one JSON object
comes out, by peer: its version, or why it is missing, and for each row what it did.
Without ROWS it says which peers are here.

Each peer is fed what its real client would see, through its public ways:

* openai: its client receives the answer from an ``httpx`` transport; the class of the
  exception is its word, and ``_should_retry`` whether it sends again.
* pydantic-ai: its OpenAI-compatible model stands first in a ``FallbackModel``; that the
  second one answers is a fallback. Its word is the status of the exception.
* LiteLLM: ``exception_type`` maps the status error of the provider that the row names, and
  ``convert_to_model_response_object`` finds errors inside a 200; its word is the class
  that comes out, and ``should_retry`` of its status whether the Router sends again.

Every word is read generously: a class that stands for two reasons counts as both.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Verdict = dict[str, Any]
_PEERS = ("litellm", "pydantic-ai", "openai")
_BY_STATUS = {
    400: ["bad_request"], 401: ["auth"], 402: ["billing"], 403: ["auth", "forbidden"],
    404: ["model_not_found"], 408: ["timeout"], 409: ["server_error"],
    413: ["payload_too_large"], 422: ["bad_request"], 429: ["rate_limit"],
}  # fmt: skip
_BY_CLASS = {
    "ContextWindowExceededError": ["context_overflow"],
    "ContentPolicyViolationError": ["content_policy"],
    "BudgetExceededError": ["billing"], "RateLimitError": ["rate_limit"],
    "AuthenticationError": ["auth"], "PermissionDeniedError": ["auth", "forbidden"],
    "NotFoundError": ["model_not_found"], "BadRequestError": ["bad_request"],
    "UnsupportedParamsError": ["bad_request"], "UnprocessableEntityError": ["bad_request"],
    "ServiceUnavailableError": ["overloaded", "server_error"],
    "InternalServerError": ["server_error", "overloaded"], "BadGatewayError": ["server_error"],
    "Timeout": ["timeout"], "APITimeoutError": ["timeout"], "APIConnectionError": ["connection"],
    "ConflictError": ["server_error"],
}  # fmt: skip
_LITELLM_NAMES = {
    "openai-codex": "openai", "openai-api": "openai", "vertex": "vertex_ai", "vllm": "hosted_vllm",
    "together": "together_ai", "fireworks": "fireworks_ai", "lmstudio": "lm_studio",
    "github-copilot": "github_copilot", "copilot": "github_copilot", "github-models": "github",
    "nvidia-nim": "nvidia_nim", "nvidia": "nvidia_nim", "xai-oauth": "xai",
    "azure-foundry": "azure_ai", "litellm-proxy": "litellm_proxy",
}  # fmt: skip


def said(name: str, status: int | None) -> list[str]:
    """The reasons that an exception's class and status stand for."""
    if name in _BY_CLASS:
        return _BY_CLASS[name]
    if status is not None and status >= 500:
        return ["server_error", "overloaded"]
    return _BY_STATUS.get(status or 0, ["bad_request"] if status else ["unknown"])


def _content(row: Row) -> bytes:
    body = row.get("body")
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _transport(row: Row) -> Any:
    httpx = importlib.import_module("httpx")

    def answer(request: Any) -> Any:
        status, name = row.get("status"), row.get("exception")
        if status is None:
            usual = httpx.ReadTimeout if "imeout" in str(name) else httpx.ConnectError
            kind = getattr(httpx, str(name).rpartition(".")[2], usual)
            raise kind(row.get("message") or "", request=request)
        headers = {"content-type": "application/json", **(row.get("headers") or {})}
        return httpx.Response(status, headers=headers, content=_content(row), request=request)

    return httpx.MockTransport(answer)


def openai_says(row: Row) -> Verdict:
    """The exception of the SDK's client, and whether it sends again."""
    openai, httpx = importlib.import_module("openai"), importlib.import_module("httpx")
    client = openai.OpenAI(
        api_key="none",
        base_url="http://peer.invalid/v1",
        max_retries=0,
        http_client=httpx.Client(transport=_transport(row)),
    )
    try:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    except openai.APIStatusError as error:
        # Its decision has no public name, and to wait for it to act on it takes minutes.
        again = bool(client._should_retry(error.response))  # noqa: SLF001
        return {"reasons": said(type(error).__name__, error.status_code), "retries": again}
    except openai.APIConnectionError as error:
        return {"reasons": said(type(error).__name__, None), "retries": True}
    except Exception:  # noqa: BLE001 - a peer that breaks on an answer has not understood it
        return {"reasons": [], "retries": False}
    return {"reasons": [], "retries": False}


def pydantic_says(row: Row) -> Verdict:
    """Whether the fallback model was asked, and the status that the first one failed with."""
    alone = _ask_pydantic(row, fallback=False)
    return {**alone, "falls_back": _ask_pydantic(row, fallback=True)["answered"]}


def _ask_pydantic(row: Row, *, fallback: bool) -> Verdict:
    openai, httpx = importlib.import_module("openai"), importlib.import_module("httpx")
    models = importlib.import_module("pydantic_ai.models.openai")
    client = openai.AsyncOpenAI(
        api_key="none",
        base_url="http://peer.invalid/v1",
        max_retries=0,
        http_client=httpx.AsyncClient(transport=_transport(row)),
    )
    provider = importlib.import_module("pydantic_ai.providers.openai").OpenAIProvider
    model = models.OpenAIChatModel("m", provider=provider(openai_client=client))
    if fallback:
        second = importlib.import_module("pydantic_ai.models.test").TestModel()
        model = importlib.import_module("pydantic_ai.models.fallback").FallbackModel(model, second)
    request = importlib.import_module("pydantic_ai.messages").ModelRequest
    ask = importlib.import_module("pydantic_ai.direct").model_request_sync
    try:
        ask(model, [request.user_text_prompt("hi")])
    except Exception as error:  # noqa: BLE001 - whatever it raises is what it made of the answer
        status = getattr(error, "status_code", None)
        name = type(error.__cause__).__name__
        known = status is not None or name in _BY_CLASS
        return {"reasons": said(name, status) if known else [], "answered": False}
    return {"reasons": [], "answered": True}


def litellm_says(row: Row) -> Verdict:
    """The class that LiteLLM maps the failure to, and whether its Router sends again."""
    litellm = importlib.import_module("litellm")
    raised = _litellm_failure(row)
    if raised is None:
        return {"reasons": [], "retries": False}
    name = str(row.get("provider"))
    try:
        litellm.exception_type(
            model="m",
            original_exception=raised,
            custom_llm_provider=_LITELLM_NAMES.get(name, name if _known(name) else "openai"),
        )
    except Exception as error:  # noqa: BLE001 - the mapped exception is the answer
        # It passes on as status whatever stands in a body's "code", texts too.
        found = getattr(error, "status_code", None)
        status = found if isinstance(found, int) else None
        again = status is not None and bool(litellm.should_retry(status))
        return {"reasons": said(type(error).__name__, status), "retries": again}
    return {"reasons": [], "retries": False}


def _known(name: str) -> bool:
    return name in {str(one.value) for one in importlib.import_module("litellm").LlmProviders}


def _litellm_failure(row: Row) -> Exception | None:
    """What LiteLLM's own client for the provider would raise, before it is mapped."""
    status, text = row.get("status"), _content(row).decode()
    if status is None:
        return _transport_failure(row)
    if status < 400:
        return _inside_a_success(row)
    if row.get("dialect") in (None, "openai-chat", "openai-responses"):
        text = f"Error code: {status} - {row.get('body')}"
    base = importlib.import_module("litellm.llms.openai.common_utils").OpenAIError
    return base(status_code=status, message=text, headers=row.get("headers"))  # type: ignore[no-any-return]


def _transport_failure(row: Row) -> Exception:
    openai, httpx = importlib.import_module("openai"), importlib.import_module("httpx")
    request = httpx.Request("POST", "http://peer.invalid/v1")
    if "imeout" in str(row.get("exception")):
        return openai.APITimeoutError(request=request)  # type: ignore[no-any-return]
    message = row.get("message") or str(row.get("exception"))
    return openai.APIConnectionError(message=message, request=request)  # type: ignore[no-any-return]


def _inside_a_success(row: Row) -> Exception | None:
    litellm, body = importlib.import_module("litellm"), row.get("body")
    convert = importlib.import_module("litellm.utils").convert_to_model_response_object
    try:
        convert(response_object=body, model_response_object=litellm.ModelResponse())
    except Exception as error:  # noqa: BLE001 - this is how it reports an error in a success
        return error
    return None


_SAYS: dict[str, Callable[[Row], Verdict]] = {
    "litellm": litellm_says, "pydantic-ai": pydantic_says, "openai": openai_says,
}  # fmt: skip


def _version(peer: str) -> str | None:
    try:
        return importlib.metadata.version(peer)
    except importlib.metadata.PackageNotFoundError:
        return None


def judge(rows: Iterable[Row]) -> dict[str, Any]:
    """By peer: ``version``, and ``rows``: ``reasons``, ``retries``, ``falls_back`` of each."""
    listed, found = list(rows), {}
    for peer in _PEERS:
        version = _version(peer)
        said_of = [] if version is None else [_SAYS[peer](row) for row in listed]
        found[peer] = {"version": version, "rows": said_of}
    return found


def main(arguments: Sequence[str]) -> int:
    """Write what the peers say, or which are here."""
    # Without these LiteLLM fetches a price list and writes hints on every failure.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    if not arguments:
        for peer in _PEERS:
            print(f"{peer}: {_version(peer) or 'NOT INSTALLED here'}")
        return 0
    if _version("litellm") is not None:
        litellm: Any = importlib.import_module("litellm")
        litellm.suppress_debug_info = True
    text = sys.stdin.read() if arguments[0] == "-" else Path(arguments[0]).read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    print(json.dumps(judge(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
