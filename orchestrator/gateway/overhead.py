"""Overhead: the seconds of a call that neither a provider nor a wait took."""

from __future__ import annotations

from orchestrator.execution.call_facts import call_facts
from orchestrator.execution.call_run import CallRun


def overhead_seconds(run: CallRun) -> float:
    """The seconds that a call took beside its attempts and its waits, up to its last move.

    Choosing targets, asking the board, classifying failures and the machine itself are in it;
    what is done between the beginning of an attempt and its end counts as the attempt's. Of a
    call that goes on it is what came before the attempt under way.
    """
    return call_facts(run).overhead
