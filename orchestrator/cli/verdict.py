"""What ``classify`` says of a failure, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from rich.table import Table

from orchestrator.classification.rules.repairs import CONDITIONAL
from orchestrator.cli.foretelling import Ask, Scene
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import duration, one_line
from orchestrator.states import Error, Move, Policy

_MOST_LINES = 8
"""Attempts that are shown one by one; more of them say nothing new."""


@attrs.frozen
class Told:
    """A classified failure, and what would follow.

    Attributes:
        error: The classified failure.
        policy: What a call may do.
        asks: The attempts that a call would make.
        scene: Over which route.
        why: Why the rule matched.
        config: The config's path, ``None`` where there is none.
        notes: What of the failure was probably misspelt.
    """

    error: Error
    policy: Policy
    asks: tuple[Ask, ...]
    scene: Scene
    why: str
    config: str | None
    notes: tuple[str, ...] = ()

    def show(self, screen: Screen, *, json: bool) -> None:
        """On stdout; what was probably misspelt before it, on stderr."""
        for note in self.notes:
            screen.say(f"note: {one_line(note)}")
        if json:
            screen.json(self._object())
            return
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in self._rows():
            if value:
                table.add_row(name, value)
        screen.show(table)

    def _rows(self) -> Iterator[tuple[str, str]]:
        error = self.error
        yield "reason", error.reason.value
        yield "rule", error.rule if error.rule != "none" else "none matched"
        yield "why", one_line(self.why)
        yield "status", str(error.status) if error.status is not None else ""
        yield "message", one_line(error.message)
        yield "wait", "not said" if error.retry_after is None else duration(error.retry_after)
        yield "scope", error.scope.value if error.scope is not None else ""
        yield "repair", _repair(error.repair)
        yield "moves", ", ".join(self._moves()) or self._none()
        yield "then", "\n".join(self._then())
        yield "by", self._by()
        yield "hint", error.hint

    def _moves(self) -> list[str]:
        allowed = self.policy.moves(self.error.reason, first_target=True)
        return [move.value for move in Move if move in allowed]

    def _none(self) -> str:
        return "none besides the repair" if self.error.repair else "none: the call ends"

    def _then(self) -> Iterator[str]:
        lines = [_line(ask, self.error) for ask in self.asks]
        hidden = len(lines) - _MOST_LINES
        if hidden <= 0:
            yield from lines
            return
        yield from lines[: _MOST_LINES - 2]
        yield f"… and {hidden + 1} more like these"
        yield lines[-1]

    def _by(self) -> str:
        policy = f"the policy of {self.config}" if self.config else "the default policy (no config)"
        example = ", as an example with two keys and a fallback" if self.scene.assumed else ""
        return policy + example

    def _object(self) -> dict[str, Any]:
        return {
            **attrs.asdict(self.error),
            "why": self.why,
            "moves": self._moves(),
            "then": [attrs.asdict(ask) for ask in self.asks],
            "assumed": self.scene.assumed,
            "config": self.config,
            "notes": list(self.notes),
        }


def _repair(name: str | None) -> str:
    words = (name or "").replace("_", " ")
    return f"{words}, where the request holds what is named" if name in CONDITIONAL else words


def _line(ask: Ask, error: Error) -> str:
    brought = "answered" if ask.answers else error.reason.value
    wait = f", after {duration(ask.wait)}" if ask.wait else ""
    return f"attempt {ask.number} {ask.target} {ask.credential} → {brought} → {ask.next}{wait}"
