"""A target: one element of a route."""

from __future__ import annotations

import attrs

from orchestrator.states.policy import Timeouts


@attrs.frozen
class Target:
    """Provider and model, with what the machine must know about them.

    Attributes:
        provider: The provider entry's name: one billing account at one endpoint.
        model: The model's name as the provider spells it.
        context: The context window in tokens; ``None`` means unknown, which fits.
        reasoning: True where the model is known to think before it speaks.
        stream: Whether an attempt here is asked for as a stream: always, never, or
            (``None``) where the caller asks for one.
        timeouts: The limits of an attempt at this target.
    """

    provider: str
    model: str
    context: int | None = None
    reasoning: bool = False
    stream: bool | None = None
    timeouts: Timeouts = Timeouts()
    name: str = attrs.field(init=False, repr=False, eq=False)

    @name.default
    def _name(self) -> str:
        return f"{self.provider}/{self.model}"

    def __str__(self) -> str:
        return self.name
