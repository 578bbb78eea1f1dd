"""Unwrapping: from a body of any shape to words, codes and a status.

Providers put the same facts into a dozen shapes, and relays put one shape into
another. This module walks known names only (:mod:`field_names`) and the fields that rules
name, in a fixed order, so the result does not depend on the order of keys nor on fields that
nobody knows. A failure
that another one quotes is an envelope of its own, and part of the outer one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import attrs

from orchestrator.classification import embedded, field_names
from orchestrator.classification.code_words import meanings
from orchestrator.classification.covers import Cover, uncover
from orchestrator.classification.echoes import BLANK, FIELDS, Echoes
from orchestrator.classification.rule import LONGEST_CODE

_NESTING = (Mapping, list, tuple)
_DEPTH = 8
_NODES = 64
_ITEMS = 6
_WIDEST = 32
_TEXT = 8_192
_EDGES = " \n\t-:,"
_INSIDE = re.compile("[{<]")
"""How objects and pages begin that a text quotes."""
_ITEMS_OF_PLACE = 12
_DIGITS = re.compile(r"\d+")
_PLACE = re.compile(rf"\S{{1,{LONGEST_CODE}}}")


@attrs.define
class Envelope:
    """What was found in a body.

    Attributes:
        texts: The provider's words, outermost first, without repetition.
        codes: Codes and types, lower case.
        passed: Those of the codes that only a quoted failure brought.
        status: The first HTTP error status that the body itself names.
        fields: Values that may carry a wait, by name.
        named: Unusual fields that rules read.
        values: What stood in those, as text in lower case.
        places: Where in the request the provider sees the fault; the names there may be the
            caller's own, so no phrase is looked for in them.
        errors: True where something in the body was an error object.
        wants_status: False where the HTTP status already says what the body could.
        relayed: True where a relay quotes this as what another answered.
        answers: False while what is taken in is no answer's own field: an object in the text of
            an exception is what was answered, one in a message is what a relay was answered.
        quotes: Failures that are quoted here, in the order of their places.
        echoes: What blanks the caller's own words.
    """

    texts: list[str] = attrs.field(factory=list)
    codes: set[str] = attrs.field(factory=set)
    passed: set[str] = attrs.field(factory=set)
    status: int | None = None
    fields: dict[str, Any] = attrs.field(factory=dict)
    named: frozenset[str] = frozenset()
    values: dict[str, set[str]] = attrs.field(factory=dict)
    places: dict[str, str] = attrs.field(factory=dict)
    errors: bool = False
    wants_status: bool = True
    relayed: bool = False
    answers: bool = True
    quotes: list[Envelope] = attrs.field(factory=list)
    echoes: Echoes = attrs.field(factory=Echoes)
    _seen: list[int] = attrs.field(factory=lambda: [0])

    def add(self, value: Any, depth: int = 0) -> None:
        """Take in ``value``: a mapping, a list or a text, at any level."""
        self._seen[0] += 1
        if self._seen[0] > _NODES or depth > _DEPTH:
            return
        if isinstance(value, str):
            self.say(value, depth)
        elif type(value) is dict or isinstance(value, Mapping):
            self._mapping(value, depth)
        elif isinstance(value, (list, tuple)):
            for item in value[:_ITEMS]:
                self.add(item, depth + 1)

    def read_named(self, node: Mapping[Any, Any]) -> None:
        """Take in what stands in the fields that rules name, seen from ``node`` inwards."""
        for field in self.named:
            for value in _at(node, field.split(".")):
                self.values.setdefault(field, set()).add(self.echoes.blank(value[:_TEXT]).lower())

    def say(self, text: str, depth: int = 0) -> None:
        """Take in words, which may have more structure inside."""
        text = text[:_TEXT].strip()
        if not text or depth > _DEPTH:
            return
        inner = None
        if (inside := _INSIDE.search(text)) is not None:
            # What was quoted before an object or a page began is the caller's, all of it.
            text = self.echoes.blank(text, until=inside.start())
            page = embedded.page_in(text)
            if page >= 0 and "{" not in text[:page]:
                self._page(text[:page], text[page:], depth)
                return
            before, inner = embedded.find(text)
            if inner is not None:
                if self.echoes.repeats(text[len(before) :]):
                    before, inner = f"{before}{BLANK}", None
                text = before
        text = self.echoes.blank(text)
        cover = uncover(text) if text else None
        if said := text.strip(_EDGES):
            self._remember(said)
        if cover is not None or inner is not None:
            self._quote(cover, inner, depth)

    def _page(self, before: str, page: str, depth: int) -> None:
        """Take in a web page that somebody got in place of an answer, and what is said of it."""
        before = self.echoes.blank(before.strip())
        cover = uncover(before) if before else None
        child = self._child(relayed=True, seen=[0])
        child.codes = {"body:html"}
        child.status = None if cover is None else cover.status
        child.say(embedded.html_words(page), depth + 1)
        if before := before.strip(_EDGES):
            self._remember(before)
        self._take(child, words=True)

    def quote(self, value: Any, depth: int) -> None:
        """Take in what a relay repeats of another's answer."""
        self._quote(Cover(None, "", upstream=True), value, depth)

    def _quote(self, cover: Cover | None, inner: Any, depth: int) -> None:
        """Take in a quoted failure: what its cover says of it, and the object inside."""
        relayed = self.relayed or (cover is not None and cover.upstream)
        relayed = relayed or (self.answers and inner is not None)
        child = self._child(relayed=relayed, seen=self._seen)
        if inner is not None:
            child.add(inner, depth + 1)
        if cover is not None:
            child.status = child.status or cover.status
            if cover.words:
                child.say(cover.words, depth + 1)
        self._take(child, words=inner is not None)

    def _child(self, *, relayed: bool, seen: list[int]) -> Envelope:
        return Envelope(relayed=relayed, echoes=self.echoes, named=self.named, seen=seen)

    def _take(self, child: Envelope, *, words: bool) -> None:
        """Make a quoted failure part of this one; its words too, where they are not yet here."""
        self.quotes.append(child)
        own = child.codes - {"body:html"}
        self.passed |= own - self.codes
        self.codes |= own
        self.errors = self.errors or child.errors
        for name, value in child.fields.items():
            self.fields.setdefault(name, value)
        for field, found in child.values.items():
            self.values.setdefault(field, set()).update(found)
        for kind, place in child.places.items():
            self.places.setdefault(kind, place)
        if words:
            self.texts += [text for text in child.texts if text not in self.texts]
        if self.wants_status and self.status is None:
            self.status = child.status

    def _remember(self, text: str) -> None:
        if text not in self.texts:
            self.texts.append(text)
            if "_" in text and " " not in text and len(text) <= LONGEST_CODE:
                # Some relays send a bare code where others send words.
                self.name(text)

    def _mapping(self, node: Mapping[Any, Any], depth: int) -> None:
        present = field_names.KNOWN.intersection(node)
        plan = field_names.plan(present)
        for key in plan.statuses:
            self._status(node[key])
        for key in plan.codes:
            self._code(node[key])
        for key in plan.fields:
            self.fields.setdefault(key, node[key])
        for key in plan.texts:
            self._said_in(key, node[key], depth)
        self._place(node)
        if not plan.nested and not plan.texts:
            self._named_exception(node, depth)
        self._inner(node, plan, depth)
        if self.named:
            self.read_named(node)
            self._around_named(node, depth)
        if len(present) < len(node) <= _WIDEST:
            self._unknown(node, depth)

    def _said_in(self, key: str, value: Any, depth: int) -> None:
        if not isinstance(value, str) or (key == "reason" and " " not in value):
            return
        if key in field_names.QUOTES:
            self.quote(value, depth)
        else:
            self.say(value, depth)

    def _place(self, node: Mapping[Any, Any]) -> None:
        """Take in where the fault lies, each kind of place once: faults come by the dozen."""
        where = node.get("loc") or node.get("param") or node.get("field")
        if isinstance(where, list | tuple):
            where = ".".join(str(one) for one in where[:_ITEMS_OF_PLACE])
        # A place has no spaces; what has may be a sentence that somebody wrote to the model.
        if isinstance(where, str) and _PLACE.fullmatch(where):
            self.places.setdefault(_DIGITS.sub("", where), where)

    def _named_exception(self, node: Mapping[Any, Any], depth: int) -> None:
        """Take in ``{"throttlingException": {…}}``, as event streams of Bedrock say it."""
        for key, value in list(node.items())[:_ITEMS]:
            if isinstance(key, str) and key.endswith(("Exception", "Error")) and _nests(value):
                self.name(key[:LONGEST_CODE])
                self.errors = True
                self.add(value, depth + 1)

    def _inner(self, node: Mapping[Any, Any], plan: field_names.FieldPlan, depth: int) -> None:
        if node.get("error") or node.get("errors"):
            self.errors = True
        for key in plan.nested:
            value = node[key]
            if _nests(value):
                self._nested(key, value, depth)
            elif key == "error":
                self._code(value)

    def _nested(self, key: str, value: Any, depth: int) -> None:
        if field_names.quotes(key):
            self.quote(value, depth)
        else:
            self.add(value, depth + 1)

    def _around_named(self, node: Mapping[Any, Any], depth: int) -> None:
        """Take in the object around a named field, which is a failure's; its words, if any."""
        around = {field.partition(".")[0] for field in self.named if "." in field}
        for key in sorted(around - field_names.KNOWN):
            if isinstance(inner := node.get(key), Mapping):
                before = len(self.texts)
                self.add(inner, depth + 1)
                if len(self.texts) == before:
                    self._remember_all(leftovers(inner))

    def _remember_all(self, texts: Iterable[str]) -> None:
        for text in texts:
            if " " in text:
                self.say(text)

    def _unknown(self, node: Mapping[Any, Any], depth: int) -> None:
        """Take in what stands under unknown keys such as ``upstreamBody`` or ``lastError``."""
        keys = [
            key
            for key, value in node.items()
            if (_nests(value) or (type(value) is str and value[:1] == "{"))
            and type(key) is str
            and key not in field_names.KNOWN
            and len(key) <= LONGEST_CODE
            and field_names.wraps(key)
        ]
        for key in sorted(keys):
            self._nested(key, node[key], depth)

    def _status(self, value: Any) -> None:
        if self.status is not None or value is None or isinstance(value, bool):
            return
        if isinstance(value, str) and not (len(value) == 3 and value.isascii() and value.isdigit()):
            return
        try:
            number = int(value)
        except (ValueError, TypeError, OverflowError):
            return
        if 400 <= number < 600:
            self.status = number

    def _code(self, value: Any) -> None:
        if isinstance(value, str):
            if value and len(value) <= LONGEST_CODE:
                self.name(value)
                # Bedrock and gRPC names come with a namespace: "com.amazon#ThrottlingException".
                if "#" in value:
                    self.codes.add(value.rpartition("#")[2].lower())
        elif isinstance(value, int) and not isinstance(value, bool) and -1e9 < value < 1e9:
            self.codes.add(str(value))

    def name(self, code: str) -> None:
        """Take in a code or type as it was sent, and what its words mean."""
        self.codes |= _named(code)


@lru_cache(maxsize=4096)
def _named(code: str) -> frozenset[str]:
    """A code as rules look it up, and what its words mean; most codes come again."""
    return frozenset({code.lower()}) | meanings(code)


def _at(node: Any, names: list[str]) -> list[str]:
    """The plain values at a path of names, as text; of a list, in its first items."""
    if isinstance(node, list | tuple):
        return [value for item in node[:_ITEMS] for value in _at(item, names)]
    if names:
        return _at(node.get(names[0]), names[1:]) if isinstance(node, Mapping) else []
    return [str(node)] if isinstance(node, str | int | float) else []


def _nests(value: Any) -> bool:
    # Most values are texts, and asking an abstract class about each is what costs.
    kind = type(value)
    if kind is str or value is None:
        return False
    return kind is dict or kind is list or isinstance(value, _NESTING)


def leftovers(body: Mapping[Any, Any]) -> list[str]:
    """Short texts of a body in which no known field had any, in the order of their keys."""
    found = [
        (str(key), value)
        for key, value in list(body.items())[:_NODES]
        if isinstance(value, str) and 3 < len(value) < 600 and str(key).lower() not in FIELDS
    ]
    return [value for _, value in sorted(found)[:_ITEMS]]
