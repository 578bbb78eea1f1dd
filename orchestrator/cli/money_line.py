"""What is known of a provider's money, in a line or two."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from orchestrator.api.errors import whole_duration
from orchestrator.cli.format import one_line
from orchestrator.health import AccountBalance, BalanceStatement
from orchestrator.health.balance import is_low


def money_lines(known: AccountBalance, low: float, now: float) -> Iterator[Text]:
    """``12.34 USD left, 2 min ago``, and what else there is to know of it, a line each.

    Args:
        known: What is known.
        low: The amount below which it is marked.
        now: The instant (epoch).
    """
    said = known.said
    if said is None:
        why = known.trouble or "its vendor is being asked"
        yield Text(f"money left: not known ({one_line(why)})", style="dim")
        return
    line = Text(_left(said, low), style=_style(said, low))
    yield line.append(f", {_ago(now - known.at)}", style="dim")
    if said.wants:
        yield Text(f"the balance of its account needs {said.wants}", style="dim")
    if known.trouble:
        yield Text(f"asked since, in vain: {one_line(known.trouble)}", style="dim")


def _left(said: BalanceStatement, low: float) -> str:
    if said.is_empty:
        return f"{said} left: empty, says its vendor" if said.amounts else "empty, says its vendor"
    if not said.amounts:
        return "its key has no limit" if said.of_key else "there is money, says its vendor"
    left = f"{said} left of its key's limit" if said.of_key else f"{said} left"
    return f"{left} (below {low:g})" if is_low(said, low) else left


def _style(said: BalanceStatement, low: float) -> str:
    return "red" if said.is_empty else "yellow" if is_low(said, low) else ""


def _ago(seconds: float) -> str:
    return "just now" if seconds < 1 else f"{whole_duration(seconds)} ago"
