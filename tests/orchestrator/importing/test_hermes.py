"""Hermes' configs: what they become, and what stays there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS
from orchestrator.importing.carrying import ImportLevel
from orchestrator.importing.hermes import convert_hermes
from orchestrator.importing.hermes_names import (
    HERMES_DIALECTS,
    HERMES_PROVIDERS,
    TAKES_ROUTING,
    foreign_provider,
)
from orchestrator.importing.yaml_text import read_yaml
from orchestrator.vendors import CATALOGUE
from tests.orchestrator.importing.converted import Converted, converted, hermes, leaves, unexplained

WHOLE = """
model:
  provider: deepseek
  default: deepseek-chat
  base_url: ""
providers:
  proxy:
    base_url: https://llm.corp/v1
    key_cmd: corp-auth print-token
    api_mode: anthropic_messages
    extra_headers: {X-Word: "${CORP_WORD}", User-Agent: curl/8.7.1}
    request_timeout_seconds: 90
    models:
      claude: {context_length: 200000}
custom_providers:
  - {name: My Server, base_url: "http://gpu:8000/v1", api_key: none, model: qwen, context_length: 65536}
  - {name: spare, base_url: "http://spare:8000/v1", models: [a, b]}
fallback_providers:
  - {provider: proxy, model: claude}
  - {provider: openrouter, model: openai/gpt-oss-120b, key_env: OPENROUTER_API_KEY}
  - {provider: "custom:my server", model: qwen, disable_streaming: true}
  - {provider: custom, model: llama, base_url: "http://box:8080/v1", api_key: sk-box-4711,
     context_length: 8192, extra_body: {top_k: 5}}
  - {provider: nous, model: hermes-4}
  - {provider: nobody, model: x}
credential_pool_strategies: {deepseek: round_robin, openrouter: quota_aware, groq: random}
provider_routing: {sort: throughput, ignore: [a]}
auxiliary:
  vision: {provider: auto, model: "", timeout: 30}
  title: {provider: groq, model: small, fallback_chain: [{provider: openrouter, model: b}]}
