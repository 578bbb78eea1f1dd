"""What an attempt brought instead of an answer, classified and made fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.classification import classify
from orchestrator.config.records import Provider
from orchestrator.dialects import Fault, Flawed
from orchestrator.drivers.outcome import (
    Broken,
    Interrupted,
    LimitReached,
    TooLarge,
    TornArguments,
    Truncated,
    flaw_error,
)
from orchestrator.secrets import mask
from states import Error, Reason

Failure = (
    Fault | Flawed | Broken | Interrupted | LimitReached | TooLarge | TornArguments | Truncated
)
"""What an attempt brought instead of an answer, before it is classified."""

_SECRET = re.compile("key|token|auth|secret|cookie", re.IGNORECASE)
"""Names of configured headers whose values are secrets."""


_SAY_NOTHING = frozenset({Reason.UNKNOWN, Reason.INVALID_RESPONSE})
"""What words are that no rule knows: then the break itself is what is known."""


def classified(
    failure: Failure | None,
    provider: Provider,
    now: float,
    *,
    request: Mapping[str, Any] | None = None,
    model: str | None = None,
) -> Error:
    """The classified error of what came from ``provider``.

    Args:
        failure: What came; ``None`` where nobody knows.
        provider: Whose words these are, and whose own rules come first.
        now: The wall clock, seconds since the epoch.
        request: What the caller asked for, which a failure may repeat.
        model: The model's name as it was sent.
    """
    match failure:
        case Fault():
            return classify(
                status=failure.status,
                headers=failure.headers,
                body=failure.body,
                provider=provider.vendor or provider.name,
                dialect=provider.dialect,
                where=failure.where,
                rules=provider.rules,
                now=now,
                request=request,
                model=model,
                by_model=provider.limits_by_model,
            )
        case Broken():
            return classify(
                exception=failure.exception,
                provider=provider.vendor or provider.name,
                dialect=provider.dialect,
                where="exception",
                rules=provider.rules,
                now=now,
            )
        case Interrupted(remark=Fault() as remark):
            said = classified(remark, provider, now, request=request, model=model)
            return failure.error() if said.reason in _SAY_NOTHING else said
        case Interrupted() | LimitReached() | TooLarge() | TornArguments() | Truncated():
            return failure.error()
        case Flawed():
            return flaw_error(failure)
        case None:
            return Error(Reason.UNKNOWN, "none")


def masked(text: str | None, provider: Provider) -> str | None:
    """What a provider said, fit to be shown: no secret, and nothing that is no text."""
    if not text:
        return text
    secrets = [credential.secret.reveal() for credential in provider.credentials]
    secrets += [value for name, value in provider.headers.items() if _SECRET.search(name)]
    # JSON can spell half a character, which no file and no terminal takes.
    return mask(text, secrets).encode("utf-8", "replace").decode("utf-8")
