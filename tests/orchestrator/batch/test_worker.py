"""A worker with a real database and real requests; the engine is left out."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from orchestrator import Orchestrator
from orchestrator.batch.database import BatchDatabase
from orchestrator.batch.gates import Gates
from orchestrator.batch.line_call import LineCaller, LineOptions
from orchestrator.batch.lines import BatchLine
from orchestrator.batch.worker import GroupWriter, Sleep, Worker
from orchestrator.sim import ScriptedProviders, replies

BODY = {"model": "a/m", "messages": [{"role": "user", "content": "hi"}]}
LINE = BatchLine(7, "seven", "/v1/chat/completions", json.dumps(BODY))
OPTIONS = LineOptions("batch", (), 60.0)


class Killed(Exception):
    """The process dies while it waits."""


async def die(seconds: float) -> None:
    assert seconds > 0
    raise Killed


async def no_time(seconds: float) -> None:
    assert seconds > 0


def run(folder: Path, providers: ScriptedProviders, sleep: Sleep) -> BatchDatabase:
    """Run the line in a process of its own, as far as it goes."""
    tables = {"a": {"base_url": providers.url("a"), "credentials": ["literal-a"]}}
    database = BatchDatabase(folder / "state.sqlite")
    database.open()

    async def work() -> None:
        config = {"health": "memory", "routes": {"default": ["a/m"]}, "providers": tables}
        orchestrator = Orchestrator.from_dict(config)
        try:
            caller = LineCaller(orchestrator, Gates(time.monotonic), None)
            await Worker("worker", caller, GroupWriter(database)).run(LINE, OPTIONS, sleep)
        finally:
            await orchestrator.aclose()

    try:
        asyncio.run(work())
    finally:
        database.close()
    return database


def test_a_line_that_is_over_is_not_asked_again(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok("hello")}) as providers:
        run(tmp_path, providers, no_time)
        database = run(tmp_path, providers, no_time)

        assert len(providers.received("a")) == 1
    assert database.sums("batch").answered == 1
    assert database.flights_of("worker") == []
    database.close()


def test_a_line_whose_process_died_in_a_wait_goes_on_behind_it(tmp_path: Path) -> None:
    busy = replies.rate_limited(retry_after=5.0)
    with ScriptedProviders({"a": [busy, replies.ok("late")]}) as providers:
        with pytest.raises(Killed):
            run(tmp_path, providers, die)
        assert len(providers.received("a")) == 1

        database = run(tmp_path, providers, no_time)
        assert len(providers.received("a")) == 2
    (outcome,) = database.unwritten("batch", 10)
    assert outcome.is_rescued
    # It was not in flight while it waited, and nothing of it is left but its outcome.
    assert database.flights_of("worker") == []
    with database.engine.connect() as connection:
        assert connection.execute(database.tables.segments.select()).all() == []
    database.close()
