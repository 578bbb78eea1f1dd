"""How often the classifier is right: ``python benchmarks/classification_score.py CORPUS.jsonl``.

Each line of the corpus holds the raw facts of one failure, its reason and
``also_accept``. Two measures: *exact* (the reason, or one that is accepted as
well) and *recovery* (what the machine would do: reasons with the same default
moves count as one, billing apart). Rows whose evidence is ``recalled`` are left
out unless ``--recalled`` is given. Exits 1 below a threshold, or where a billing
error became something to wait for, or a transient one became billing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestrator.classification import classify
from states.error import Error
from states.reasons import DEFAULT_MOVES, Move, Reason

_FACTS = (
    "status", "headers", "body", "provider", "dialect", "exception", "message", "where", "now",
)  # fmt: skip
_TRANSIENT = frozenset(
    {Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.CONNECTION}
)


@attrs.frozen
class Verdict:
    """One row: what was right, what was said, and how far off that is."""

    row: dict[str, Any]
    error: Error
    exact: bool
    recovery: bool

    @property
    def grave(self) -> bool:
        """A billing error that would be waited for, or a transient one that benches."""
        accepted = {self.row["reason"], *self.row.get("also_accept", ())}
        if self.error.reason is Reason.BILLING:
            return bool(accepted <= _TRANSIENT)
        waits = Move.RETRY in DEFAULT_MOVES[self.error.reason]
        return accepted == {"billing"} and waits


def action(reason: str) -> str:
    """The recovery that a reason leads to, as a word to compare."""
    if reason == Reason.BILLING:
        return "billing"
    return "+".join(sorted(DEFAULT_MOVES[Reason(reason)])) or "none"


def judge(row: dict[str, Any]) -> Verdict:
    """Classify one row and compare."""
    error = classify(**{name: row[name] for name in _FACTS if row.get(name) is not None})
    accepted = [row["reason"], *row.get("also_accept", ())]
    return Verdict(
        row=row,
        error=error,
        exact=error.reason in accepted,
        recovery=action(error.reason) in {action(reason) for reason in accepted},
    )


def table(verdicts: Sequence[Verdict], key: str) -> Iterable[str]:
    """Lines of a Markdown table of both measures by one field of the rows."""
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[str(verdict.row.get(key))].append(verdict)
    yield f"| {key} | rows | exact | recovery |"
    yield "|---|---:|---:|---:|"
    for name in sorted(groups, key=lambda one: (-len(groups[one]), one)):
        exact, recovery = rates(groups[name])
        yield f"| {name} | {len(groups[name])} | {exact:.1%} | {recovery:.1%} |"


def rates(verdicts: Sequence[Verdict]) -> tuple[float, float]:
    """The shares of rows that are exact and that recover as they should."""
    count = max(len(verdicts), 1)
    return sum(one.exact for one in verdicts) / count, sum(one.recovery for one in verdicts) / count


def load(path: Path, *, recalled: bool) -> list[dict[str, Any]]:
    """The rows of a corpus."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return [row for row in rows if recalled or row.get("evidence") != "recalled"]


def main(arguments: Sequence[str]) -> int:
    """Print the tables and the misses; say by the exit status whether the thresholds hold."""
    parser = argparse.ArgumentParser(description="Score the classifier on a corpus.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--recalled", action="store_true", help="count recalled rows too")
    parser.add_argument("--exact", type=float, default=0.97, help="threshold (default 0.97)")
    parser.add_argument("--recovery", type=float, default=0.99, help="threshold (default 0.99)")
    chosen = parser.parse_args(arguments)
    verdicts = [judge(row) for row in load(chosen.corpus, recalled=chosen.recalled)]
    exact, recovery = rates(verdicts)
    for key in ("reason", "provider"):
        print("\n".join(table(verdicts, key)), end="\n\n")
    for one in verdicts:
        if not one.exact:
            words = f"{one.row['reason']} became {one.error.reason} by {one.error.rule}"
            print(f"miss: {one.row.get('id')}: {words}{' (grave)' if one.grave else ''}")
    grave = sum(one.grave for one in verdicts)
    print(f"{len(verdicts)} rows: exact {exact:.2%}, recovery {recovery:.2%}, grave {grave}")
    return 0 if exact >= chosen.exact and recovery >= chosen.recovery and not grave else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
