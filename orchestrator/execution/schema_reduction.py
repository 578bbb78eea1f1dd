"""JSON schemas in a request, without the keywords that a refusal names.

Every vendor takes a subset of its own. A keyword is taken out with its family, since who
cannot hold a model to ``minimum`` cannot hold it to ``maximum`` either; where the dialect's
vendor documents which it does not take, all of those go at once. What gives an answer its
shape (``properties``, ``required``, ``type``, ``items``, ``enum``, ``anyOf``, ``$ref``) stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from orchestrator.dialects import dialect
from orchestrator.dialects.json_schema import closed, keywords, rewritten
from orchestrator.execution.fields import Path, Payload, replaced
from orchestrator.execution.named_fields import is_named, is_said, snake, without_addresses

FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    frozenset({"minLength", "maxLength"}),
    frozenset({"pattern"}),
    frozenset({"format"}),
    frozenset({"minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"}),
    frozenset({"minProperties", "maxProperties", "propertyNames", "patternProperties"}),
    frozenset({"dependentRequired", "dependentSchemas"}),
    frozenset({"additionalProperties"}),
    frozenset({"unevaluatedProperties", "unevaluatedItems"}),
    frozenset({"if", "then", "else"}),
    frozenset({"not"}),
    frozenset({"const"}),
    frozenset({"oneOf"}),
    frozenset({"default"}),
    frozenset({"example", "examples"}),
    frozenset({"$schema", "$id", "$comment"}),
    frozenset({"readOnly", "writeOnly", "deprecated"}),
    frozenset({"contentEncoding", "contentMediaType"}),
)
"""Keywords that bound or describe what the shape leaves open."""

_FAMILY = {keyword: family for family in FAMILIES for keyword in family}
_SPELLED = {snake(keyword): keyword for keyword in _FAMILY}

_UNMISTAKABLE = frozenset({"minimum", "maximum", "pattern", "const", "examples"})
"""Words that mean the keyword wherever a refusal speaks of a schema."""

_ANSWERS: tuple[Path, ...] = (
    ("response_format", "json_schema", "schema"),
    ("text", "format", "schema"),
    ("output_config", "format", "schema"),
    ("output_format", "schema"),
    *(
        (outer, name)
        for outer in ("generationConfig", "generation_config")
        for name in (
            "responseSchema", "responseJsonSchema", "response_schema", "response_json_schema",
        )
    ),
)  # fmt: skip
"""Where the schema of an answer stands, in any dialect."""

_OF_ANSWERS = (
    "response_format", "output_config", "output_format", "text.format", "response_schema",
    "responseschema", "response schema", "generation_config",
)  # fmt: skip
_OF_TOOLS = ("tool", "function", "input_schema", "parameters")

_PARAMETERS = (
    "parameters", "input_schema", "parametersJsonSchema", "parameters_json_schema",
)  # fmt: skip
_DECLARED = ("function", "functionDeclarations", "function_declarations")


def named_keywords(payload: Payload, message: str, *, spoken: str) -> tuple[str, ...]:
    """What to take out of the schemas of ``payload``; nothing where that would not help.

    Args:
        payload: What was sent, in the dialect ``spoken``.
        message: What the provider said.
        spoken: Its dialect, whose vendor may document what it does not take.
    """
    text = without_addresses(message)
    named = {keyword for keyword in _FAMILY if _is_named(keyword, text)}
    used = {_SPELLED.get(snake(one), one) for one in _used(payload, message)}
    if not named & used:
        return ()
    gone = {keyword for one in named for keyword in _FAMILY[one]}
    documented = dialect(spoken).unsupported_keywords
    if named & documented:
        gone |= documented & _FAMILY.keys()
    return tuple(sorted(gone & used))


def _is_named(keyword: str, text: str) -> bool:
    if keyword in _UNMISTAKABLE:
        return is_said(keyword, text)
    if keyword == "format":  # as in `output_config.format`, which is no keyword
        return any(f"{mark}format{mark}" in text for mark in "`'\"")
    return is_named(keyword, text)


def _used(payload: Payload, message: str) -> Iterator[str]:
    for schema in _schemas(payload, message):
        yield from keywords(schema)


def reduced(payload: Payload, gone: Collection[str]) -> Payload:
    """A copy whose schemas lack the keywords ``gone``."""
    return _changed(payload, lambda schema: rewritten(schema, lambda one: _without(one, gone)))


def _without(schema: dict[str, Any], gone: Collection[str]) -> dict[str, Any]:
    made = {key: one for key, one in schema.items() if _SPELLED.get(snake(key), key) not in gone}
    # Two keywords have another that says the same, or nearly so.
    if "const" in gone and "const" in schema:
        made.setdefault("enum", [schema["const"]])
    if "oneOf" in gone and "oneOf" in schema:
        made.setdefault("anyOf", schema["oneOf"])
    return made


def shut(payload: Payload) -> Payload:
    """A copy whose schemas close every object, where nothing is lost by it."""
    return _changed(payload, lambda schema: closed(schema) or schema)


# Where schemas stand.


def _schemas(payload: Payload, message: str) -> list[Any]:
    """The schemas that ``message`` may speak of: of the answer, of tools, or all."""
    text = message.lower()
    of_answers, of_tools = (any(one in text for one in each) for each in (_OF_ANSWERS, _OF_TOOLS))
    found: list[Any] = []

    def note(schema: Any) -> Any:
        found.append(schema)
        return schema

    if of_answers or not of_tools:
        _in_answers(payload, note)
    if of_tools or not of_answers:
        _in_tools(payload, note)
    return found


def _changed(payload: Payload, change: Callable[[Any], Any]) -> Payload:
    return _in_tools(_in_answers(payload, change), change)


def _in_answers(payload: Payload, change: Callable[[Any], Any]) -> Payload:
    return replaced(payload, _ANSWERS, lambda one: change(one) if _is_schema(one) else one)


def _in_tools(payload: Payload, change: Callable[[Any], Any]) -> Payload:
    made = dict(payload)
    for name in ("tools", "functions"):
        if isinstance(payload.get(name), list | tuple):
            made[name] = [_tool(one, change) for one in payload[name]]
    return made


def _tool(tool: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(tool, Mapping):
        return tool
    made = dict(tool)
    for name, value in tool.items():
        if name in _PARAMETERS and _is_schema(value):
            made[name] = change(value)
        elif name in _DECLARED:
            many = isinstance(value, list | tuple)
            made[name] = [_tool(one, change) for one in value] if many else _tool(value, change)
    return made


def _is_schema(value: object) -> bool:
    return isinstance(value, Mapping)
