"""Write docs/reference.md from the docstrings of the public names.

    python scripts/reference_page.py [--check]

With ``--check`` nothing is written, and the exit status is 1 where the page is not what the
docstrings say. The sources are read, not imported (by griffe, which mkdocstrings uses too), so the
page is the same on every Python, and types are shown as they are written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import griffe

from scripts.docstring_markdown import anchor, linked, prose, table
from scripts.pages import write_or_check

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference.md"
WIDEST = 92
"""Characters of a signature that stands on one line."""

HEAD = """\
# Reference

<!-- Written by scripts/reference_page.py from the docstrings; do not edit. -->

Every public name with its arguments, as `help(...)` and the hovers of an editor say it. How they
are used: [Python](python.md), [tests](testing.md), [scripted providers](sim.md).
"""

MODULES: Mapping[str, tuple[str, str]] = {
    "orchestrator": ("Calls: `orchestrator`", "`import orchestrator` brings all of it."),
    "orchestrator.testing": (
        "Tests: `orchestrator.testing`",
        "For tests of your own config; needs the extra `testing` ([how](testing.md)).",
    ),
    "orchestrator.sim": (
        "Scripted providers: `orchestrator.sim`",
        "Providers that misbehave on sockets of this machine ([how](sim.md)).",
    ),
}
"""The public modules, in the order of the page: title, and what each is for."""

FIRST = (
    *("run", "arun", "stream", "astream", "embed", "aembed", "transport", "classify"),
    *(
        "Orchestrator",
        "Request",
        "Response",
        "Embeddings",
        "Chunk",
        "ChunkStream",
        "AsyncChunkStream",
    ),
    *("Attempt", "Skipped", "CallFailed"),
    *("ScriptedProviders", "Script", "Reply"),
)
"""What most readers come for; the rest of its kind comes after it, in order of the alphabet."""

RECORDS = (
    "states.error.Error",
    "states.reasons.Reason",
    "states.commands.StoppedBy",
    "ledger.entries.Opened",
    "ledger.entries.Transition",
    "ledger.entries.Closed",
    "ledger.entries.Billed",
    "config.errors.Problem",
)
"""What a caller meets as an attribute of the above, and makes none of himself."""

OURS = frozenset(
    {
        "Ledger.append",
        "Ledger.defer",
        "Opened.begin",
        "OrchestratorTransport.handle_request",
        "Request.asking_for_usage",
        "Skipped.passed_over",
        "StreamInterrupted.after",
    }
)
"""Methods that other rooms call; no part of what users are promised."""

Section = griffe.DocstringSection


@attrs.frozen
class Name:
    """A public name, with what its source says of it."""

    name: str
    source: griffe.Object

    @property
    def is_exception(self) -> bool:
        """True of what is raised."""
        return any(base in ("Exception", "ImportError", "ValueError") for base in _bases(self))

    @property
    def is_leaf(self) -> bool:
        """True of a class that says no more than its first sentence, as most exceptions do."""
        sections = _sections(self.source)
        return self.is_exception and all(_is(one, "text") for one in sections)

    @property
    def summary(self) -> str:
        """The first sentence."""
        return prose(_text(self.source).split("\n\n")[0])


class Page:
    """The page, as it is put together."""

    def __init__(self) -> None:
        package: Any = griffe.load(
            "orchestrator",
            search_paths=[ROOT],
            docstring_parser="google",
            docstring_options={
                "warnings": False,  # the options of a call stand in a table of their own
                "returns_multiple_items": False,
                "returns_named_value": False,
            },
            resolve_aliases=True,
        )
        self.shelves = {
            title: (about, list(_public(package, module)))
            for module, (title, about) in MODULES.items()
        }
        records = [Name(path.rpartition(".")[2], package[path]) for path in RECORDS]
        self.shelves["Records"] = ("What the above hold.", records)
        self.anchors = dict(self._anchors())

    def text(self) -> str:
        """The whole page."""
        parts = [HEAD]
        for title, (about, names) in self.shelves.items():
            contents = table(("name", ""), ((f":class:`{one.name}`", one.summary) for one in names))
            parts += [f"## {title}\n\n{about}\n", linked(contents, self.anchors)]
            parts += [
                linked(self._entry(one, names), self.anchors, one.name)
                for one in names
                if not _is_told_elsewhere(one, names)
            ]
        return "\n".join(parts).rstrip() + "\n"

    def _anchors(self) -> Iterator[tuple[str, str]]:
        """Where each name is explained."""
        for _, names in self.shelves.values():
            for one in names:
                home = _base_of(one, names) if _is_told_elsewhere(one, names) else None
                yield one.name, anchor(home.name if home else one.name)
                for method in _methods(one):
                    path = f"{one.name}.{method.name}"
                    yield path, anchor(path)

    def _entry(self, one: Name, names: list[Name]) -> str:
        source = one.source
        lines = [f"### `{one.name}`\n"]
        if source.is_function:
            lines += [_signature(one.name, source), *_explained(source)]
        elif source.is_class:
            lines += [*self._class(one), *_leaves(one, names)]
        elif source.is_module:
            lines += [prose(_text(source)) + "\n", *_functions(source)]
        else:
            lines += [prose(_text(source)) + "\n"]
        return "\n".join(lines)

    def _class(self, one: Name) -> Iterator[str]:
        source = one.source
        constructor = source.members.get("__init__")
        # What takes no argument that is explained is made by others, or by nothing but its name.
        if constructor is not None and any(_is(part, "parameters") for part in _sections(source)):
            yield _signature(one.name, constructor)
        yield from _explained(source)
        for method in _methods(one):
            prefix = "await " if "async" in method.labels else ""
            yield f"#### `{one.name}.{method.name}`\n"
            yield _signature(f"{prefix}{method.name}", method)
            yield from _explained(method)


# What a module holds.


def _public(package: Any, module: str) -> Iterator[Name]:
    home: Any = package
    for step in module.split(".")[1:]:
        home = home[step]

    def place(name: str) -> tuple[int, int, str]:
        first = FIRST.index(name) if name in FIRST else len(FIRST)
        return _kind(home[name]), first, name.lower()

    for name in sorted(map(str, home.exports), key=place):
        found = home[name]
        yield Name(name, found.final_target if found.is_alias else found)


def _kind(found: Any) -> int:
    """Functions before classes, classes before exceptions, and values last."""
    found = found.final_target if found.is_alias else found
    if found.is_function:
        return 0
    if not found.is_class:
        return 3
    return 2 if Name("", found).is_exception else 1


def _bases(one: Name) -> Iterator[str]:
    """The classes that it is derived from, as far up as they are ours."""
    source: Any = one.source
    if not source.is_class:
        return
    for base in source.bases:
        yield str(base).rpartition(".")[2]
    for base in source.resolved_bases:
        yield from _bases(Name(base.name, base))


def _base_of(one: Name, names: Iterable[Name]) -> Name | None:
    """The nearest class of the page that it is derived from."""
    bases = list(_bases(one))
    return next((other for base in bases for other in names if other.name == base), None)


def _is_told_elsewhere(one: Name, names: list[Name]) -> bool:
    """True of an exception that needs no more than a line below its base."""
    return one.is_leaf and _base_of(one, names) is not None


def _leaves(one: Name, names: list[Name]) -> Iterator[str]:
    told = [
        leaf for leaf in names if _is_told_elsewhere(leaf, names) and _base_of(leaf, names) == one
    ]
    if told:
        yield "Its leaves:\n"
        yield table(("class", ""), ((f"`{leaf.name}`", leaf.summary) for leaf in told))


def _methods(one: Name) -> list[Any]:
    """Its public methods, but those that only do what a protocol says."""
    if not one.source.is_class:
        return []
    return [
        each
        for each in _members(one.source)
        if each.is_function
        and not each.name.startswith("_")
        and f"{one.name}.{each.name}" not in OURS
        and not _text(each).startswith("See ")
    ]


def _members(source: Any) -> Iterator[Any]:
    """Its own, and those of a private base, which is no name of the page."""
    for base in source.resolved_bases:
        if base.name.startswith("_"):
            yield from (one for one in _members(base) if one.name not in source.members)
    yield from source.members.values()


# How a name is called.


def _signature(name: str, function: Any) -> str:
    shown = list(_shown(_parameters(function)))
    result = f" -> {function.returns}" if function.returns and function.name != "__init__" else ""
    line = f"{name}({', '.join(shown)}){result}"
    if len(line) > WIDEST:
        inner = "".join(f"    {one},\n" for one in shown)
        line = f"{name}(\n{inner}){result}"
    return f"```py\n{line}\n```\n"


def _parameters(function: Any) -> list[Any]:
    """What a caller gives; the first argument of a hypothesis strategy is hypothesis's."""
    drawn = any("composite" in str(one.value) for one in function.decorators)
    ours = ("self", "cls", "draw") if drawn else ("self", "cls")
    return [one for one in function.parameters if one.name not in ours]


