"""The fixtures of the plugin, on real sockets and in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator import Orchestrator
from orchestrator.clock import VirtualClock
from orchestrator.sim import AnyScript, ScriptedProviders, replies
from orchestrator.testing import assert_invariants
from tests.acceptance.world import HI, config_of


def test_a_call_over_a_scripted_provider_in_virtual_time(
    scripted_provider: Callable[[Mapping[str, AnyScript]], ScriptedProviders],
    virtual_clock: VirtualClock,
) -> None:
    providers = scripted_provider({"a": [replies.overloaded(), replies.ok("late")]})
    config = config_of(providers, ["a"], ["a/m"])
    with Orchestrator(config, clock=virtual_clock) as orchestrator:
        response = orchestrator.run(HI)

    assert response.text == "late"
    assert sum(virtual_clock.slept) > 0
    assert len(providers.received("a")) == 2
    assert_invariants(response.ledger)
