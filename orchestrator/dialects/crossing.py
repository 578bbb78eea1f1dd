"""What a request in another dialect differs in from what the caller asked, told in notes."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.dialects import Dialect
from orchestrator.dialects.loss import Loss, Weight
from orchestrator.dialects.neutral import Conversation, Thinking


def notes(conversation: Conversation, there: Dialect) -> tuple[str, ...]:
    """The notes on ``conversation``, written by the dialect ``there``.

    Whoever writes it has made sure that what is lost may be left out.
    """
    lost, reworded = there.losses(conversation), there.reworded(conversation)
    efforts = [loss for loss in lost if loss.weight is Weight.EFFORT]
    others = [loss for loss in lost if loss.weight is not Weight.EFFORT]
    said = (
        _thoughts(conversation, there.name),
        _listed("left out, for it asks for best effort only", efforts),
        _listed("left out, as the policy allows", others),
        *reworded.notes,
        "stop is cut here, for it cannot be sent" if reworded.stops else "",
    )
    return tuple(note for note in said if note)


def _listed(what: str, losses: Iterable[Loss]) -> str:
    places = ", ".join(map(str, losses))
    return f"{what}: {places}" if places else ""


def _thoughts(conversation: Conversation, name: str) -> str:
    foreign = sum(
        isinstance(part, Thinking) and part.dialect != name
        for message in conversation.messages
        for part in message.parts
    )
    thoughts = f"{foreign} thought{'s' if foreign > 1 else ''}"
    return f"{thoughts} of another vendor left out" if foreign else ""
