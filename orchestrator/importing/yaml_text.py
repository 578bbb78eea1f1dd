"""YAML as a tree of settings, read by PyYAML, which the extra ``yaml`` brings.

The text is not trusted. Nothing of it is constructed but plain values: a tag that would make
anything else is refused, with its line. What is read twice, because an anchor and its aliases say
so, counts twice, so that a text which unfolds without end has one; so has a deep one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from orchestrator.importing.settings import ForeignSetting, Scalar

LARGEST: Final = 2**20
"""Bytes that are read: some 20,000 lines. A LiteLLM config of 1,000 models has 150 kB (our own
choice, 2026-11)."""

DEEPEST: Final = 40
"""Levels; a config of either tool has about 8 (our own choice, 2026-11)."""

MOST: Final = 50_000
"""Values, those counted that aliases repeat; a config of 1,000 models has some 10,000 (our own
choice, 2026-11)."""

_PREFIX: Final = "tag:yaml.org,2002:"
_TEXTS: Final = {f"{_PREFIX}{name}" for name in ("str", "timestamp", "value", "binary")}
_NUMBERS: Final = {f"{_PREFIX}{name}" for name in ("bool", "int", "float", "null")}
_MERGE: Final = f"{_PREFIX}merge"

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class UnreadableYaml(Exception):
    """The file cannot be read; the text says where and why."""

    def __init__(self, why: str, line: int | None = None) -> None:
        self.why = why
        self.line = line
        super().__init__(why if line is None else f"line {line}: {why}")


def read_yaml(data: bytes) -> ForeignSetting:
    """The settings in a YAML text, whose top is a mapping.

    Args:
        data: UTF-8, or UTF-16 with its mark.

    Raises:
        UnreadableYaml: It is none, or more than is read.
    """
    text = _decoded(data)
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        raise UnreadableYaml(_words(error, text), _line(error)) from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise UnreadableYaml(f"not YAML: {getattr(error, 'reason', 'it cannot be read')}") from None
    if root is None:
        raise UnreadableYaml("it is empty")
    if not isinstance(root, MappingNode):
        kind = "a list" if isinstance(root, SequenceNode) else "one value"
        raise UnreadableYaml(f"it holds {kind}; allowed: keys and values", _at(root))
    return _Reader().setting(root, ())


def _loader() -> Any:
    """The loader over libyaml where there is one: it is twenty times as fast."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST:
        raise UnreadableYaml(f"it is larger than {LARGEST:,} bytes, which no config is")
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableYaml(f"it is no UTF-8 text (at byte {error.start})") from None


def _check_events(text: str) -> None:
    """Refuse before anything is built: several documents, what is too deep, and too much.

    Composing recurses, once a level.
    """
    depth = documents = values = 0
    for event in yaml.parse(text, Loader=_loader()):
        values += isinstance(event, yaml.NodeEvent)
        if values > MOST:
            raise UnreadableYaml(
                f"it holds more than {MOST:,} values, which no config needs",
                _event_line(event),
            )
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise UnreadableYaml(
                    "a second document begins; allowed: one, so cut the file at its '---'",
                    _event_line(event),
                )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise UnreadableYaml(
                f"nested deeper than {DEEPEST} levels, which no config is",
                _event_line(event),
            )


def _event_line(event: yaml.Event) -> int | None:
    return None if event.start_mark is None else event.start_mark.line + 1


def _words(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    lines = text.splitlines()
    if mark is not None and mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]:
        return "not YAML: a tab where only blanks may stand"
    return f"not YAML: {error.problem or error.context or 'it cannot be read'}"


def _line(error: yaml.MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return None if mark is None else mark.line + 1


def _at(node: Node) -> int:
    return int(node.start_mark.line) + 1


class _Reader:
    """Makes settings of nodes, and counts them."""

    def __init__(self) -> None:
        self._count = 0
        self._open: set[int] = set()
        self._scalars = yaml.constructor.SafeConstructor()

    def setting(self, node: Node, path: tuple[str | int, ...]) -> ForeignSetting:
        """The setting of a node, wherever an alias puts it.

        A node stays as long as its tree, so its identity tells it from others.
        """
        if len(path) > DEEPEST:
            raise UnreadableYaml(f"its anchors unfold deeper than {DEEPEST} levels", _at(node))
        with self._opened(node):
            return ForeignSetting(path, _at(node), id(node), self._value(node, path))

    @contextmanager
    def _opened(self, node: Node) -> Iterator[None]:
        """Within this, ``node`` is being unfolded: once more, and not inside of itself."""
        self._count += 1
        if self._count > MOST:
            raise UnreadableYaml(
                f"its anchors unfold into more than {MOST:,} values, which no config needs",
                _at(node),
            )
        if id(node) in self._open:
            raise UnreadableYaml("an anchor holds an alias of itself", _at(node))
        self._open.add(id(node))
        yield
        self._open.discard(id(node))

    def _value(
        self, node: Node, path: tuple[str | int, ...]
    ) -> Scalar | list[ForeignSetting] | dict[str, ForeignSetting]:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        name = "map" if isinstance(node, MappingNode) else "seq"
        if node.tag != _PREFIX + name:
            raise _refused_tag(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        return [self.setting(one, (*path, index)) for index, one in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: tuple[str | int, ...]) -> dict[str, ForeignSetting]:
        own: dict[str, ForeignSetting] = {}
        lines: dict[str, int] = {}
        merged: list[MappingNode] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged.extend(_merged(value))
                continue
            if not isinstance(key, ScalarNode):
                raise UnreadableYaml("a key is a list or a mapping; allowed: a text", _at(key))
            name = str(self._text(key))
            if name in own:
                what = f"the key {name[:60]!r} stands twice, at line {lines[name]} too"
                raise UnreadableYaml(f"{what}; take one of them out", _at(key))
            lines[name] = _at(key)
            own[name] = self.setting(value, (*path, name))
        # What is said here goes before what is merged in, and an earlier one before a later.
        for other in merged:
            with self._opened(other):
                for name, one in self._mapping(other, path).items():
                    own.setdefault(name, one)
        return own

    def _text(self, node: ScalarNode) -> str:
        if node.tag not in _TEXTS | _NUMBERS | {_MERGE}:
            raise _refused_tag(node)
        if _SURROGATE.search(node.value):
            raise UnreadableYaml("a text holds half of a character", _at(node))
        return str(node.value)

    def _scalar(self, node: ScalarNode) -> Scalar:
        """A number, boolean or null as PyYAML reads it; all else, dates among it, as it stands."""
        text = self._text(node)
        if node.tag not in _NUMBERS:
            return text
        try:
            value = self._scalars.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            return text
        return value if isinstance(value, bool | int | float) or value is None else text


def _merged(node: Node) -> Iterator[MappingNode]:
    """The mappings that ``<<`` names: one, or a list of them."""
    listed = node.value if isinstance(node, SequenceNode) else [node]
    for one in listed:
        if not isinstance(one, MappingNode):
            raise UnreadableYaml("what '<<' merges is no mapping", _at(one))
        yield one


def _refused_tag(node: Node) -> UnreadableYaml:
    tag = str(node.tag)
    tag = f"!!{tag.removeprefix(_PREFIX)}" if tag.startswith(_PREFIX) else tag
    shown = "".join(one for one in tag if one.isprintable())[:60]
    return UnreadableYaml(
        f"the tag {shown} makes something else than a plain value, or runs code; it is refused",
        _at(node),
    )
