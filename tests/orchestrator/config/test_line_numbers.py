"""The lines that problems of a config are told with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestrator.config import ConfigError, Problem
from orchestrator.config.line_numbers import with_lines
from orchestrator.config.lint import lint
from orchestrator.config.loading import from_mapping, loads

ROOT = Path(__file__).parents[3]

TEXT = """\
# What is before counts too.  [ { "
health = "file" # not a bracket: [

policy.max_attempts = 3
[providers.corp]
base_url = 'http://llm.corp/v1#['
credentials = [ # the first on a line of its own
  "env:A",

  # ] no end
  { label = "b", value = "env:B" }, "env:C",
]
headers."X-Team" = \"""
[providers.not]
quotes at the end: ""\"""

[[providers.corp.rules]]
status = 418
[[providers.corp.rules]]
reason = "billing"
contains = [
  ["x"], ["y",
  "z"],
]
[providers.corp.rules.more]
why = 1
[targets . "corp/ll.ama" . timeouts]
total = "200s"
[routes]
default = ["corp/ll.ama", "ollama/x"]
"""

LINES = {
    "health": 2,
    "policy.max_attempts": 4,
    "providers.corp": 5,
    "providers.corp.base_url": 6,
    "providers.corp.credentials": 7,
    "providers.corp.credentials[0]": 8,
    "providers.corp.credentials[1]": 11,
    "providers.corp.credentials[1].label": 11,
    "providers.corp.credentials[2]": 11,
    "providers.corp.headers.X-Team": 13,
    "providers.corp.rules": 17,
    "providers.corp.rules[0].status": 18,
    "providers.corp.rules[1]": 19,
    "providers.corp.rules[1].contains[1]": 22,
    "providers.corp.rules[1].more.why": 26,
    'targets."corp/ll.ama"': 27,
    'targets."corp/ll.ama".timeouts.total': 28,
    "targets.corp/ll.ama.timeouts": 27,
    "routes.default[1]": 30,
    # What is missing is missed where the table begins, but not in another entry.
    "providers.corp.dialect": 5,
    "providers.corp.rules[1].status": 19,
    "routes.other": 29,
    "providers.groq.credentials": None,
    "HTTPS_PROXY": None,
    "": None,
}


@pytest.mark.parametrize(("where", "line"), LINES.items())
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_key_stands_at_its_line(where: str, line: int | None, end: str) -> None:
    (found,) = with_lines(TEXT.replace("\n", end), [Problem(where, "is wrong")])

    assert found.line == line


def _paths(value: Any, where: str = "") -> dict[str, Any]:
    """Every path of a table and of its entries, with its value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: dict[str, Any] = {}
    for step, one in inner:
        path = f"{where}[{step}]" if isinstance(step, int) else f"{where}.{step}".lstrip(".")
        found[path] = one
        if isinstance(one, dict | list):
            found |= _paths(one, path)
    return found


def _parsed_before(lines: list[str]) -> dict[str, Any]:
    """The table that ``lines`` make, or the most of them: they may end within a list."""
    while True:
        try:
            return tomllib.loads("".join(lines))
        except tomllib.TOMLDecodeError:
            lines = lines[:-1]


@pytest.mark.parametrize(
    "text", [TEXT, *re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)]
)
def test_what_stands_above_a_keys_line_does_not_say_it(text: str) -> None:
    """Held against the reader itself: without the line and all below, the value is not there."""
    lines = text.splitlines(keepends=True)
    for path, value in _paths(tomllib.loads(text)).items():
        (found,) = with_lines(text, [Problem(path, "")])
        if found.line is None or isinstance(value, dict):
            continue
        before = _parsed_before(lines[: found.line - 1])
        assert _paths(before).get(path) != value, path


def test_a_long_file_is_no_wait() -> None:
    """10,000 lines: no part of the file may be read more often than once."""
    text = "".join(
        f'[providers.p{n}]\nbase_url = "http://h/{n}"\nx = [\n1,\n]\n' for n in range(2_000)
    )
    places = [Problem(f"providers.p{n}.x[0]", "") for n in range(2_000)]

    assert [one.line for one in with_lines(text, places)] == [5 * n + 4 for n in range(2_000)]


def test_an_error_names_the_line() -> None:
    with pytest.raises(ConfigError) as refused:
        loads('[providers.corp]\nbase_ul = "x"\n[routes]\ndefault = ["corp/m"]\n', {}, "o.toml")

    first = str(refused.value).splitlines()[0]
    assert first.startswith("o.toml:2: providers.corp.base_ul: unknown key (did you mean")


def test_warnings_and_findings_have_their_lines() -> None:
    config = loads('[routes]\ndefault = ["ollama/a",\n"ollama/a"]\n', {})

    assert [one.line for one in config.warnings] == [3]
    assert [one.line for one in lint(config)] == [3]
    assert [one.line for one in with_lines("", [attrs.evolve(config.warnings[0])])] == [None]


def test_a_config_in_code_has_no_lines_and_says_so() -> None:
    with pytest.raises(ConfigError, match=r"^config in code: helth: unknown key"):
        from_mapping({"helth": "file"}, {})


def test_a_key_of_many_parts_takes_no_minutes() -> None:
    text = "x = 1\n" + "a." * 800 + "b = 1\n[" + "c." * 800 + "d]\n"
    (found,) = with_lines(text, [Problem("a", "is none")])

    assert found.line == 2
