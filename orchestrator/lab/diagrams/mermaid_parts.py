"""What every Mermaid drawing is made of: escapes, states, labels, strokes, classes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.graph import Arrow, Graph, Line, level
from orchestrator.lab.diagrams.overlay import Look
from orchestrator.lab.diagrams.palette import Paint
from orchestrator.lab.diagrams.plain import PlainState
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
    Look.FAINT: "dimmed",
    Look.DEAD: "dimmed",
    Look.NEVER: "never",
    Look.ADDED: "added",
    Look.REMOVED: "removed",
    Look.CHANGED: "changed",
}

STROKES = {
    Look.PLAIN: "",
    Look.TAKEN: f"stroke:{palette.TAKEN_ANYWHERE},stroke-width:4px",
    Look.FAINT: f"stroke:{palette.MUTED},stroke-width:1px",
    Look.DEAD: f"stroke:{palette.MUTED},stroke-width:1px,stroke-dasharray:5 5",
    Look.NEVER: f"stroke:{palette.NEVER_ANYWHERE},stroke-width:2px,stroke-dasharray:5 5",
    Look.SAME: f"stroke:{palette.MUTED},stroke-width:1px",
    Look.ADDED: f"stroke:{palette.ADDED_ANYWHERE},stroke-width:3px",
    Look.REMOVED: f"stroke:{palette.REMOVED_ANYWHERE},stroke-width:3px,stroke-dasharray:5 5",
    Look.CHANGED: f"stroke:{palette.BILLING_ANYWHERE},stroke-width:3px",
}
"""How an arrow is drawn, for each look; empty where it follows the reader's theme."""

_SAID = {
    Look.DEAD: "dead",
    Look.NEVER: "never",
    Look.ADDED: "added",
    Look.REMOVED: "removed",
    Look.CHANGED: "changed",
}
"""What a label says of a look, since the text of one arrow's line cannot be coloured."""

_LEGEND = {**_SAID, Look.TAKEN: "wide", Look.FAINT: "thin"}
"""What a legend calls a look."""


def text(kind: str, *lines: str) -> str:
    """A whole file, with the definitions of what its nodes are painted with."""
    used = {name for line in lines for name in _CLASS.findall(line)}
    return "\n".join([_WIDE, kind, *(f"    {line}" for line in [*lines, *_classes(used)]), ""])


def escape(words: str) -> str:
    """``words`` for a quoted label: what Mermaid would read as syntax, as an entity."""
    return "".join(_ENTITIES.get(character, character) for character in words)


def legend(graph: Graph) -> Iterator[str]:
    """A node that says what is shown, and what the looks mean."""
    said = graph.overlay
    words = [said.title] if said.title else []
    words += [f"{_LEGEND[look]}: {meaning}" for look, meaning in said.legend]
    if words:
        yield f'legend["{"<br/>".join(escape(each) for each in words)}"]:::legend'


def state_node(name: str, state: PlainState, kind: str) -> str:
    """A state's node."""
    shape = f'((("{state.name}")))' if state.final else f'("{state.name}")'
    return f"{name}{shape}:::{kind}"


def class_of(graph: Graph, state: PlainState, look: Look | None = None) -> str:
    """The class of a state; ``look`` where a part of a drawing says other than the graph."""
    look = graph.look_of(state.name) if look is None else look
    if look in _BY_LOOK:
        return _BY_LOOK[look]
    if state.final:
        return "succeed" if state.name == State.SUCCEED.value else "failed"
    return "visited" if look is Look.TAKEN and graph.most is None else "state"


def label(line: Line) -> str:
    """An event or a guard, with its place, and what is said of it."""
    place = f"{line.place}#nbsp;" if line.place else ""
    parts = [f"{place}{escape(line.text)}{taken(line)}"]
    if line.look in _SAID:
        parts[0] += f" ({_SAID[line.look]})"
    return "<br/>".join([*parts, *(escape(note) for note in line.notes)])


def taken(line: Line) -> str:
    """When a recorded call took it, or how many did."""
    if line.count:
        return f" ({line.count})"
    if not line.steps:
        return ""
    if len(line.steps) == 1:
        return f" (step#nbsp;{line.steps[0]})"
    return f" (steps {', '.join(map(str, line.steps))})"


def stroke(arrow: Arrow, graph: Graph) -> str:
    """Colour, width and dashes; empty where the arrow follows the reader's theme."""
    if arrow.count and graph.most is not None:
        return f"stroke:{palette.TAKEN_ANYWHERE},stroke-width:{level(arrow.count, graph.most)}px"
    if arrow.look is Look.TAKEN and arrow.billing:
        return f"stroke:{palette.BILLING_ANYWHERE},stroke-width:4px"
    return STROKES[arrow.look]


def _classes(used: set[str]) -> Iterator[str]:
    return (f"classDef {name} {paint}" for name, paint in _DEFINED.items() if name in used)
