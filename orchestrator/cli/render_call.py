"""Lines of a running call, one for each thing that happens, as ``run`` and ``demo`` show them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.text import Text

from orchestrator.api.errors import whole_duration
from orchestrator.cli.format import duration, http_answer, lasting, one_line
from orchestrator.cli.live import LiveLine
from orchestrator.ledger import Attempt, Closed, Entry, Opened, Skipped, Transition
from orchestrator.states import (
    Clear,
    Diagnosed,
    Rotated,
    Send,
    Started,
    State,
    Switched,
    Target,
    Wait,
    Waited,
)

Say = Callable[[Text], None]

_ROOM = 80
"""Columns within which an attempt's seconds are still shown."""

_ENDS = {
    State.SUCCEED.value: "bold not dim green",
    State.FAIL_TERMINAL.value: "bold not dim red",
}


class LiveLines:
    """An observer that tells a call in lines, in the order in which things happened.

    Args:
        say: Shows one line.
        live: Shows what lasts while it lasts; where nobody sees it, a wait is announced in a line.
    """

    def __init__(self, say: Say, live: LiveLine | None = None) -> None:
        self._say = say
        self._live = live if live is not None and live.is_shown else None
        self._lasting: Callable[[], str] | None = None
        self._waits: tuple[float, str] | None = None
        self._most = 0
        self._route: tuple[str, ...] = ()
        self._told: set[str] = set()
        self._asked: set[str] = set()
        self._later: list[Text] = []

    def __call__(self, entry: Entry) -> None:
        """Tell what ``entry`` says, if it is worth a line."""
        if self._live is None:
            self._tell_of(entry)
            return
        # The line goes before anything is said, and comes back while the same thing lasts.
        self._live.stop()
        if isinstance(entry, Transition):
            self._lasting = _lasting(entry, self._most)
        self._tell_of(entry)
        if self._lasting is not None:
            self._live.start(self._lasting)

    def _tell_of(self, entry: Entry) -> None:
        match entry:
            case Opened():
                self._most = entry.policy.max_attempts
                self._route = tuple(target.name for target in entry.route)
            case Transition():
                self._moved(entry)
            case Attempt():
                self._say(attempt_line(entry, self._most))
                self._tell(self._later)
                self._later = []
            case Closed():
                self._passed_over(entry.skipped, entry.at)

    def _moved(self, entry: Transition) -> None:
        facts = entry.facts
        if isinstance(facts, Started | Rotated | Switched | Waited):
            taken = facts.taken.target if facts.taken is not None else None
            skipped = self._before(taken, facts.standby.clears)
            self._passed_over([Skipped.passed_over(clear) for clear in skipped], facts.at)
        if isinstance(entry.command, Send):
            self._asked.add(entry.command.target.name)
        lines = self._announced(entry)
        if isinstance(facts, Diagnosed):
            # The recorder closes an attempt's record after the move that it led to.
            self._later = lines
        else:
            self._tell(lines)

    def _before(self, taken: Target | None, clears: Iterable[Clear]) -> list[Clear]:
        """Those of ``clears`` that stand before ``taken`` in the route."""
        until = self._route.index(taken.name) if taken is not None else len(self._route)
        return [clear for clear in clears if clear.target.name in self._route[:until]]

    def _passed_over(self, skipped: Iterable[Skipped], at: float) -> None:
        """Tell each once, and none that this call has asked: those lines tell why it was left."""
        for each in skipped:
            if each.target not in self._told | self._asked:
                self._told.add(each.target)
                self._say(skipped_line(each, at))

    def _announced(self, entry: Transition) -> list[Text]:
        """What is said before the move's command is performed."""
        lines = []
        waited, self._waits = self._waits, None
        if waited is not None and isinstance(entry.facts, Waited):
            since, name = waited
            lines = [Text(f"waited {duration(entry.facts.at - since)} for {name}", style="yellow")]
        match entry.command:
            case Wait(until, target) if self._live is None:
                left = max(0.0, until - entry.facts.at)
                lines.append(Text(f"waiting {duration(left)} for {target.name}", style="yellow"))
            case Wait(target=target):  # who watches it sees how long it still takes
                self._waits = entry.facts.at, target.name
            case Send(target=target, probe=True):
                words = f"probing {target.name}: has what stood in its way ended?"
                lines.append(Text(words, style="yellow"))
        return lines

    def _tell(self, lines: Iterable[Text]) -> None:
        for line in lines:
            self._say(line)


def attempt_line(attempt: Attempt, most: int) -> Text:
    """``attempt 1/16 deepseek/deepseek-v4-pro key#1 → 402 billing (rule) → eager_fallback``."""
    who = f"{attempt.target} {attempt.credential}"
    line = Text(f"attempt {attempt.number}/{most} ", style="dim")
    line += Text(one_line(who), style="not dim")
    line += Text(" → ", style="dim")
    line += _brought(attempt)
    line += Text(" → ", style="dim")
    line += Text(attempt.next, style=_ENDS.get(attempt.next, "not dim cyan"))
    seconds = f" ({duration(attempt.seconds)})"
    if attempt.reason is None and line.cell_len + len(seconds) <= _ROOM:
        line += Text(seconds, style="dim")
    return line


def skipped_line(skipped: Skipped, at: float) -> Text:
    """``skipped corp/llama: billing (HTTP 402: …), for 40 s, due in 4 min``.

    Args:
        skipped: The target and why; its instants are seconds since ``Started``.
        at: Now, in the same seconds.
    """
    words = http_answer(skipped.status, skipped.message)
    parts = [f"{skipped.target}: {skipped.reason}{f' ({words})' if words else ''}"]
    if skipped.since is not None:
        parts.append(lasting(at - skipped.since))
    if skipped.until is not None:
        due = skipped.until - at
        parts.append(f"due in {whole_duration(due)}" if due > 0 else "due now")
    if skipped.expected is not None:
        parts.append(f"expected back in {whole_duration(max(0.0, skipped.expected - at))}")
    return Text("skipped ", style="yellow") + Text(one_line(", ".join(parts)), style="not yellow")


def _brought(attempt: Attempt) -> Text:
    if attempt.reason is None:
        return Text(str(attempt.status or "answer"), style="not dim green")
    words = [] if attempt.status is None else [str(attempt.status)]
    words.append(attempt.reason.value)
    if attempt.rule and attempt.rule != attempt.reason.value:
        words.append(f"({attempt.rule})")
    return Text(" ".join(words), style="not dim red")


def _lasting(entry: Transition, most: int) -> Callable[[], str] | None:
    """What is said while the move's command is performed: ``attempt 1/16 … 4 s``."""
    began = time.monotonic()

    def passed() -> float:
        return time.monotonic() - began

    match entry.command:
        case Send() as send:
            head = one_line(f"attempt {send.number}/{most} {send.target.name} {send.credential}")
            return lambda: f"{head} … {passed():.0f} s"
        case Wait(until, target):
            left = until - entry.facts.at
            return lambda: f"waiting {max(0.0, left - passed()):.1f} s for {target.name} …"
        case _:
            return None
