"""What is said of a config that cannot be used."""

from __future__ import annotations

import pytest

from orchestrator.config import ConfigError, Problem
from orchestrator.config.errors import nearest


def test_each_problem_is_one_line_with_file_and_path() -> None:
    error = ConfigError("some.toml", [Problem("a.b", "is wrong"), Problem("", "not TOML")])

    assert str(error).splitlines() == ["some.toml: a.b: is wrong", "some.toml: not TOML"]


def test_a_problem_stands_at_its_line() -> None:
    error = ConfigError("some.toml", [Problem("a.b", "is wrong", line=12)])

    assert str(error) == "some.toml:12: a.b: is wrong"


def test_without_a_file_none_is_named() -> None:
    assert str(ConfigError("", [Problem("", "there is no config")])) == "there is no config"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DeepSeek", " (did you mean 'deepseek'?)"),
        ("openroutr", " (did you mean 'OpenRouter'?)"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_told_whatever_its_case(name: str, said: str) -> None:
    assert nearest(name, ["deepseek", "OpenRouter"]) == said
