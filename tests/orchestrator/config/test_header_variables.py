"""Headers by environment."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.config import ConfigError, loads
from orchestrator.config.header_variables import variable

FILE = """
[providers.my-corp]
base_url = "http://llm.corp/v1"
headers = { User-Agent = "theirs", X-Team = "a" }
[routes]
default = ["my-corp/llama"]
"""


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("corp", "ORCHESTRATOR_HEADERS_CORP"),
        ("nvidia-nim", "ORCHESTRATOR_HEADERS_NVIDIA_NIM"),
        ("a.b-2", "ORCHESTRATOR_HEADERS_A_B_2"),
    ],
)
def test_the_variable_is_named_after_the_provider(provider: Any, name: str) -> None:
    assert variable(provider) == name


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("user-agent: curl/8.7.1", {"X-Team": "a", "user-agent": "curl/8.7.1"}),
        ("User-Agent:\nX-B: c: d\n\n", {"X-Team": "a", "User-Agent": "", "X-B": "c: d"}),
        ("", {"User-Agent": "theirs", "X-Team": "a"}),
    ],
)
def test_the_environment_adds_replaces_and_removes(text: str, headers: dict[str, str]) -> None:
    config = loads(FILE, {"ORCHESTRATOR_HEADERS_MY_CORP": text})

    assert config.providers["my-corp"].headers == headers


@pytest.mark.parametrize("text", ["quiet", "X A: quiet", "X-A: quiet\u4e2d"])
def test_what_is_no_header_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(ConfigError, match="ORCHESTRATOR_HEADERS_MY_CORP: ") as refused:
        loads(FILE, {"ORCHESTRATOR_HEADERS_MY_CORP": text})

    assert "quiet" not in str(refused.value)


def test_a_variable_that_fits_no_provider_is_a_warning() -> None:
    config = loads(FILE, {"ORCHESTRATOR_HEADERS_MYCORP": "X-A: b"})

    (warning,) = config.warnings
    assert str(warning).startswith("ORCHESTRATOR_HEADERS_MYCORP: fits no configured provider (")
    assert str(warning).endswith("(did you mean 'ORCHESTRATOR_HEADERS_MY_CORP'?)")
