"""The verdict of llmock on us: a server of ten providers that breaks and judges its clients.

What it cannot see decides how it is asked here. A client that reports a broken stream to its
caller, in place of asking again, looks to it like one that took the half for the whole; so the
streams are held until they are whole (``on_interrupted = "hold"``), and every recovery shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from llmock.chaos import StreamChaos
from llmock.scenarios import Behavior, Delay, Fail, Match, Reply, SlowFirstToken, StreamFault
from llmock.testing import LLMockServer
from llmock.verdict import judge

import orchestrator
from orchestrator import Orchestrator, OrchestratorTransport
from orchestrator.config.loading import loads
from tests.acceptance.sdk_clients import CLIENTS
from tests.slow import slow_but
from tests.waiting import AMPLE

BASES = {
    "openai-chat": "/v1",
    "openai-responses": "/v1",
    "anthropic-messages": "/anthropic/v1",
    "gemini": "/gemini/v1beta",
}

SCENARIOS: dict[str, tuple[bool, Behavior]] = {
    "throttled": (False, Fail(429, retry_after=0.3)),
    "throttled-stream": (True, Fail(429, retry_after=0.3)),
    "down": (False, Fail(503)),
    "failing-stream": (True, Fail(500)),
    "overloaded": (True, Fail(529)),
    "delayed": (False, Delay(0.2)),
    "slow-start": (True, SlowFirstToken(0.2)),
    "dropped-at-once": (True, StreamFault("disconnect", after_chunks=0)),
    "dropped": (True, StreamFault("disconnect", after_chunks=6)),
    "cut-at-once": (True, StreamFault("truncate", after_chunks=0)),
    "cut": (True, StreamFault("truncate", after_chunks=6)),
    "torn": (True, StreamFault("malformed", after_chunks=6)),
    "stalled-at-once": (True, StreamFault("stall", after_chunks=0, stall_seconds=10)),
    "stalled": (True, StreamFault("stall", after_chunks=6, stall_seconds=10)),
}
"""What goes wrong and is recovered from; by name, streamed or not.

Each fails once: two waits with jitter may be alike, which the verdict takes for a constant.
"""

STALLED = ("stalled-at-once", "stalled")

CHUNK_DELAY = 20
"""Milliseconds between two chunks.

Written at once, a whole answer with a broken event in it may have left the server before the
client hangs up on it; the server then takes it for accepted, and its retry for another call.
"""

TEXT = " ".join(["The quick brown fox jumps over the lazy dog, and the dog lets it."] * 4)
"""So long that a client on a busy machine hangs up well before the end, and below 100 tokens."""

REFUSALS = {
    "unpaid": (402, "billing exhausted"),
    "bad-key": (401, "credential refused"),
    "bad-request": (400, "bad request"),
    "unknown-model": (404, "model not found"),
}
"""What no retry can cure, and what the caller is told."""


@pytest.fixture(scope="module")
def server() -> Iterator[LLMockServer]:
    with LLMockServer() as running:
        running.state.stream_chaos = StreamChaos(chunk_delay_ms=CHUNK_DELAY).validated()
        yield running


def orchestrator_over(server: LLMockServer, dialect: str) -> Orchestrator:
    """A provider entry for each scenario, so that one's marks do not touch another's."""
    url = server.base_url("openai").removesuffix("/v1") + BASES[dialect]
    lines = [
        'health = "memory"',
        '[policy]\non_interrupted = "hold"',
    ]
    # Whoever else is slow is so because the machine is busy, and is waited for: also where the
    # stalled answer comes the second time, of the same server under another name.
    for name in STALLED:
        lines += [f'[targets."{name}/{name}"]', 'timeouts = { first_token = "2s", idle = "2s" }']
    lines += ["[policy.on]", 'timeout = ["fallback"]', "[routes]"]
    lines += [f'{name} = ["{name}/{name}", "patient/{name}"]' for name in STALLED]
    for name in (*SCENARIOS, *REFUSALS, "patient"):
        lines += [f"[providers.{name}]", f'dialect = "{dialect}"', f'base_url = "{url}"']
        lines += ['credentials = ["k"]']
    return Orchestrator(loads("\n".join(lines), {}))


@pytest.mark.parametrize(
    "dialect", slow_but({"gemini"}, BASES, "all its scenarios, with the waits that they ask for")
)
def test_the_strict_verdict_passes_and_every_answer_is_whole(
    server: LLMockServer, dialect: str
) -> None:
    server.state.scenarios.clear()
    server.state.journal.clear()
    for name, (_, behavior) in SCENARIOS.items():
        server.state.scenarios.add(dataclasses.replace(behavior, match=Match(model=name)))
    for name, (status, _) in REFUSALS.items():
        server.state.scenarios.add(Fail(status, match=Match(model=name)))
    server.state.scenarios.add(Reply(text=TEXT, times=None))

    with orchestrator_over(server, dialect) as inner:
        transport = orchestrator.transport(inner)
        with ThreadPoolExecutor(len(SCENARIOS)) as threads:
            texts = dict(threads.map(lambda name: asked(name, dialect, transport), SCENARIOS))
        for name, (status, words) in REFUSALS.items():
            with pytest.raises(CLIENTS[dialect].error, match=words) as raised:
                CLIENTS[dialect].ask(transport, stream=False, model=f"{name}/{name}")
            assert str(status) in str(raised.value)
        verdict = judge(server.state.journal.records(wait=AMPLE))

    assert texts == dict.fromkeys(SCENARIOS, TEXT)
    assert verdict.faults >= len(SCENARIOS)
    verdict.assert_ok(strict=True)


def asked(name: str, dialect: str, transport: OrchestratorTransport) -> tuple[str, str]:
    """What the client of ``dialect`` makes of a scenario, by the scenario's name."""
    stream, _ = SCENARIOS[name]
    model = name if name in STALLED else f"{name}/{name}"
    got = CLIENTS[dialect].ask(transport, stream=stream, model=model)
    return name, got.text
