"""What must be true of a call once it is over, as its caller and its ledger tell it."""

from __future__ import annotations

from orchestrator import CallFailed, Response
from orchestrator.ledger import Billed
from orchestrator.states import Diagnosed, Finish, Reason, Send
from tests.orchestrator.execution.crowd import OpenCall
from tests.states.invariants import INVARIANTS


def check(call: OpenCall) -> None:
    """Hold everything that a call left behind against the design."""
    moments = call.moments
    for holds in INVARIANTS:
        holds(call.begun, moments)
    _ledger_tells_each_send(call)
    _skips_nothing_that_it_asked(call)
    if not call.cancelled:
        _ends_as_the_machine_says(call)


def _ledger_tells_each_send(call: OpenCall) -> None:
    attempts = call.run.recorder.ledger.attempts
    commands = [each.after.command for each in call.moments]
    sends = [each for each in commands if isinstance(each, Send)]
    opened = [sent.command.number for sent in call.crowd.sent if sent.call is call]
    # Whose time was over before its request went out is an attempt that nobody was asked for.
    assert opened == [each.number for each in attempts if each.number in opened]
    assert {each.billed for each in attempts if each.number not in opened} <= {Billed.NONE}
    told = [(each.number, each.target, each.credential, each.probe) for each in attempts]
    reasons = [each.reason for each in attempts]
    errors = [each.event.error for each in call.moments if isinstance(each.event, Diagnosed)]

    assert told == [(each.number, each.target.name, each.credential, each.probe) for each in sends]
    assert reasons[: len(errors)] == [error.reason for error in errors]
    assert len(reasons) - len(errors) in (0, 1)
    billed = [each.provider for each in attempts if each.reason is Reason.BILLING]
    for provider in billed:
        theirs = [each.reason for each in attempts if each.provider == provider]
        assert theirs.count(Reason.BILLING) == 1
        assert theirs[-1] is Reason.BILLING


def _skips_nothing_that_it_asked(call: OpenCall) -> None:
    asked = {each.target for each in call.run.recorder.ledger.attempts}
    skipped = [each.target for each in call.run.recorder.skipped(call.run.call)]
    route = [target.name for target in call.begun.route]

    assert not asked & set(skipped)
    assert skipped == [name for name in route if name in skipped]


def _ends_as_the_machine_says(call: OpenCall) -> None:
    command, ended = call.run.command, call.ended
    assert isinstance(command, Finish)
    if isinstance(ended, Response):
        assert command.stopped_by is None
        assert ended.attempts[-1].reason is None
        assert ended.attempts[-1].target == f"{ended.provider}/{ended.model}"
        return
    assert isinstance(ended, CallFailed)
    assert command.cause is not None
    assert (ended.reason, ended.stopped_by) == (command.cause.reason, command.stopped_by)
    assert "canary" not in f"{ended}{ended!r}"
