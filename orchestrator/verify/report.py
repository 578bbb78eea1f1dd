"""A verdict as values fit for JSON, as lines for people, and its sequences as a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from orchestrator.ledger import line
from orchestrator.verify.sequences import Told
from orchestrator.verify.verdict import Verdict


def as_mapping(verdict: Verdict) -> dict[str, Any]:
    """Everything that a verdict says, as plain values."""
    certificate = verdict.certificate
    figures = certificate.figures if certificate is not None else ()
    return {
        "route": verdict.setting.name,
        "targets": [str(target) for target in verdict.setting.route],
        "holds": verdict.holds,
        "properties": list(verdict.properties),
        "violations": [
            {"property": one.name, "what": one.what, "sequence": list(one.told.words)}
            for one in verdict.violations
        ],
        "certificate": {
            figure.name.replace(" ", "_"): {
                "value": figure.value,
                "about": figure.about,
                "sequence": list(verdict.worst[figure.name].words),
                "replayed": verdict.worst[figure.name].ran,
            }
            for figure in figures
        },
        "stream_seconds": certificate.stream_seconds if certificate is not None else None,
        "dead_rows": list(verdict.dead),
        "reached": {one.target: list(one.reasons) for one in verdict.reached},
        "states": verdict.nodes,
        "edges": verdict.edges,
        "seconds": round(verdict.seconds, 3),
        "merged": list(verdict.merged),
    }


def as_lines(verdict: Verdict) -> Iterator[str]:
    """The verdict as text, the most important first."""
    targets = " -> ".join(str(target) for target in verdict.setting.route)
    yield f"route {verdict.setting.name}: {targets}"
    for violation in verdict.violations:
        yield f"BROKEN {violation.name}: {violation.what}"
        yield from (f"    {word}" for word in _numbered(violation.told))
    if verdict.holds:
        yield f"{len(verdict.properties)} properties hold"
    yield from _figures(verdict)
    yield from _reach(verdict)
    yield (
        f"{verdict.nodes} states, {verdict.edges} edges, {verdict.seconds:.1f} s; merged: "
        + "; ".join(verdict.merged)
    )


def _numbered(told: Told) -> Iterator[str]:
    for number, word in enumerate(told.words, 1):
        yield f"{number:2} {word}"
    if not told.ran:
        yield "   (with time and forgotten keys free; a running clock may not allow it)"


def _figures(verdict: Verdict) -> Iterator[str]:
    certificate = verdict.certificate
    if certificate is None:
        return
    for figure in certificate.figures:
        about = f" ({figure.about})" if figure.about else ""
        unit = " s" if "longest" in figure.name else ""
        yield f"at most {figure.value:g}{unit} {figure.name}{about}:"
        told = verdict.worst[figure.name]
        yield "    " + ", ".join(told.words) + ("" if told.ran else " (not replayed)")
    if certificate.stream_seconds:
        yield (
            f"    a stream may go on for {certificate.stream_seconds:g} s after its first content"
        )


def _reach(verdict: Verdict) -> Iterator[str]:
    for one in verdict.reached:
        yield f"{one.target}: " + (f"after {', '.join(one.reasons)}" if one.reasons else "first")
    if verdict.dead:
        yield "rows that no call of this route takes: " + ", ".join(verdict.dead)


def ledger(verdict: Verdict) -> Iterator[bytes]:
    """The sequences of what is broken, else of the figures, as JSON lines; a call each."""
    told = {one.name: one.told for one in verdict.violations} or dict(verdict.worst)
    for name, one in told.items():
        call = f"{verdict.setting.name}: {name}"
        for entry in one.entries:
            yield line(attrs.evolve(entry, call=call))
