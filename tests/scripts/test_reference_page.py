"""The reference says everything that a caller needs of every public name."""

from __future__ import annotations

import inspect
import re

import pytest

import orchestrator
import orchestrator.sim
import orchestrator.testing
from orchestrator.api.options import CallOptions, OrchestratorOptions
from scripts.reference_page import PAGE

MODULES = (orchestrator, orchestrator.testing, orchestrator.sim)
CALLS = ("run", "arun", "stream", "astream")
TEXT = PAGE.read_text(encoding="utf-8")


def entry(heading: str) -> str:
    """What stands below a heading, up to the next one."""
    return TEXT.partition(f"# `{heading}`\n")[2].partition("\n#")[0]


@pytest.mark.parametrize("name", sorted({name for one in MODULES for name in one.__all__}))
def test_every_public_name_is_there(name: str) -> None:
    assert f"### `{name}`\n" in TEXT or f"| `{name}` |" in TEXT


@pytest.mark.parametrize("name", [*CALLS, *(f"Orchestrator.{name}" for name in CALLS)])
def test_each_option_of_a_call_is_explained(name: str) -> None:
    for option in CallOptions.__annotations__:
        assert f"    {option}: " in entry(name)  # in the signature
        assert re.search(rf"^\| `{option}` \| \w", entry(name), flags=re.MULTILINE), option


@pytest.mark.parametrize(
    "name", ["Orchestrator", "Orchestrator.from_file", "Orchestrator.from_dict"]
)
def test_each_option_of_an_orchestrator_is_explained(name: str) -> None:
    for option in OrchestratorOptions.__annotations__:
        assert re.search(rf"^\| `{option}` \| \w", entry(name), flags=re.MULTILINE), option


@pytest.mark.parametrize("name", CALLS)
def test_help_says_what_a_call_takes_gives_and_raises(name: str) -> None:
    said = inspect.getdoc(getattr(orchestrator, name)) or ""

    assert all(f"    {option}: " in said for option in CallOptions.__annotations__)
    assert "Returns:\n" in said
    assert "    CallFailed: " in said


def test_what_is_left_of_a_docstring_is_markdown() -> None:
    assert re.findall(r":(?:class|meth|func|attr|mod):`", TEXT) == []
    assert not re.search(r"(?<!`)``(?!`)", TEXT)
    assert "::\n" not in TEXT
