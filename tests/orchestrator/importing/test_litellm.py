"""LiteLLM's proxy configs: what they become, and what is said of the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.importing.carrying import ImportLevel
from orchestrator.importing.litellm import convert_litellm
from orchestrator.importing.litellm_names import LITELLM_PROVIDERS, split_model
from orchestrator.importing.yaml_text import read_yaml
from orchestrator.vendors import CATALOGUE
from tests.orchestrator.importing.converted import (
    Converted,
    converted,
    leaves,
    litellm,
    unexplained,
)

SECRETS = ("sk-first-key-4711", "sk-second-key-4712", "master-word-4713", "header-word-4714")

WHOLE = f"""
model_list:
  - model_name: main
    litellm_params: {{model: deepseek/deepseek-chat, api_key: os.environ/DEEPSEEK_API_KEY}}
  - model_name: main
    litellm_params:
      model: deepseek/deepseek-chat
      api_key: {SECRETS[0]}
      rpm: 60
  - model_name: backup
    litellm_params:
      model: openai/llama
      api_base: http://llm.corp/v1
      api_key: {SECRETS[1]}
      temperature: 0.2
      timeout: 20
      extra_headers: {{User-Agent: curl/8.7.1, X-Word: {SECRETS[3]}}}
    model_info: {{mode: chat, max_input_tokens: 8192, input_cost_per_token: 0.1}}
  - model_name: big
    litellm_params: {{model: together_ai/openai/gpt-oss-120b}}
  - model_name: vertex
    litellm_params: {{model: vertex_ai/gemini-2.5-pro, vertex_project: mine}}
  - model_name: whisper
    litellm_params: {{model: openai/whisper-1}}
litellm_settings:
  drop_params: true
  num_retries: 2
  request_timeout: 600
  fallbacks: [{{main: [backup, gone]}}]
  context_window_fallbacks: [{{main: [big]}}]
  success_callback: [langfuse]
router_settings:
  routing_strategy: least-busy
  model_group_alias: {{gpt-4: main}}
  cooldown_time: 30
general_settings:
  master_key: {SECRETS[2]}
  database_url: os.environ/DATABASE_URL
surprise: {{a: 1, b: [2, 3]}}
"""


@pytest.fixture(scope="module")
def whole() -> Converted:
    return litellm(WHOLE)


def test_groups_become_routes_with_their_fallbacks(whole: Converted) -> None:
    main = ["deepseek/deepseek-chat", "llm/llama", "together/openai/gpt-oss-120b"]

    assert whole.document["routes"] == {
        "main": main,
        "backup": ["llm/llama"],
        "big": ["together/openai/gpt-oss-120b"],
        "gpt-4": main,
        "default": main,
    }
    assert [target.name for target in whole.config.routes["main"]] == main


def test_deployments_that_differ_in_the_key_are_the_keys_of_one_provider(
    whole: Converted,
) -> None:
    assert whole.document["providers"] == {
        "deepseek": {
            "credentials": ["env:DEEPSEEK_API_KEY", "env:DEEPSEEK_API_KEY_2"],
            "strategy": "least_used",
        },
        "llm": {
            "base_url": "http://llm.corp/v1",
            "credentials": ["env:LLM_API_KEY"],
            "headers": {"User-Agent": "curl/8.7.1"},
        },
        "together": {"credentials": ["env:TOGETHERAI_API_KEY"]},
    }


def test_what_holds_for_a_target_and_for_all_calls_is_carried(whole: Converted) -> None:
    document = whole.document

    assert document["targets"] == {
        "llm/llama": {
            "context": 8192,
            "overrides": {"temperature": 0.2},
            "timeouts": {"total": "20s"},
        }
    }
    assert document["policy"] == {"attempts_per_target": 3, "drop": ["*"], "deadline": "605s"}
    assert document["timeouts"] == {"total": "600s"}
    assert document["gateway"] == {"keys": "keys.json"}


def test_the_rest_is_listed_with_its_line_and_what_to_do(whole: Converted) -> None:
    left = whole.told()

    assert left["model_list[1].litellm_params.rpm"].endswith(
        "limit callers: orchestrator key new NAME --rpm N --tokens-per-day N"
    )
    assert (
        "no group that is carried over is called gone"
        in left["litellm_settings.fallbacks[0].main[1]"]
    )
    assert "signed with Google Cloud credentials" in left["model_list[4]"]
    assert "by its name it makes or reads media" in left["model_list[5]"]
    assert "X-Word" in left["model_list[2].litellm_params.extra_headers.X-Word"]
    assert "ORCHESTRATOR_HEADERS_LLM=" in left["model_list[2].litellm_params.extra_headers.X-Word"]
    assert left["surprise"] == "nothing here corresponds to it; "
    assert whole.at("model_list[5]").name == "whisper"
    assert whole.at("litellm_settings.success_callback").line == 31
    assert set(whole.told(ImportLevel.APART)) == {
        "model_list[2].model_info.input_cost_per_token",
        "router_settings.cooldown_time",
        "general_settings.database_url",
    }


def test_a_key_of_the_file_is_a_variable_and_never_shown(whole: Converted) -> None:
    changed = whole.told(ImportLevel.CHANGED)
    shown = whole.text + repr(whole.imported)

    assert not [secret for secret in SECRETS if secret in shown]
    assert changed["model_list[1].litellm_params.api_key"] == (
        "the key is not copied; the config reads DEEPSEEK_API_KEY_2; set DEEPSEEK_API_KEY_2 to "
        "what stands there, or import with --keep-keys"
    )
    assert "orchestrator key new NAME" in changed["general_settings.master_key"]


def test_keys_are_copied_for_who_wants_it_but_for_what_opens_the_proxy() -> None:
    kept = litellm(WHOLE, keeps_keys=True)
    keys = kept.document["providers"]["deepseek"]["credentials"]

    assert keys == ["env:DEEPSEEK_API_KEY", SECRETS[0]]
    assert kept.document["providers"]["llm"]["credentials"] == [SECRETS[1]]
    assert SECRETS[2] not in kept.text
    assert kept.config.providers["llm"].credentials[0].secret.reveal() == SECRETS[1]


@pytest.mark.parametrize("literal", ["CORP_KEY", "file:/etc/passwd", "evn:X", "a\nb"])
def test_what_a_config_would_not_take_for_a_key_is_not_copied(literal: str) -> None:
    text = json.dumps(
        {
            "model_list": [
                {
                    "model_name": "a",
                    "litellm_params": {
                        "model": "openai/m",
                        "api_base": "http://llm.corp/v1",
                        "api_key": literal,
                    },
                }
            ]
        }
    )
    found = litellm(text, keeps_keys=True)

    assert found.document["providers"]["llm"]["credentials"] == ["env:LLM_API_KEY"]


def test_what_stands_for_no_key_is_no_key() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: hosted_vllm/qwen, api_key: EMPTY,
             api_base: "http://gpu:8000/v1"}}
          - {model_name: b, litellm_params: {model: ollama_chat/llama3, api_key: ollama,
             api_base: "http://box:11434"}}
        """
    )

    assert found.document["providers"] == {
        "vllm": {"base_url": "http://gpu:8000/v1"},
        "ollama": {"base_url": "http://box:11434/v1"},
    }
    assert found.config.providers["vllm"].keyless


