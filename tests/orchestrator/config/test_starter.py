"""The file that ``orchestrator init`` writes, and the page of defaults it is made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.loading import loads
from orchestrator.config.schema import (
    Document,
    GatewayTable,
    OtelTable,
    PolicyTable,
    ProviderTable,
    TargetTable,
)
from orchestrator.config.starter import DEFAULTS, starter
from orchestrator.states.policy import Policy, Timeouts
from orchestrator.vendors import CATALOGUE

PLACES = {
    "DATABRICKS_HOST": "https://adb-123.4.azuredatabricks.net",
    "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com",
}
HOSTED = [one for one in CATALOGUE.values() if not one.keyless and not one.retired]
VARIABLES = [key for entry in CATALOGUE.values() for key in entry.keys]


@given(
    st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(["quiet-one", "quiet-two", " "]))
)
def test_it_loads_cleanly_and_holds_no_secret(environ: dict[str, str]) -> None:
    text = starter(environ)
    config = loads(text, environ)

    assert "quiet" not in text
    assert config.route()
    assert not [one for one in config.warnings if "same key" not in one.what]


def test_it_names_every_key_that_was_found() -> None:
    environ = {"GROQ_API_KEY": "a", "GROQ_API_KEY_2": "b", "OPENAI_API_KEY": "c"}
    config = loads(starter(environ), environ)

    assert [target.provider for target in config.route()] == ["groq", "openai"]
    assert len(config.providers["groq"].credentials) == 2


def test_without_a_key_it_names_a_local_server() -> None:
    assert [target.provider for target in loads(starter({}), {}).route()] == ["ollama"]


@pytest.mark.parametrize("entry", HOSTED, ids=lambda entry: entry.name)
def test_every_hosted_provider_has_a_model_to_start_from(entry: Any) -> None:
    environ = {entry.keys[-1]: "quiet", **PLACES}
    (target,) = loads(starter(environ), environ).route()

    assert target.provider == entry.name


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_TOKEN": "quiet"},
        {"DATABRICKS_TOKEN": "quiet"},
        {"AZURE_OPENAI_API_KEY": "quiet", "AZURE_OPENAI_ENDPOINT": "no address"},
    ],
)
def test_a_key_without_an_endpoint_starts_nothing(environ: dict[str, str]) -> None:
    assert [target.provider for target in loads(starter(environ), {}).route()] == ["ollama"]


def test_what_stands_in_the_comments_is_the_default() -> None:
    text = "\n".join(_uncommented(starter({"NAME_API_KEY": "quiet"}).splitlines()))
    config = loads(text, {"NAME_API_KEY": "quiet"})

    assert config.policy == Policy(on=config.policy.on)
    assert config.timeouts == Timeouts()
    assert config.health == "file"
    assert config.providers["NAME"].stream


def _uncommented(lines: Any) -> Iterator[str]:
    for line in lines:
        bare = line.removeprefix("# ")
        yield bare if line != bare and (" = " in bare or bare.startswith("[")) else line


@pytest.mark.parametrize(
    ("table", "record"),
    [
        ("", Document),
        ("policy", PolicyTable),
        ("timeouts", Timeouts),
        ("providers.NAME", ProviderTable),
        ('targets."NAME/MODEL"', TargetTable),
        ("gateway", GatewayTable),
        ("otel", OtelTable),
    ],
)
def test_every_key_of_the_file_is_documented(table: str, record: Any) -> None:
    documented = {one.key for one in DEFAULTS if one.table == table}
    tables = {"policy", "timeouts", "providers", "targets", "routes", "gateway", "otel", "on"}
    nested = tables - {"timeouts"} if record is TargetTable else tables

    assert documented == {field.name for field in attrs.fields(record)} - nested
