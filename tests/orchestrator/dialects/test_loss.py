"""Losses: what a policy lets go, and by which names."""

from __future__ import annotations

import pytest

from orchestrator.dialects.crossing import foreign_losses
from orchestrator.dialects.loss import Loss, Weight, effort, gathered, parameter, said, vendor_tool
from orchestrator.dialects.neutral import Conversation


@pytest.mark.parametrize(
    ("loss", "drop", "allowed"),
    [
        (effort("seed"), (), True),
        (parameter("n"), (), False),
        (parameter("n"), ("n",), True),
        (parameter("n"), ("*",), True),
        (vendor_tool(0, "web_search"), ("tools",), True),
        (vendor_tool(0, "web_search"), ("web_search",), True),
        (vendor_tool(0, "web_search"), ("code_interpreter",), False),
        (said("input_audio", "messages[0].content[1]"), ("*",), False),
        (said("input_audio", "messages[0].content[1]"), ("input_audio",), True),
        (said("input_audio", "messages[0].content[1]"), ("messages.input_audio",), True),
        (Loss(("input",), Weight.NEEDED), ("input", "*"), False),
    ],
)
def test_all_stands_for_parameters_and_what_was_said_goes_by_name_alone(
    loss: Loss, drop: tuple[str, ...], *, allowed: bool
) -> None:
    assert loss.allowed(drop) is allowed


def test_a_loss_is_told_by_its_place_and_by_its_name_where_it_has_none() -> None:
    assert str(said("file", "messages[1].content[0]")) == "messages[1].content[0] file"
    assert str(vendor_tool(2, "web_search")) == "tools[2] web_search"
    assert str(parameter("n")) == "n"


def test_losses_of_one_kind_are_told_together() -> None:
    parts = [said("file", f"messages[{at}]") for at in (0, 2, 0)]

    (loss,) = gathered(parts)

    assert loss.places == ("messages[0] file", "messages[2] file")


def test_a_type_that_is_no_text_is_told_all_the_same() -> None:
    assert str(said("a\ud800", "messages[0]")).encode() == b"messages[0] a?"


def test_what_was_said_is_not_a_parameter_too() -> None:
    unread = (said("computer_call", "input[0]", "input_items"), vendor_tool(1, "web_search"))
    extras = {"input_items": [], "tools": [], "x_new": 1, "shared": 2}
    conversation = Conversation((), extras=extras, unread=unread, asides=("store", "user"))

    losses = foreign_losses(conversation, {"shared", "user"})

    assert [(loss.name, loss.weight) for loss in losses] == [
        ("messages.computer_call", Weight.SAID),
        ("web_search", Weight.PARAMETER),
        ("x_new", Weight.PARAMETER),
        ("store", Weight.EFFORT),
    ]
