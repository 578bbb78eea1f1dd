"""A request of a client, as the server below hands it over."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from orchestrator.secrets import mask
from orchestrator.serving.call_metadata import HEADER
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states import Reason

_SHOWN = 60
"""Characters of a wrong value in an error's text."""

Scope = MutableMapping[str, Any]
"""A connection's scope, as ASGI has it."""


class ClientRequest(msgspec.Struct):
    """A request of a client; see :class:`~orchestrator.serving.parse.HttpRequest`.

    Attributes:
        method: In capitals.
        path: Decoded.
        query: As it came.
        headers: By name in lower case; of several of one name the last.
        raw_path: As it came, without the query.
        content: The body, once it was read.
    """

    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    raw_path: bytes = b""
    content: bytes = b""

    @classmethod
    def of(cls, scope: Scope) -> ClientRequest:
        """The request that a scope is about, without its body."""
        given = scope["headers"]
        try:
            headers = {name.decode("latin-1"): value.decode() for name, value in given}
        except UnicodeDecodeError:
            headers = {name.decode("latin-1"): _text(value) for name, value in given}
        raw_path = scope.get("raw_path") or b""
        return cls(scope["method"], scope["path"], scope["query_string"], headers, raw_path)

    @property
    def url(self) -> ClientRequest:
        """Where it goes: ``path`` and ``params``."""
        return self

    @property
    def params(self) -> Mapping[str, str]:
        """The query, by name."""
        if not self.query:
            return {}
        return dict(parse_qsl(self.query.decode("latin-1"), keep_blank_values=True))

    @property
    def extensions(self) -> Mapping[str, Any]:
        """None: what a client waits for is its own affair."""
        return {}


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def check_metadata(headers: Mapping[str, str]) -> None:
    """Refuse other words in place of ``enabled``: nobody would know why nothing comes of them.

    Raises:
        RequestRefused: The header says something else.
    """
    value = headers.get(HEADER)
    if value is not None and value.strip().lower() not in ("enabled", "disabled"):
        what = f"{HEADER} is {mask(repr(value))[:_SHOWN]}; allowed: enabled, disabled"
        raise RequestRefused(400, Reason.BAD_REQUEST.value, what)
