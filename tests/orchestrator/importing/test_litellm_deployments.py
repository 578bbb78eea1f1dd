"""Deployments of LiteLLM: whom they ask, and with which key."""

from __future__ import annotations

import json

import pytest

from orchestrator.importing.carrying import ImportLevel
from orchestrator.importing.litellm_names import LITELLM_PROVIDERS, split_model
from orchestrator.vendors import CATALOGUE
from tests.orchestrator.importing.converted import litellm


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
        ("https://llm.corp/v1#abc", "its address holds a part after"),
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


def test_no_key_is_told_to_be_put_where_another_is_read() -> None:
    """Else who does as he is told sends his key to somebody else."""
    found = litellm(
        """
        model_list:
          - {model_name: a, litellm_params: {model: anthropic/m, api_key: sk-a-key-4711}}
          - {model_name: b, litellm_params: {model: anthropic/m, api_base: "https://proxy.corp"}}
          - {model_name: c, litellm_params: {model: mistral/m, api_key: sk-a-key-4712}}
        """
    )
    providers = found.document["providers"]

    assert providers["anthropic"]["credentials"] == ["env:ANTHROPIC_API_KEY_2"]
    assert providers["proxy"]["credentials"] == ["env:ANTHROPIC_API_KEY"]
    assert providers["mistral"]["credentials"] == ["env:MISTRAL_API_KEY"]


def test_a_group_of_many_keys_is_one_pool_of_them_all() -> None:
    """It took the cube of their number: hours, where there are thousands."""
    one = "  - {{model_name: a, litellm_params: {{model: openai/m, api_key: os.environ/KEY_{}}}}}"
    listed = "\n".join(one.format(number) for number in range(300))
    found = litellm(f"model_list:\n{listed}\n")

    keys = [f"env:KEY_{number}" for number in range(300)]
    assert found.document["providers"]["openai"]["credentials"] == keys
    assert found.document["routes"]["a"] == ["openai/m"]
