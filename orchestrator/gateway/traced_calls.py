"""Choice of the gateway's calls that are traced: each that was not answered at once, few others.

To make two spans takes longer than all else that the library does for a call, and of most calls
nobody would look at them. So a call is traced while it runs only where its ids are asked for, or
where it is one of the few; any other costs nothing, and where it turns out to be worth a look its
spans are made from its record once it is over.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping

import attrs

from orchestrator.config.config import OtelSettings
from orchestrator.execution.call_run import CallRun
from orchestrator.states import State
from orchestrator.tracing import activation
from orchestrator.tracing.activation import TRACE_API


@attrs.define
class TracedCalls:
    """Which calls are traced, and how.

    Attributes:
        chooses: False where each call is put to the sampler of OpenTelemetry, which chooses.
        draw: Gives a number from 0 up to 1 for each call.
    """

    chooses: bool = True
    draw: Callable[[], float] = random.random

    def begin(self, run: CallRun, headers: Mapping[str, str], settings: OtelSettings) -> bool:
        """Have ``run`` traced while it runs, where that is called for.

        Args:
            run: A call that has not begun.
            headers: Of its client, by name in lower case.
            settings: Of the config.

        Returns:
            Whether it is.
        """
        if TRACE_API not in sys.modules or not settings.traces:
            return False
        parent = activation.client_context(headers)
        is_chosen = (
            not self.chooses
            or activation.is_sampled(parent)
            or any(settings.tells(target.provider) for target in run.call.route)
            or self.draw() < settings.clean_ratio
        )
        if is_chosen:
            activation.trace_call(run, settings, parent)
        return is_chosen

    def end(self, run: CallRun, headers: Mapping[str, str], settings: OtelSettings) -> None:
        """Make the spans of ``run``, which was not traced, unless it was answered at once.

        Args:
            run: A call that is over.
            headers: As for :meth:`begin`.
            settings: Of the config.
        """
        if TRACE_API in sys.modules and settings.traces and not is_clean(run):
            activation.trace_ended_call(run, activation.client_context(headers))


def is_clean(run: CallRun) -> bool:
    """Whether the first attempt at the first target answered a call that is over."""
    call = run.call
    return call.state is State.SUCCEED and call.number == 1 and not run.recorder.passed_over