def test_a_circle_of_fallbacks_is_gone_round_once() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: openai/x}}
          - {model_name: b, litellm_params: {model: groq/y}}
          - {model_name: c, litellm_params: {model: mistral/z}}
        router_settings:
          fallbacks: [{a: [b]}, {b: [c, a]}, {c: [a]}]
          default_fallbacks: [c]
        """
    )

    assert found.document["routes"] == {
        "a": ["openai/x", "groq/y", "mistral/z"],
        "b": ["groq/y", "mistral/z", "openai/x"],
        "c": ["mistral/z", "openai/x", "groq/y"],
        "default": ["openai/x", "groq/y", "mistral/z"],
    }


def test_fallbacks_for_all_are_those_of_groups_without_their_own() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: openai/x}}
          - {model_name: b, litellm_params: {model: groq/y}}
          - {model_name: c, litellm_params: {model: mistral/z}}
        litellm_settings:
          fallbacks: [{a: [{model: b}]}]
          default_fallbacks: [c]
          content_policy_fallbacks: [{b: [a]}]
        """
    )

    assert found.document["routes"]["a"] == ["openai/x", "groq/y"]
    assert found.document["routes"]["b"] == ["groq/y", "openai/x"]
    assert found.document["routes"]["c"] == ["mistral/z"]
    assert found.document["policy"] == {"on": {"content_policy": ["fallback"]}}


def test_one_model_with_two_settings_gets_a_second_entry_of_the_account() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: low, litellm_params: {model: gpt-5, reasoning_effort: low}}
          - {model_name: high, litellm_params: {model: gpt-5, reasoning_effort: high}}
        """
    )

    assert found.document["routes"] == {
        "low": ["openai/gpt-5"],
        "high": ["openai-2/gpt-5"],
        "default": ["openai/gpt-5"],
    }
    assert found.document["providers"]["openai-2"] == {
        "vendor": "openai",
        "credentials": ["env:OPENAI_API_KEY"],
    }
    assert (
        "second entry of openai's account"
        in found.told(ImportLevel.CHANGED)["model_list[1].model_name"]
    )


def test_keys_that_stand_together_once_are_one_pool_everywhere() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: groq/x, api_key: os.environ/K1}}
          - {model_name: b, litellm_params: {model: groq/y, api_key: os.environ/K2}}
          - {model_name: c, litellm_params: {model: groq/z, api_key: os.environ/K3}}
          - {model_name: d, litellm_params: {model: groq/w, api_key: os.environ/K1}}
          - {model_name: d, litellm_params: {model: groq/w, api_key: os.environ/K2}}
        """
    )

    assert {name: table["credentials"] for name, table in found.document["providers"].items()} == {
        "groq": ["env:K1", "env:K2"],
        "groq-2": ["env:K3"],
    }


