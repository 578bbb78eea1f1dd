"""The form of the answer: ``output_config.format`` where it can say it, else an instruction.

The API takes a schema whose objects all say ``additionalProperties: false``, and has no
mode for JSON of any form
(https://platform.claude.com/docs/en/build-with-claude/structured-outputs, 2026-11-29). So
objects are closed where nothing is lost by it: an answer that fits the closed schema fits
the caller's. A map, whose keys are the answer's own, cannot be closed.
"""

from __future__ import annotations

from typing import Any

import attrs

from orchestrator.dialects.json_schema import closed
from orchestrator.dialects.json_word import instruction
from orchestrator.dialects.neutral import JsonFormat

UNSUPPORTED = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
        "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    }
)  # fmt: skip
"""Keywords that are documented as not supported (same page); ``minItems`` above 1 is."""


@attrs.frozen
class Form:
    """How the form of the answer is asked for.

    Attributes:
        format: The value of ``output_config.format``; ``None`` where there is none.
        instruction: What to say in words; empty where nothing has to be.
        note: In what this differs from what the caller asked; empty where it does not.
    """

    format: dict[str, Any] | None = None
    instruction: str = ""
    note: str = ""


def form_of(asked: JsonFormat | None) -> Form:
    """How to ask for the form that somebody asked for in another dialect."""
    if asked is None:
        return Form()
    if asked.schema is None:
        note = "response_format json_object is asked for by an instruction"
        return Form(instruction=instruction(), note=note)
    schema = dict(asked.schema)
    shut = closed(schema)
    if shut is None:
        note = "response_format json_schema is asked for by an instruction: an object in it is open"
        return Form(instruction=instruction(schema), note=note)
    note = "response_format: objects were closed (additionalProperties = false)"
    return Form({"type": "json_schema", "schema": shut}, note="" if shut == schema else note)


def own_form(asked: JsonFormat | None) -> Form:
    """The same for a caller of this dialect, whose schema stays as it is."""
    if asked is None or asked.schema is None:
        return Form()
    return Form({"type": "json_schema", "schema": dict(asked.schema)})
