"""The graph as a Mermaid flowchart, which GitHub draws from a fence in Markdown.

A flowchart and not a ``stateDiagram-v2``: that one cannot style a single arrow, so a path
could not be shown. Colours are given for nodes with their text, and for arrows only where
they carry a meaning, so that the rest follows the reader's light or dark theme.

Rows are named in comments beside their arrows, since a label has no tooltip there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.graph import ANY, Arrow, LabelLine, MachineGraph, level
from orchestrator.lab.diagrams.overlay import Emphasis
from orchestrator.lab.diagrams.palette import Paint
from orchestrator.lab.diagrams.plain_table import PlainState
from orchestrator.states.call import State

_ENTITIES = {"#": "#35;", ";": "#59;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;"}

_WIDE = '%%{init: {"flowchart": {"wrappingWidth": 460, "nodeSpacing": 24, "rankSpacing": 36}}}%%'
"""Without it labels are broken at 200 pixels, and a guard's name falls below its place."""

_CLASSES = {
    "state": palette.PLAIN,
    "succeed": palette.SUCCEED,
    "failed": palette.FAIL,
    "choice": palette.CHOICE,
    "visited": palette.VISITED,
    "dimmed": Paint("none", palette.MUTED, palette.MUTED),
    "never": palette.PAINT_NEVER,
    "added": palette.PAINT_ADDED,
    "removed": palette.PAINT_REMOVED,
    "changed": palette.PAINT_CHANGED,
}


def _paint(paint: Paint) -> str:
    return f"fill:{paint.fill},stroke:{paint.line},color:{paint.text}"


_DEFINED = {
    "begin": _paint(Paint(palette.SOFT, palette.SOFT)),
    **{name: _paint(paint) for name, paint in _CLASSES.items()},
    "legend": f"fill:none,stroke:{palette.MUTED},color:{palette.MUTED},text-align:left",
}

_CLASS = re.compile(r":::(\w+)$")

_BY_LOOK = {
    Emphasis.FAINT: "dimmed",
    Emphasis.DEAD: "dimmed",
    Emphasis.NEVER: "never",
    Emphasis.ADDED: "added",
    Emphasis.REMOVED: "removed",
    Emphasis.CHANGED: "changed",
}

STROKES = {
    Emphasis.PLAIN: "",
    Emphasis.TAKEN: f"stroke:{palette.TAKEN_ANYWHERE},stroke-width:4px",
    Emphasis.FAINT: f"stroke:{palette.MUTED},stroke-width:1px",
    Emphasis.DEAD: f"stroke:{palette.MUTED},stroke-width:1px,stroke-dasharray:5 5",
    Emphasis.NEVER: f"stroke:{palette.NEVER_ANYWHERE},stroke-width:2px,stroke-dasharray:5 5",
    Emphasis.SAME: f"stroke:{palette.MUTED},stroke-width:1px",
    Emphasis.ADDED: f"stroke:{palette.ADDED_ANYWHERE},stroke-width:3px",
    Emphasis.REMOVED: f"stroke:{palette.REMOVED_ANYWHERE},stroke-width:3px,stroke-dasharray:5 5",
    Emphasis.CHANGED: f"stroke:{palette.BILLING_ANYWHERE},stroke-width:3px",
}
"""How an arrow is drawn, for each look; empty where it follows the reader's theme."""

_SAID = {
    Emphasis.DEAD: "dead",
    Emphasis.NEVER: "never",
    Emphasis.ADDED: "added",
    Emphasis.REMOVED: "removed",
    Emphasis.CHANGED: "changed",
}
"""What a label says of a look, since the text of one arrow's line cannot be coloured."""

_LEGEND = {**_SAID, Emphasis.TAKEN: "wide", Emphasis.FAINT: "thin"}
"""What a legend calls a look."""


def write(graph: MachineGraph) -> str:
    """The machine; what is said of its rows stands in labels, strokes and classes."""
    return _text("flowchart TB", *_nodes(graph), *_arrows(graph), *_styles(graph))


