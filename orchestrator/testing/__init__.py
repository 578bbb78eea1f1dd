"""For tests of your own config: strategies, a state machine to subclass, fixtures, assertions.

::

    from hypothesis import given
    from orchestrator.testing import assert_invariants, call, error_sequences, load

    CONFIG = load("orchestrator.toml")

    @given(error_sequences(at=CONFIG.route()[0].provider))
    def test_whatever_the_primary_does_the_caller_gets_an_answer(errors):
        done = call(CONFIG, errors)
        assert_invariants(done.ledger)
        assert done.answered, done.outcome

The rules of the room: nothing else of ``orchestrator`` imports it, and only it imports
pytest and hypothesis, which a program that makes calls need not have. No test of it
sends anything, except to the sockets of :mod:`orchestrator.sim`. The fixtures and the edge
coverage are in :mod:`orchestrator.testing.plugin`, which is not an entry point: it would be
imported by every pytest run of whoever has this library installed.
"""

from orchestrator.testing.calls import call, load
from orchestrator.testing.invariants import assert_invariants
from orchestrator.testing.machine import ConfigMachine
from orchestrator.testing.strategies import RESCUABLE, error_sequences, policies, routes

__all__ = [
    "RESCUABLE",
    "ConfigMachine",
    "assert_invariants",
    "call",
    "error_sequences",
    "load",
    "policies",
    "routes",
]
