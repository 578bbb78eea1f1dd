"""Calls of a gateway are audited as they end, beside them, whatever they were."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from orchestrator.gateway.call_auditor import FAILED, HELD, LEFT_OUT, CallAuditor
from orchestrator.ledger import Closed, Entry, Ledger, Transition
from orchestrator.ledger.record import parts_of
from orchestrator.sim import Completion, Reply, replies
from orchestrator.testing import call
from tests.orchestrator.gateway.running import CHAT, HI, Running, running
from tests.orchestrator.gateway.serving_processes import Serving, serving
from tests.orchestrator.lab.simulation.incidents import config, of
from tests.waiting import AMPLE, eventually

CONFIG = of(config())


def ledger_of(script: str) -> Ledger:
    return call(CONFIG, script).ledger


def miscounted(script: str) -> Ledger:
    """A ledger that says another number of attempts than its moves."""
    ledger = ledger_of(script)
    entries = [attrs.evolve(one, attempts=9) if isinstance(one, Closed) else one for one in ledger]
    return Ledger(ledger.call, entries)


def misled(script: str) -> Ledger:
    """A ledger with a row that the table does not take there."""
    ledger = ledger_of(script)
    entries = [
        attrs.evolve(one, row="fallback")
        if isinstance(one, Transition) and one.row == "billing_fallback"
        else one
        for one in ledger
    ]
    return Ledger(ledger.call, entries)


def counts(served: Running) -> dict[str, int]:
    return dict(served.gateway.metrics.audited)


def test_each_call_is_counted_and_one_that_fails_is_a_line(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    results: list[str] = []
    bad, ledger = misled("402, ok"), tmp_path / "calls.jsonl"
    kept, named = CallAuditor(results.append), CallAuditor(results.append, ledger)
    with caplog.at_level(logging.ERROR, "orchestrator"):
        for auditor, calls in ((kept, (ledger_of("ok"), bad)), (named, (miscounted("503, ok"),))):
            auditor.start()
            for one in calls:
                auditor.put(one)
            auditor.stop()

    assert results == [HELD, FAILED, FAILED]
    first, second = (record.getMessage() for record in caplog.records)
    assert f"call {bad.call[:8]} failed the audit: move 3: the table: the ledger says" in first
    assert f"see: GET /v1/calls/{bad.call}" in first
    assert "attempts is 9; its moves say 2" in second
    assert f"orchestrator diagram --call {ledger} --id" in second


def test_what_finds_no_place_is_left_out_and_counted() -> None:
    results: list[str] = []
    auditor = CallAuditor(results.append, most=3)
    for _ in range(5):
        auditor.put(ledger_of("ok"))  # nobody takes any yet
    auditor.start()
    auditor.stop()

    assert results == [LEFT_OUT] * 2 + [HELD] * 3


def test_what_is_kept_of_a_call_is_not_put_together_for_its_audit() -> None:
    results: list[str] = []
    made = ledger_of("402, ok")
    ledger = Ledger(made.call)
    for entry in made:
        ledger.defer(type(entry), values_of, entry)
    auditor = CallAuditor(results.append)
    auditor.start()
    auditor.put(ledger)
    auditor.stop()

    assert results == [HELD]
    assert all(isinstance(part, tuple) for part in parts_of(ledger))


def values_of(entry: Entry) -> list[Any]:
    return [getattr(entry, field.name) for field in attrs.fields(type(entry))]


STREAM: dict[str, Any] = {**HI, "stream": True}
SCRIPTS = {
    "first": [replies.billing_402(), replies.ok("one")],
    "second": Reply(completion=Completion(text="from other " * 4)),
}


@pytest.mark.parametrize("kept", [False, True])
def test_whatever_a_gateway_is_asked_holds_with_a_ledger_and_without(
    kept: object, tmp_path: Path
) -> None:
    tables: dict[str, Any] = {"ledger": str(tmp_path / "calls.jsonl")} if kept else {}
    with running(SCRIPTS, is_audited=True, **tables) as served:
        served.post()
        served.post(CHAT, STREAM)
        served.post("/v1/messages", {**HI, "model": "default", "max_tokens": 9})
        served.post("/v1/embeddings", {"model": "second/m", "input": "hi"})
        served.post("/passthrough/second/v1/chat/completions", HI)
        with served.client() as client, client.stream("POST", CHAT, json=STREAM):
            pass  # its caller leaves
        assert eventually(lambda: sum(counts(served).values()) >= 5)
        assert eventually(lambda: served.gateway.in_flight == 0)
        exposed = served.get("/metrics").text

    found = counts(served)
    assert (found[FAILED], found[LEFT_OUT]) == (0, 0)
    assert re.search(r'orchestrator_audit_calls_total\{result="failed"\} 0\.0', exposed)
    assert re.search(r'orchestrator_audit_calls_total\{result="held"\} [1-9]', exposed)


def test_without_it_nothing_is_audited() -> None:
    with running() as served:
        served.post()

    assert counts(served) == {HELD: 0, FAILED: 0, LEFT_OUT: 0}


def test_a_process_that_audits_says_so_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, ["broke/m", "up/m"], options=("--audit",)) as gateway:
        asked = {**HI, "model": "default"}
        with httpx.Client(base_url=gateway.url, trust_env=False, timeout=AMPLE) as client:
            assert client.post(CHAT, json=asked).status_code == 200
        assert eventually(lambda: "audit: 1 call held, 0 failed" in status(gateway))
        assert gateway.restart().status == 0
        assert "audit: 0 calls held, 0 failed" in status(gateway)


def status(gateway: Serving) -> str:
    return gateway.place.run_process("status").out