delegation: {provider: "", model: "", max_iterations: 50}
agent: {api_max_retries: 2, max_turns: 90}
terminal: {backend: local, timeout: 180}
"""  # noqa: E501 - one line a provider


@pytest.fixture(scope="module")
def whole() -> Converted:
    return hermes(WHOLE)


def test_the_model_and_its_fallbacks_are_the_default_route(whole: Converted) -> None:
    assert whole.document["routes"] == {
        "default": [
            "deepseek/deepseek-chat",
            "proxy/claude",
            "openrouter/openai/gpt-oss-120b",
            "my-server/qwen",
            "box/llama",
        ],
        "title": ["groq/small", "openrouter/b"],
    }
    assert list(map(str, whole.config.routes["default"])) == whole.document["routes"]["default"]


def test_providers_bring_address_dialect_and_keys(whole: Converted) -> None:
    assert whole.document["providers"] == {
        "deepseek": {"strategy": "round_robin"},
        "groq": {"strategy": "random"},
        "proxy": {
            "dialect": "anthropic-messages",
            "base_url": "https://llm.corp/v1",
            "credentials": ["command:corp-auth print-token"],
            "headers": {"User-Agent": "curl/8.7.1"},
        },
        "my-server": {"base_url": "http://gpu:8000/v1", "stream": False},
        "box": {"base_url": "http://box:8080/v1", "credentials": ["env:BOX_API_KEY"]},
        "spare": {"base_url": "http://spare:8000/v1"},
    }


def test_what_is_said_of_models_and_attempts_is_carried(whole: Converted) -> None:
    routing = {"provider": {"sort": "throughput", "ignore": ["a"]}}

    assert whole.document["targets"] == {
        "proxy/claude": {"context": 200000, "timeouts": {"total": "90s"}},
        "openrouter/openai/gpt-oss-120b": {"overrides": routing},
        "openrouter/b": {"overrides": routing},
        "my-server/qwen": {"context": 65536},
        "box/llama": {"context": 8192, "overrides": {"top_k": 5}},
    }
    assert whole.document["policy"] == {"attempts_per_target": 2}


def test_what_is_lost_is_told_and_what_is_hermes_own_stays_there(whole: Converted) -> None:
    left, apart = whole.told(), whole.told(ImportLevel.APART)

    assert "logs in to it by OAuth" in left["fallback_providers[4]"]
    assert left["fallback_providers[5]"].startswith("no provider called nobody is known here")
    assert left["credential_pool_strategies.openrouter"].startswith("there is no such strategy")
    assert "ORCHESTRATOR_HEADERS_PROXY" in left["providers.proxy.extra_headers.X-Word"]
    assert apart["terminal"] == "it is Hermes' own affair, and stays in its file; "
    assert apart["auxiliary.vision"] == "it is asked for as the main model is; "
    assert "agent.max_turns" in apart
    changed = whole.told(ImportLevel.CHANGED)
    assert "auth.json" in changed["credential_pool_strategies.deepseek"]
    assert "set BOX_API_KEY to what stands there" in changed["fallback_providers[3].api_key"]
    assert "sk-box-4711" not in whole.text + repr(whole.imported)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("model: anthropic/claude-opus-4.6", ["openrouter/anthropic/claude-opus-4.6"]),
        ("model: {default: a/b, provider: auto}", ["openrouter/a/b"]),
        ("model: {model: m, base_url: 'http://localhost:4321/v1'}", ["local-4321/m"]),
        ("model: {default: m, provider: claude}", ["anthropic/m"]),
        ("model: {default: m, provider: kimi-coding-cn}", ["moonshot/m"]),
        ("model: {default: m, provider: lmstudio}", ["lmstudio/m"]),
        ("model: {default: m, provider: xiaomi}", ["xiaomi/m"]),
        (
            "model: {default: m, provider: zai}\nfallback_model: {provider: xai, model: n}",
            ["zai/m", "xai/n"],
        ),
        (
            "providers: {p: {api: 'http://p:1/v1', default_model: d}}\nmodel: {provider: p}",
            ["p/d"],
        ),
    ],
)
def test_every_way_to_name_a_model_leads_to_it(text: str, targets: list[str]) -> None:
    found = hermes(text)

    assert found.document["routes"]["default"] == targets
    assert [target.name for target in found.config.routes["default"]] == targets


def test_a_key_under_another_name_is_named() -> None:
    found = hermes("model: {default: m, provider: zai}\nfallback_model: {provider: kimi, model: k}")

    assert found.document["providers"] == {
        "zai": {"credentials": ["env:GLM_API_KEY"]},
        "moonshot": {"credentials": ["env:KIMI_API_KEY"]},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model: {default: m, provider: auto}", "finds its provider by what keys there are"),
        ("model: {default: m, provider: copilot-acp}", "no HTTP is spoken"),
        ("model: {default: m, provider: azure-foundry}", "AZURE_OPENAI_ENDPOINT is not set"),
        ("model: {default: m, provider: custom}", "nothing says where it is"),
        ("model: {provider: openrouter}", "it names no model"),
        ("model: {default: m, base_url: 'http://x/v1', api_mode: bedrock_converse}", "api_mode"),
        ("model: {default: m, base_url: sk-no-address}", "its address is none"),
        ("model: {default: m, base_url: 'http://${HOST}/v1'}", "its address is none"),
    ],
)
def test_who_cannot_be_asked_is_left_with_the_reason(text: str, words: str) -> None:
    found = hermes(text)

    assert words in found.told()["model"]
    assert found.document == {}


def test_every_name_and_mode_leads_to_somebody_or_says_why_not() -> None:
    for foreign in HERMES_PROVIDERS.values():
        assert foreign.refused or foreign.vendor in {"", *CATALOGUE}
        assert foreign.refused or foreign.vendor or foreign.base_url or foreign.own_server
    assert {dialect for dialect, _ in HERMES_DIALECTS.values()} <= set(DIALECTS)
    assert TAKES_ROUTING in CATALOGUE
    assert foreign_provider(" Claude ") is HERMES_PROVIDERS["anthropic"]
    assert foreign_provider("custom:x") is None


words = st.sampled_from(
    ["", "auto", "main", "p", "openrouter", "zai", "custom", "a/b", "${K}", "5"]
)
anything = st.recursive(
    words | st.none() | st.booleans() | st.integers(-2, 900) | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
addresses = st.sampled_from(["http://llm.corp/v1", "http://gpu:8000", "sk-slip", ""])
keys = st.sampled_from(["${K}", "sk-literal-1", "none", "", "CORP_KEY"])
fields: dict[str, st.SearchStrategy[Any]] = {
    "name": words,
    "model": words,
    "base_url": addresses | anything,
    "api_key": keys | anything,
    "key_env": st.sampled_from(["K", "OPENROUTER_API_KEY", "no name"]) | anything,
    "key_cmd": words,
    "api_mode": st.sampled_from([*HERMES_DIALECTS, "bedrock_converse"]) | anything,
    "context_length": anything,
    "request_timeout_seconds": anything,
    "extra_headers": st.dictionaries(st.sampled_from(["A", "User-Agent", "a b"]), anything),
    "extra_body": anything,
    "streaming": anything,
    "disable_streaming": anything,
    "models": st.lists(words | anything, max_size=2) | anything,
    "max_tokens": anything,
}
providers = st.fixed_dictionaries({}, optional=fields)
blocks = st.fixed_dictionaries({"provider": words, "default": words}, optional=fields)
files = st.fixed_dictionaries(
    {"model": blocks | anything},
    optional={
        "providers": st.dictionaries(words, providers | anything, max_size=2) | anything,
        "custom_providers": st.lists(providers | anything, max_size=2) | anything,
        "fallback_providers": st.lists(blocks | anything, max_size=3) | anything,
        "fallback_model": blocks | anything,
        "credential_pool_strategies": st.dictionaries(
            words, st.sampled_from(["random", "quota_aware", "5"]), max_size=2
        ),
        "provider_routing": anything,
        "auxiliary": st.dictionaries(words, blocks | anything, max_size=2) | anything,
        "delegation": blocks | anything,
        "agent": anything | st.fixed_dictionaries({"api_max_retries": anything}),
        "terminal": anything,
    },
)


@settings(max_examples=60)  # each config is loaded as well
@given(files, st.booleans())
def test_every_value_is_carried_or_listed_once(file: Any, keep: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump(file, allow_unicode=True).encode()
    root = read_yaml(text)
    found = converted(convert_hermes, text, {}, keeps_keys=keep)
    imported = found.imported

    assert imported.carried + imported.left + imported.apart == imported.settings
    assert imported.settings == len(list(leaves(root)))
    assert unexplained(found, root) == 0
    if found.document.get("routes") or found.document.get("providers"):
        assert found.config.providers
    if not keep:
        assert "sk-literal" not in found.text + repr(imported)


def test_no_key_is_told_to_be_put_where_another_is_read() -> None:
    """Else who does as he is told sends his key to somebody else."""
    found = hermes(
        """
        model: {default: m, provider: anthropic, api_key: sk-a-key-4711}
        fallback_providers:
          - {provider: anthropic, model: n, base_url: "https://proxy.corp/v1"}
          - {provider: zai, model: n, api_key: sk-a-key-4712}
          - {provider: mistral, model: n, base_url: "https://m.corp/v1", key_env: GLM_API_KEY}
        """
    )
    made_up = {key for one in found.document["providers"].values() for key in one["credentials"]}

    assert found.document["providers"]["anthropic"]["credentials"] == ["env:ANTHROPIC_API_KEY_2"]
    assert found.document["providers"]["proxy"]["credentials"] == ["env:ANTHROPIC_API_KEY"]
    assert len(made_up) == 4