def _nodes(graph: MachineGraph) -> Iterator[str]:
    yield from _legend(graph)
    # Ranks follow from the order of nodes. With the initial state last, what leads back goes
    # up from the shared choice below, as in the DOT, and not down from one at the top.
    for state in sorted(graph.states, key=lambda state: state.name == graph.initial):
        shape = f'((("{state.name}")))' if state.final else f'("{state.name}")'
        yield f"{state.name}{shape}:::{_class_of(graph, state)}"
    if graph.has_initial:
        yield "begin(( )):::begin"
    for choice in graph.choices:
        look = graph.look_of(choice.name)
        kind = "dimmed" if look in (Emphasis.FAINT, Emphasis.DEAD, Emphasis.NEVER) else "choice"
        yield f'{choice.name}{{{{"the first that holds"}}}}:::{kind}'
    if any(arrow.tail == ANY for arrow in graph.arrows):
        faint = graph.look_of(ANY) is Emphasis.FAINT
        yield f'{ANY}("any state not final"):::{"dimmed" if faint else "state"}'


def _legend(graph: MachineGraph) -> Iterator[str]:
    """A node that says what is shown, and what the looks mean."""
    said = graph.overlay
    words = [said.title] if said.title else []
    words += [f"{_LEGEND[look]}: {meaning}" for look, meaning in said.legend]
    if words:
        yield f'legend["{"<br/>".join(escape(each) for each in words)}"]:::legend'


def _class_of(graph: MachineGraph, state: PlainState) -> str:
    look = graph.look_of(state.name)
    if look in _BY_LOOK:
        return _BY_LOOK[look]
    if state.final:
        return "succeed" if state.name == State.SUCCEED.value else "failed"
    return "visited" if look is Emphasis.TAKEN and graph.most is None else "state"


def _arrows(graph: MachineGraph) -> Iterator[str]:
    for arrow in graph.arrows:
        yield f"%% {arrow.tail} to {arrow.head}, rows {', '.join(arrow.rows)}"
        lines = "<br/>".join(label(line) for line in arrow.lines)
        yield f'{arrow.tail} -->|"{lines}"| {arrow.head}'
    if graph.has_initial:
        yield f"begin --> {graph.initial}"
        # Unseen links: a call begins above everything else.
        yield from (f"{graph.initial} ~~~ {top}" for top in graph.tops)


def _styles(graph: MachineGraph) -> Iterator[str]:
    """One line for each stroke; Mermaid counts arrows from 0."""
    strokes: dict[str, list[int]] = {}
    for place, arrow in enumerate(graph.arrows):
        strokes.setdefault(_stroke(arrow, graph), []).append(place)
    for drawn, places in strokes.items():
        if drawn:
            yield f"linkStyle {','.join(map(str, places))} {drawn}"


def _text(kind: str, *lines: str) -> str:
    """A whole file, with the definitions of what its nodes are painted with."""
    used = {name for line in lines for name in _CLASS.findall(line)}
    classes = (f"classDef {name} {paint}" for name, paint in _DEFINED.items() if name in used)
    return "\n".join([_WIDE, kind, *(f"    {line}" for line in [*lines, *classes]), ""])


def escape(words: str) -> str:
    """``words`` for a quoted label: what Mermaid would read as syntax, as an entity."""
    return "".join(_ENTITIES.get(character, character) for character in words)


def label(line: LabelLine) -> str:
    """An event or a guard, with its place, and what is said of it."""
    place = f"{line.order}#nbsp;" if line.order else ""
    parts = [f"{place}{escape(line.text)}{_taken(line)}"]
    if line.look in _SAID:
        parts[0] += f" ({_SAID[line.look]})"
    return "<br/>".join([*parts, *(escape(note) for note in line.notes)])


def _taken(line: LabelLine) -> str:
    """When a recorded call took it, or how many did."""
    if line.count:
        return f" ({line.count})"
    if not line.steps:
        return ""
    if len(line.steps) == 1:
        return f" (step#nbsp;{line.steps[0]})"
    return f" (steps {', '.join(map(str, line.steps))})"


def _stroke(arrow: Arrow, graph: MachineGraph) -> str:
    """Colour, width and dashes; empty where the arrow follows the reader's theme."""
    if arrow.count and graph.most is not None:
        return f"stroke:{palette.TAKEN_ANYWHERE},stroke-width:{level(arrow.count, graph.most)}px"
    if arrow.look is Emphasis.TAKEN and arrow.billing:
        return f"stroke:{palette.BILLING_ANYWHERE},stroke-width:4px"
    return STROKES[arrow.look]
