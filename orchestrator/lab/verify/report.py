"""A verdict as values fit for JSON, and its sequences as a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from orchestrator.lab.verify.verdict import Verdict
from orchestrator.ledger import line


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
        "repairs_a_target": verdict.setting.repairs,
        "stream_seconds": certificate.stream_seconds if certificate is not None else None,
        "dead_rows": list(verdict.dead),
        "reached": {one.target: list(one.reasons) for one in verdict.reached},
        "states": verdict.nodes,
        "edges": verdict.edges,
        "seconds": round(verdict.seconds, 3),
        "merged": list(verdict.merged),
    }


def ledger(verdict: Verdict) -> Iterator[bytes]:
    """The sequences of what is broken, else of the figures, as JSON lines; a call each."""
    told = {one.name: one.told for one in verdict.violations} or dict(verdict.worst)
    for name, one in told.items():
        call = f"{verdict.setting.name}: {name}"
        for entry in one.entries:
            yield line(attrs.evolve(entry, call=call))