def _shown(parameters: list[Any]) -> Iterator[str]:
    keywords_only = False
    for one in parameters:
        kind = one.kind
        if kind is griffe.ParameterKind.var_keyword and "Unpack" in str(one.annotation):
            if not keywords_only:
                yield "*"
            yield from (f"{option.name}: {option.annotation} = …" for option in _options(one))
            continue
        if kind is griffe.ParameterKind.keyword_only and not keywords_only:
            keywords_only = True
            yield "*"
        star = "*" if kind is griffe.ParameterKind.var_positional else ""
        annotation = f": {one.annotation}" if one.annotation else ""
        space = " " if annotation else ""
        default = f"{space}={space}{one.default}" if one.default and not star else ""
        yield f"{star}{one.name}{annotation}{default}"


def _options(parameter: Any) -> list[Any]:
    """The fields of the mapping that a ``**options: Unpack[…]`` stands for."""
    return [one for one in _option_table(parameter).members.values() if one.is_attribute]


def _option_table(parameter: Any) -> Any:
    path = parameter.annotation.slice.canonical_path.partition(".")[2]
    found = parameter.function.package[path]
    return found.final_target if found.is_alias else found


# What is said of it.


def _sections(source: Any) -> list[Section]:
    return list(source.docstring.parsed) if source.docstring else []


