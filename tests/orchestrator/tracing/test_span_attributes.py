"""What spans may say is on the page, and by the names of the conventions where they have one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.dialects import Operation
from orchestrator.provider import Provider
from orchestrator.tracing import call_tracer, span_attributes
from orchestrator.tracing.span_attributes import (
    address_attributes,
    plain,
    provider_name,
    request_attributes,
)
from orchestrator.vendors.registry import all_vendors

PAGE = (Path(__file__).parents[3] / "docs" / "tracing.md").read_text(encoding="utf-8")

# Those of `gen_ai.provider.name` in the conventions, as read on 2026-11-30.
WELL_KNOWN = {
    *("anthropic", "aws.bedrock", "azure.ai.inference", "azure.ai.openai", "cohere", "deepseek"),
    *("gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai", "groq", "ibm.watsonx.ai", "mistral_ai"),
    *("moonshot_ai", "openai", "perplexity", "x_ai"),
}
OURS = re.compile(r"(gen_ai|orchestrator|server|http|error)\.[a-z_.]+")


def names() -> Iterator[str]:
    """Every attribute that the sources name."""
    for module in (call_tracer, span_attributes):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and OURS.fullmatch(str(node.value)):
                yield str(node.value)


def names_on_page() -> Iterator[str]:
    """Those in the page's tables; what follows a whole name in a row has its beginning."""
    for row in re.findall(r"^\| .*`.* \|$", PAGE, re.MULTILINE):
        beginning = ""
        for name in re.findall(r"`([a-z_.]+)`", row):
            if OURS.fullmatch(name):
                beginning = name.rpartition(".")[0]
                yield name
            else:
                yield f"{beginning}.{name.lstrip('.')}"


def test_the_page_has_every_attribute() -> None:
    assert set(names()) - set(names_on_page()) == set()


def test_vendors_have_the_names_of_the_conventions() -> None:
    named = {one.name: provider_name(one.name) for one in all_vendors()}

    assert WELL_KNOWN - set(named.values()) == {
        *("azure.ai.inference", "gcp.gen_ai", "gcp.vertex_ai", "ibm.watsonx.ai")
    }
    assert provider_name("corp") == "corp"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://llm.corp/v1?key=a-secret-key", ("llm.corp", 443)),
        ("http://127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("http://[::1]/v1", ("::1", 80)),
    ],
)
def test_an_address_is_host_and_port_alone(url: str, said: tuple[str, int]) -> None:
    found = address_attributes(Provider("corp", base_url=url))

    assert found == {"server.address": said[0], "server.port": said[1]}


def test_one_of_several_addresses_is_not_said() -> None:
    both = ("http://a/v1", "http://b/v1")

    assert address_attributes(Provider("corp", base_url=both[0], base_urls=both)) == {}


def test_only_numbers_of_a_request_are_said() -> None:
    asked = {
        "messages": [{"role": "user", "content": "hi"}], "stop": ["x"], "n": 2, "seed": "7",
        "temperature": True, "top_p": 1, "max_completion_tokens": 9, "top_k": 0.5,
    }  # fmt: skip

    assert request_attributes(Operation.GENERATE, asked, stream=False) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.top_p": 1.0,
        "gen_ai.request.max_tokens": 9,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [("a b", "a b"), ("a\nb\x1b[1m", "a b [1m"), ("\ud83d", ""), ("x" * 300, "x" * 255 + "…")],
)
def test_a_text_is_one_line_that_can_be_written(text: str, said: str) -> None:
    assert plain(text) == said
    plain(text).encode()
