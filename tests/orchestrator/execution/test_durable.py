"""Durable calls: each effect a recorded step, replayed in other processes to the same end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator, Response
from orchestrator.api.request import Request
from orchestrator.clock import VirtualClock
from orchestrator.execution.durable_data import StepKind
from orchestrator.health import MemoryStore, Store
from orchestrator.sim import Script, ScriptedProviders, replies
from tests.acceptance.world import HI, arun, canary, config_of, outcome
from tests.orchestrator.execution.durable_engine import Journal, run_killed
from tests.orchestrator.execution.test_agreement import KEYS, POLICY, ROUTE, scripts

ASKED = Request({**HI, "max_tokens": 5})
NEVER = 10_000


@pytest.fixture(scope="module")
def providers() -> Iterator[ScriptedProviders]:
    with ScriptedProviders({"a": replies.ok(), "b": replies.ok()}) as providers:
        yield providers


@attrs.define
class Place:
    """What the processes of a call share: providers, the board's store, a clock, the journal."""

    providers: ScriptedProviders
    store: Store = attrs.field(factory=MemoryStore)
    clock: VirtualClock = attrs.field(factory=VirtualClock)
    journal: Journal = attrs.field(factory=Journal)
    told: list[Any] = attrs.field(factory=list)

    def orchestrator(self) -> Orchestrator:
        config = config_of(self.providers, "ab", ROUTE, keys=KEYS, extra=POLICY)
        options: dict[str, Any] = {"clock": self.clock, "store": self.store}
        return Orchestrator(config, observe=self.told.append, **options)

    def run(self, every: int, request: Request = ASKED) -> Response:
        call = run_killed(self.orchestrator, request, self.clock, self.journal, every)
        return asyncio.run(call)

    def received(self) -> int:
        return sum(len(self.providers.received(name)) for name in "ab")


def drawn(providers: ScriptedProviders, data: st.DataObject) -> dict[str, Script]:
    keyed = {
        canary("a", number): Script(tuple(data.draw(scripts, f"a, key#{number}")))
        for number in (1, 2)
    }
    return {"a": Script(by_credential=keyed), "b": Script(tuple(data.draw(scripts, "b")))}


def attempts(found: Response | CallFailed) -> list[Any]:
    """What tells attempts apart, but for how long they waited for jitter."""
    return [
        (each.number, each.target, each.credential, each.status, each.reason, each.message)
        for each in found.attempts
    ]


@settings(max_examples=40)
@given(st.data())
def test_a_call_that_is_killed_again_and_again_is_the_same_call(
    providers: ScriptedProviders, data: st.DataObject
) -> None:
    script = drawn(providers, data)

    def played(every: int) -> tuple[Any, Place, int]:
        for name in "ab":
            providers.set(name, script[name])
        place = Place(providers)
        before = place.received()
        found = outcome(lambda: place.run(every))
        return found, place, place.received() - before

    torn, killed, asked = played(data.draw(st.integers(1, 3), "steps of a process"))
    performed = list(killed.journal.performed)
    replayed = outcome(lambda: killed.run(NEVER))

    assert [*torn.ledger] == [*replayed.ledger] == killed.told
    assert (str(torn), type(torn)) == (str(replayed), type(replayed))
    assert killed.journal.performed == performed
    assert asked == len(torn.attempts)

    whole, calm, asked = played(NEVER)
    assert asked == len(whole.attempts)
    assert calm.told == [*whole.ledger]
    if any(each.rule == "transport.stale-connection" for each in whole.attempts):
        return  # of a process that dies no connection is kept
    assert [*whole.ledger] == [*torn.ledger]

    for name in "ab":
        providers.set(name, script[name])
    with Orchestrator(
        config_of(providers, "ab", ROUTE, keys=KEYS, extra=POLICY), clock=VirtualClock()
    ) as plain:
        alive = outcome(arun, plain, ASKED)
    assert whole.ledger.rows == alive.ledger.rows
    assert attempts(whole) == attempts(alive)


@settings(max_examples=40)
@given(st.data())
def test_no_secret_is_recorded(providers: ScriptedProviders, data: st.DataObject) -> None:
    script = drawn(providers, data)
    for name in "ab":
        providers.set(name, script[name])
    place = Place(providers)
    outcome(lambda: place.run(NEVER))

    recorded = repr(place.journal)
    assert StepKind.ATTEMPT.value in recorded
    for name, number in (("a", 1), ("a", 2), ("b", 1)):
        assert canary(name, number) not in recorded
        assert canary(name, number)[7:] not in recorded
