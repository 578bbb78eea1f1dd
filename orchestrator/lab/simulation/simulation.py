"""Calls through the machine that ships, against a script, in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.clock import VirtualClock
from orchestrator.config.config import Config, OtelSettings
from orchestrator.execution import blocking
from orchestrator.execution.flow import flow
from orchestrator.health import HealthBoard, MemoryStore
from orchestrator.lab.simulation.pump import Answers, VirtualConnection
from orchestrator.ledger import Ledger, Observer

_ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "simulated"}]}
_THINKING = {"reasoning_effort": "low"}


@attrs.frozen
class SimulatedCall:
    """One simulated call.

    Attributes:
        outcome: The response, or the failure that a real call would raise.
        seconds: How long it took, in virtual time.
    """

    outcome: Response | CallFailed
    seconds: float

    @property
    def answered(self) -> bool:
        """True where the caller got an answer."""
        return isinstance(self.outcome, Response)

    @property
    def ledger(self) -> Ledger:
        """The call's whole record."""
        return self.outcome.ledger


class Simulation:
    """One orchestrator with a virtual clock, a health board of its own, and no network.

    Args:
        config: The routes, pools and policy.
        answers: What each attempt meets, such as :class:`.ScriptPlayer`.
        seed: Makes jitter and the choice of keys repeat exactly.
        route: A route, or ``provider/model``; ``default`` where nothing is given.
        request: What is asked, in chat-completions shape; one message where nothing is given.
        jitter: Of every backoff, in [0, 1), in place of what is drawn; 0 makes them longest.

    Raises:
        RequestError: The request makes no sense.
    """

    def __init__(
        self,
        config: Config,
        answers: Answers,
        *,
        seed: int = 0,
        route: str | None = None,
        request: Mapping[str, Any] | None = None,
        jitter: float | None = None,
    ) -> None:
        self.config = config
        self.clock = VirtualClock()
        self.answers = answers
        self._asked = _ASKED if request is None else request
        Request(self._asked)  # what is wrong with it is told before anything is played
        self._route, self._jitter = route, jitter
        self._orchestrator = Orchestrator(
            attrs.evolve(config, ledger=None, otel=OtelSettings(traces=False)),
            store=MemoryStore(),
            clock=self.clock,
            seed=seed,
        )
        # What befalls made-up calls is no news of the providers that they are named after, and
        # none for a trace.
        self._orchestrator.runtime.log.mute()

    @property
    def board(self) -> HealthBoard:
        """The health board that the calls share."""
        return self._orchestrator.board

    def call(
        self,
        observe: Observer | None = None,
        *,
        timeout: float | None = None,
        stream: bool = False,
        reasoning: bool = False,
        route: str | None = None,
    ) -> SimulatedCall:
        """Run one call; it never raises :class:`CallFailed`.

        Args:
            observe: Called with each ledger entry as it happens.
            timeout: The deadline in seconds, in place of the policy's.
            stream: Ask for the answer in chunks, and take each as it comes.
            reasoning: Ask the model to think, which it is given more time for.
            route: The route of this call, in place of the simulation's.

        Raises:
            UnknownRoute: There is no such route or target.
        """
        # A script's output_truncated is a failure; to say so the caller asks for whole output.
        asked = {**self._asked, **_THINKING} if reasoning else self._asked
        request = Request(
            asked,
            route=self._route if route is None else route,
            timeout=timeout,
            require_complete=True,
            stream=stream,
        )
        began = self.clock.monotonic()
        run = self._orchestrator.begin_call(request, observe)
        if (jitter := self._jitter) is not None:
            run.runtime = attrs.evolve(run.runtime, jitter=lambda: jitter)
        connection = VirtualConnection(run, self.clock, self.answers)
        try:
            outcome: Response | CallFailed = blocking.run(flow(run), connection)
        except CallFailed as failed:
            outcome = failed
        return SimulatedCall(outcome, self.clock.monotonic() - began)

    def close(self) -> None:
        """Let go of the orchestrator."""
        self._orchestrator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
