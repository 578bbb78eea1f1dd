"""Changes of a request that cure a failure, by the name that a classified error gives.

Each takes a payload and returns a changed copy; none removes what the caller said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Payload = Mapping[str, Any]


def _renamed(payload: Payload, old: str, new: str) -> Payload:
    return {new if name == old else name: value for name, value in payload.items()}


def _without(payload: Payload, *names: str) -> Payload:
    return {name: value for name, value in payload.items() if name not in names}


REPAIRS: Mapping[str, Callable[[Payload], Payload]] = {
    "max_tokens_to_max_completion_tokens": lambda payload: _renamed(
        payload, "max_tokens", "max_completion_tokens"
    ),
    "max_completion_tokens_to_max_tokens": lambda payload: _renamed(
        payload, "max_completion_tokens", "max_tokens"
    ),
    "drop_temperature": lambda payload: _without(payload, "temperature"),
    "drop_stream_options": lambda payload: _without(payload, "stream_options"),
}
"""The repairs that drivers can do. An error that names another one is not repaired."""
