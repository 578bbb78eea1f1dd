"""What ``verify`` found, on a screen: failures, properties and bounds of each route."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.cli.format import count
from orchestrator.cli.render_faults import show_fault_bounds, show_faults, show_line
from orchestrator.cli.screen import Screen
from orchestrator.health.retry_budget import COST
from orchestrator.lab.fault_matrix import FaultReport
from orchestrator.lab.verify import Basis, Certificate, Verdict
from orchestrator.lab.verify.sequences import TargetLeg, Trace

_MARGIN = 2


def show(
    screen: Screen,
    verdicts: Sequence[Verdict],
    reports: Sequence[FaultReport],
    exceeded: Sequence[str],
    *,
    verbose: bool,
    retry_budget: int,
) -> None:
    """Show the verdicts, on stdout.

    Args:
        screen: Where they are shown.
        verdicts: One for each route.
        reports: What failures do to the calls of each route.
        exceeded: In words, each limit of the user's that is exceeded.
        verbose: Show the properties, the ways to the worst, and what was not told apart.
        retry_budget: Tokens that retries of all calls at one provider may spend.
    """
    for one, report in zip(verdicts, reports, strict=True):
        _route(screen, one, report, verbose=verbose)
    if verbose:
        _not_told_apart(screen, verdicts)
    screen.result(_retries(retry_budget), hang=len(_ALL_CALLS))
    screen.result("")
    untried = [report.matrix.stopped for report in reports if report.matrix.stopped]
    if untried:
        words = f"  not every failure was tried on {count(len(untried), 'route')} ({untried[0]})"
        _verdict(screen, Text.assemble(("NOT FINISHED", "bold yellow"), words))
    _verdict(screen, _last(verdicts, verbose=verbose))
    for text in exceeded:
        _verdict(screen, Text.assemble(("EXCEEDED", "bold red"), f"  {text}"))


def _verdict(screen: Screen, line: Text) -> None:
    """A word in capitals and what it says, which stands beside it where it is wrapped."""
    screen.result(line, hang=line.plain.index("  ") + 2)


_ALL_CALLS = "all calls together  "


def _retries(budget: int) -> Text:
    """What all calls together are bounded by, which no search of one call shows."""
    if not budget:
        return Text(f"{_ALL_CALLS}retries have no budget", style="yellow")
    most = f"at most {budget // COST:,} failed retries at one provider"
    return Text(f"{_ALL_CALLS}{most}, then 1 for each {COST} answers (retry_budget = {budget})")


def _last(verdicts: Sequence[Verdict], *, verbose: bool) -> Text:
    """The verdict on all."""
    broken = [one for one in verdicts if not one.holds]
    on = count(len(verdicts), "route")
    if broken:
        names = ", ".join(one.setting.name for one in broken)
        what = dict.fromkeys(each.name for one in broken for each in one.violations)
        return Text.assemble(
            ("BROKEN", "bold red"), f"  {len(broken)} of {on} ({names}): {', '.join(what)}"
        )
    left = [one for one in verdicts if one.basis is Basis.UNFINISHED]
    if left:
        return _left(left[0], on)
    proofs = {one.proof for one in verdicts}
    proof = proofs.pop() if len(proofs) == 1 else None
    if proof is not None:
        rest = len(verdicts[0].properties) - len(proof.properties) - len(proof.small)
        return Text.assemble(
            ("PROVED", "bold green"),
            f"  {len(verdicts[0].properties)} properties on {on}: {len(proof.properties)} by the "
            f"proof that ships, of every route of up to {count(proof.targets, 'target')} (states/ "
            f"{proof.short}); {len(proof.small)} on small settings, {rest} from this config",
        )
    states, seconds = sum(one.nodes for one in verdicts), sum(one.seconds for one in verdicts)
    more = "" if verbose else " (see --verbose)"
    return Text.assemble(
        ("HOLDS", "bold green"),
        f"  {len(verdicts[0].properties)} properties on {on}: {states:,} states searched "
        f"in {seconds:.1f} s{more}",
    )


def _left(verdict: Verdict, on: str) -> Text:
    """What a search that was left has shown."""
    met = ", ".join(count(int(one.value), one.name.rstrip("s")) for one in verdict.so_far)
    return Text.assemble(
        ("NOT FINISHED", "bold yellow"),
        f"  {on}: {verdict.setting.name} has no violation within "
        f"{count(verdict.depth or 0, 'move')}; worst so far {met} (stopped: {verdict.stopped})",
    )


def _route(screen: Screen, verdict: Verdict, report: FaultReport, *, verbose: bool) -> None:
    targets = " → ".join(str(target) for target in verdict.setting.route)
    screen.result(Text.assemble(("route ", "dim"), (verdict.setting.name, "bold"), f": {targets}"))
    show_faults(screen, report, verbose=verbose)
    _broken(screen, verdict)
    if verdict.certificate is not None and (verbose or not verdict.holds):
        _kept(screen, verdict, verbose=verbose)
    show_fault_bounds(screen, report.matrix)
    if verdict.certificate is not None:
        show_line(screen, "any number", _bounds(verdict.certificate))
    if verbose and verdict.certificate is not None:
        _worst(screen, verdict, verdict.certificate)
        _dead(screen, verdict)
    if verbose:
        counts = f"{verdict.nodes:,} states, {verdict.edges:,} edges, {verdict.seconds:.1f} s"
        by = "searched" if verdict.proof is None else "proved by a search of"
        screen.result(f"{by}: {counts}", margin=_MARGIN)
    if verdict.holds and verdict.basis is Basis.SEARCHED:
        show_line(screen, "besides", verdict.premises.words, style="")
    screen.result("")


def _broken(screen: Screen, verdict: Verdict) -> None:
    for violation in verdict.violations:
        broken = f"{violation.name}: {violation.what}"
        show_line(screen, "BROKEN", broken, style="bold red")
        if violation.trace.stays:
            _way(screen, violation.trace)
    if verdict.certificate is None and verdict.violations:
        # What is broken may hide what else is: the search does not go on behind it.
        screen.result("mend this first: the others were not all looked at", margin=_MARGIN)


def _kept(screen: Screen, verdict: Verdict, *, verbose: bool) -> None:
    broken = {violation.name for violation in verdict.violations}
    kept = [name for name in verdict.properties if name not in broken]
    listed = f": {', '.join(kept)}" if verbose else ""
    show_line(screen, "HOLDS", f"{len(kept)} properties{listed}", style="bold green")


def _bounds(certificate: Certificate) -> str:
    """``at most 16 requests (8 to one provider, deepseek), …; over within 300 s``."""
    requests = count(int(certificate.attempts.value), "request")
    most = f"{certificate.requests.value:g} to one provider, {certificate.requests.about}"
    rotations = count(int(certificate.rotations.value), "rotation")
    waits = count(int(certificate.waits.value), "wait")
    more = certificate.stream_seconds
    stream = f" (a stream that has begun: {more:g} s more)" if more else ""
    over = f"over within {certificate.seconds.value:g} s{stream}"
    return f"at most {requests} ({most}), {rotations}, {waits}; {over}"


def _worst(screen: Screen, verdict: Verdict, certificate: Certificate) -> None:
    """Each figure of the certificate, with the shortest way to it."""
    screen.result(Text("No call that was searched exceeds", "bold"), margin=_MARGIN)
    for figure in certificate.figures:
        unit = " s" if "longest" in figure.name else ""
        about = f" ({figure.about})" if figure.about else ""
        line = Text.assemble((f"{figure.value:g}{unit}", "bold"), f"  {figure.name}{about}")
        screen.result(line, margin=2 * _MARGIN)
        if figure.name in verdict.worst:
            _way(screen, verdict.worst[figure.name])
    screen.result(f"where a target needs {_repairs(verdict.setting.repairs)}", margin=2 * _MARGIN)


def _repairs(number: int) -> str:
    if not number:
        return "no repair of the request"
    return f"at most {count(number, 'repair')} of the request; each one more is an attempt more"


def _way(screen: Screen, trace: Trace) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", overflow="fold", max_width=30)
    table.add_column(overflow="fold")
    for stay in trace.stays:
        table.add_row(stay.target or "at none", ", ".join(_counted(stay)) or "asked")
    screen.show(Padding(table, (0, 0, 0, 3 * _MARGIN)))
    if not trace.ran:
        screen.result(
            "(with time and keys free: a running clock may not allow it)", margin=3 * _MARGIN
        )


def _counted(stay: TargetLeg) -> Iterator[str]:
    for move, times in itertools.groupby(stay.moves):
        count = len(list(times))
        yield move if count == 1 else f"{move} ×{count}"


def _dead(screen: Screen, verdict: Verdict) -> None:
    if verdict.dead:
        dead = f"Rows that no call of this route takes: {', '.join(verdict.dead)}"
        screen.result(dead, margin=_MARGIN)


def _not_told_apart(screen: Screen, verdicts: Sequence[Verdict]) -> None:
    """What the searches do not tell apart, each sentence once."""
    screen.result(Text("Not told apart:", "dim"))
    for sentence in dict.fromkeys(sentence for one in verdicts for sentence in one.merged):
        screen.result(Text(f"- {sentence}", "dim"), margin=_MARGIN)