def test_addresses_in_variables_are_looked_up_or_asked_for() -> None:
    text = """
    environment_variables: {HERE: "http://here.corp/v1", HER_KEY: sk-of-the-section-1}
    model_list:
      - {model_name: a, litellm_params: {model: openai/m, api_base: os.environ/HERE, api_key: os.environ/HER_KEY}}
      - {model_name: b, litellm_params: {model: openai/m, api_base: os.environ/THERE}}
      - {model_name: c, litellm_params: {model: openai/m, api_base: os.environ/NOWHERE}}
    """  # noqa: E501 - one line a deployment
    found = litellm(text, {"THERE": "http://there.corp/v1/chat/completions"})

    assert [table["base_url"] for table in found.document["providers"].values()] == [
        "http://here.corp/v1",
        "http://there.corp/v1",
    ]
    assert found.told()["model_list[2]"].startswith(
        "its address stands in the variable NOWHERE, which is not set"
    )
    assert "sk-of-the-section-1" not in found.text
    assert "set HER_KEY" in found.told(ImportLevel.CHANGED)["environment_variables.HER_KEY"]


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("sk-a-key-that-slipped-in", "its address is none such as"),
        ("http://x:99999/v1", "its address is none"),
        ("https://name:word@llm.corp/v1", "its address is none"),
        ("https://llm.corp/v1?token=abc", "its address holds a query"),
    ],
)
def test_an_address_that_cannot_be_used_is_left_and_not_shown(address: str, left: str) -> None:
    params = {"model": "openai/m", "api_base": address}
    found = litellm(json.dumps({"model_list": [{"model_name": "a", "litellm_params": params}]}))

    assert found.told()["model_list[0]"].startswith(left)
    assert address not in repr(found.imported) + found.text


def test_azure_is_asked_by_its_v1_api() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: azure/gpt-4o, api_key: os.environ/AZURE_API_KEY,
             api_base: "https://eu.openai.azure.com/openai/deployments/x", api_version: 2024-10-21}}
        """
    )

    assert found.config.providers["azure"].base_url == "https://eu.openai.azure.com/openai/v1"
    assert (
        "OPENAI_API_VERSION"
        in found.told(ImportLevel.CHANGED)["model_list[0].litellm_params.api_version"]
    )


def test_wildcards_are_providers_whose_models_are_named_in_full() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: "openai/*", litellm_params: {model: "openai/*", api_key: os.environ/K}}
          - {model_name: "*", litellm_params: {model: "*"}}
          - {model_name: "groq/fast", litellm_params: {model: groq/fast}}
          - {model_name: "x/y", litellm_params: {model: openai/y, api_key: os.environ/K}}
        """
    )

    assert found.document["providers"]["openai"] == {"credentials": ["env:K"]}
    assert found.document["routes"] == {"x-y": ["openai/y"], "default": ["groq/fast"]}
    assert "model_list[1]" in found.told()
    changed = found.told(ImportLevel.CHANGED)
    assert changed["model_list[0].model_name"] == "any model of it is asked for as openai/MODEL; "
    assert "holds no '/'" in changed["model_list[3].model_name"]


def test_credentials_by_name_and_orders_are_followed() -> None:
    found = litellm(
        """
        credential_list:
          - credential_name: corp
            credential_values: {api_base: "http://llm.corp/v1", api_key: os.environ/CORP_KEY}
        model_list:
          - {model_name: a, litellm_params: {model: groq/second, order: 2}}
          - {model_name: a, litellm_params: {model: openai/first, order: 1,
             litellm_credential_name: corp}}
        """
    )

    assert found.document["routes"]["a"] == ["llm/first", "groq/second"]
    assert found.document["providers"]["llm"]["credentials"] == ["env:CORP_KEY"]
    assert found.imported.left == 0


def test_the_router_goes_before_the_library() -> None:
    found = litellm(
        """
        model_list: [{model_name: a, litellm_params: {model: gpt-5}}]
        litellm_settings: {num_retries: 5, request_timeout: 10}
        router_settings: {num_retries: 0, timeout: "30", stream_timeout: 4}
        general_settings: {completion_model: a, max_request_size_mb: 8, global_max_parallel_requests: 50}
        """  # noqa: E501 - one line a section
    )

    assert found.document["policy"] == {"attempts_per_target": 1}
    assert found.document["timeouts"] == {"total": "30s", "first_token": "4s", "idle": "4s"}
    assert found.document["gateway"] == {"max_in_flight": 50, "max_body": "8 MiB"}
    assert found.told() == {
        "litellm_settings.num_retries": "router_settings.num_retries goes before it; ",
        "litellm_settings.request_timeout": "router_settings.timeout goes before it; ",
    }


