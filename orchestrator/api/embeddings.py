"""Vectors of texts: what a caller asks, and what a call that succeeded brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from orchestrator.api.options import check_names, check_observer
from orchestrator.api.request import Request, RequestError
from orchestrator.dialects import Operation, Usage, dialect
from orchestrator.dialects.embeddings import Vector, vectors_of, write_answer
from orchestrator.dialects.request_fields import kind_of
from orchestrator.ledger import Attempt, Ledger, Skipped

if TYPE_CHECKING:
    from orchestrator.api.response import Response
    from orchestrator.ledger import Observer

EmbedInput = str | Sequence[str] | Mapping[str, Any]
"""A text, a list of texts, or a mapping such as ``{"input": …, "model": …, "dimensions": …}``."""


class EmbedOptions(TypedDict, total=False):
    """What may stand beside the texts of a call that embeds.

    Attributes:
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model``.
        timeout: The deadline in seconds, in place of the policy's.
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.
    """

    route: str | Sequence[str] | None
    timeout: float | None
    metadata: Any
    observe: Observer | None


@attrs.frozen
class Embeddings:
    """Vectors, and how they were come by.

    Attributes:
        vectors: One for each text, in the order of the texts.
        usage: Tokens as the provider counted them; 0 where it did not.
        provider, model, credential: Who answered; the credential by its label.
        skipped: Targets that were passed over, and why: those of another model among them.
        ledger: The whole record of the call.
        raw: The provider's own answer, decoded.
    """

    vectors: tuple[Vector, ...] = attrs.field(repr=False)
    usage: Usage
    provider: str
    model: str
    credential: str
    skipped: tuple[Skipped, ...] = attrs.field(repr=False)
    ledger: Ledger = attrs.field(repr=False, hash=False)  # it grows while its call runs
    raw: dict[str, Any] = attrs.field(repr=False, hash=False)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt of the call, the one that succeeded last."""
        return self.ledger.attempts

    def to_dict(self) -> dict[str, Any]:
        """The answer as OpenAI's ``list``, the vectors as numbers."""
        return write_answer(self.vectors, model=self.model, usage=self.usage)


def read_embed(
    name: str, texts: EmbedInput, options: EmbedOptions
) -> tuple[Request, Observer | None]:
    """The request that a caller of the method ``name`` makes, and who observes its call.

    Raises:
        RequestError: The request is not one.
        TypeError: There is no such option.
    """
    check_names(name, options, EmbedOptions)
    given: dict[str, Any] = {key: each for key, each in options.items() if each is not None}
    observe = given.pop("observe", None)
    check_observer(observe)
    payload = _payload(texts)
    if payload.get("stream"):
        raise RequestError("'stream' is true, but embeddings have no stream: leave it out")
    return Request(payload, operation=Operation.EMBED, **given), observe


def _payload(texts: Any) -> Mapping[str, Any]:
    if isinstance(texts, Mapping):
        return texts
    if isinstance(texts, str):
        return {"input": texts}
    if not isinstance(texts, list | tuple):
        raise RequestError(
            f"input is {kind_of(texts)}; allowed: a text, a list of texts, or a mapping with "
            "'input', as in {'input': ['hi'], 'dimensions': 256}"
        )
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise RequestError(
                f"input[{index}] is {kind_of(text)}; allowed: a text (tokens go in a mapping, as "
                "in {'input': [[1, 2]]})"
            )
    return {"input": list(texts)}


def embeddings_of(response: Response) -> Embeddings:
    """The vectors that a call brought that asked for some."""
    spec = dialect(response.dialect).operations[Operation.EMBED]
    return Embeddings(
        vectors_of(spec.complete_answer(response.raw, {}, response.model)),
        response.usage,
        response.provider,
        response.model,
        response.credential,
        response.skipped,
        response.ledger,
        response.raw,
    )
