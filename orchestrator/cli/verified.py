"""What ``verify`` found, for people: the verdict first, then the worst, then what is dead."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.cli.screen import Screen
from orchestrator.lab.verify import Certificate, Verdict
from orchestrator.lab.verify.sequences import TargetLeg, Trace

_MARGIN = 2


def show(screen: Screen, verdict: Verdict) -> None:
    """Show the verdict on one route, on stdout."""
    targets = " → ".join(str(target) for target in verdict.setting.route)
    screen.result(Text.assemble(("route ", "dim"), (verdict.setting.name, "bold"), f": {targets}"))
    _properties(screen, verdict)
    if verdict.certificate is not None:
        _certificate(screen, verdict, verdict.certificate)
        _reach(screen, verdict)
    _searched(screen, verdict)


def _properties(screen: Screen, verdict: Verdict) -> None:
    for violation in verdict.violations:
        name = Text.assemble(("BROKEN", "bold red"), f"  {violation.name}: {violation.what}")
        screen.result(name, margin=_MARGIN)
        if violation.trace.stays:
            _way(screen, violation.trace)
    if verdict.certificate is None:
        # What is broken may hide what else is: the search does not go on behind it.
        screen.result("mend this first: the others were not all looked at", margin=_MARGIN)
    else:
        broken = {violation.name for violation in verdict.violations}
        kept = [name for name in verdict.properties if name not in broken]
        holds = f"   {len(kept)} properties in all that was searched: {', '.join(kept)}"
        screen.result(Text.assemble(("HOLDS", "bold green"), holds), margin=_MARGIN)


def _certificate(screen: Screen, verdict: Verdict, certificate: Certificate) -> None:
    screen.result("")
    screen.result(Text("No call that was searched exceeds", "bold"))
    for figure in certificate.figures:
        unit = " s" if "longest" in figure.name else ""
        about = f" ({figure.about})" if figure.about else ""
        line = Text.assemble((f"{figure.value:g}{unit}", "bold"), f"  {figure.name}{about}")
        screen.result(line, margin=_MARGIN)
        _way(screen, verdict.worst[figure.name])
    if certificate.stream_seconds:
        more = f"{certificate.stream_seconds:g} s"
        screen.result(f"{more} more where a stream goes on after its first content", margin=_MARGIN)
    screen.result(f"where a target needs {_repairs(verdict.setting.repairs)}", margin=_MARGIN)


def _repairs(count: int) -> str:
    if not count:
        return "no repair of the request"
    several = "" if count == 1 else "s"
    return f"at most {count} repair{several} of the request; each one more is an attempt more"


def _way(screen: Screen, trace: Trace) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", overflow="fold", max_width=30)
    table.add_column(overflow="fold")
    for stay in trace.stays:
        table.add_row(stay.target or "at none", ", ".join(_counted(stay)) or "asked")
    screen.show(Padding(table, (0, 0, 0, 2 * _MARGIN)))
    if not trace.ran:
        screen.result(
            "(with time and keys free: a running clock may not allow it)", margin=2 * _MARGIN
        )


def _counted(stay: TargetLeg) -> Iterator[str]:
    for move, times in itertools.groupby(stay.moves):
        count = len(list(times))
        yield move if count == 1 else f"{move} ×{count}"


def _reach(screen: Screen, verdict: Verdict) -> None:
    if any(one.reasons for one in verdict.reached):
        screen.result("")
        screen.result(Text("What leads to each target from the first", "bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", overflow="fold", max_width=30)
        table.add_column(overflow="fold")
        for reasons, reached in itertools.groupby(verdict.reached[1:], lambda one: one.reasons):
            targets = ", ".join(one.target for one in reached)
            table.add_row(targets, ", ".join(reasons) or "only that others are marked")
        screen.show(Padding(table, (0, 0, 0, _MARGIN)))
    if verdict.dead:
        screen.result("")
        dead = f"Rows that no call of this route takes: {', '.join(verdict.dead)}"
        screen.result(dead)


def _searched(screen: Screen, verdict: Verdict) -> None:
    screen.result("")
    counts = (
        f"Searched: {verdict.nodes:,} states, {verdict.edges:,} edges, {verdict.seconds:.1f} s."
    )
    screen.result(counts)
    screen.result(Text("Not told apart:", "dim"))
    _bullets(screen, verdict.merged)


def _bullets(screen: Screen, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        screen.result(Text(f"- {sentence}", "dim"), margin=_MARGIN)
