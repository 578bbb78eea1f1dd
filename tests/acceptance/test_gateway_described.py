"""What the vendors' own descriptions allow and forbid, sent to a gateway by schemathesis.

Sound requests and unsound ones, as it makes them of a description: each is answered as that says,
and never as a fault of the gateway's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from orchestrator.sim import replies
from tests.acceptance.spoken import DIALECTS, answers
from tests.acceptance.test_official_shapes import events_of
from tests.official_shapes import description, wrong_in_event
from tests.orchestrator.gateway.running import Running, running
from tests.slow import slow_but

SOUND = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
"""What an answer is held to. Keys are not asked for here; and more is taken than a vendor
describes, and less where a crossing cannot say it."""

ROUTE = "x-orchestrator-route"
"""The header that names who answers: what schemathesis makes of a model's name is none."""

SERVED = {
    "openai": {
        ("post", "/chat/completions"): "chat",
        ("post", "/responses"): "responses",
        ("post", "/responses/input_tokens"): "counting-openai",
        ("post", "/embeddings"): "embedding",
        ("get", "/models"): "chat",
        ("get", "/models/{model}"): "chat",
    },
    "anthropic": {
        ("post", "/v1/messages"): "messages",
        ("post", "/v1/messages/count_tokens"): "counting-anthropic",
        ("get", "/v1/models"): "chat",
        ("get", "/v1/models/{model_id}"): "chat",
    },
}
"""What of each description is served, and by the targets of which route."""

ALWAYS: dict[str, dict[str, str]] = {
    "openai": {},
    "anthropic": {"anthropic-version": "2023-06-01"},  # by which its clients are known
}
BASES = {"openai": "/v1", "anthropic": ""}
STREAMS = {
    "/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/v1/messages": "anthropic-messages",
}
CASES = [
    (vendor, method, path, mode)
    for vendor, paths in SERVED.items()
    for method, path in paths
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or method == "post"  # of a GET nothing can be wrong
]


@cache
def described(vendor: str) -> Any:
    """The operations that are served; errors are described by one vendor of the two."""
    whole = description(vendor)
    paths = {
        path: {method: whole["paths"][path][method] for method, at in SERVED[vendor] if at == path}
        for _, path in SERVED[vendor]
    }
    for operation in itertools.chain.from_iterable(each.values() for each in paths.values()):
        error = {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}
        operation["responses"].setdefault(
            "4XX", {"description": "An error.", "content": {"application/json": error}}
        )
    return schemathesis.openapi.from_dict({**whole, "paths": paths})


MOST_NUMBERS = 1000
"""In a vector: of 65,536, which constants of our own make likely, a hundred are 100 MB."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    scripts = {
        **{f"{one}-whole": answers(one, stream=False) for one in DIALECTS},
        "any": replies.ok("hello"),
        "counts-openai": replies.ok(),
        "counts-anthropic": replies.ok(),
    }
    dialects = {f"{one}-whole": one for one in DIALECTS}
    dialects |= {"counts-openai": "openai-responses", "counts-anthropic": "anthropic-messages"}
    routes = {
        "default": ["any/m"],
        "chat": ["any/m"],
        "responses": ["openai-responses-whole/m"],
        "messages": ["anthropic-messages-whole/m"],
        "embedding": ["any/m"],
        "counting-openai": ["counts-openai/m"],
        "counting-anthropic": ["counts-anthropic/m"],
    }
    with running(scripts, dialects=dialects, routes=routes) as served:
        yield served


def _is_long(dimensions: Any) -> bool:
    return type(dimensions) is int and dimensions > MOST_NUMBERS


@pytest.mark.parametrize("examples", slow_but([8], [8, 100], "examples of 0.1 s", night=[100]))
@pytest.mark.parametrize(("vendor", "method", "path", "mode"), CASES)
def test_what_is_answered_is_what_the_description_says(
    gateway: Running, vendor: str, method: str, path: str, mode: GenerationMode, examples: int
) -> None:
    operation = described(vendor)[path][method]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.headers = {
            **(case.headers or {}),
            **ALWAYS[vendor],
            ROUTE: SERVED[vendor][method, path],
        }
        if isinstance(case.body, dict) and case.body.get("encoding_format") == "base64":
            del case.body["encoding_format"]  # the text that it leads to is not described
        if isinstance(case.body, dict) and _is_long(case.body.get("dimensions")):
            case.body["dimensions"] = MOST_NUMBERS
        answer = case.call(base_url=gateway.url + BASES[vendor], timeout=60)
        if "text/event-stream" in answer.headers.get("content-type", [""])[0]:
            for event in events_of(answer.text):
                wrong = wrong_in_event(STREAMS[path], event)
                # Open Responses knows fewer tools than the vendor, of whom a request may name any.
                assert [one for one in wrong if not one.startswith("open responses")] == []
        else:
            case.validate_response(answer, checks=SOUND)

    check()
