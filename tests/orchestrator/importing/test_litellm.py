"""LiteLLM's proxy configs: what they become, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.importing.carrying import ImportLevel
from orchestrator.importing.litellm import convert_litellm
from orchestrator.importing.yaml_text import read_yaml
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


def test_a_fallback_may_be_a_model_of_a_wildcard() -> None:
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: groq/x}}
          - {model_name: "openai/*", litellm_params: {model: "openai/*"}}
        litellm_settings: {fallbacks: [{a: [openai/gpt-5, mistral/y]}]}
        """
    )

    assert found.document["routes"]["a"] == ["groq/x", "openai/gpt-5"]
    assert "litellm_settings.fallbacks[0].a[1]" in found.told()


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