def test_a_service_that_has_ended_is_not_carried_over() -> None:
    found = litellm("model_list: [{model_name: a, litellm_params: {model: github/gpt-4o}}]")

    assert found.document == {}
    assert found.told() == {"model_list[0]": "its vendor ended the service on 2026-07-30; "}


def test_every_name_leads_to_somebody_or_says_why_not() -> None:
    for name, foreign in LITELLM_PROVIDERS.items():
        assert split_model(f"{name}/m")[1:] == ("m", foreign)
        assert foreign.refused or foreign.vendor in {"", *CATALOGUE}
        assert foreign.refused or foreign.vendor or foreign.base_url or foreign.own_server
    assert split_model("claude-haiku-4-5")[0] == "anthropic"
    assert split_model("m", "groq")[2].vendor == "groq"
    assert split_model("nobody/m")[2].refused is not None


# Whatever a file holds: each of its values is in one of the two lists, and what comes out loads.

words = st.sampled_from(
    ["a", "b", "main", "gpt-5", "", "x/y", "*", "os.environ/A", "0.5", "sk-1x2y3"]
)
anything = st.recursive(
    words | st.none() | st.booleans() | st.integers(-2, 900) | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
models = st.sampled_from(
    [
        *("gpt-5", "openai/m", "azure/m", "anthropic/m", "bedrock/m", "groq/*", "nobody/m"),
        *("ollama/m", "openai/responses/m", "together_ai/a/b", "openai/whisper-1", "deepinfra/m"),
    ]
)
addresses = st.sampled_from(
    ["http://llm.corp/v1", "http://localhost:8000", "sk-slip", "https://eu.openai.azure.com", 7]
)
keys = st.sampled_from(
    ["os.environ/K1", "os.environ/K2", "EMPTY", "sk-literal-1", "sk-literal-2", "CORP_KEY", 5]
)
params = st.fixed_dictionaries(
    {"model": models | anything},
    optional={
        "api_base": addresses | anything,
        "api_key": keys | anything,
        "api_version": words,
        "temperature": anything,
        "extra_body": anything,
        "extra_headers": st.dictionaries(st.sampled_from(["A", "User-Agent", "a b"]), anything),
        "order": anything,
        "timeout": anything,
        "stream_timeout": anything,
        "organization": anything,
        "custom_llm_provider": words,
        "litellm_credential_name": words,
        "rpm": anything,
    },
)
deployments = st.fixed_dictionaries(
    {"model_name": words | anything, "litellm_params": params | anything},
    optional={
        "model_info": anything
        | st.fixed_dictionaries({}, optional={"mode": words, "max_input_tokens": anything})
    },
)
chains = st.lists(
    st.dictionaries(words, st.lists(words | anything, max_size=2), max_size=2), max_size=2
)
sections = st.fixed_dictionaries(
    {},
    optional={
        "fallbacks": chains | anything,
        "context_window_fallbacks": chains | anything,
        "content_policy_fallbacks": chains | anything,
        "default_fallbacks": st.lists(words, max_size=2) | anything,
        "model_group_alias": st.dictionaries(words, words | anything, max_size=2) | anything,
        "num_retries": anything,
        "timeout": anything,
        "request_timeout": anything,
        "drop_params": anything,
        "routing_strategy": anything,
        "cache": anything,
    },
)
files = st.fixed_dictionaries(
    {"model_list": st.lists(deployments | anything, max_size=4) | anything},
    optional={
        "litellm_settings": sections | anything,
        "router_settings": sections | anything,
        "general_settings": anything
        | st.fixed_dictionaries(
            {}, optional={"master_key": words, "completion_model": words, "x": anything}
        ),
        "environment_variables": st.dictionaries(st.sampled_from("AK"), words) | anything,
        "credential_list": anything,
        "more": anything,
    },
)


@settings(max_examples=60)  # each config is loaded as well
@given(files, st.booleans())
def test_every_value_is_carried_or_listed_once(file: Any, keep: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump(file, allow_unicode=True).encode()
    root = read_yaml(text)
    found = converted(convert_litellm, text, {"A": "http://a.corp/v1"}, keeps_keys=keep)
    imported = found.imported

    assert imported.carried + imported.left + imported.apart == imported.settings
    assert imported.settings == len(list(leaves(root)))
    assert unexplained(found, root) == 0
    if found.document.get("routes") or found.document.get("providers"):
        assert found.config.providers
    if not keep:
        assert "sk-literal" not in found.text + repr(imported)
