"""The vendors: found by themselves, complete, and fit to be sent to."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from orchestrator.config import scalars
from orchestrator.dialects import DIALECTS
from orchestrator.vendors import (
    CATALOGUE,
    Vendor,
    all_vendors,
    at_address,
    family,
    known,
    maker,
    vendor,
)

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
    "databricks",
    "azure",
    "ollama",
    "vllm",
    "lmstudio",
    "llamacpp",
    "litellm-proxy",
]


def test_every_promised_provider_is_known() -> None:
    assert set(PROMISED) <= set(CATALOGUE)
    assert known("deepseek") is CATALOGUE["deepseek"]
    assert known("deepsek") is None


DATA = [entry for entry in CATALOGUE.values() if entry.derive is None]


@pytest.mark.parametrize("entry", DATA, ids=lambda entry: entry.name)
def test_an_entry_is_whole(entry: Any) -> None:
    local = httpx.URL(entry.base_url).host == "localhost"

    assert CATALOGUE[entry.name] is entry
    assert scalars.base_url(entry.base_url) == entry.base_url
    assert entry.base_url.startswith("http://localhost:" if local else "https://")
    assert entry.keyless is local
    assert entry.documentation.startswith("https://")
    assert entry.dialect in DIALECTS
    assert entry.keys
    assert all(key.isupper() for key in entry.keys)
    for dialect, base_url in entry.others.items():
        assert dialect in DIALECTS
        assert scalars.base_url(base_url) == base_url
        assert at_address(base_url) is entry


@pytest.mark.parametrize("entry", all_vendors(), ids=lambda entry: entry.name)
def test_a_vendor_is_whole(entry: Vendor) -> None:
    hosted = entry.keys and not entry.keyless and not entry.retired

    assert vendor(entry.name) is entry
    assert bool(entry.starter) or not hosted  # a model to start from
    assert entry.documentation or not entry.keys
    for day in filter(None, (entry.checked, entry.retired)):
        date.fromisoformat(day)
    for name in (entry.name, *entry.aliases):
        assert family(name.upper()) == family(f"{name}-2") == entry.name


def test_no_two_vendors_share_a_name_or_a_dialect() -> None:
    names = [name for one in all_vendors() for name in (one.name, *one.aliases)]
    dialects = [dialect for one in all_vendors() for dialect in one.dialects]

    assert len(set(names)) == len(names)
    assert len(set(dialects)) == len(dialects)
    assert {dialect: found.name for dialect in dialects if (found := maker(dialect))} == {
        "anthropic-messages": "anthropic",
        "bedrock-converse": "bedrock",
        "gemini": "gemini",
    }
    assert maker("openai-chat") is None


def test_a_module_of_the_room_is_no_vendor() -> None:
    assert vendor("registry") is None
    assert vendor("nvidia_nim") is None  # the name has a dash
    assert known("bedrock") is None  # its rules are known, not where it is


def test_no_two_entries_share_an_address_or_a_key() -> None:
    addresses = [entry.base_url for entry in DATA]
    keys = [key for entry in CATALOGUE.values() for key in entry.keys]

    assert len(set(addresses)) == len(addresses)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("entry", DATA, ids=lambda entry: entry.name)
def test_a_provider_is_known_by_its_address_too(entry: Any) -> None:
    beside = httpx.URL(entry.base_url).copy_with(path="/v9")

    assert at_address(str(beside)) is entry


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("https://adb-1.2.azuredatabricks.net/serving-endpoints", "databricks"),
        ("https://1.0.ai-gateway.azuredatabricks.net/openai/v1", "databricks"),
        ("https://dbc-1.cloud.databricks.com", "databricks"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://api.together.xyz/v1", "together"),
        ("https://ws.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1", "dashscope"),
    ],
)
def test_a_vendor_is_known_at_every_host_of_its_own(base_url: str, name: str) -> None:
    assert at_address(base_url) is CATALOGUE[name]


@pytest.mark.parametrize(
    ("name", "dialect", "base_url"),
    [
        ("anthropic", "", "https://api.anthropic.com/v1"),
        ("anthropic", "openai-chat", "https://api.anthropic.com/v1"),
        ("gemini", "", "https://generativelanguage.googleapis.com/v1beta"),
        ("gemini", "openai-chat", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("zai", "anthropic-messages", "https://api.z.ai/api/anthropic/v1"),
    ],
)
def test_each_dialect_has_its_address(name: str, dialect: str, base_url: str) -> None:
    assert CATALOGUE[name].endpoint({}, dialect).base_urls == (base_url,)
    assert CATALOGUE[name].endpoint({}, dialect, "http://mine/v1").base_urls == ("http://mine/v1",)


def test_the_native_dialects_are_the_default() -> None:
    assert CATALOGUE["anthropic"].dialect == "anthropic-messages"
    assert CATALOGUE["gemini"].dialect == "gemini"


def test_an_address_that_nobody_has_is_not_known() -> None:
    assert at_address("http://127.0.0.1:9/v1") is None
    assert at_address("http://me:secret@api.openai.com.evil.test/v1") is None
    assert at_address("https://azuredatabricks.net.evil.test/v1") is None
    assert at_address("no address") is None
    assert at_address("") is None
