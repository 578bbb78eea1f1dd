"""Write docs/schemas/*.json: what is written for programs to read, from the records it shows.

    python -m scripts.schemas [--check]

With ``--check`` nothing is written, and the exit status is 1 where a file is not what the
records say. Types and meanings are those of the records' own docstrings.
"""

from __future__ import annotations

import enum
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from orchestrator.gateway.inspector.live_events import (
    Behind,
    CallBegun,
    CallMoved,
    CallOver,
    Hello,
)
from orchestrator.ledger import FORMAT, Attempt, Closed, Opened, Transition
from orchestrator.states import Clear
from scripts.outputs import OUTPUTS, EntryLine, Output, Ready

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"

Schema = dict[str, Any]


def _format() -> Ready:
    return Ready(const=FORMAT)


class Writer:
    """Writes one schema, with the records that it names as definitions."""

    def __init__(self) -> None:
        self._definitions: dict[str, Schema] = {}

    def output(self, name: str, output: Output) -> Schema:
        """The schema of a ``--json`` output."""
        fields = {
            f"{key}{'?' if key in output.optional else ''}": value
            for key, value in output.fields.items()
        }
        return self._whole(name, output.about, self._object({"format": _format(), **fields}))

    def ledger(self) -> Schema:
        """The schema of one line of a ledger."""
        about = "One line of a ledger file; a call is all lines with its id."
        return self._whole("ledger", about, self._line())

    def event(self) -> Schema:
        """The schema of an event of the inspector's stream."""
        about = "One event of `GET /inspector/events` of the gateway."
        kinds = (Hello, CallBegun, CallMoved, Attempt, CallOver, Behind)
        return self._whole("inspector-event", about, {"anyOf": [*map(self._event, kinds)]})

    def _event(self, kind: Any) -> Schema:
        schema = self._record(kind)
        fields = {name.rstrip("_"): one for name, one in schema["properties"].items()}
        schema["properties"] = {"kind": {"const": kind.kind}, **fields}
        schema["required"] = ["kind", *(name.rstrip("_") for name in schema["required"])]
        return schema

    def _line(self) -> Schema:
        kinds = (Opened, Transition, Attempt, Closed)
        return {"anyOf": [self._entry(kind) for kind in kinds]}

    def _whole(self, name: str, about: str, schema: Schema) -> Schema:
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": name,
            "description": about,
            **schema,
            **({"$defs": dict(sorted(self._definitions.items()))} if self._definitions else {}),
        }

    def _entry(self, kind: Any) -> Schema:
        schema = self._record(kind)
        own = {"kind": {"const": kind.kind}, "format": _format()}
        schema["properties"] = own | schema["properties"]
        schema["required"] = [*own, *schema["required"]]
        return schema

    def _record(self, kind: Any) -> Schema:
        attrs.resolve_types(kind)
        meanings = _meanings(kind)
        properties = {}
        for field in attrs.fields(kind):
            schema = self.of(field.type)
            if kind is Clear and field.name in ("at", "since"):
                schema = {"anyOf": [schema, {"enum": ["inf", "-inf"]}]}  # it never comes
            meaning = meanings.get(field.name)
            properties[field.name] = {**schema, **({"description": meaning} if meaning else {})}
        # What a later version of the record adds is not in lines of an earlier one.
        required = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]
        return {"type": "object", "properties": properties, "required": required}

    def _object(self, fields: Mapping[str, Any]) -> Schema:
        return {
            "type": "object",
            "properties": {name.rstrip("?"): self.of(value) for name, value in fields.items()},
            "required": [name for name in fields if not name.endswith("?")],
        }

    def of(self, value: Any) -> Schema:
        """The schema of a type, of a record's field, or of fields by name."""
        match value:
            case attrs.Attribute():
                return self.of(value.type)
            case None | types.NoneType:
                return {"type": "null"}
            case ("anyOf", *others):
                return {"anyOf": [self.of(other) for other in others]}
            case (one,):
                return {"type": "array", "items": self.of(one)}
            case Ready():
                return dict(value)
            case Mapping():
                return self._object(value)
            case _ if isinstance(value, type) and value in _PLAIN:
                return {"type": _PLAIN[value]}
        return self._of_type(value)

    def _of_type(self, kind: Any) -> Schema:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if kind is Any:
            return {}
        if kind is EntryLine:
            return self._line()
        if origin in (types.UnionType, typing.Union):
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin in (tuple, frozenset):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is not None and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if issubclass(kind, enum.Enum):
            return {"enum": [str(one.value) for one in kind]}
        if kind.__name__ not in self._definitions:
            self._definitions[kind.__name__] = {}  # it may name itself
            self._definitions[kind.__name__] = self._record(kind)
        return {"$ref": f"#/$defs/{kind.__name__}"}


_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _meanings(kind: type) -> dict[str, str]:
    """What the docstring says of each attribute, in one line."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    listed = re.split(r"\n\n|\nRaises:", listed)[0]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \w)", f"\n{listed}"):
        names, colon, meaning = " ".join(entry.split()).partition(": ")
        if colon:
            found |= dict.fromkeys(names.split(", "), meaning)
    return found


def written() -> dict[str, str]:
    """Every file's text, by its name."""
    schemas = {"ledger": Writer().ledger(), "inspector-event": Writer().event()}
    schemas |= {name: Writer().output(name, output) for name, output in OUTPUTS.items()}
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def main() -> int:
    """Write, or check."""
    texts = written()
    if "--check" in sys.argv[1:]:
        there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
        wrong = sorted(name for name in {*there, *texts} if there.get(name) != texts.get(name))
        for name in wrong:
            print(f"docs/schemas/{name} is not what the records say: python -m scripts.schemas")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
