"""Recent calls: what the config's ledger says of the last 24 hours, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

import attrs
from rich.text import Text

from orchestrator.cli.context import program_name
from orchestrator.cli.exit_codes import UsageError
from orchestrator.cli.format import count
from orchestrator.cli.ledger_files import DAY, configured_files, summed
from orchestrator.cli.render_stats import ShownStatistics, amount
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.ledger.figures import Statistics


@attrs.frozen
class RecentCalls:
    """What became of the calls of the last 24 hours.

    Attributes:
        statistics: Their sums; ``None`` where the config keeps no ledger, or it cannot be read.
        problem: Why it cannot be read.
    """

    statistics: Statistics | None
    problem: str = ""

    @classmethod
    def read(cls, screen: Screen, config: Config, now: float) -> Self:
        """Those that began within 24 hours before ``now`` (epoch)."""
        if config.ledger is None:
            return cls(None)
        try:
            return cls(summed(screen, configured_files(config), since=now - DAY))
        except (UsageError, OSError) as error:  # the board is what was asked for
            return cls(None, str(error))

    def object(self) -> dict[str, Any] | None:
        """As a JSON-ready mapping; ``None`` without a ledger."""
        return None if self.statistics is None else ShownStatistics(self.statistics).as_mapping()

    def show(self, screen: Screen) -> None:
        """On stdout."""
        screen.result("")
        if self.problem:
            screen.result(Text(f"the ledger cannot be read: {self.problem}", "yellow"))
        elif self.statistics is None:
            hint = 'what happened of late: write ledger = "calls.jsonl" at the top of the config'
            screen.result(Text(hint, "dim"))
        else:
            for line in _lines(self.statistics):
                screen.result(line)


def _lines(found: Statistics) -> Iterator[Text]:
    total, attempts = found.total, found.attempts
    if not total.calls:
        yield Text("last 24 h: no call", "dim")
    else:
        ends = [f"{total.answered_at_once:,} answered at once"]
        ends.append(f"{total.rescued:,} rescued{_most(found.rescues)}")
        ends.append(f"{total.lost:,} lost{_most(found.losses)}")
        yield Text(f"last 24 h: {count(total.calls, 'call')}, {', '.join(ends)}")
        yield Text(
            f"{attempts.attempts:,} attempts, {amount(attempts.prompt_tokens)} tokens in, "
            f"{amount(attempts.completion_tokens)} out"
        )
    yield Text(f"more: {program_name()} stats --since 7d", "dim")


def _most(reasons: Counter[str]) -> str:
    """The two reasons that were met most."""
    most = ", ".join(f"{name} {number:,}" for name, number in reasons.most_common(2))
    more = ", …" if len(reasons) > 2 else ""
    return f" ({most}{more})" if most else ""
