"""What is known of a provider's money, in one line for people."""

from __future__ import annotations

from rich.text import Text

from orchestrator.api.errors import whole_duration
from orchestrator.cli.format import one_line
from orchestrator.health import AccountBalance, BalanceStatement


def money_line(known: AccountBalance, warn_below: float, now: float) -> Text:
    """``12.34 USD left, 2 min ago``, and what else there is to know of it.

    Args:
        known: What is known.
        warn_below: The amount below which it is marked.
        now: The instant (epoch).
    """
    said = known.said
    if said is None:
        why = known.trouble or "its vendor is being asked"
        return Text(f"money left: not known ({one_line(why)})", style="dim")
    line = Text(_left(said), style=_style(said, warn_below))
    if said.most is not None and said.most.amount < warn_below:
        line.append(f", below {warn_below:g} (warn_below)")
    line.append(f", {_ago(now - known.at)}", style="dim")
    for note in _notes(known, said):
        line.append(f"; {note}", style="dim")
    return line


def _left(said: BalanceStatement) -> str:
    if said.of_key:
        return f"{said} left of its key's own limit" if said.amounts else "its key has no limit"
    if said.is_empty:
        return f"{said} left, and its vendor calls it empty" if said.amounts else "empty"
    return f"{said} left" if said.amounts else "its vendor says that there is money"


def _style(said: BalanceStatement, warn_below: float) -> str:
    if said.is_empty:
        return "red"
    return "yellow" if said.most is not None and said.most.amount < warn_below else ""


def _ago(seconds: float) -> str:
    return "just now" if seconds < 1 else f"{whole_duration(seconds)} ago"


def _notes(known: AccountBalance, said: BalanceStatement) -> list[str]:
    notes = []
    if said.wants:
        notes.append(f"the account's balance needs a {said.wants}")
    if known.trouble:
        notes.append(f"asked since in vain: {one_line(known.trouble)}")
    return notes
