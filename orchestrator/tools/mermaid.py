"""The graph as a Mermaid flowchart, which GitHub draws from a fence in Markdown.

A flowchart and not a ``stateDiagram-v2``: that one cannot style a single arrow, so a path
could not be shown. Colours are given for nodes with their text, and for arrows only where
they carry a meaning, so that the rest follows the reader's light or dark theme.

Rows are named in comments beside their arrows, since a label has no tooltip there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.tools import palette
from orchestrator.tools.dot_detail import meaning, shared_name
from orchestrator.tools.graph import ANY, Arrow, Choice, Graph, Line
from orchestrator.tools.palette import Paint
from states.call import State
from states.table import Row

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
}


def write(graph: Graph) -> str:
    """The machine; taken arrows are numbered, and then the rest is dimmed."""
    return _text(
        "flowchart TB",
        *_nodes(graph),
        *_arrows(graph),
        *_styles(graph),
        *_classes(),
    )


def write_detail(graph: Graph, choices: Sequence[Choice]) -> str:
    """The rows of ``choices`` in order, each with its meaning and where it leads."""
    return _text(
        "flowchart LR",
        *(line for choice in choices for line in _listing(graph, choice)),
        *_classes(),
    )


def escape(text: str) -> str:
    """``text`` for a quoted label: what Mermaid would read as syntax, as an entity."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def _text(kind: str, *lines: str) -> str:
    return "\n".join([_WIDE, kind, *(f"    {line}" for line in lines), ""])


def _nodes(graph: Graph) -> Iterator[str]:
    # Ranks follow from the order of nodes. With the initial state last, what leads back goes
    # up from the shared choice below, as in the DOT, and not down from one at the top.
    for state in sorted(graph.states, key=lambda state: state is State.READY):
        shape = f'((("{state.value}")))' if state.final else f'("{state.value}")'
        yield f"{state.value}{shape}:::{_class(state, graph)}"
    yield "begin(( )):::begin"
    for choice in graph.choices:
        unseen = graph.path and choice.name not in graph.visited
        kind = "dimmed" if unseen else "choice"
        yield f'{choice.name}{{{{"the first that holds"}}}}:::{kind}'
    if any(arrow.tail == ANY for arrow in graph.arrows):
        yield f'{ANY}("any state not final"):::{"dimmed" if graph.path else "state"}'


def _class(state: State, graph: Graph) -> str:
    if graph.path and state.value not in graph.visited:
        return "dimmed"
    if state.final:
        return "succeed" if state is State.SUCCEED else "failed"
    return "visited" if graph.path else "state"


def _arrows(graph: Graph) -> Iterator[str]:
    yield f"begin --> {State.READY.value}"
    for arrow in graph.arrows:
        yield f"%% {arrow.tail} to {arrow.head}, rows {', '.join(arrow.rows)}"
        label = "<br/>".join(_label(line) for line in arrow.lines)
        yield f'{arrow.tail} -->|"{label}"| {arrow.head}'


def _label(line: Line) -> str:
    order = f"{line.order}#nbsp;" if line.order else ""
    return f"{order}{escape(line.text)}{_taken(line.steps)}"


def _taken(steps: tuple[int, ...]) -> str:
    if not steps:
        return ""
    if len(steps) == 1:
        return f" (step#nbsp;{steps[0]})"
    return f" (steps {', '.join(map(str, steps))})"


def _styles(graph: Graph) -> Iterator[str]:
    """One line for each stroke; Mermaid counts arrows from 0, and the first is ``begin``'s."""
    strokes: dict[str, list[int]] = {}
    for place, arrow in enumerate(graph.arrows, 1):
        strokes.setdefault(_stroke(arrow, graph), []).append(place)
    for stroke, places in strokes.items():
        if stroke:
            yield f"linkStyle {','.join(map(str, places))} {stroke}"


def _stroke(arrow: Arrow, graph: Graph) -> str:
    if arrow.steps:
        colour = palette.BILLING_ANYWHERE if arrow.billing else palette.TAKEN_ANYWHERE
        return f"stroke:{colour},stroke-width:4px"
    return f"stroke:{palette.MUTED},stroke-width:1px" if graph.path else ""


def _classes() -> Iterator[str]:
    yield f"classDef begin {_paint(Paint(palette.SOFT, palette.SOFT))}"
    for name, paint in _CLASSES.items():
        yield f"classDef {name} {_paint(paint)}"


def _paint(paint: Paint) -> str:
    return f"fill:{paint.fill},stroke:{paint.line},color:{paint.text}"


def _listing(graph: Graph, choice: Choice) -> Iterator[str]:
    """The rows below each other: each has a copy of its state, or they would be shuffled."""
    for arrow in graph.arrows:
        if arrow.head == choice.name:
            event = escape(arrow.lines[0].text)
            yield f'from_{arrow.tail}("{arrow.tail}"):::{_seen(graph, arrow, arrow.tail)}'
            yield f'from_{arrow.tail} -->|"{event}{_taken(arrow.steps)}"| {choice.name}'
    yield f'{choice.name}{{{{"the first that holds"}}}}:::choice'
    for order, rows in enumerate(zip(*choice.groups, strict=True), 1):
        yield from _row(graph, choice, order, rows)


def _row(graph: Graph, choice: Choice, order: int, rows: tuple[Row, ...]) -> Iterator[str]:
    arrow, line = _found(graph, choice, order)
    name, to = f"{choice.name}_{order}", f"{choice.name}_{order}_to"
    kind = "visited" if line.steps else "dimmed" if graph.path else "choice"
    text = f"{_label(line)}<br/>{escape(meaning(rows[0]))}"
    yield f"%% row {order} to {arrow.head}, rows {', '.join(line.rows)}"
    yield f'{choice.name} --> {name}["{text}"]:::{kind}'
    one = Arrow(arrow.tail, arrow.head, (line,))
    state = f'{to}("{arrow.head}"):::{_seen(graph, one, arrow.head)}'
    yield f'{name} -->|"{escape(shared_name(rows))}"| {state}'


def _seen(graph: Graph, arrow: Arrow, state: str) -> str:
    return "dimmed" if graph.path and not arrow.steps else _class(State(state), graph)


def _found(graph: Graph, choice: Choice, order: int) -> tuple[Arrow, Line]:
    return next(
        (arrow, line)
        for arrow in graph.arrows
        if arrow.tail == choice.name
        for line in arrow.lines
        if line.order == order
    )
