"""What a repair asks for, and that it is remembered."""

from __future__ import annotations

from orchestrator.states import Call, Diagnosed, Error, Reason, Repair, Standby, Target
from orchestrator.states.repair import enter

HERE = Target("acme", "one")


def test_a_repair_is_asked_for_by_name_and_kept_beside_those_made_before() -> None:
    call = Call((HERE,), target=HERE, repaired=frozenset({("acme/one", "drop-a")}))
    error = Error(Reason.BAD_REQUEST, "repair", repair="drop-b")

    assert enter(call, Diagnosed(1.0, error, Standby())) == Repair("drop-b", HERE)
    assert sorted(call.repaired) == [("acme/one", "drop-a"), ("acme/one", "drop-b")]
