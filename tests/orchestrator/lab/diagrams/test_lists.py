"""What a drawing shows, in words."""

from __future__ import annotations

from orchestrator.lab.diagrams import lists
from orchestrator.lab.diagrams.bounds import BoundSetup
from orchestrator.lab.diagrams.config_changes import ConfiguredMachine, config_changes
from orchestrator.lab.diagrams.recorded_rows import RowCounter
from orchestrator.states import Policy, Target
from tests.orchestrator.lab.diagrams.tables import NAMES, PRESENT

SETUP = BoundSetup(Policy(), (Target("acme", "one"), Target("bolt", "two")), {"acme": 3})


def test_under_a_config_each_bound_is_said_once_with_its_meaning() -> None:
    bounds, moves, dead = lists.under_config(SETUP, ["rotate", "terminal"], PRESENT)

    assert bounds.heading == "Bounds"
    assert (
        "a_target_is_free, budget_is_spent: at most 16 attempts "
        "(Sends of a call, rotations and repairs included.)"
    ) in bounds.lines
    assert len(set(bounds.lines)) == len(bounds.lines)
    assert not any("reasons" in line for line in bounds.lines)
    assert moves.lines[0] == "rotate: rate_limit, auth"
    assert dead.heading == "Rows that no call takes: 2"
    assert dead.lines == (
        "rotate: classify on Diagnosed [another_key_is_free] → rotate_credential",
        "terminal: classify on Diagnosed → fail_terminal",
    )


def test_rows_never_taken_are_listed_in_order_and_foreign_ones_apart() -> None:
    counting = RowCounter()
    counting.read("a", [b'{"kind": "rows", "rows": {"failed": 2, "teleport": 3}}\n'])
    never, foreign = lists.of_counts(counting.total, PRESENT)

    assert never.heading == f"Rows never taken: {len(NAMES) - 1}"
    assert [line.partition(":")[0] for line in never.lines] == [
        name for name in NAMES if name != "failed"
    ]
    assert foreign.lines == ("teleport: 3",)


def test_rows_of_which_the_same_is_to_be_said_share_a_line() -> None:
    old, new = (
        ConfiguredMachine(SETUP, frozenset({"repair"})),
        ConfiguredMachine(SETUP, frozenset({"retry", "rotate"})),
    )
    settings, rows = lists.of_configs(config_changes(old, new))

    assert settings.heading == "Settings: no difference"
    assert rows.lines == (
        "+ repair: calls can take it now",
        "- rotate, retry: no call takes it any more",
    )
