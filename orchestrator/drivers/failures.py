"""What an attempt brought instead of an answer, classified and made fit to be shown."""

from __future__ import annotations

import attrs
import httpx

from orchestrator.classification import classify
from orchestrator.classification.pipeline import MESSAGE_LIMIT
from orchestrator.config.records import Provider
from orchestrator.dialects import Fault
from orchestrator.drivers.outcome import Broken, Interrupted, LimitReached, TooLarge, Truncated
from orchestrator.secrets import Masker
from states import Error, Reason

Failure = Fault | Broken | Interrupted | LimitReached | TooLarge | Truncated
"""What an attempt brought instead of an answer, before it is classified."""


def classified(failure: Failure | None, provider: Provider, masker: Masker, now: float) -> Error:
    """The classified error of what came from ``provider``, its message fit to be shown.

    Args:
        failure: What came; ``None`` where nobody knows.
        provider: Whose words these are, and whose own rules come first.
        masker: Knows the secrets of every provider, since any of them may echo another's.
        now: The wall clock, seconds since the epoch.
    """
    error = _judged(failure, provider, masker, now)
    return attrs.evolve(error, message=(masked(error.message, masker) or "")[:MESSAGE_LIMIT])


def _judged(failure: Failure | None, provider: Provider, masker: Masker, now: float) -> Error:
    match failure:
        case Fault():
            error = _fault(failure, provider, masker, now)
            body = masker.body(failure.body)
            if body is failure.body:
                return error
            # Rules read what was said, people read what may be shown: masked before any of the
            # limits on the way to a message cuts it.
            shown = _fault(attrs.evolve(failure, body=body), provider, masker, now)
            return attrs.evolve(error, message=shown.message)
        case Broken():
            return classify(
                exception=failure.exception,
                provider=provider.vendor or provider.name,
                dialect=provider.dialect,
                where="exception",
                rules=provider.rules,
                now=now,
                mask=masker,
            )
        case Interrupted() | LimitReached() | TooLarge() | Truncated():
            return failure.error()
        case None:
            return Error(Reason.UNKNOWN, "none")


def _fault(fault: Fault, provider: Provider, masker: Masker, now: float) -> Error:
    return classify(
        status=fault.status,
        headers=fault.headers,
        body=fault.body,
        provider=provider.vendor or provider.name,
        dialect=provider.dialect,
        where=fault.where,
        rules=provider.rules,
        now=now,
        mask=masker,
    )


_UNSENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL),
)


def never_sent(failure: Failure | None) -> bool:
    """Whether no request can have reached the provider: it is on nobody's bill."""
    match failure:
        case Broken():
            return isinstance(failure.exception, _UNSENT)
        case LimitReached():
            return failure.limit == "connect"
        case _:
            return False


def masked(text: str | None, masker: Masker) -> str | None:
    """What a provider said, fit to be shown: no secret, and nothing that is no text."""
    if not text:
        return text
    # JSON can spell half a character, which no file and no terminal takes.
    return masker(text).encode("utf-8", "replace").decode("utf-8")
