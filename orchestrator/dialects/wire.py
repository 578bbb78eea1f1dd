"""What every dialect needs of the wire: addresses, headers, JSON out, and JSON in that may lie."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx
import msgspec

from orchestrator.api.request import RequestError
from orchestrator.config.records import Provider

USER_AGENT = "llm-request-orchestrator"
"""Sent because some transports name themselves and their language where none is given."""

_UNSAYABLE = (TypeError, ValueError, OverflowError, RecursionError)


# Out.


@lru_cache(maxsize=256)  # httpx takes 20 µs to parse an address
def address(base_url: str, suffix: str) -> httpx.URL:
    """``suffix`` below ``base_url``, whose query (``?api-version=``) stays at the end.

    A query of the suffix (``?alt=sse``) is put before the one of the base.
    """
    url = httpx.URL(base_url)
    path, _, query = url.raw_path.partition(b"?")
    below, _, own = suffix.encode().partition(b"?")
    queries = b"&".join(part for part in (own, query) if part)
    whole = path.rstrip(b"/") + b"/" + below.lstrip(b"/")
    return url.copy_with(raw_path=whole + (b"?" + queries if queries else b""))


def headers(configured: Mapping[str, str], ours: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Ours, then the provider's, which add, replace, or (``""``) remove.

    ``content-type`` and ``user-agent`` are given; ``ours`` may replace them, its names in
    lower case.
    """
    made = {"content-type": "application/json", "user-agent": USER_AGENT, **ours}
    made.update((name.lower(), value) for name, value in configured.items())
    # Latin-1 is what HTTP/1.1 carries; httpx would take ASCII alone.
    return [(name.encode(), value.encode("latin-1")) for name, value in made.items() if value]


def authorization(provider: Provider, usual: str, secret: str) -> dict[str, str]:
    """The header that carries ``secret``: the provider's own, else the dialect's ``usual`` one.

    Empty where there is no secret. ``authorization`` carries it as a bearer token.
    """
    name = provider.key_header or usual
    if not secret:
        return {}
    return {name: f"Bearer {secret}" if name == "authorization" else secret}


def json_body(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON.

    Raises:
        RequestError: Something in it cannot be said in JSON; the caller must change it.
    """
    try:
        return msgspec.json.encode(body)
    except _UNSAYABLE as error:
        raise RequestError(f"{_culprit(body)} cannot be written as JSON: {error}") from error


def _culprit(body: Mapping[str, Any]) -> str:
    """The first field that JSON cannot say."""
    for name, value in body.items():
        try:
            msgspec.json.encode({name: value})
        except _UNSAYABLE:
            return f"the request's field {name!r}"
    return "the request"


# In.


def decoded(body: bytes) -> Any:
    """The body as JSON, else as text, else as it is; ``None`` where it is empty."""
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def string(value: Any) -> str:
    """``value`` where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """``value`` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects in ``value`` where it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(counts: Any, name: str) -> int:
    """The number of tokens of that name; 0 where there is none, or it is no number of tokens."""
    value = counts.get(name) if isinstance(counts, dict) else None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return 0
    return value


def arguments(value: Any) -> str:
    """The whole arguments of a tool call as JSON text; empty where there are none."""
    text = argument_text(value)
    return "" if text.strip() in ("", "null") else text


def argument_text(value: Any) -> str:
    """The arguments, or a piece of them, as text; some local servers send the object itself."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """``value``, which came out of JSON, as JSON again. Never raises."""
    try:
        return msgspec.json.encode(value).decode()
    except _UNSAYABLE:
        # Numbers above 64 bits and lone surrogates, which only the stdlib writes.
        try:
            return json.dumps(value)
        except _UNSAYABLE:
            return "{}"


def call_id(answer: str, index: int, seed: str) -> str:
    """An id for a tool call that came without one: the same bytes give the same id.

    Made of the answer's id and the call's place in it, since ids must differ over a whole
    conversation; where the answer has no id either, of what the call says. Only characters
    that every vendor takes, and fewer than 40, which is the most that OpenAI takes.
    """
    known = re.sub(r"[^A-Za-z0-9_-]", "", answer)[-24:]
    known = known or hashlib.blake2s(seed.encode(errors="replace"), digest_size=8).hexdigest()
    return f"call_{known}_{index}"
