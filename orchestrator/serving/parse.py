"""Requests of clients: HTTP in, a call's request out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

from orchestrator.api.request import Request, RequestError
from orchestrator.dialects import DEFAULT_DIALECT, DIALECTS, Dialect, Operation
from orchestrator.serving.refusals import NotServed

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

LONGEST_NAME = 512
"""Characters of a model's name: it is told in headers, kept with its call and compared with names
of the config. The longest that are known are addresses of Bedrock, of 200."""

_UNSAID = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}
"""The limits of a client of httpx or httpx2 whose user has set none: no model answers in 5 s,
so they cannot be meant for one. The official packages bring limits of their own."""


class HttpRequest(Protocol):
    """A request of any HTTP library, whose body was read."""

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


Called = tuple[Dialect, Operation]
"""What a request is written in, and what it asks for."""


def parse_request(
    incoming: HttpRequest,
    called: Called,
    *,
    route: str | Sequence[str] | None,
    timeout: float | None = None,
) -> Request:
    """The request of a call that ``incoming`` is.

    Args:
        incoming: A client's request.
        called: What is asked for at its path.
        route: A route or targets in place of the model that it names.
        timeout: The call's deadline in seconds; ``None`` takes the policy's.

    Raises:
        RequestError: It makes no sense.
    """
    (spoken, operation), (payload, is_whole) = called, _payload(incoming)
    path, served = incoming.url.path, spoken.serving
    named, streams = served.address(path, incoming.url.params)
    # What the body says goes before the address.
    model = payload.pop("model", None) or named
    for name in (route, model):
        if isinstance(name, str):
            _check_name(name)
    stream = bool(payload.pop("stream", False)) and operation is Operation.GENERATE
    return Request(
        payload,
        route=route or model,
        timeout=timeout,
        dialect=spoken.name,
        stream=stream if streams is None else streams,
        headers={
            key: incoming.headers[key] for key in served.passed_headers if key in incoming.headers
        },
        operation=operation,
        decoded=payload if is_whole else None,
    )


def _check_name(name: str) -> None:
    """Refuse a name of a model that is none, whoever would be asked.

    Raises:
        RequestError: It is.
    """
    if len(name) > LONGEST_NAME:
        raise RequestError(
            f"the model's name has {len(name):,} characters; allowed: at most {LONGEST_NAME}"
        )
    # Some dialects have the name in the path, where dots lead to what nobody has allowed.
    if "." in name and not {".", ".."}.isdisjoint(name.split("/")):
        raise RequestError(f"the model {name!r} has a part of dots alone; allowed: names")


def client_dialect(incoming: HttpRequest) -> str:
    """The dialect that the client understands: by the path, else by its headers."""
    path = incoming.url.path
    at_path = _served_at(path)
    if at_path is not None:
        return at_path[0].name
    serving = {name: one.serving for name, one in DIALECTS.items()}
    lists = (name for name, one in serving.items() if one.lists_at and one.lists_at in path)
    marks = ((name, one.known_by) for name, one in serving.items())
    known = (name for name, header in marks if header and header in incoming.headers)
    return next(lists, None) or next(known, DEFAULT_DIALECT)


def _served_at(path: str) -> Called | None:
    """The dialect that is spoken at a path, and what is asked for there."""
    # The threads of OpenAI's assistants have messages too, which are no call of a model.
    if "/threads/" in path:
        return None
    for one in DIALECTS.values():
        if path.endswith(one.serving.paths):
            return one, Operation.GENERATE
    return next((one[1:] for one in _besides() if path.endswith(one[0])), None)


def _besides() -> Iterator[tuple[tuple[str, ...], Dialect, Operation]]:
    """What can be asked for besides answers: at which paths, in which dialect."""
    for one in DIALECTS.values():
        for operation, spec in one.operations.items():
            yield spec.paths, one, operation


def called_at(incoming: HttpRequest) -> Called:
    """What ``incoming`` asks for, by the end of its path.

    Raises:
        NotServed: It is no call of a model.
    """
    called = _served_at(incoming.url.path)
    if called is None or incoming.method != "POST":
        answers = [path for one in DIALECTS.values() for path in one.serving.paths]
        others = dict.fromkeys(path for paths, *_ in _besides() for path in paths)
        raise NotServed(
            f"{incoming.method} {incoming.url.path} is not served here: neither a call of a model "
            f"(POST to a path that ends with {', '.join((*answers, *others))}) nor the list of "
            "them (GET /models); send it with a client that talks to the provider itself"
        )
    return called


def _payload(incoming: HttpRequest) -> tuple[dict[str, Any], bool]:
    """The body as JSON, and whether all text in it is of whole characters."""
    is_whole = True
    try:
        payload = msgspec.json.decode(incoming.content)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        payload, is_whole = _with_lone_surrogates(incoming.content), False
        if payload is None:
            if not incoming.content.strip():
                raise RequestError("the request's body is empty; allowed: a JSON object") from None
            raise RequestError(f"the request's body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise RequestError("the request's body is JSON, but no object")
    return payload, is_whole


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


def client_patience(incoming: HttpRequest, deadline: float) -> float | None:
    """Seconds until the client would give up, where that is sooner than ``deadline``."""
    limits = incoming.extensions.get("timeout") or {}
    seconds = None if limits == _UNSAID else limits.get("read")
    is_sooner = isinstance(seconds, int | float) and 0 < seconds < deadline
    return seconds if is_sooner else None
