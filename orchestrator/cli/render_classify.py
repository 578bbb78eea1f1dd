"""The verdict of ``classify``: reason, why its rule matched, attempts that would follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
from rich.table import Table

from orchestrator.classification.phrases import normalise, phrase
from orchestrator.classification.rule import Rule
from orchestrator.classification.rule_books import all_rules
from orchestrator.classification.rules.repairs import CONDITIONAL
from orchestrator.cli.format import duration, one_line
from orchestrator.cli.screen import Screen
from orchestrator.lab.simulation.dry_run import DryAttempt, Scenario
from orchestrator.states import Error, Move, Policy

_MOST_LINES = 8
"""Attempts that are shown one by one; more of them say nothing new."""


@attrs.frozen
class Classification:
    """A classified failure, and what would follow.

    Attributes:
        error: The classified failure.
        policy: What a call may do.
        attempts: The attempts that a call would make.
        scenario: Over which route.
        why: Why the rule matched.
        config: The config's path, ``None`` where there is none.
        notes: What of the failure was probably misspelt.
    """

    error: Error
    policy: Policy
    attempts: tuple[DryAttempt, ...]
    scenario: Scenario
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
        lines = [_line(attempt, self.error) for attempt in self.attempts]
        hidden = len(lines) - _MOST_LINES
        if hidden <= 0:
            yield from lines
            return
        yield from lines[: _MOST_LINES - 2]
        yield f"… and {hidden + 1} more like these"
        yield lines[-1]

    def _by(self) -> str:
        policy = f"the policy of {self.config}" if self.config else "the default policy (no config)"
        example = ", as an example with two keys and a fallback" if self.scenario.assumed else ""
        return policy + example

    def _object(self) -> dict[str, Any]:
        return {
            **attrs.asdict(self.error),
            "why": self.why,
            "moves": self._moves(),
            "then": [attrs.asdict(attempt) for attempt in self.attempts],
            "assumed": self.scenario.assumed,
            "config": self.config,
            "notes": list(self.notes),
        }


def _repair(name: str | None) -> str:
    words = (name or "").replace("_", " ")
    return f"{words}, where the request holds what is named" if name in CONDITIONAL else words


def _line(attempt: DryAttempt, error: Error) -> str:
    brought = "answered" if attempt.answers else error.reason.value
    wait = f", after {duration(attempt.wait)}" if attempt.wait else ""
    who = f"attempt {attempt.number} {attempt.target} {attempt.credential}"
    return f"{who} → {brought} → {attempt.next}{wait}"


def why_matched(rule: str, own: Sequence[Rule], body: str, status: int | None) -> str:
    """In words, why the rule of that name matched; empty where it is no record.

    Args:
        rule: Its id.
        own: The rules of the provider's entry in the config.
        body: The answer's body.
        status: The answer's status.
    """
    found = next((one for one in (*own, *all_rules()) if one.id == rule), None)
    if found is None:
        return ""
    met = ", ".join(_met(found, body, status))
    source = f"source: {found.source}" if found.source else ""
    return f"{met} ({source})" if met and source else met or source


def _met(rule: Rule, body: str, status: int | None) -> Iterator[str]:
    text, low = normalise(body), body.lower()
    if rule.field:
        yield f"it reads {rule.field}"
    if rule.statuses:
        yield f"the status is {status}" if status in rule.statuses else _any("status", rule)
    # A code may be a part of a longer one; the longest is the one that was sent.
    codes = sorted((code for code in rule.codes | rule.types if code in low), key=len)
    if codes:
        yield f"the code is {_quoted(codes[-1:])}"
    said = _distinct(one for one in (*rule.contains, *rule.also) if phrase(one).within(text))
    if said:
        yield f"it says {_quoted(said[:2])}"
    if rule.regex is not None:
        yield f"it matches {rule.regex.pattern}"
    if rule.header is not None:
        yield f"the header {rule.header[0]} says {rule.header[1] or 'anything'}"


def _distinct(phrases: Iterable[str]) -> list[str]:
    """Each phrase once, and none that is a part of another: it would say nothing more."""
    words = list(dict.fromkeys(one.strip("*") for one in phrases))
    return [one for one in words if not any(one in other for other in words if other != one)]


def _any(what: str, rule: Rule) -> str:
    return f"the {what} is one of {', '.join(map(str, sorted(rule.statuses)))}"


def _quoted(words: Iterable[str]) -> str:
    return " and ".join(f'"{word}"' for word in words)
