"""The incidents as simulated calls, from which the ledgers beside them are made.

``python -m tests.orchestrator.lab.simulation.incidents`` writes them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from orchestrator.config.config import Config
from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from orchestrator.lab.simulation.loading import loads
from orchestrator.ledger import Entry, line

FOLDER = Path(__file__).parents[4] / "docs" / "incidents"


@attrs.frozen
class Incident:
    """One incident: a config, and a script for each call with the seconds before it."""

    config: str
    calls: tuple[tuple[float, str], ...]


def config(*, keys: int = 3, route: tuple[str, ...] = (), extra: str = "") -> str:
    """The config of the incidents, or one with a change."""
    names = [f"env:DEEPSEEK_{number}" for number in range(1, keys + 1)]
    targets = route or ("deepseek/v4", "openrouter/oss", "corp/llama")
    return f"""{extra}
[providers.deepseek]
credentials = {names}
[providers.openrouter]
credentials = ["env:OPENROUTER_1"]
[providers.corp]
base_url = "http://llm.corp/v1"
credentials = ["env:CORP_1"]
[routes]
default = {list(targets)}
"""


_BROKE = '402(message="Insufficient Balance")@deepseek'

_BUSY = (
    '402(message="Insufficient available balance: in use by pending requests. '
    'Please wait for ongoing requests to complete")'
)

INCIDENTS = {
    # A 402 at the primary, fallbacks configured; later calls skip it, one probes it, one finds
    # it topped up.
    "a1": Incident(
        config(),
        (
            (0.0, f"{_BROKE}, ok"),
            (60.0, f"{_BROKE}, ok"),
            (60.0, f"{_BROKE}, ok"),
            (300.0, f"{_BROKE}, ok"),
            (900.0, "ok"),
        ),
    ),
    # A 402 at the primary; the fallbacks truncate: the cause stays the 402.
    "a2": Incident(
        config(), ((0.0, f"{_BROKE}, output_truncated@openrouter, output_truncated@corp"),)
    ),
    # A 401 rotates, then falls back, each time with the target's own model; a 403 about a
    # key's limit is billing.
    "a6": Incident(
        config(),
        (
            (0.0, "401@key#1@deepseek, ok"),
            (60.0, "401@deepseek*2, ok"),
            (7_200.0, '403(message="Key limit exceeded (total limit)")@deepseek, ok'),
        ),
    ),
    # A custom endpoint's 402s and busy limits; each call fails or falls back alone.
    "b1": Incident(
        config(route=("corp/llama", "deepseek/v4")),
        (
            (0.0, f"{_BUSY}@corp, ok"),
            (1.0, '429(message="daily_limit_busy", retry_after=20)@corp, ok'),
            (60.0, "503@corp*2, ok"),
            (60.0, "cut@corp, invalid_response@corp, ok"),
            (600.0, "429(retry_after=30)@corp*2, ok"),
            (600.0, '402(message="Your balance is exhausted")@corp, ok'),
        ),
    ),
    # A primary that fails slowly: it is asked once, and the fallback answers in time.
    "e1": Incident(
        config(),
        (
            (0.0, "524(after=100)@deepseek, ok"),
            (600.0, "cut(after=60)@deepseek, ok"),
            (600.0, "timeout@deepseek, ok"),
        ),
    ),
}  # fmt: skip


def entries(name: str) -> Iterator[Entry]:
    """The entries of an incident's calls, whose ids are ``NAME-1``, ``NAME-2``, ..."""
    incident = INCIDENTS[name]
    playing = ScriptPlayer(())
    with Simulation(of(incident.config), playing) as simulation:
        for number, (pause, script) in enumerate(incident.calls, 1):
            simulation.clock.advance(pause)
            simulation.answers = ScriptPlayer(parse(script))
            for entry in simulation.call().ledger:
                yield attrs.evolve(entry, call=f"{name}-{number}")


def of(text: str) -> Config:
    """The config in ``text``, with made-up keys."""
    return loads(text, {}).config


def ledger(name: str) -> bytes:
    """The incident's ledger."""
    return b"".join(line(entry) for entry in entries(name))


def main() -> None:
    """Write every ledger."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in INCIDENTS:
        (FOLDER / f"{name}.jsonl").write_bytes(ledger(name))


if __name__ == "__main__":
    main()
