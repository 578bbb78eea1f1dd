"""A move is shown with the failure that it is about, as soon as that is known."""

from __future__ import annotations

from hypothesis import given, settings

from orchestrator.gateway.inspector.call_moves import call_moves
from orchestrator.ledger import Transition
from orchestrator.states import Diagnosed, Send
from tests.orchestrator.gateway.played import Asked, Player, asked_calls


@settings(max_examples=20)
@given(asked_calls)
def test_a_part_of_a_record_is_shown_as_the_whole_of_it(asked: Asked) -> None:
    entries = list(Player().play(asked).recorder.ledger)
    whole = list(call_moves(entries))
    for number in range(len(entries) + 1):
        part = list(call_moves(entries[:number]))
        assert [one.move for one in part] == [one.move for one in whole[: len(part)]]
        assert [one.target for one in part] == [one.target for one in whole[: len(part)]]
        # Of the last one it may not be known yet what failed.
        known = max(0, len(part) - 1)
        assert [one.error for one in part[:known]] == [one.error for one in whole[:known]]


@settings(max_examples=20)
@given(asked_calls)
def test_targets_are_those_of_the_sends(asked: Asked) -> None:
    for one in call_moves(list(Player().play(asked).recorder.ledger)):
        assert isinstance(one.move, Transition)
        if isinstance(one.move.command, Send):
            assert one.target == one.move.command.target.name
        if isinstance(one.move.facts, Diagnosed):
            assert one.error == one.move.facts.error
