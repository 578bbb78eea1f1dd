"""What the process that searches a config says: a line for each route, and nothing of a secret."""

from __future__ import annotations

import msgspec
import pytest

from orchestrator.lab.policy_check import RouteVerdict, route_verdict, settings_of
from orchestrator.lab.verify import verify
from orchestrator.ledger import Opened, RecordedPool, line
from orchestrator.states import Policy, Target

ROUTE = (Target("a", "x"), Target("b", "y"))
POOLS = {"a": RecordedPool(2), "b": RecordedPool(("mine",))}


def asked(max_attempts: int) -> bytes:
    policy = Policy(max_attempts=max_attempts)
    return line(Opened("fast", 0.0, ROUTE, policy, False, {}, pools=POOLS))


def test_a_line_of_a_ledger_is_what_is_searched() -> None:
    (setting,) = settings_of(iter([asked(max_attempts=3)]))

    assert (setting.name, setting.route, setting.policy.max_attempts) == ("fast", ROUTE, 3)
    assert setting.pool == {"a": 2, "b": 1}


@pytest.mark.parametrize(("attempts", "broken"), [(3, ""), (1, "every target can be reached")])
def test_the_first_property_that_is_broken_is_told_with_its_sequence(
    attempts: int, broken: str
) -> None:
    (setting,) = settings_of(iter([asked(max_attempts=attempts)]))
    found = route_verdict(verify(setting))

    assert (found.route, found.broken) == ("fast", broken)
    assert bool(found.words) == bool(broken)
    assert msgspec.json.decode(msgspec.json.encode(found), type=RouteVerdict) == found
