"""Changes of a request that cure a failure."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.drivers.repairs import REPAIRS

BEFORE = {"messages": [], "max_tokens": 5, "temperature": 0.5, "stream_options": {}, "top_p": 1}

AFTER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "max_tokens_to_max_completion_tokens": (
        BEFORE,
        {
            "messages": [],
            "max_completion_tokens": 5,
            "temperature": 0.5,
            "stream_options": {},
            "top_p": 1,
        },
    ),
    "max_completion_tokens_to_max_tokens": (
        {"messages": [], "max_completion_tokens": 5},
        {"messages": [], "max_tokens": 5},
    ),
    "drop_temperature": (
        BEFORE,
        {"messages": [], "max_tokens": 5, "stream_options": {}, "top_p": 1},
    ),
    "drop_stream_options": (
        BEFORE,
        {"messages": [], "max_tokens": 5, "temperature": 0.5, "top_p": 1},
    ),
}


def test_each_repair_has_its_case() -> None:
    assert set(REPAIRS) == set(AFTER)


@pytest.mark.parametrize("name", AFTER)
def test_a_repair_changes_a_copy_and_only_what_it_names(name: str) -> None:
    before, after = AFTER[name]
    given = dict(before)

    assert REPAIRS[name](given) == after
    assert given == before
    assert REPAIRS[name]({"messages": []}) == {"messages": []}