def _text(source: Any) -> str:
    return next((str(one.value) for one in _sections(source) if _is(one, "text")), "")


def _explained(source: Any) -> Iterator[str]:
    """The sections of its docstring, with a table each of arguments, attributes and errors."""
    sections = {one.kind.value: one for one in reversed(_sections(source))}
    yield prose(_text(source)) + "\n"
    for kind, write in _WRITERS.items():
        yield from write(source, sections.get(kind))


def _arguments(source: Any, section: Section | None) -> Iterator[str]:
    """What the docstring lists, with the options of a call or an orchestrator by their names."""
    told = {} if section is None else {one.name: one.description for one in section.value}
    function = source.members.get("__init__") if source.is_class else source
    for one in function.parameters if function is not None and told else ():
        if "Unpack" in str(one.annotation):
            told.pop(one.name, None)
            listed = _sections(_option_table(one))
            for option in next(part.value for part in listed if _is(part, "attributes")):
                told.setdefault(option.name, option.description)
    if rows := [(_names(name), prose(said)) for name, said in told.items() if name != "draw"]:
        yield table(("argument", ""), rows)


def _result(source: Any, section: Section | None) -> Iterator[str]:
    if section is None:
        return
    said = section.value[0]
    # griffe takes the words before a colon for a type, that of a role among them.
    cut = str(said.annotation) != str(source.returns)
    words = f"{str(said.annotation).rstrip()} :{said.description}" if cut else said.description
    yield f"Returns: {prose(words)}\n"


def _is(section: Section, kind: str) -> bool:
    return section.kind.value == kind


def _attributes(source: Any, section: Section | None) -> Iterator[str]:
    """What the docstring lists, then the properties, and the members of an enumeration."""
    if not source.is_class:
        return
    told = {} if section is None else {_listed(one): one.description for one in section.value}
    known = {name.strip() for names in told for name in names.split(",")}
    members = {one.name: one for one in _members(source)}
    rows = [(_names(names), _types(names, source), prose(said)) for names, said in told.items()]
    is_enum = any("Enum" in str(base) for base in source.bases)
    for name, one in members.items():
        if name in known or name.startswith("_") or not one.is_attribute:
            continue
        if is_enum or "property" in one.labels or one.docstring is not None:
            shown = f"`{one.value}`" if is_enum else _type(one)
            rows.append((f"`{name}`", shown, prose(_text(one))))
    if is_enum and not any(said for *_, said in rows):
        yield f"One of {', '.join(value for _, value, _ in rows)}.\n"
    elif rows:
        yield table(("attribute", "type" if not is_enum else "value", ""), rows)


def _listed(attribute: Any) -> str:
    """The names of one line; griffe takes all but the first for a type."""
    name = str(attribute.name)
    return (
        f"{name} {attribute.annotation}".translate({40: None, 41: None})
        if name.endswith(",")
        else name
    )


def _names(names: str) -> str:
    return ", ".join(f"`{name.strip()}`" for name in names.split(","))


def _types(names: str, source: Any) -> str:
    members = {one.name: one for one in _members(source)}
    found = [_type(members[name]) for name in names.split(", ") if name in members]
    constructor = source.members.get("__init__")
    if not any(found) and constructor is not None:  # kept as it was handed in
        found = [_type(one) for one in constructor.parameters if one.name in names.split(", ")]
    return ", ".join(dict.fromkeys(one for one in found if one))


def _type(one: Any) -> str:
    return f"`{one.annotation}`" if getattr(one, "annotation", None) else ""


def _raises(_source: Any, section: Section | None) -> Iterator[str]:
    if section is not None:
        rows = ((f":class:`{one.annotation}`", prose(one.description)) for one in section.value)
        yield table(("raises", ""), rows)


def _functions(module: Any) -> Iterator[str]:
    """The functions of a module that is a public name itself, one a row."""
    rows = []
    for one in filter(lambda each: not each.is_alias, module.members.values()):
        if one.is_function and not one.name.startswith("_"):
            inside = ", ".join(
                f"{each.name}={each.default}" if each.default else each.name
                for each in one.parameters
            )
            rows.append((f"`{module.name}.{one.name}({inside})`", prose(_text(one))))
    yield table(("function", ""), rows)


_WRITERS: Mapping[str, Callable[[Any, Section | None], Iterator[str]]] = {
    "parameters": _arguments,
    "returns": _result,
    "attributes": _attributes,
    "raises": _raises,
}
"""What is written of each section of a docstring, in the order of the page."""


def main() -> int:
    """Write, or check."""
    return write_or_check(PAGE, Page().text(), "the docstrings")


if __name__ == "__main__":
    sys.exit(main())
