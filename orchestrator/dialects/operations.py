"""Operations: what a request asks a model for, and how a dialect asks for what is no answer.

To generate an answer is what a dialect is about, and all of its :class:`~.record.Dialect`
says how. What else an endpoint can be asked, vectors of texts or a count of tokens, is one
:class:`OperationSpec` each: one request out, one JSON object in, and never a stream.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.encoding import EncodeOperation, Payload
from orchestrator.dialects.judgement import Flawed
from orchestrator.dialects.loss import Loss


class Operation(enum.StrEnum):
    """What a request asks for."""

    GENERATE = "generate"
    """An answer of the model."""

    EMBED = "embed"
    """A vector of each text."""

    COUNT_TOKENS = "count_tokens"
    """How many tokens a request has; no model runs, and nothing is paid."""

    PASSTHROUGH = "passthrough"
    """Whatever its provider has: what is said passes through, and no dialect says how."""


DecodeFor = Callable[[Payload, int, Mapping[str, str], bytes], Answer | Fault | Flawed]
"""What the bytes of an answer mean to whoever sent the payload. Never raises."""


def _nothing_lost(payload: Payload) -> tuple[Loss, ...]:  # noqa: ARG001 - it is said as it is
    return ()


def unchecked(payload: Payload) -> None:
    """Who sends it is told by the provider."""


def _as_it_came(body: Payload, asked: Payload, model: str) -> dict[str, Any]:  # noqa: ARG001
    return dict(body)


@attrs.frozen(kw_only=True, eq=False)
class OperationSpec:
    """How a dialect asks for one operation.

    Attributes:
        form: The name of the form in which its requests are written: dialects of one form
            understand each other's requests, others do not.
        paths: How the path of a request ends by which a client asks for it.
        encode: See :class:`.EncodeOperation`; the payload is in ``form``.
        decode: See :data:`DecodeFor`; the answer's ``raw`` is the provider's own body.
        takes_overrides: False where a target's own fields are those of an answer, and would be
            refused here.
        optional: Fields of a request that say how the answer is written, and nothing of what is
            in it: left out for a provider that refuses them.
        check_request: Refuses a payload that cannot be a request in ``form``. Raises
            RequestError.
        losses: What of a request by a client of another dialect cannot be said in this one.
        complete_answer: The body of an answer as clients of ``form`` expect it, of that body,
            what was asked, and the model's name.
        estimated: The body of an answer that nobody gave: of an estimate of the number that is
            asked for; ``None`` where it cannot be estimated.
    """

    form: str
    paths: tuple[str, ...] = ()
    encode: EncodeOperation
    decode: DecodeFor
    takes_overrides: bool = True
    optional: frozenset[str] = frozenset()
    check_request: Callable[[Payload], None] = attrs.field(default=unchecked)
    losses: Callable[[Payload], tuple[Loss, ...]] = attrs.field(default=_nothing_lost)
    complete_answer: Callable[[Payload, Payload, str], dict[str, Any]] = attrs.field(
        default=_as_it_came
    )
    estimated: Callable[[int], dict[str, Any]] | None = None
