"""The catalogue: complete, and fit to be sent to."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orchestrator.config import scalars
from orchestrator.config.records import DIALECT_NAMES
from orchestrator.providers import CATALOGUE, at_address, known

PROMISED = [
    "openai",
    "anthropic",
    "gemini",
    "deepseek",
    "openrouter",
    "mistral",
    "groq",
    "together",
    "fireworks",
    "cerebras",
    "xai",
    "zai",
    "moonshot",
    "minimax",
    "dashscope",
    "siliconflow",
    "nvidia-nim",
    "huggingface",
    "github-models",
    "perplexity",
    "cohere",
    "ollama",
    "vllm",
    "lmstudio",
    "llamacpp",
    "litellm-proxy",
]


def test_every_promised_provider_is_known_and_no_other() -> None:
    assert sorted(CATALOGUE) == sorted(PROMISED)
    assert known("deepseek") is CATALOGUE["deepseek"]
    assert known("deepsek") is None


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_an_entry_is_whole(entry: Any) -> None:
    local = httpx.URL(entry.base_url).host == "localhost"

    assert CATALOGUE[entry.name] is entry
    assert scalars.base_url(entry.base_url) == entry.base_url
    assert entry.base_url.startswith("http://localhost:" if local else "https://")
    assert entry.keyless is local
    assert entry.documentation.startswith("https://")
    assert entry.dialect in DIALECT_NAMES
    assert entry.keys
    assert all(key.isupper() for key in entry.keys)


def test_no_two_entries_share_an_address_or_a_key() -> None:
    addresses = [entry.base_url for entry in CATALOGUE.values()]
    keys = [key for entry in CATALOGUE.values() for key in entry.keys]

    assert len(set(addresses)) == len(addresses)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_a_provider_is_known_by_its_address_too(entry: Any) -> None:
    beside = httpx.URL(entry.base_url).copy_with(path="/v9")

    assert at_address(str(beside)) is entry


def test_an_address_that_nobody_has_is_not_known() -> None:
    assert at_address("http://127.0.0.1:9/v1") is None
    assert at_address("http://me:secret@api.openai.com.evil.test/v1") is None
    assert at_address("no address") is None
