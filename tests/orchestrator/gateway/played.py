"""Calls as a gateway runs them, against scripts in virtual time, ended in any way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import attrs
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator, Request
from orchestrator.clock import VirtualClock
from orchestrator.config.config import Config
from orchestrator.execution import blocking
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.flow import flow
from orchestrator.health import MemoryStore
from orchestrator.lab.simulation import ScriptPlayer, parse
from orchestrator.lab.simulation.pump import VirtualConnection
from orchestrator.ledger import Entry
from tests.orchestrator.lab.simulation.incidents import config, of

HI: dict[str, Any] = {"messages": [{"role": "user", "content": "a-prompt-that-nobody-keeps"}]}

SCRIPTS = (
    *("ok", "402, ok", "429(retry_after=400), ok", "503*16", "401*9, ok", "timeout, ok"),
    *("stall, cut, ok", "429(retry_after=2)*2, ok", "connect*9", "output_truncated*3"),
    "400(message='max_tokens is not supported'), ok",
)


@attrs.frozen
class Asked:
    """One call: what it meets, and how it is asked and left.

    Attributes:
        script: What its attempts meet.
        stream: Whether the answer is asked for in chunks.
        observed: Whether somebody observes its entries.
        steps: The effects after which the caller goes away; ``None``: he stays.
        route: What he asks for.
    """

    script: str = "ok"
    stream: bool = False
    observed: bool = False
    steps: int | None = None
    route: str | None = None


asked_calls = st.builds(
    Asked,
    st.sampled_from(SCRIPTS),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(1, 12),
    st.sampled_from((None, "default", "deepseek/v4", "deepseek/invented-by-a-client")),
)


class Player:
    """One orchestrator that plays calls, with a board that they share."""

    def __init__(self, used: Config | None = None, text: str = "") -> None:
        self.config = of(text or config()) if used is None else used
        self.clock = VirtualClock()
        quiet = attrs.evolve(self.config, ledger=None)
        self.orchestrator = Orchestrator(quiet, store=MemoryStore(), clock=self.clock, seed=1)
        self.orchestrator.runtime.log.mute()

    def begun(self, asked: Asked) -> CallRun:
        """A call that nobody runs yet."""
        entries: list[Entry] = []
        request = Request(HI, route=asked.route, stream=asked.stream)
        return self.orchestrator.begin_call(request, entries.append if asked.observed else None)

    def play(self, asked: Asked, watch: Callable[[CallRun], None] = lambda _: None) -> CallRun:
        """A call that is over; ``watch`` looks at it before each effect."""
        return self.run(self.begun(asked), asked, watch)

    def run(
        self, run: CallRun, asked: Asked, watch: Callable[[CallRun], None] = lambda _: None
    ) -> CallRun:
        """The same for one that was begun."""
        connection = _Leaving(run, self.clock, ScriptPlayer(parse(asked.script)))
        connection.steps, connection.watch = asked.steps, lambda: watch(run)
        with contextlib.suppress(CallFailed, Gone):
            blocking.run(flow(run), connection)
        return run


class Gone(BaseException):
    """The caller went away."""


class _Leaving(VirtualConnection):
    steps: int | None = None
    watch: Callable[[], None]

    def perform(self, effect: Any) -> Any:
        self.watch()
        if self.steps is not None:
            self.steps -= 1
            if self.steps == 0:
                raise Gone
        return super().perform(effect)
