"""What is shown of a batch: to a person a bar and a summary, to a program events."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import attrs
import msgspec

from orchestrator.api.errors import whole_duration
from orchestrator.batch.coordinator import BatchFiles, Told
from orchestrator.batch.foretelling import Foretold
from orchestrator.batch.records import NANO
from orchestrator.batch.tables import Sums
from orchestrator.cli.format import count, one_line
from orchestrator.cli.live import Work, working
from orchestrator.cli.screen import Screen
from orchestrator.ledger import FORMAT

_EVERY = 1.0
"""Seconds between two events of progress, for programs."""

_MOST_FAILURES = 5
"""Failures that are said while they happen; all of them stand in their file."""

_LONG_WAIT = 5.0
"""Seconds that a line waits before it is told."""

_WINDOW = 20.0
"""Seconds over which the rate is taken."""


@attrs.frozen
class BatchEnding:
    """How a batch ended.

    Attributes:
        lines: How many it has.
        sums: What is known of them.
        files: Where it stands.
        interrupted: The lines that may have been asked twice.
        max_cost: The limit of money where it was what ended it.
        was_stopped: The user has stopped it.
    """

    lines: int
    sums: Sums
    files: BatchFiles
    interrupted: list[str]
    max_cost: Decimal | None
    was_stopped: bool

    @property
    def left(self) -> int:
        """How many lines are still to be asked."""
        return self.lines - self.sums.answered - self.sums.failed


class BatchView:
    """Shows a batch.

    Args:
        screen: Where.
        json: Events for programs in place of words.
        quiet: Show no progress.
    """

    def __init__(self, screen: Screen, *, json: bool, quiet: bool) -> None:
        self._screen, self._json, self._quiet = screen, json, quiet
        self._bar: Work | None = None
        self._failures = 0
        self._told = 0.0
        self._seen: list[tuple[float, int]] = []

    # While it runs.

    @contextmanager
    def running(self, lines: int, sums: Sums) -> Iterator[None]:
        """Show how far it is, while this block runs."""
        done = sums.answered + sums.failed
        if self._json:
            self._event("begun", lines=lines, done=done)
        elif done:
            self._screen.say(f"going on: {done:,} of {count(lines, 'line')} are over already")
        with ExitStack() as stack:
            if not (self._json or self._quiet):
                bar = working(self._screen, "batch", lines, talks=True, done=done)
                self._bar = stack.enter_context(bar)
            yield
        self._bar = None

    def progress(self, told: Told) -> None:
        """Show how far it is."""
        now = time.monotonic()
        self._tell_failures(told)
        done = told.sums.answered + told.sums.failed
        rate = self._rate(now, done)
        if self._json and (now - self._told > _EVERY):
            self._told = now
            figures = {"rate": rate, "concurrency": told.limits, "waiting": len(told.waits)}
            self._event("progress", **_figures(told.sums), **figures)
        if self._bar is not None:
            self._bar.step(len(told.new))
            self._bar.tell(_words(told, rate, done if self._is_piped else None))

    @property
    def _is_piped(self) -> bool:
        return not self._screen.err.is_interactive

    def _rate(self, now: float, done: int) -> float:
        """Lines a second, of late."""
        self._seen.append((now, done))
        while len(self._seen) > 1 and now - self._seen[0][0] > _WINDOW:
            self._seen.pop(0)
        (began, before), seconds = self._seen[0], now - self._seen[0][0]
        return round((done - before) / seconds, 1) if seconds > 0 and began else 0.0

    def _tell_failures(self, told: Told) -> None:
        for outcome in told.new:
            if outcome.is_answered:
                continue
            self._failures += 1
            cause = _cause(outcome.text)
            if self._json:
                self._event("failed", custom_id=outcome.custom_id, line=outcome.number, error=cause)
            elif self._failures <= _MOST_FAILURES and not self._quiet:
                said = one_line(str(cause.get("message", "")))
                self._screen.say(f"line {outcome.number} ({outcome.custom_id}) failed: {said}")
            elif self._failures == _MOST_FAILURES + 1 and not self._quiet:
                self._screen.say("further failures stand in their file alone")

    # Its end.

    def summary(self, ending: BatchEnding) -> None:
        """Say how it ended."""
        if self._json:
            self._event("summary", **_summary(ending))
            return
        sums, files = ending.sums, ending.files
        self._screen.result(_counts(ending))
        if used := _used(sums):
            self._screen.result(used)
        self._screen.result(f"answers: {files.answers.path}")
        if sums.failed:
            self._screen.result(f"failures, each with its cause: {files.failures.path}")
        if ending.interrupted:
            lines = count(len(ending.interrupted), "line")
            self._screen.result(
                f"in flight when a process died, so perhaps asked twice: {lines}, in "
                f"{files.interruptions.path}"
            )
        if next_step := _next_step(ending):
            self._screen.say(next_step)

    def trouble(self, words: str) -> None:
        """Say what made it stop."""
        said = f"{words}; no answer is lost, and the same command goes on"
        if self._json:
            self._event("error", message=said)
        else:
            self._screen.say(f"error: {one_line(said)}")

    # What else it may do.

    def foretell(self, foretold: Foretold) -> None:
        """Say what would be asked."""
        if self._json:
            cost = None if foretold.cost is None else foretold.cost / NANO
            self._event("dry_run", **{**attrs.asdict(foretold), "cost": cost})
            return
        self._screen.result(
            f"{foretold.asked:,} of {count(foretold.lines, 'line')} would be asked; nothing was"
        )
        if foretold.failed:
            self._screen.result(
                f"{count(foretold.failed, 'line')} failed before; --retry-failed asks them again"
            )
        if foretold.asked:
            tokens = (
                f"at most about {foretold.prompt_tokens:,} tokens asked and "
                f"{foretold.completion_tokens:,} answered"
            )
            money = "" if foretold.cost is None else f", {_dollars(foretold.cost)}"
            self._screen.result(f"{tokens}{money}")

    def helping(self, name: str, batches: str) -> None:
        """Say with what this process helps."""
        if self._json:
            self._event("helping", worker=name, batches=batches)
        else:
            self._screen.say(f"helping with {batches}, as {name}")

    def helped(self, done: int) -> None:
        """Say how many lines this process has done, now and then."""
        now = time.monotonic()
        if self._quiet or now - self._told < 5 * _EVERY:
            return
        self._told = now
        if self._json:
            self._event("progress", done=done)
        else:
            self._screen.say(f"{count(done, 'line')} done here")

    def has_helped(self, done: int) -> None:
        """Say what came of it."""
        if self._json:
            self._event("summary", done=done)
        else:
            self._screen.result(f"{count(done, 'line')} done here")

    def _event(self, name: str, **values: Any) -> None:
        said = {"format": FORMAT, "event": name, **values}
        sys.stdout.write(msgspec.json.encode(said, enc_hook=str).decode() + "\n")
        sys.stdout.flush()


def _cause(text: str) -> dict[str, Any]:
    cause: dict[str, Any] = msgspec.json.decode(text)["error"]
    return cause


def _dollars(cost: int) -> str:
    amount = Decimal(cost) / NANO
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def _words(told: Told, rate: float, done: int | None) -> str:
    """What stands beside the bar, the first where there is no room for all."""
    sums = told.sums
    words = [] if done is None else [f"{done:,} done"]
    words.append(f"{rate:g}/s")
    words += _waiting(told.waits)
    if sums.failed:
        words.append(f"{sums.failed:,} failed")
    if sums.rescued:
        words.append(f"{sums.rescued:,} rescued")
    if tokens := sums.prompt_tokens + sums.completion_tokens:
        words.append(f"{tokens:,} tokens")
    if sums.cost:
        words.append(_dollars(sums.cost))
    return ", ".join(words)


def _waiting(waits: tuple[float, ...]) -> list[str]:
    """Why little moves, where lines wait for longer than a pause between two attempts."""
    long = [seconds for seconds in waits if seconds > _LONG_WAIT]
    if not long:
        return []
    return [f"{count(len(long), 'line')} waiting, the next for {whole_duration(min(long))}"]


def _counts(ending: BatchEnding) -> str:
    sums = ending.sums
    words = [f"{sums.answered:,} answered"]
    if sums.rescued:
        words[0] += f" ({sums.rescued:,} of them by a retry or a fallback)"
    if sums.failed:
        words.append(f"{sums.failed:,} failed")
    if ending.left:
        words.append(f"{ending.left:,} not asked")
    return f"{count(ending.lines, 'line')}: {', '.join(words)}"


def _used(sums: Sums) -> str:
    if not sums.prompt_tokens and not sums.completion_tokens:
        return ""
    tokens = f"{sums.prompt_tokens:,} tokens asked, {sums.completion_tokens:,} answered"
    if not sums.cost:
        return tokens
    besides = f", {count(sums.unpriced, 'line')} without a price besides" if sums.unpriced else ""
    return f"{tokens}; {_dollars(sums.cost)}{besides}"


def _next_step(ending: BatchEnding) -> str:
    if ending.max_cost is not None:
        return (
            f"stopped before --max-cost ${ending.max_cost:f} could be passed; the same command "
            "with a higher one goes on"
        )
    if ending.was_stopped:
        return "stopped; the same command goes on, and asks nothing again that was answered"
    if ending.sums.failed and not ending.left:
        return "the same command with --retry-failed asks the failed lines again"
    return ""


def _figures(sums: Sums) -> dict[str, Any]:
    return {**attrs.asdict(sums), "cost": sums.cost / NANO}


def _summary(ending: BatchEnding) -> dict[str, Any]:
    files = ending.files
    return {
        "lines": ending.lines,
        **_figures(ending.sums),
        "left": ending.left,
        "output": str(files.answers.path),
        "failures": str(files.failures.path) if ending.sums.failed else None,
        "interrupted": ending.interrupted,
        "stopped_by": "max_cost"
        if ending.max_cost is not None
        else "user"
        if ending.was_stopped
        else None,
    }
