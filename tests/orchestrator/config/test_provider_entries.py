"""What a file says of a provider, over what is known of its vendor."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestrator.config import Config, ConfigError, Provider, loads
from orchestrator.config.records import StreamEnd
from orchestrator.health import Accounts

WORKSPACE = "https://adb-1.2.azuredatabricks.net"
GATEWAY = "https://1.0.ai-gateway.azuredatabricks.net"
DATABRICKS = {"DATABRICKS_HOST": WORKSPACE, "DATABRICKS_TOKEN": "quiet-token"}
AZURE = {"AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com", "AZURE_OPENAI_API_KEY": "quiet"}
LOCAL = '[routes]\ndefault = ["ollama/llama3.2"]\n'


def config(name: str, table: str = "", environ: dict[str, str] | None = None) -> Config:
    text = f'[providers.{name}]\n{table}\n[routes]\ndefault = ["{name}/m", "ollama/llama3.2"]\n'
    return loads(text, environ or {})


def provider(name: str, table: str = "", environ: dict[str, str] | None = None) -> Provider:
    return config(name, table, environ).providers[name]


def problems(text: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    with pytest.raises(ConfigError) as refused:
        loads(text, environ or {})
    return {one.where: one.what for one in refused.value.problems}


def test_databricks_has_its_gateway_first_and_no_address_is_asked_while_loading() -> None:
    found = provider("databricks", "", DATABRICKS)

    assert found.base_url == f"{GATEWAY}/openai/v1"
    assert found.base_urls == (f"{GATEWAY}/openai/v1", f"{WORKSPACE}/serving-endpoints")
    assert (found.vendor, found.key_header) == ("databricks", "authorization")
    assert [one.source for one in found.credentials] == ["env:DATABRICKS_TOKEN"]


def test_a_second_entry_of_a_vendor_has_its_own_dialect() -> None:
    found = provider("claude", 'vendor = "databricks"\ndialect = "anthropic-messages"', DATABRICKS)

    assert found.base_url == f"{GATEWAY}/anthropic/v1"
    assert found.base_urls[1] == f"{WORKSPACE}/serving-endpoints/anthropic/v1"
    assert (found.name, found.vendor) == ("claude", "databricks")


def test_the_keys_of_a_provider_are_separate_accounts_unless_it_says_one() -> None:
    url = 'base_url = "http://llm.corp/v1"'

    assert provider("corp", url).accounts is Accounts.SEPARATE
    assert provider("corp", f'{url}\naccounts = "one"').accounts is Accounts.ONE


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"seperate"', "found 'seperate' (did you mean 'separate'?); allowed: separate, one"),
        ('"shared"', "found 'shared'; allowed: separate, one"),
        ("1", "found a number, 1; allowed: separate, one"),
        ('["one"]', "found a list, ['one']; allowed: separate, one"),
    ],
)
def test_another_word_for_accounts_is_refused(written: str, said: str) -> None:
    text = f'[providers.corp]\nbase_url = "http://llm.corp/v1"\naccounts = {written}\n{LOCAL}'

    assert problems(text) == {"providers.corp.accounts": said}


def test_a_provider_is_located_once_and_keeps_all_else() -> None:
    found = provider("databricks", "", DATABRICKS)

    there = found.at(found.addresses[-1])

    assert there == attrs.evolve(found, base_url=f"{WORKSPACE}/serving-endpoints", base_urls=())
    assert there.at("https://elsewhere") is there


def test_one_address_is_no_choice() -> None:
    environ = {**DATABRICKS, "DATABRICKS_GATEWAY_HOST": "https://gateway.corp"}

    found = provider("databricks", "", environ)

    assert (found.base_url, found.base_urls) == ("https://gateway.corp/openai/v1", ())


@pytest.mark.parametrize(
    ("name", "environ", "missing"),
    [
        ("databricks", {"DATABRICKS_TOKEN": "quiet"}, "DATABRICKS_HOST"),
        ("azure", {"AZURE_OPENAI_API_KEY": "quiet"}, "AZURE_OPENAI_ENDPOINT"),
    ],
)
def test_a_vendor_that_is_nowhere_is_passed_over_with_a_warning(
    name: str, environ: dict[str, str], missing: str
) -> None:
    found = config(name, "", environ)

    assert [target.name for target in found.route()] == ["ollama/llama3.2"]
    assert found.providers[name].credentials == ()
    assert any(
        f"providers.{name}.base_url" in str(one) and missing in str(one) for one in found.warnings
    )


def test_without_a_key_only_the_key_is_missed() -> None:
    warnings = config("databricks").warnings

    assert any("DATABRICKS_TOKEN" in str(one) for one in warnings)
    assert not any("DATABRICKS_HOST" in str(one) for one in warnings)


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("databricks", {**DATABRICKS, "DATABRICKS_HOST": "https://llm..corp"}),
        ("azure", {**AZURE, "AZURE_OPENAI_ENDPOINT": "https://llm..corp"}),
    ],
)
def test_a_variable_that_names_an_impossible_host_is_told_with_its_place(
    name: str, environ: dict[str, str]
) -> None:
    found = problems(f'[routes]\ndefault = ["{name}/m"]\n', environ)

    assert "empty part between two dots" in found[f"providers.{name}.base_url"]


def test_a_variable_that_makes_no_sense_is_told_with_its_place() -> None:
    text = '[routes]\ndefault = ["databricks/m"]\n'

    found = problems(text, {**DATABRICKS, "DATABRICKS_HOST": "ftp://x"})

    assert "DATABRICKS_HOST is no address" in found["providers.databricks.base_url"]


@pytest.mark.parametrize(
    ("version", "base_url", "path"),
    [
        ("", "https://mine.openai.azure.com/openai/v1", ""),
        (
            "2024-10-21",
            "https://mine.openai.azure.com/openai?api-version=2024-10-21",
            "deployments/{model}/chat/completions",
        ),
    ],
)
def test_azure_has_two_forms(version: str, base_url: str, path: str) -> None:
    found = provider("azure", "", {**AZURE, "OPENAI_API_VERSION": version})

    assert (found.base_url, found.path, found.key_header) == (base_url, path, "api-key")


def test_a_resource_under_another_name_is_known_by_its_address() -> None:
    found = provider(
        "west", 'base_url = "https://west.openai.azure.com"\ncredentials = ["quiet-key"]'
    )

    assert found.base_url == "https://west.openai.azure.com/openai/v1"
    assert (found.vendor, found.key_header) == ("azure", "api-key")


@pytest.mark.parametrize(
    ("table", "header"),
    [('key_header = "Api-Key"', "api-key"), ("", "")],
)
def test_a_key_goes_into_the_header_that_is_named(table: str, header: str) -> None:
    found = provider("corp", f'base_url = "http://llm.corp/v1"\n{table}')

    assert found.key_header == header


def test_the_header_that_is_named_goes_before_the_vendors() -> None:
    found = provider("azure", 'key_header = "authorization"', AZURE)

    assert found.key_header == "authorization"


def test_a_provider_may_end_its_streams_by_the_mark_alone() -> None:
    assert provider("corp", 'base_url = "http://x/v1"').end is StreamEnd.FINISH
    assert provider("corp", 'base_url = "http://x/v1"\nend = "mark"').end is StreamEnd.MARK


def test_a_vendors_own_fallback_is_not_passed_on() -> None:
    assert "models" in provider("openrouter", "", {"OPENROUTER_API_KEY": "quiet"}).omitted
    assert provider("corp", 'base_url = "http://llm.corp/v1"').omitted == frozenset()


def test_a_retired_service_is_told() -> None:
    environ = {"GITHUB_MODELS_TOKEN": "quiet"}
    warnings = config("github-models", "", environ).warnings
    moved = config("github-models", 'base_url = "http://mine/v1"', environ).warnings

    assert any("ended the service on 2026-07-30" in str(one) for one in warnings)
    assert not any("ended" in str(one) for one in moved)


@pytest.mark.parametrize(
    ("name", "dialect", "base_url"),
    [
        ("anthropic", "anthropic-messages", "https://api.anthropic.com/v1"),
        ("gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta"),
    ],
)
def test_native_dialects_are_spoken_unless_another_is_named(
    name: str, dialect: str, base_url: str
) -> None:
    environ = {"ANTHROPIC_API_KEY": "quiet", "GEMINI_API_KEY": "quiet"}

    native = provider(name, "", environ)
    compatible = provider(name, 'dialect = "openai-chat"', environ)

    assert (native.dialect, native.base_url) == (dialect, base_url)
    assert compatible.dialect == "openai-chat"
    assert compatible.base_url.startswith(base_url)


@pytest.mark.parametrize(
    ("table", "where", "words"),
    [
        ('vendor = "databrick"', "providers.x.vendor", "did you mean 'databricks'?"),
        ("key_header = 3", "providers.x.key_header", "found a number"),
        ('key_header = "two words"', "providers.x.key_header", "a header's name"),
        ('end = "marc"', "providers.x.end", "did you mean 'mark'?); allowed: finish, mark"),
        ('key_header = "content-length"', "providers.x.key_header", "a header's name"),
    ],
)
def test_what_may_not_be_said_of_a_provider_is_told(table: str, where: str, words: str) -> None:
    text = f'[providers.x]\nbase_url = "http://x/v1"\n{table}\n{LOCAL}'

    assert words in problems(text)[where]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", frozenset()),
        ("drop = []", frozenset()),
        ('drop = ["seed", "logprobs"]', frozenset({"seed", "logprobs"})),
        ('drop = ["*"]', frozenset({"*"})),
    ],
)
def test_fields_may_be_dropped_where_the_policy_says_so(
    line: str, expected: frozenset[str]
) -> None:
    found = loads(f"[policy]\nmax_attempts = 4\n{line}\n{LOCAL}", {})

    assert found.drop == expected
    assert found.policy == attrs.evolve(Config().policy, max_attempts=4)


@pytest.mark.parametrize("value", ['"seed"', "3", "[3]", '[""]', '[["seed"]]'])
def test_what_names_no_field_is_not_dropped(value: Any) -> None:
    assert "allowed: " in problems(f"[policy]\ndrop = {value}\n{LOCAL}")["policy.drop"]
