"""What a client's HTTP request asks for."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

import msgspec

from orchestrator.api.request import Request, RequestError
from orchestrator.serving.http_errors import NotServed

_PATHS = {
    "/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/messages": "anthropic-messages",
    ":generateContent": "gemini",
    ":streamGenerateContent": "gemini",
}
"""How a request's path ends, by the dialect that it is written in."""

_PASSED_ON = ("anthropic-beta", "openai-beta")
"""Headers of the client that change what its own vendor answers; nothing else is sent on."""

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

_UNSAID = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}
"""The limits of a client of httpx or httpx2 whose user has set none: no model answers in 5 s,
so they cannot be meant for one. The official packages bring limits of their own."""


class Incoming(Protocol):
    """What is read of a request of any HTTP library, once its body was read."""

    @property
    def method(self) -> str:
        """``POST`` and the like."""
        ...

    @property
    def url(self) -> Any:
        """With ``.path``, decoded, and ``.params``."""
        ...

    @property
    def headers(self) -> Any:
        """A mapping that ignores case."""
        ...

    @property
    def extensions(self) -> Any:
        """With the client's ``timeout``, by kind."""
        ...

    @property
    def content(self) -> bytes:
        """The body."""
        ...


def asked_by(incoming: Incoming, *, route: str | None, deadline: float) -> Request:
    """The request of a call that ``incoming`` is.

    Args:
        incoming: A client's request.
        route: A route or ``provider/model`` in place of the model that it names.
        deadline: Seconds that the policy gives; a shorter limit of the client's holds.

    Raises:
        NotServed: It is no call of a model.
        RequestError: It is one, and makes no sense.
    """
    name = _dialect_called(incoming)
    payload = _payload(incoming)
    model = payload.pop("model", None) or _model_in_path(incoming.url.path)
    stream = bool(payload.pop("stream", False))
    if incoming.url.path.endswith(":streamGenerateContent"):
        stream = _server_sent(incoming)
    return Request(
        payload,
        route=route or model,
        timeout=min(deadline, _patience(incoming)),
        dialect=name,
        stream=stream,
        headers={key: incoming.headers[key] for key in _PASSED_ON if key in incoming.headers},
    )


def dialect_of(incoming: Incoming) -> str:
    """The dialect that the client understands: by the path, else by its headers."""
    name = _dialect_at(incoming.url.path)
    if name is None and "anthropic-version" in incoming.headers:
        return "anthropic-messages"
    if name is None and "x-goog-api-key" in incoming.headers:
        return "gemini"
    return name or "openai-chat"


def _dialect_at(path: str) -> str | None:
    # The threads of OpenAI's assistants have messages too, which are no call of a model.
    if "/threads/" in path:
        return None
    return next((name for ending, name in _PATHS.items() if path.endswith(ending)), None)


def _dialect_called(incoming: Incoming) -> str:
    name = _dialect_at(incoming.url.path)
    if name is None or incoming.method != "POST":
        raise NotServed(
            f"{incoming.method} {incoming.url.path} is not served here: neither a call of a model "
            f"(POST to a path that ends with {', '.join(_PATHS)}) nor the list of them "
            "(GET /models); send it with a client that talks to the provider itself"
        )
    return name


def _payload(incoming: Incoming) -> dict[str, Any]:
    try:
        payload = msgspec.json.decode(incoming.content)
    except (msgspec.DecodeError, UnicodeError) as error:
        payload = _with_lone_surrogates(incoming.content)
        if payload is None:
            raise RequestError(f"the request's body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise RequestError("the request's body is JSON, but no object")
    return payload


def _with_lone_surrogates(content: bytes) -> Any:
    """JSON that escapes halves of characters, as JavaScript's clients may; ``None`` for other.

    They are replaced, with a note, where the request is sent.
    """
    if _HALF.search(content) is None:
        return None
    try:
        return json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _model_in_path(path: str) -> str | None:
    """Gemini names the model in the path: ``/models/NAME:generateContent``."""
    return path.partition("/models/")[2].rpartition(":")[0] or None


def _server_sent(incoming: Incoming) -> bool:
    if incoming.url.params.get("alt") == "sse":
        return True
    raise RequestError(
        "a stream of Gemini is served as server-sent events only: ask for it with ?alt=sse"
    )


def _patience(incoming: Incoming) -> float:
    """Seconds until the client would give up; infinite where it waits for ever."""
    limits = incoming.extensions.get("timeout") or {}
    seconds = None if limits == _UNSAID else limits.get("read")
    return seconds if isinstance(seconds, int | float) and seconds > 0 else float("inf")
