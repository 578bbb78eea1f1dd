"""How a client that speaks a dialect is served: the paths that it asks, what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from orchestrator.dialects.forwarding import StreamRepair

Address = tuple[str | None, bool | None]
"""The model and whether a stream is asked for, as far as an address says."""


class ErrorBody(Protocol):
    """Writes a failure for a client."""

    def __call__(
        self, *, status: int, reason: str, message: str, hint: str, request_id: str | None
    ) -> dict[str, Any]:
        """The body of an HTTP error.

        Args:
            status: The HTTP status.
            reason: The class of the failure.
            message: What happened, to whom, and the hint.
            hint: Who must act and what to do; empty where the message says all.
            request_id: What the request is called; ``None`` where nobody named it.
        """
        ...


def _error_body(
    *,
    status: int,  # noqa: ARG001 - the status line says it
    reason: str,
    message: str,
    hint: str,
    request_id: str | None,  # noqa: ARG001 - a header says it
) -> dict[str, Any]:
    """OpenAI's, which most clients read."""
    said = {"message": message, "type": reason, "param": None, "code": reason}
    return {"error": {**said, **({"hint": hint} if hint else {})}}


@attrs.frozen
class ListedModel:
    """An entry of the list of models.

    Attributes:
        name: What ``model`` may name in a request.
        owner: Whose it is.
        created: Since when it is known here, in whole seconds since the epoch; above 0.
    """

    name: str
    owner: str
    created: int


def _describe_model(model: ListedModel) -> dict[str, Any]:
    """An entry of OpenAI's list."""
    return {
        "id": model.name,
        "object": "model",
        "created": model.created,
        "owned_by": model.owner,
    }


def _list_models(models: Sequence[ListedModel]) -> dict[str, Any]:
    """OpenAI's list."""
    return {"object": "list", "data": [_describe_model(model) for model in models]}


def _says_nothing(path: str, params: Mapping[str, str]) -> Address:  # noqa: ARG001
    return None, None


def _fails(event: Mapping[str, Any]) -> bool:
    return bool(event.get("error"))


@attrs.frozen(kw_only=True, eq=False)
class StreamClosing:
    """How the streams of a dialect end.

    Attributes:
        marks: What an end mark says: its data, or the type that its data names.
        may_close: True for the data of an event after which nothing that the model says has to
            follow: the last of them is the place for what is said of the call.
    """

    marks: frozenset[str] = frozenset()
    may_close: Callable[[Mapping[str, Any]], bool] = attrs.field(default=_fails)


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
        list_models: The list of models.
        describe_model: One entry of it.
        lists_at: A part of a path by which its clients alone ask for the list; empty where
            nothing but a header tells them apart.
        repair: See :class:`.StreamRepair`; ``None`` where every stream is passed on as it came.
        names_items: True where each event of a stream names the item that it is about: bytes of
            two writers do not fit together.
        closing: See :class:`StreamClosing`.
    """

    paths: tuple[str, ...]
    known_by: str = ""
    passed_headers: tuple[str, ...] = ()
    address: Callable[[str, Mapping[str, str]], Address] = attrs.field(default=_says_nothing)
    error_body: ErrorBody = attrs.field(default=_error_body)
    list_models: Callable[[Sequence[ListedModel]], dict[str, Any]] = attrs.field(
        default=_list_models
    )
    describe_model: Callable[[ListedModel], dict[str, Any]] = attrs.field(default=_describe_model)
    lists_at: str = ""
    repair: StreamRepair | None = None
    names_items: bool = False
    closing: StreamClosing = StreamClosing()
