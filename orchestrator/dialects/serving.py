"""How a client that speaks a dialect is served: the paths that it asks, what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

Address = tuple[str | None, bool | None]
"""The model and whether a stream is asked for, as far as an address says."""


class ErrorBody(Protocol):
    """Writes a failure for a client."""

    def __call__(self, *, status: int, reason: str, message: str) -> dict[str, Any]:
        """The body of an HTTP error."""
        ...


def _error_body(*, status: int, reason: str, message: str) -> dict[str, Any]:  # noqa: ARG001
    """OpenAI's, which most clients read."""
    return {"error": {"message": message, "type": reason, "code": reason, "param": None}}


def describe_model(name: str, owner: str) -> dict[str, Any]:
    """An entry of the list of models, in OpenAI's and in Anthropic's words at once.

    They do not contradict each other.
    """
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": owner,
        "type": "model",
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
    }


def list_models(owners: Mapping[str, str]) -> dict[str, Any]:
    """The list of models, by name with who owns each; see :func:`describe_model`."""
    ids = list(owners)
    return {
        "object": "list",
        "data": [describe_model(name, owner) for name, owner in owners.items()],
        "has_more": False,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
    }


def _says_nothing(path: str, params: Mapping[str, str]) -> Address:  # noqa: ARG001
    return None, None


@attrs.frozen(kw_only=True, eq=False)
class Serving:
    """What serving a client of a dialect takes.

    Attributes:
        paths: How the path of a request ends that is written in it.
        known_by: A header that only its clients send; empty where there is none.
        passed_headers: Headers of the client that change what its own vendor answers.
        address: The model and whether a stream is asked for, of a path and its query. Raises
            RequestError where it asks for what is not served.
        error_body: See :class:`ErrorBody`.
        list_models: The list of models, of names and owners.
        describe_model: One entry of it.
        names_items: True where each event of a stream names the item that it is about: bytes of
            two writers do not fit together.
    """

    paths: tuple[str, ...]
    known_by: str = ""
    passed_headers: tuple[str, ...] = ()
    address: Callable[[str, Mapping[str, str]], Address] = attrs.field(default=_says_nothing)
    error_body: ErrorBody = attrs.field(default=_error_body)
    list_models: Callable[[Mapping[str, str]], dict[str, Any]] = attrs.field(default=list_models)
    describe_model: Callable[[str, str], dict[str, Any]] = attrs.field(default=describe_model)
    names_items: bool = False
