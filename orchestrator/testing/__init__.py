"""For tests of your own config: strategies, a state machine to subclass, fixtures, assertions.

::

    from hypothesis import given, settings
    from orchestrator.testing import assert_invariants, call, error_sequences, load

    CONFIG = load("orchestrator.toml")

    @settings(deadline=None)
    @given(error_sequences(at=CONFIG.route()[0].provider, config=CONFIG))
    def test_whatever_the_primary_does_the_caller_gets_an_answer(errors):
        done = call(CONFIG, errors)
        assert_invariants(done.ledger)
        assert done.answered, done.outcome

The rules of the room: nothing else of ``orchestrator`` imports it, and only it imports
pytest and hypothesis (the extra ``testing``), which a program that makes calls need not have.
No test of it sends anything, except to the sockets of :mod:`orchestrator.sim`. The fixtures
and the edge coverage are in :mod:`orchestrator.testing.plugin`, which is not an entry point:
it would be imported by every pytest run of whoever has this library installed. What is
imported here is loaded when it is asked for, so that the plugin costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from orchestrator.clock import VirtualClock
from orchestrator.extras import how_to_install

if TYPE_CHECKING:
    from orchestrator.testing.calls import call, load
    from orchestrator.testing.invariants import assert_invariants
    from orchestrator.testing.machine import ConfigMachine
    from orchestrator.testing.strategies import RESCUABLE, error_sequences, policies, routes

__all__ = [
    "RESCUABLE",
    "ConfigMachine",
    "MissingExtra",
    "VirtualClock",
    "assert_invariants",
    "call",
    "error_sequences",
    "load",
    "policies",
    "routes",
]

_HOMES = {
    "call": "calls",
    "load": "calls",
    "assert_invariants": "invariants",
    "ConfigMachine": "machine",
    "RESCUABLE": "strategies",
    "error_sequences": "strategies",
    "policies": "strategies",
    "routes": "strategies",
}

_EXTRA = ("hypothesis", "pytest")


class MissingExtra(ImportError):
    """The extra ``testing`` is needed, and is not installed."""

    def __init__(self, name: str, missing: str) -> None:
        super().__init__(
            f"orchestrator.testing.{name} needs {missing}, which is not installed: "
            f"{how_to_install('testing')}"
        )


def __getattr__(name: str) -> Any:
    """The public names, each loaded when it is asked for.

    Raises:
        MissingExtra: It needs what is not installed.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise MissingExtra(name, str(error.name)) from None
    return getattr(home, name)
