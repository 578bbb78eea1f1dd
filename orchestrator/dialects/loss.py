"""What a request loses on its way to another dialect, and how much that weighs.

A target that would lose something is passed over, unless it was asked for best effort only
(then the attempt says that it was left out), or the policy's ``drop`` names it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable

import attrs


class Weight(enum.StrEnum):
    """What the loss does to the answer."""

    EFFORT = "effort"  # asked for as a best effort: the answer means the same without it
    PARAMETER = "parameter"  # the answer is another one
    SAID = "said"  # somebody said it, and would not be heard
    NEEDED = "needed"  # without it nothing is asked: no policy lets it go


@attrs.frozen
class Loss:
    """Something that a dialect has no words for.

    Attributes:
        names: What ``drop`` may call it, the one to tell people first.
        weight: What is lost with it.
        places: Where it stands in the caller's request, such as ``tools[0] web_search``; its
            name where it stands at the top.
    """

    names: tuple[str, ...]
    weight: Weight = Weight.PARAMETER
    places: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name to tell people."""
        return self.names[0]

    def __str__(self) -> str:
        return ", ".join(self.places or self.names[:1])

    def allowed(self, drop: Collection[str]) -> bool:
        """True where a policy that lists ``drop`` lets it go.

        ``*`` stands for parameters: what somebody said is let go by its name alone, and what a
        request is about by none.
        """
        if self.weight is Weight.NEEDED:
            return False
        if any(name in drop for name in self.names):
            return True
        return self.weight is Weight.EFFORT or (self.weight is Weight.PARAMETER and "*" in drop)


@attrs.frozen
class Reworded:
    """What is asked for in other words than the caller's, and nothing is lost by it.

    Attributes:
        notes: What is said in another way, a note for each.
        stops: Stop sequences that are not sent: the answer is to be cut at them here.
    """

    notes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


def parameter(name: str) -> Loss:
    """The loss of a field at the top of the request that changes the answer."""
    return Loss((name,))


def effort(name: str) -> Loss:
    """The loss of a field at the top of the request that asks for best effort only."""
    return Loss((name,), Weight.EFFORT)


def said(kind: str, where: str, *others: str) -> Loss:
    """The loss of a part of that type, which stands at ``where`` in the caller's messages."""
    # What a caller wrote in a type may be no text that can be written down.
    plain = kind.encode("utf-8", "replace").decode()
    return Loss((f"messages.{plain}", plain, *others), Weight.SAID, (f"{where} {plain}".strip(),))


def vendor_tool(index: int, kind: str) -> Loss:
    """The loss of a tool that only the vendor can run."""
    plain = kind.encode("utf-8", "replace").decode()
    return Loss((plain, "tools") if plain else ("tools",), places=(f"tools[{index}] {plain}",))


def gathered(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """``losses``, those of one name joined, in the order of their first places."""
    by_names: dict[tuple[tuple[str, ...], Weight], list[str]] = {}
    for loss in losses:
        places = by_names.setdefault((loss.names, loss.weight), [])
        places += [place for place in loss.places if place not in places]
    return tuple(Loss(names, weight, tuple(to)) for (names, weight), to in by_names.items())
