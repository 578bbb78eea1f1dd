"""Classification of what an attempt brought instead of an answer, fit to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestrator.classification import classify
from orchestrator.classification.pipeline import MESSAGE_LIMIT
from orchestrator.connections.errors import ConnectError, UnsendableRequest
from orchestrator.connections.proxies import UnusableProxy, proxy_of
from orchestrator.connections.tls import UnusableCertificates
from orchestrator.dialects import Fault, Flawed
from orchestrator.execution.failure import (
    Broken,
    Failure,
    Interrupted,
    LimitReached,
    TooLarge,
    TornArguments,
    Truncated,
    flaw_error,
)
from orchestrator.http_messages import Address
from orchestrator.provider import Provider
from orchestrator.secrets import Masker
from orchestrator.states import Error, Reason

_SAY_NOTHING = frozenset({Reason.UNKNOWN, Reason.INVALID_RESPONSE})
"""What words are that no rule knows: then the break itself is what is known."""


@attrs.frozen
class AttemptContext:
    """What is known of an attempt besides the failure that it brought.

    Attributes:
        provider: Whose words came, and whose own rules are asked first.
        masker: Knows the secrets of every provider, since any of them may echo another's.
        now: The wall clock, seconds since the epoch.
        request: What the caller asked for, which a failure may repeat.
        model: The model's name as it was sent.
    """

    provider: Provider
    masker: Masker
    now: float
    request: Mapping[str, Any] | None = None
    model: str | None = None


def classify_failure(failure: Failure | None, attempt: AttemptContext) -> Error:
    """The classified error of what came, its message fit to be shown.

    Args:
        failure: What came; ``None`` where nobody knows.
        attempt: What is known besides.
    """
    error = _judged(failure, attempt)
    # Masked first and cut afterwards: the half of a secret is known to no masker.
    message = (masked(error.message, attempt.masker) or "")[:MESSAGE_LIMIT]
    return attrs.evolve(error, message=message)


def _judged(failure: Failure | None, attempt: AttemptContext) -> Error:
    match failure:
        case Fault():
            return _shown(failure, attempt)
        case Broken():
            return classify(
                exception=failure.exception,
                provider=attempt.provider.vendor or attempt.provider.name,
                dialect=attempt.provider.dialect,
                where="exception",
                rules=attempt.provider.rules,
                now=attempt.now,
                mask=attempt.masker,
            )
        case Interrupted(remark=Fault() as remark):
            said = _judged(remark, attempt)
            return failure.error() if said.reason in _SAY_NOTHING else said
        case Interrupted() | LimitReached() | TooLarge() | TornArguments() | Truncated():
            return failure.error()
        case Flawed():
            return flaw_error(failure)
        case None:
            return Error(Reason.UNKNOWN, "none")


def _shown(fault: Fault, attempt: AttemptContext) -> Error:
    """What the rules read in what was said, in words that may be shown."""
    error, body = _fault(fault, attempt), attempt.masker.body(fault.body)
    # The masker gives back the very object where it found nothing: no second classification.
    if body is fault.body:
        return error
    # Masked before any of the limits on the way to a message cuts it.
    return attrs.evolve(error, message=_fault(attrs.evolve(fault, body=body), attempt).message)


def _fault(fault: Fault, attempt: AttemptContext) -> Error:
    return classify(
        status=fault.status,
        headers=fault.headers,
        body=fault.body,
        provider=attempt.provider.vendor or attempt.provider.name,
        dialect=attempt.provider.dialect,
        where=fault.where,
        rules=attempt.provider.rules,
        now=attempt.now,
        request=attempt.request,
        model=attempt.model,
        by_model=attempt.provider.limits_by_model,
        mask=attempt.masker,
    )


_UNSENT = (ConnectError, UnsendableRequest, UnusableCertificates, UnusableProxy)


def never_sent(failure: Failure | None) -> bool:
    """Whether no request can have reached the provider: it is on nobody's bill."""
    match failure:
        case Broken():
            return isinstance(failure.exception, _UNSENT)
        # Only while it connects; later limits end a request that the provider may have billed.
        case LimitReached():
            return failure.limit == "connect"
        case _:
            return False


def address_hint(failure: Failure | None, provider: Provider, masker: Masker) -> str:
    """What a hint adds where nobody was reached: where that was, and by which proxy; else nothing.

    Neither a path nor a query is in it, nor who asks: any of them may be a secret.
    """
    match failure:
        case Broken(exception=ConnectError()) | LimitReached(limit="connect"):
            try:
                address = Address.parse(provider.base_url)
            except ValueError:
                return ""
            where = masker(f"{address.scheme}://{address.authority}")
            return f" The address is {where}.{_proxy_hint(address, provider)}"
        case _:
            return ""


def _proxy_hint(address: Address, provider: Provider) -> str:
    try:
        proxy = proxy_of(address, provider.connection)
    except UnusableProxy:
        return ""
    return "" if proxy is None else f" A proxy is set for this provider: {proxy}."


def masked(text: str | None, masker: Masker) -> str | None:
    """What a provider said, fit to be shown: no secret, and nothing that is no text."""
    if not text:
        return text
    # JSON can spell half a character, which no file and no terminal takes.
    return masker(text).encode("utf-8", "replace").decode("utf-8")
