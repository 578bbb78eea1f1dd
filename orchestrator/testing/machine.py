"""A state machine over one's own config: calls, waits and failures in any order."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from orchestrator.config.config import Config
from orchestrator.lab.simulation import Item, ScriptPlayer, SimulatedCall, Simulation
from orchestrator.testing.invariants import assert_invariants
from orchestrator.testing.strategies import error_sequences


class ConfigMachine(RuleBasedStateMachine):
    """Many calls over one health board; every one must keep the invariants.

    ::

        class MyConfig(ConfigMachine):
            config = load("orchestrator.toml")

            def check(self, done):
                assert len(done.ledger.attempts) <= self.config.policy.max_attempts


        TestMyConfig = MyConfig.TestCase
        TestMyConfig.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)

    The settings, of hypothesis, end it within some seconds; its own default is 100 examples of
    50 steps, which takes minutes.

    Attributes:
        config: Set it in the subclass.
        route: The route to call; ``default`` where it is ``None``.
        streams: Whether calls are streamed: ``(True,)``, or ``(False, True)`` for both kinds.
    """

    config: ClassVar[Config]
    route: ClassVar[str | None] = None
    streams: ClassVar[tuple[bool, ...]] = (False,)

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation(self.config, ScriptPlayer(()), route=self.route)

    @rule(data=st.data())
    def call_in_trouble(self, data: st.DataObject) -> None:
        """A call that meets errors, and then whoever is asked answers."""
        errors = data.draw(error_sequences(config=self.config), label="errors")
        self._call(errors, stream=data.draw(st.sampled_from(self.streams)))

    @rule(data=st.data())
    def call_in_calm(self, data: st.DataObject) -> None:
        """A call that everybody answers."""
        self._call((), stream=data.draw(st.sampled_from(self.streams)))

    @rule(seconds=st.sampled_from((0.1, 5.0, 61.0, 400.0, 4_000.0)))
    def wait(self, seconds: float) -> None:
        """Time passes: cooldowns, benches and circuits end."""
        self.simulation.clock.advance(seconds)

    def check(self, done: SimulatedCall) -> None:
        """Override it to assert what your config promises of every call."""

    def teardown(self) -> None:
        """See :class:`hypothesis.stateful.RuleBasedStateMachine`."""
        self.simulation.close()

    def _call(self, errors: tuple[Item, ...], *, stream: bool) -> None:
        self.simulation.answers = ScriptPlayer(errors)
        done = self.simulation.call(stream=stream)
        assert_invariants(done.ledger)
        self.check(done)
