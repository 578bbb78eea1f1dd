"""The config that ``verify`` and ``simulate`` take where there is none: a chain of three."""

from __future__ import annotations

from orchestrator.config.config import Config
from orchestrator.config.loading import loads

NAME = "example"
"""What it is called where a file's name stands."""

_TEXT = """\
health = "memory"

[providers.deepseek]
credentials = ["made-up-1", "made-up-2"]

[providers.openrouter]
credentials = ["made-up-3"]

[providers.corp]
base_url = "http://llm.corp/v1"
credentials = ["made-up-4"]

[routes]
default = ["deepseek/deepseek-v4-pro", "openrouter/openai/gpt-oss-120b:free", "corp/llama"]
"""


def example() -> Config:
    """A config of three providers, the first with two keys. Nothing can be sent with it."""
    return loads(_TEXT, {}, NAME, reads=False)
