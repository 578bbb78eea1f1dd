"""The two pumps perform the same flow: the same script gives the same record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import Ledger, Orchestrator, states
from orchestrator.clock import VirtualClock
from orchestrator.sim import Cut, Framing, Reply, Script, ScriptedProviders, replies
from tests.acceptance.world import (
    Call,
    Outcome,
    arun,
    canary,
    config_of,
    outcome,
    run,
)

ROUTE = ("a/one", "a/two", "b/three")
KEYS = {"a": 2}
POLICY = '[policy]\nattempts_per_target = 2\n[policy.on]\ncontent_policy = ["fallback"]'

# A whole answer holds its own number, so its length, which errors tell, would grow.
FIXED = replies.error(200, {"choices": [{"message": {"content": "the same each time"}}]})

FAULTS = (
    replies.ok(),
    replies.ok("half", finish_reason="length"),
    replies.chunked(replies.ok("in chunks")),
    replies.truncated_tool_call(),
    replies.empty(),
    replies.billing_402(),
    replies.quota_exhausted(),
    replies.rate_limited(None),
    replies.rate_limited(3),
    replies.rate_limited(400),
    replies.bad_key(),
    replies.model_not_found(),
    replies.context_overflow(),
    replies.forbidden_upstream(),
    replies.overloaded(),
    replies.overloaded(529),
    replies.server_error(),
    replies.html_page(),
    replies.html_page(200, "Sign in"),
    replies.redirect("http://127.0.0.1:1/elsewhere"),
    replies.openai_error(400, "Unknown parameter: 'foo'."),
    replies.openai_error(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        code="unsupported_parameter",
    ),
    replies.error(418, b"\xff\xfe\x00"),
    replies.error(204),
    replies.closed(),
    replies.reset(),
    replies.malformed(),
    replies.cut_after(0, FIXED),
    replies.cut_after(40, FIXED),
    Reply(completion=replies.ok().completion, framing=Framing.CHUNKED, cut=Cut(7)),
    replies.error(200, b"not gzip", {"Content-Encoding": "gzip"}),
    replies.error(500, "{credential} is the key", {"X-Request-Id": "req-7"}),
)

scripts = st.lists(st.sampled_from(FAULTS), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def providers() -> Iterator[ScriptedProviders]:
    with ScriptedProviders({"a": replies.ok(), "b": replies.ok()}) as providers:
        yield providers


def record(ledger: Ledger) -> list[Any]:
    """Everything but the call's own id."""
    return [attrs.evolve(entry, call="") for entry in ledger]


def played(
    call: Call, providers: ScriptedProviders, script: dict[str, Script], request: dict[str, Any]
) -> tuple[Outcome, list[float], list[tuple[str | None, Any]]]:
    """What a script ends with, what was slept, and what the providers received."""
    before = {name: len(providers.received(name)) for name in "ab"}
    for name in "ab":
        providers.set(name, script[name])
    clock = VirtualClock()
    config = config_of(providers, "ab", ROUTE, keys=KEYS, extra=POLICY)
    with Orchestrator(config, clock=clock, seed=7) as orchestrator:
        found = outcome(call, orchestrator, request)
    received = [
        (one.credential, one.body)
        for name in "ab"
        for one in providers.received(name)[before[name] :]
    ]
    return found, clock.slept, received


@settings(max_examples=60)
@given(st.data())
def test_both_drivers_keep_the_same_record_of_the_same_script(
    providers: ScriptedProviders, data: st.DataObject
) -> None:
    script = {
        "a": Script(
            by_credential={
                canary("a", number): Script(tuple(data.draw(scripts, f"a, key#{number}")))
                for number in (1, 2)
            }
        ),
        "b": Script(tuple(data.draw(scripts, "b"))),
    }
    request = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
    blocking, slept, received = played(run, providers, script, request)
    suspending, slept_async, received_async = played(arun, providers, script, request)

    assert record(suspending.ledger) == record(blocking.ledger)
    assert type(suspending) is type(blocking)
    assert slept_async == slept
    assert received_async == received
    assert [attempt.number for attempt in blocking.attempts] == [
        *range(1, len(blocking.attempts) + 1)
    ]
    assert len(received) == len(blocking.attempts)
    if isinstance(blocking, Exception):
        assert str(suspending) == str(blocking)
    for found in (blocking, suspending):
        assert replayed(found.ledger) == found.ledger.rows


def replayed(ledger: Ledger) -> tuple[str, ...]:
    """The rows that the recorded events give, from the call as it was opened."""
    opened = ledger[0]
    call = opened.begin()
    rows: list[str] = []
    for transition in ledger.transitions:
        moved = states.step(call, transition.facts)
        assert moved.command == transition.command
        rows.append(moved.row)
        call = moved.call
    assert call.state.final
    return tuple(rows)


@pytest.mark.parametrize("reply", FAULTS, ids=range(len(FAULTS)))
def test_no_fault_escapes_as_anything_but_a_failed_call(
    providers: ScriptedProviders, reply: Reply
) -> None:
    script = {"a": Script((reply,)), "b": Script((reply,))}
    request = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
    found, _, _ = played(run, providers, script, request)

    text = str(found)
    assert "canary" not in text
    assert text.isprintable()
    assert found.attempts[0].status in (reply.status, None)
