"""What the agent asks for, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs


class RequestError(ValueError):
    """The request cannot be sent to anybody as it is; the caller must change it."""


@attrs.frozen
class Request:
    """A request in chat-completions shape, with the options of the call.

    Attributes:
        payload: ``messages`` and any other field of a chat-completions request;
            unknown fields are passed through. ``model`` names a route or
            ``provider/model``.
        route: A route or ``provider/model``; goes before ``payload["model"]``.
        timeout: The call's deadline in seconds; ``None`` takes the policy's.
        require_complete: True makes an answer that stopped at its length limit a failure.
        metadata: Anything; copied to the ledger, never sent.
        dialect: The dialect in which ``payload`` is written.
        stream: True where the answer is asked for in chunks.
        headers: Sent along to targets of the same dialect, such as ``anthropic-beta``.
    """

    payload: Mapping[str, Any]
    route: str | None = None
    timeout: float | None = None
    require_complete: bool = False
    metadata: Mapping[str, Any] = attrs.field(factory=dict)
    dialect: str = "openai-chat"
    stream: bool = False
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.dialect == "openai-chat":
            _check(self.payload)
        _check_options(self)

    @property
    def wants(self) -> str | None:
        """The route or target that the request names."""
        return self.route or self.payload.get("model")

    @property
    def reasoning(self) -> bool:
        """True where the request asks the model to think before it speaks."""
        effort = self.payload.get("reasoning_effort")
        return bool(self.payload.get("reasoning")) or effort not in (None, "none", "minimal")

    @property
    def least_tokens(self) -> int:
        """A lower bound of the request's size in tokens.

        Deliberately low (8 characters a token; English text has about 4), because a
        target is passed over for it without being asked.
        """
        return _characters(self.payload) // 8


def request_of(request: Mapping[str, Any] | Request, **options: Any) -> Request:
    """``request`` with ``options`` that are not ``None`` put in.

    Raises:
        RequestError: The request is not one.
    """
    if not isinstance(request, Request):
        if not isinstance(request, Mapping):
            raise RequestError(
                f"request is {_kind(request)}; allowed: a mapping with 'messages', as in "
                "{'messages': [{'role': 'user', 'content': 'hi'}]}, or orchestrator.Request"
            )
        request = Request(request)
    given = {name: value for name, value in options.items() if value is not None}
    asked = attrs.evolve(request, **given)
    if asked.payload.get("stream") and not asked.stream:
        raise RequestError(
            "'stream' is true, but run and arun give whole answers: call stream or astream"
        )
    return asked


def _check(payload: Mapping[str, Any]) -> None:
    messages = payload.get("messages")
    if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
        raise RequestError(f"'messages' is {_kind(messages)}; allowed: a list of messages")
    if not messages:
        raise RequestError("'messages' is empty; at least one message is needed")
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping) or "role" not in message:
            raise RequestError(
                f"messages[{index}] is {_kind(message)}; allowed: a mapping with 'role' "
                "and 'content'"
            )
    model = payload.get("model")
    if model is not None and not isinstance(model, str):
        raise RequestError(f"'model' is {_kind(model)}; allowed: a route or provider/model")


def _check_options(request: Request) -> None:
    timeout = request.timeout
    if timeout is not None and not (_is_number(timeout) and 0 < timeout < float("inf")):
        raise RequestError(f"timeout is {timeout!r}; allowed: seconds above 0")
    if request.route is not None and not isinstance(request.route, str):
        raise RequestError(f"route is {_kind(request.route)}; allowed: a route or provider/model")
    if not isinstance(request.metadata, Mapping):
        raise RequestError(f"metadata is {_kind(request.metadata)}; allowed: a mapping")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, Mapping):
        return f"a mapping with the keys {', '.join(map(repr, list(value)[:5])) or 'none'}"
    return f"of type {type(value).__name__}"


_WORDS = frozenset(
    {"messages", "content", "text", "input", "instructions", "system", "contents", "parts"}
)
"""Fields that hold words, or what holds words, in any dialect."""


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_characters(part) for name, part in value.items() if name in _WORDS)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return sum(_characters(part) for part in value)
    return 0
