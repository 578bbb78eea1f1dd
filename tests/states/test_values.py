"""What a value says where nothing was said."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestrator.states import (
    Clear,
    Diagnosed,
    Error,
    Failed,
    Finish,
    Mark,
    Reason,
    Repaired,
    Rotated,
    Send,
    Standby,
    Started,
    Switched,
    Taken,
    Target,
    Timeouts,
    Waited,
)

HERE = Target("acme", "one")
ERROR = Error(Reason.BILLING, "values")
NOTHING = Standby()

UNSAID: list[tuple[Any, dict[str, object]]] = [
    (
        ERROR,
        {
            "status": None,
            "message": "",
            "scope": None,
            "retry_after": None,
            "hint": "",
            "repair": None,
            "revoked": False,
        },
    ),
    (HERE, {"context": None, "reasoning": False, "timeouts": Timeouts()}),
    (Taken(HERE, "key#1"), {"probe": False, "seen_first_token": None}),
    (Clear(HERE, Mark.BENCH, 1.0), {"error": None, "since": 0.0, "probed": False}),
    (NOTHING, {"credentials": (), "targets": (), "clears": ()}),
    (Send(HERE, "key#1", 1, Timeouts(), 300.0, 300.0), {"probe": False, "kept_alive": 0.0}),
    (Finish(), {"cause": None, "stopped_by": None}),
    (Failed(1.0), {"tool_call": False}),
    (Diagnosed(1.0, ERROR, NOTHING), {"jitter": 0.0, "spread": 0.0}),
    (Started(1.0, None, NOTHING), {"jitter": 0.0}),
    (Rotated(1.0, None, NOTHING), {"jitter": 0.0}),
    (Switched(1.0, None, NOTHING), {"jitter": 0.0}),
    (Waited(1.0, None, NOTHING), {"jitter": 0.0}),
    (Repaired(1.0, None, NOTHING), {"jitter": 0.0}),
]


@pytest.mark.parametrize(("value", "expected"), UNSAID, ids=lambda value: type(value).__name__)
def test_what_is_not_said(value: Any, expected: dict[str, object]) -> None:
    said = attrs.asdict(value, recurse=False)

    assert expected == {name: said[name] for name in expected}


def test_two_targets_of_the_same_name_are_told_apart_by_what_is_known_of_them() -> None:
    small = attrs.evolve(HERE, context=8_000)

    assert (small.name, str(small)) == (HERE.name, "acme/one")
    assert small != HERE
    assert "name" not in repr(HERE)


def test_a_target_is_not_given_its_name() -> None:
    with pytest.raises(TypeError, match="name"):
        Target("acme", "one", name="another")  # type: ignore[call-arg]  # refused at run time too
