"""The list of models, as each vendor describes its own, and as its official client reads it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import anthropic
import google.genai
import httpx
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orchestrator
from orchestrator.config.config import Config
from orchestrator.config.errors import UnknownRoute
from orchestrator.config.loading import loads
from orchestrator.serving.model_list import model_list
from tests.official_shapes import wrong_in_error, wrong_in_model, wrong_in_models
from tests.waiting import AMPLE

TEXT = """
health = "memory"
[providers.one]
base_url = "http://one/v1"
credentials = ["k"]
[routes]
default = ["one/org/model-of-one"]
"""
NAMES = ["default", "one/org/model-of-one"]
CLIENTS = {
    "openai-chat": ("/v1/models", {}),
    "anthropic-messages": ("/v1/models", {"anthropic-version": "2023-06-01"}),
    "gemini": ("/v1beta/models", {}),
}
each = pytest.mark.parametrize(("name", "path", "headers"), [(n, *c) for n, c in CLIENTS.items()])


@contextmanager
def client(text: str = TEXT) -> Iterator[httpx.Client]:
    with (
        orchestrator.Orchestrator(loads(text, {})) as inner,
        httpx.Client(transport=orchestrator.transport(inner), base_url="http://x") as http,
    ):
        yield http


@each
def test_the_list_and_its_entries_are_as_described(
    name: str, path: str, headers: dict[str, str]
) -> None:
    with client() as http:
        listed = http.get(path, headers=headers)
        ways = (f"{path}/{NAMES[1]}", f"{path}/{quote(NAMES[1], safe='')}")
        entries = [http.get(way, headers=headers).json() for way in ways]

    assert wrong_in_models(name, listed.json()) == []
    assert wrong_in_model(name, entries[0]) == []
    assert entries[0] == entries[1]
    assert entries[0] in listed.json().get("data", listed.json().get("models"))


@pytest.mark.parametrize("name", CLIENTS)
def test_an_empty_list_is_as_described(name: str) -> None:
    assert wrong_in_models(name, model_list("/v1/models", Config(), name, 1)) == []


@each
def test_an_unknown_name_is_not_found_and_the_nearest_is_told(
    name: str, path: str, headers: dict[str, str]
) -> None:
    with client() as http:
        answer = http.get(f"{path}/defualt", headers=headers)

    assert answer.status_code == 404
    assert wrong_in_error(name, answer.json()) == []
    assert "near: default" in answer.json()["error"]["message"]


def test_what_can_be_asked_for_has_an_entry_though_no_route_names_it() -> None:
    with client() as http:
        found = http.get("/v1/models/one/another").json()

    assert (found["id"], found["owned_by"]) == ("one/another", "one")


def test_times_are_true_and_the_same_each_time() -> None:
    began = int(time.time())
    with client() as http:
        first, again = (http.get("/v1/models").json()["data"][0] for _ in range(2))

    assert began <= first["created"] <= time.time()
    assert first == again


def test_clients_of_openai_at_the_address_of_gemini_get_their_own_list() -> None:
    with client() as http:
        body = http.get("/v1beta/openai/models").json()

    assert wrong_in_models("openai-chat", body) == []


@given(model=st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1))
def test_any_name_is_found_encoded_or_not(model: str) -> None:
    config: Config = loads(TEXT, {})
    name = f"one/{model}"
    encoded = quote(name, safe="")
    found = model_list(f"/v1/models/{encoded}", config, "openai-chat", 1)

    assert found["id"] == name


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownRoute, match="near: default"):
        model_list("/v1/models/defualt", loads(TEXT, {}), "openai-chat", 1)


def test_the_official_clients_read_it() -> None:
    with orchestrator.Orchestrator(loads(TEXT, {})) as inner:
        transport = orchestrator.transport(inner)
        http_client = httpx2.Client(transport=transport)
        of_openai = openai.OpenAI(api_key="k", http_client=http_client)
        of_anthropic = anthropic.Anthropic(api_key="k", http_client=http_client)
        of_google = google.genai.Client(
            api_key="k",
            http_options=google.genai.types.HttpOptions(
                httpx_client=httpx.Client(transport=transport, timeout=AMPLE)
            ),
        )
        assert [one.id for one in of_openai.models.list()] == NAMES
        assert of_openai.models.retrieve(NAMES[1]).id == NAMES[1]
        assert [one.id for one in of_anthropic.models.list()] == NAMES
        assert of_anthropic.models.retrieve(NAMES[1]).created_at.year > 2000
        found = list(of_google.models.list())
        assert [one.name for one in found] == [f"models/{name}" for name in NAMES]
        assert "generateContent" in (found[0].supported_actions or [])
        with pytest.raises(openai.NotFoundError, match="near: default"):
            of_openai.models.retrieve("defualt")
        with pytest.raises(anthropic.NotFoundError, match="near: default"):
            of_anthropic.models.retrieve("defualt")
        with pytest.raises(google.genai.errors.ClientError, match="near: default"):
            of_google.models.get(model="models/defualt")
