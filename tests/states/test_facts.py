"""A target is named by provider and model, and looked up by that name."""

from __future__ import annotations

from orchestrator.states import Clear, Mark, Standby, Target

ONE, TWO = Target("acme", "openai/gpt:free"), Target("bolt", "openai/gpt:free")


def test_is_named_and_shown_as_the_route_spells_it() -> None:
    assert ONE.name == str(ONE) == "acme/openai/gpt:free"


def test_a_standby_finds_the_entry_of_a_target() -> None:
    clear = Clear(TWO, Mark.BENCH, 9.0)
    standby = Standby(clears=(clear,))

    assert standby.clear(TWO) is clear
    assert standby.clear(ONE) is None
