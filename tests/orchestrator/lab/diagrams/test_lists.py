"""What a drawing shows, in words."""

from __future__ import annotations

from orchestrator.lab.diagrams import lists
from orchestrator.lab.diagrams.bounds import Setup
from orchestrator.lab.diagrams.config_changes import Under, config_changes
from orchestrator.lab.diagrams.heat import Counting
from orchestrator.lab.diagrams.table_changes import table_changes
from orchestrator.states import Policy, Target
from tests.orchestrator.lab.diagrams.tables import NAMES, PRESENT, changed, without

SETUP = Setup(Policy(), (Target("acme", "one"), Target("bolt", "two")), {"acme": 3})


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
    counting = Counting()
    counting.read("a", ['{"kind": "rows", "rows": {"failed": 2, "teleport": 3}}'])
    never, foreign = lists.of_heat(counting.heat, PRESENT)

    assert never.heading == f"Rows never taken: {len(NAMES) - 1}"
    assert [line.partition(":")[0] for line in never.lines] == [
        name for name in NAMES if name != "failed"
    ]
    assert foreign.lines == ("teleport: 3",)


def test_changes_of_a_table_have_their_signs() -> None:
    (rows,) = lists.of_tables(table_changes(without("repair"), changed("retry", code="0")))
    (none,) = lists.of_tables(table_changes(PRESENT, PRESENT))

    assert rows.lines == ("+ repair: added", "~ retry: code of the guard changed")
    assert (none.heading, none.lines) == ("Rows: no difference", ())


def test_rows_of_which_the_same_is_to_be_said_share_a_line() -> None:
    old, new = Under(SETUP, frozenset({"repair"})), Under(SETUP, frozenset({"retry", "rotate"}))
    settings, rows = lists.of_configs(config_changes(old, new))

    assert settings.heading == "Settings: no difference"
    assert rows.lines == (
        "+ repair: calls can take it now",
        "- rotate, retry: no call takes it any more",
    )
