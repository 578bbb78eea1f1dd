"""The questions of the chain, asked one at a time, of calls that no walk leads to easily."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestrator.states import (
    Call,
    Clear,
    Diagnosed,
    Error,
    Mark,
    Reason,
    Standby,
    Target,
    Waited,
)
from orchestrator.states.chain import Due, next_clear, other_credential, retry_at, way_back

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")
SAME, NEXT = Standby(("key#1",), (HERE,)), Standby(("key#2",), (HERE,))
COOLING = Standby(clears=(Clear(HERE, Mark.COOLDOWN, 12.0),))
BROKEN = Standby(clears=(Clear(HERE, Mark.CIRCUIT, 12.0),))
CALL = Call(
    (HERE, OTHER, THIRD),
    target=HERE,
    credential="key#1",
    number=1,
    tries=1,
    asked=frozenset({"acme/one"}),
    not_before=20.0,
)


def said(reason: Reason, standby: Standby, at: float = 10.0) -> Diagnosed:
    return Diagnosed(at, Error(reason, "answer"), standby)


def cooling(*clears: tuple[Target, Mark, float]) -> Standby:
    return Standby(clears=tuple(Clear(*clear) for clear in clears))


def test_whether_another_credential_is_ready_or_only_cooling() -> None:
    cases = {
        (Reason.OVERLOADED, SAME): False,
        (Reason.OVERLOADED, NEXT): True,
        (Reason.OVERLOADED, COOLING): True,
        (Reason.OVERLOADED, BROKEN): False,
        (Reason.RATE_LIMIT, NEXT): True,
        (Reason.RATE_LIMIT, COOLING): False,
    }

    assert cases == {case: other_credential(CALL, said(*case)) for case in cases}
    assert other_credential(Call((HERE,)), said(Reason.OVERLOADED, COOLING)) is False


def test_a_retry_after_is_a_floor_unless_it_binds_a_credential_that_is_set_aside() -> None:
    cases = {
        (Reason.RATE_LIMIT, NEXT): 10.5,
        (Reason.RATE_LIMIT, SAME): 20.0,
        (Reason.RATE_LIMIT, COOLING): 12.0,
        (Reason.OVERLOADED, NEXT): 20.0,
        (Reason.OVERLOADED, COOLING): 20.0,
    }

    assert cases == {case: retry_at(CALL, said(*case)) for case in cases}


BACK: dict[str, tuple[dict[str, Any], Standby, Due | None]] = {
    "to what was passed over, when it clears": (
        {},
        cooling((THIRD, Mark.COOLDOWN, 0.7)),
        Due(THIRD, 0.7),
    ),
    "past what stands by": (
        {},
        Standby(targets=(OTHER,), clears=(Clear(THIRD, Mark.COOLDOWN, 5.0),)),
        Due(THIRD, 5.0),
    ),
    "past a bench": (
        {},
        cooling((OTHER, Mark.BENCH, 3.0), (THIRD, Mark.CIRCUIT, 5.0)),
        Due(THIRD, 5.0),
    ),
    "not to what was asked and left for another reason": (
        {"asked": frozenset({"acme/one", "bolt/one"})},
        cooling((OTHER, Mark.COOLDOWN, 3.0)),
        None,
    ),
    "not to who has billed": (
        {"billed": frozenset({"bolt"}), "returnable": frozenset({("bolt/one", 0.0)})},
        Standby(targets=(OTHER,)),
        None,
    ),
}


@pytest.mark.parametrize("case", BACK)
def test_the_way_back_leads(case: str) -> None:
    facts, standby, expected = BACK[case]

    assert expected == way_back(attrs.evolve(CALL, **facts), Waited(0.5, None, standby))


CLEARS: dict[str, tuple[dict[str, Any], Standby, Due | None]] = {
    "another, where the tries here are spent": (
        {"tries": 3},
        cooling((OTHER, Mark.COOLDOWN, 3.0)),
        Due(OTHER, 3.0),
    ),
    "nobody who was asked": (
        {"asked": frozenset({"acme/one", "bolt/one"})},
        cooling((OTHER, Mark.COOLDOWN, 3.0)),
        None,
    ),
    "nobody who has billed": (
        {"billed": frozenset({"bolt"})},
        cooling((OTHER, Mark.COOLDOWN, 3.0)),
        None,
    ),
    "nobody at the deadline": ({}, cooling((OTHER, Mark.COOLDOWN, 300.0)), None),
    "somebody before it": ({}, cooling((OTHER, Mark.COOLDOWN, 299.0)), Due(OTHER, 299.0)),
}


@pytest.mark.parametrize("case", CLEARS)
def test_without_a_way_back_who_clears_first_is(case: str) -> None:
    facts, standby, expected = CLEARS[case]
    call = attrs.evolve(CALL, went_back=True, **facts)

    assert expected == next_clear(call, Waited(0.5, None, standby))
