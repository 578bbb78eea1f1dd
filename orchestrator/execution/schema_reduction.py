"""JSON schemas in a request, without the keywords that a refusal names.

Every vendor takes a subset of its own. A keyword is taken out with its family, since who
cannot hold a model to ``minimum`` cannot hold it to ``maximum`` either; where the dialect's
vendor documents which it does not take, all of those go at once. What gives an answer its
shape (``properties``, ``required``, ``type``, ``items``, ``enum``, ``anyOf``, ``$ref``) stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from orchestrator.dialects import Dialect, Payload
from orchestrator.dialects.json_schema import closed, keywords, rewritten
from orchestrator.dialects.shape import RequestShape
from orchestrator.execution.json_paths import find_values, replace_values
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

_OF_ANSWERS = (
    "response_format", "output_config", "output_format", "text.format", "response_schema",
    "responseschema", "response schema", "generation_config",
)  # fmt: skip
_OF_TOOLS = ("tool", "function", "input_schema", "parameters")


def find_refused_keywords(payload: Payload, message: str, *, spoken: Dialect) -> tuple[str, ...]:
    """What to take out of the schemas of ``payload``; nothing where that would not help.

    Args:
        payload: What was sent, in the dialect ``spoken``.
        message: What the provider said.
        spoken: Its dialect, whose vendor may document what it does not take.
    """
    text = without_addresses(message)
    named = {keyword for keyword in _FAMILY if _is_named(keyword, text)}
    used = {_SPELLED.get(snake(one), one) for one in _used(payload, message, spoken.shape)}
    if not named & used:
        return ()
    gone = {keyword for one in named for keyword in _FAMILY[one]}
    # A vendor names the first keyword that it meets; the next would cost a call each.
    documented = spoken.unsupported_keywords
    if named & documented:
        gone |= documented & _FAMILY.keys()
    return tuple(sorted(gone & used))


def _is_named(keyword: str, text: str) -> bool:
    if keyword in _UNMISTAKABLE:
        return is_said(keyword, text)
    if keyword == "format":  # as in `output_config.format`, which is no keyword
        return any(f"{mark}format{mark}" in text for mark in "`'\"")
    return is_named(keyword, text)


def _used(payload: Payload, message: str, shape: RequestShape) -> Iterator[str]:
    """The keywords of the schemas that ``message`` may speak of: the answer's, tools', or all."""
    text = message.lower()
    of_answers, of_tools = (any(one in text for one in each) for each in (_OF_ANSWERS, _OF_TOOLS))
    paths = shape.answer_schemas if of_answers or not of_tools else ()
    paths += shape.tool_schemas if of_tools or not of_answers else ()
    for schema in find_values(payload, paths):
        yield from keywords(schema)


def reduce_schemas(payload: Payload, gone: Collection[str], spoken: Dialect) -> Payload:
    """A copy whose schemas lack the keywords ``gone``."""
    return _changed(payload, spoken, lambda one: rewritten(one, lambda two: _without(two, gone)))


def _without(schema: dict[str, Any], gone: Collection[str]) -> dict[str, Any]:
    made = {key: one for key, one in schema.items() if _SPELLED.get(snake(key), key) not in gone}
    # Two keywords have another that says the same, or nearly so.
    if "const" in gone and "const" in schema:
        made.setdefault("enum", [schema["const"]])
    if "oneOf" in gone and "oneOf" in schema:
        made.setdefault("anyOf", schema["oneOf"])
    return made


def close_schemas(payload: Payload, spoken: Dialect) -> Payload:
    """A copy whose schemas close every object, where nothing is lost by it."""
    return _changed(payload, spoken, lambda schema: closed(schema) or schema)


def _changed(payload: Payload, spoken: Dialect, change: Callable[[Any], Any]) -> Payload:
    paths = (*spoken.shape.answer_schemas, *spoken.shape.tool_schemas)
    return replace_values(
        payload, paths, lambda one: change(one) if isinstance(one, Mapping) else one
    )
