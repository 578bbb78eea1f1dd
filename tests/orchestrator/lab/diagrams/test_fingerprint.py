"""A fingerprint changes with what a function does, and with nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.lab.diagrams.fingerprint import LENGTH, fingerprint
from orchestrator.states import guards

BASE = '''
LIMIT = 3

def helper(call):
    return call.tries

def other(call):
    return call.waits

def guard(call, event):
    """What it means."""
    return helper(call) < 3 and f"{call.state}" != "a"
'''


def taken(folder: Path, text: str, name: str) -> str:
    """The fingerprint of ``guard`` in a module of this text."""
    file = folder / f"{name}.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    guard: Callable[..., Any] = module.guard
    return fingerprint(guard)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("What it means.", "Something else.", True),
        ("    return helper", "    # because\n    return helper", True),
        ("return helper(call) < 3 and", "return (\n        helper( call ) < 3\n    ) and", True),
        ('"a"', "'a'", True),
        ("return call.waits", "return 7", True),
        ("< 3", "< 4", False),
        ("return call.tries", "return call.tries + 1", False),
        ("helper(call) <", "other(call) <", False),
    ],
)
def test_what_counts_and_what_does_not(tmp_path: Path, old: str, new: str, same: bool) -> None:  # noqa: FBT001
    assert old in BASE
    first = taken(tmp_path, BASE, "fingerprint_one")
    second = taken(tmp_path, BASE.replace(old, new), "fingerprint_one")

    assert len(first) == LENGTH
    assert (first == second) is same


def test_a_function_without_a_source_has_none() -> None:
    namespace: dict[str, Any] = {}
    exec("def guard(call, event):\n    return True", namespace)

    assert fingerprint(namespace["guard"]) == ""


def test_guards_that_differ_have_different_ones() -> None:
    found = [
        guards.billing,
        guards.content_is_final,
        guards.an_earlier_target_clears,
        guards.a_retry_is_worth_it,
    ]

    assert len({fingerprint(guard) for guard in found}) == len(found)
