"""What leaving for others asks for, and what it remembers until the next send."""

from __future__ import annotations

from orchestrator.states import Call, Standby, Switch, Switched, Target
from orchestrator.states.eager_fallback import enter

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")


def test_who_was_gone_stays_gone_beside_those_asked_for_now() -> None:
    call = Call((HERE, OTHER, THIRD), target=HERE, asked=frozenset({"acme/one"}), switches=1)
    call.gone = frozenset({"bolt/one"})

    assert enter(call, Switched(1.0, None, Standby(targets=(HERE, OTHER, THIRD)))) == Switch(
        (THIRD,)
    )
    assert (call.target, call.switches) == (None, 2)
    assert sorted(call.gone) == ["bolt/one", "corp/one"]
