"""What encoding a request takes: where it goes, the headers, JSON, and how a key is sent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol

import attrs
import msgspec

from orchestrator.dialects.request_fields import RequestError
from orchestrator.dialects.wire import UNSAYABLE
from orchestrator.http_messages import Address, OutgoingRequest

Payload = Mapping[str, Any]
"""A request's fields, in some dialect."""


class EndpointSettings(Protocol):
    """What encoding needs to know of a provider, which its config entry says."""

    @property
    def base_url(self) -> str:
        """The address below which the dialect's paths lie."""
        ...

    @property
    def path(self) -> str:
        """What replaces the dialect's own path; empty where that holds."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Added to what is sent, or replacing it; ``""`` removes one."""
        ...

    @property
    def omitted(self) -> frozenset[str]:
        """Fields of a request that are not passed on unless ``overrides`` name them."""
        ...


class Encode(Protocol):
    """Makes one HTTP request of a payload."""

    def __call__(
        self,
        payload: Payload,
        *,
        provider: EndpointSettings,
        model: str,
        overrides: Payload,
        stream: bool = False,
    ) -> OutgoingRequest:
        """The request to send for ``payload``, which is in the dialect's own shape.

        Nothing in it authorizes: the key is put in afterwards, by the dialect's ``keys``.

        Args:
            payload: What the agent asks for; it is never changed.
            provider: Where to send it; its headers are applied last.
            model: The model's name as the provider spells it.
            overrides: The target's own fields, which win over the payload's.
            stream: Ask for a stream of events in place of one body.

        Raises:
            RequestError: The payload holds something that JSON cannot say.
        """
        ...


class EncodeOperation(Protocol):
    """Makes one HTTP request for what is no answer, and so never comes as a stream."""

    def __call__(
        self, payload: Payload, *, provider: EndpointSettings, model: str, overrides: Payload
    ) -> OutgoingRequest:
        """The request to send for ``payload``; see :class:`Encode`."""
        ...


@attrs.frozen
class KeyForm:
    """The header that carries a key, and how.

    Attributes:
        header: Its name, in lower case.
        scheme: The word before the key, such as ``Bearer``; empty for the key alone.
        prefix: How keys of this form begin; empty for any key.
        added: Headers that such a key needs beside it.
    """

    header: str
    scheme: str = ""
    prefix: str = ""
    added: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    @classmethod
    def in_header(cls, name: str) -> KeyForm:
        """The usual form in the header of that name: ``authorization`` takes bearer tokens."""
        return cls(name, "Bearer" if name == "authorization" else "")

    def headers(self, key: str) -> dict[str, str]:
        """The headers to send for ``key``."""
        return {self.header: f"{self.scheme} {key}".strip(), **self.added}


USER_AGENT = "llm-request-orchestrator"
"""Sent because some transports name themselves and their language where none is given."""


def with_model(fields: Payload, model: str, *, stream: bool) -> dict[str, Any]:
    """``fields`` for ``model``, as OpenAI's dialects ask for a stream or for none."""
    body = {"model": model, **fields, "stream": True}
    body["model"] = model
    if not stream:
        del body["stream"]
        body.pop("stream_options", None)
    return body


@lru_cache(maxsize=256)
def address(base_url: str, suffix: str) -> Address:
    """``suffix`` below ``base_url``, whose query (``?api-version=``) stays at the end.

    A query of the suffix (``?alt=sse``) is put before the one of the base.
    """
    url = Address.parse(base_url)
    path, _, query = url.target.partition("?")
    below, _, own = suffix.partition("?")
    # Relays keep tokens and versions in the query of the base, which must survive.
    queries = "&".join(part for part in (own, query) if part)
    whole = f"{path.rstrip('/')}/{below.lstrip('/')}"
    return attrs.evolve(url, target=f"{whole}?{queries}" if queries else whole)


def post(
    provider: EndpointSettings,
    path: str,
    body: Mapping[str, Any],
    *,
    stream: bool,
    ours: Mapping[str, str] = MappingProxyType({}),
) -> OutgoingRequest:
    """The request that sends ``body`` to ``path`` below the provider's address.

    Args:
        provider: Whose configured headers add to ours, replace, or (``""``) remove them.
        path: See :func:`address`.
        body: What to say.
        stream: Whether events are accepted in place of one body.
        ours: Headers of the dialect, their names in lower case.

    Raises:
        RequestError: Something in ``body`` cannot be said in JSON.
    """
    made = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "accept": "text/event-stream" if stream else "application/json",
        **ours,
    }
    _configure(made, provider)
    return OutgoingRequest("POST", address(provider.base_url, path), made, json_body(body))


def get_at_origin(provider: EndpointSettings, path: str) -> OutgoingRequest:
    """The request that asks for ``path`` where the provider's address begins.

    Args:
        provider: Its configured headers add to ours, replace, or (``""``) remove them.
        path: The whole path; the query of the provider's address, which may be a token, stays.

    Raises:
        ValueError: The provider's address is none.
    """
    url = Address.parse(provider.base_url)
    query = url.target.partition("?")[2]
    made = {"user-agent": USER_AGENT, "accept": "application/json"}
    _configure(made, provider)
    target = f"{path}?{query}" if query else path
    return OutgoingRequest("GET", attrs.evolve(url, target=target), made)


def _configure(headers: dict[str, str], provider: EndpointSettings) -> None:
    """Change ``headers`` as the provider's config says."""
    for name, value in provider.headers.items():
        if value:
            headers[name.lower()] = value
        else:
            headers.pop(name.lower(), None)


def json_body(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON.

    Raises:
        RequestError: Something in it cannot be said in JSON; the caller must change it.
    """
    try:
        return msgspec.json.encode(body)
    except UNSAYABLE as error:
        raise RequestError(f"{_culprit(body)} cannot be written as JSON: {error}") from error


def _culprit(body: Mapping[str, Any]) -> str:
    """The first field that JSON cannot say."""
    for name, value in body.items():
        try:
            msgspec.json.encode({name: value})
        except UNSAYABLE:
            return f"the request's field {name!r}"
    return "the request"
