"""A coordinator with an engine and providers of its own: what the command cannot set."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from orchestrator import Orchestrator
from orchestrator.batch.budget import Budget
from orchestrator.batch.coordinator import BatchFiles, Coordinator, batch_name, find_known
from orchestrator.batch.database import BatchDatabase
from orchestrator.batch.engine import Engine, worker_name
from orchestrator.batch.gates import Gates
from orchestrator.batch.line_call import LineCaller, LineOptions
from orchestrator.batch.lines import BatchInput, check_input
from orchestrator.batch.records import NANO
from orchestrator.batch.worker import GroupWriter, Worker
from orchestrator.dialects import Usage
from orchestrator.sim import ScriptedProviders, replies

USAGE = {"prompt_tokens": 10, "completion_tokens": 90, "total_tokens": 100}
CENT = NANO // 100


def price(provider: str, model: str, usage: Usage, when: datetime) -> Decimal:
    """A cent for each answer of 100 tokens."""
    assert provider
    assert model
    assert when.tzinfo
    return Decimal(usage.prompt_tokens + usage.completion_tokens) / 10_000


def write_input(path: Path, count: int) -> BatchInput:
    body = {"model": "a/m", "messages": [{"role": "user", "content": "hi"}]}
    lines = (
        json.dumps({"custom_id": str(number), "url": "/v1/chat/completions", "body": body})
        for number in range(count)
    )
    path.write_text("\n".join(lines))
    return check_input(path, None)


@contextmanager
def coordinator(folder: Path, providers: ScriptedProviders, cents: int) -> Iterator[Coordinator]:
    """One that may spend so many cents."""
    given = write_input(folder / "in.jsonl", 20)
    tables = {"a": {"base_url": providers.url("a"), "credentials": ["literal-a"]}}
    orchestrator = Orchestrator.from_dict(
        {"health": "memory", "routes": {"default": ["a/m"]}, "providers": tables}
    )
    output = folder / "out.jsonl"
    database = BatchDatabase(folder / "state.sqlite")
    database.open()
    name = worker_name()

    def make_worker() -> Worker:
        caller = LineCaller(orchestrator, Gates(time.monotonic, 4), price)
        return Worker(name, caller, GroupWriter(database))

    options = LineOptions(batch_name(given, output), (), 60.0)
    engine = Engine(database, name, make_worker, 8)
    engine.batches[options.batch] = options
    assert database.claim_presence(name)
    engine.start()
    try:
        yield Coordinator(
            database=database,
            engine=engine,
            files=BatchFiles.beside(output),
            given=given,
            options=options,
            terms="",
            tell=lambda _: None,
            estimate=lambda _: CENT,
            budget=Budget(cents * CENT),
        )
    finally:
        engine.close(orchestrator.aclose())
        database.close()


def run(one: Coordinator, output: Path) -> bool:
    one.begin(find_known(one.database, one.given, output), retry_failed=False)
    is_over = one.run(lambda: False)
    one.end()
    return is_over


def test_a_limit_of_money_is_kept_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    with ScriptedProviders({"a": replies.ok("hello", usage=USAGE)}) as providers:
        with coordinator(tmp_path, providers, cents=7) as first:
            assert not run(first, output)
            assert first.is_out_of_money
            assert first.sums.answered == 7 == len(providers.received("a"))
            assert first.sums.cost == 7 * CENT

        with coordinator(tmp_path, providers, cents=20) as second:
            assert run(second, output)
            assert second.sums.cost == 20 * CENT
        assert len(providers.received("a")) == 20
    assert len(output.read_text().splitlines()) == 20
