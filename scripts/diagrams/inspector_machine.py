"""The machine as the inspector's page shows it: a part for each state and each arrow, to be styled.

States and arrows are the table's; where they stand is laid out here, since a page that lights
them up needs room for a number at each arrow, which no renderer's layout leaves. An arrow of the
table without a way here is an error. Colours are the page's: nothing is painted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from orchestrator.lab.diagrams.plain_table import PlainState, Table, plain
from orchestrator.states.table import TABLE

WIDTH, HEIGHT = 1240, 670

_HALF = 21
"""Half the height of a state's box."""

_ROUND = 18
"""The radius of a corner of an arrow."""

_HEAD, _HEAD_HALF = 11, 5
"""Length of an arrow's head, and half of its width."""

Point = tuple[float, float]

PLACES: dict[str, Point] = {
    "ready": (70, 230),
    "attempt": (330, 230),
    "stream": (600, 95),
    "classify": (600, 230),
    "succeed": (1130, 95),
    "rotate_credential": (190, 430),
    "repair": (420, 430),
    "retry": (600, 430),
    "eager_fallback": (850, 430),
    "fail_terminal": (1130, 430),
}
"""The middle of each state's box."""

WAYS: dict[tuple[str, str], Sequence[Point]] = {
    ("ready", "attempt"): ((112, 230), (278, 230)),
    ("ready", "eager_fallback"): ((100, 251), (230, 330), (560, 290), (790, 409)),
    ("ready", "retry"): ((82, 251), (150, 380), (420, 330), (566, 411)),
    ("ready", "fail_terminal"): ((50, 251), (50, 645), (1175, 645), (1175, 451), (1175, 451)),
    ("attempt", "stream"): ((350, 209), (400, 140), (480, 95), (553, 95)),
    ("attempt", "classify"): ((382, 230), (541, 230)),
    ("attempt", "succeed"): ((330, 209), (340, 0), (1040, 0), (1130, 74)),
    ("attempt", "fail_terminal"): ((318, 251), (318, 620), (1155, 620), (1155, 451), (1155, 451)),
    ("stream", "succeed"): ((647, 95), (1078, 95)),
    ("stream", "classify"): ((600, 116), (600, 209)),
    ("stream", "fail_terminal"): ((647, 105), (900, 140), (1150, 220), (1160, 409)),
    ("classify", "succeed"): ((659, 222), (850, 205), (980, 170), (1090, 116)),
    ("classify", "fail_terminal"): ((659, 236), (880, 240), (1060, 300), (1115, 409)),
    ("classify", "rotate_credential"): ((556, 251), (470, 310), (320, 330), (230, 409)),
    ("classify", "repair"): ((580, 251), (550, 310), (480, 350), (440, 409)),
    ("classify", "retry"): ((606, 251), (606, 409)),
    ("classify", "eager_fallback"): ((640, 251), (700, 320), (800, 340), (835, 409)),
    ("rotate_credential", "attempt"): ((160, 409), (165, 340), (220, 280), (290, 251)),
    ("repair", "attempt"): ((410, 409), (400, 350), (370, 310), (345, 251)),
    ("retry", "attempt"): ((580, 409), (550, 340), (430, 300), (362, 251)),
    ("eager_fallback", "attempt"): ((765, 415), (690, 320), (520, 300), (382, 244)),
    ("rotate_credential", "retry"): ((215, 451), (250, 525), (540, 525), (578, 451)),
    ("rotate_credential", "eager_fallback"): ((190, 451), (240, 565), (800, 565), (845, 451)),
    ("repair", "retry"): ((467, 430), (558, 430)),
    ("repair", "eager_fallback"): ((435, 451), (470, 525), (770, 525), (815, 451)),
    ("retry", "retry"): ((622, 409), (640, 350), (690, 380), (641, 414)),
    ("retry", "eager_fallback"): ((642, 424), (762, 424)),
    ("eager_fallback", "retry"): ((762, 441), (642, 441)),
    ("eager_fallback", "eager_fallback"): ((880, 409), (890, 350), (950, 365), (920, 409)),
    ("rotate_credential", "fail_terminal"): (
        *((150, 451), (150, 597), (1135, 597), (1135, 451), (1135, 451)),
    ),
    ("repair", "fail_terminal"): ((405, 451), (405, 574), (1115, 574), (1115, 451), (1115, 451)),
    ("retry", "fail_terminal"): ((600, 451), (600, 551), (1095, 551), (1095, 451), (1095, 451)),
    ("eager_fallback", "fail_terminal"): ((938, 430), (1047, 430)),
}
"""The way of each arrow: from, to and the points between; four are a curve's, five a way with
corners, of which the last is named twice."""

NUMBERS = {
    ("ready", "eager_fallback"): 0.26,
    ("ready", "retry"): 0.2,
    ("classify", "rotate_credential"): 0.8,
    ("classify", "repair"): 0.78,
    ("classify", "retry"): 0.62,
    ("rotate_credential", "attempt"): 0.3,
    ("repair", "attempt"): 0.55,
    ("retry", "attempt"): 0.2,
    ("eager_fallback", "attempt"): 0.24,
    ("eager_fallback", "eager_fallback"): 0.5,
    ("classify", "eager_fallback"): 0.7,
}
"""How far along a curve its number stands, where that is not its middle: numbers must not meet."""


class NoWay(ValueError):
    """The table has a state or an arrow that is laid out nowhere."""


def picture(table: Table = TABLE) -> bytes:
    """The picture as SVG, to be put into a page.

    Raises:
        NoWay: A state or an arrow has no place.
    """
    machine = plain(table)
    edges: dict[tuple[str, str], list[str]] = {}
    for row in machine.rows:
        edges.setdefault((row.state, row.to), []).append(row.name)
    missing = [f"{one} > {two}" for one, two in edges if (one, two) not in WAYS]
    missing += [state.name for state in machine.states if state.name not in PLACES]
    if missing:
        raise NoWay(f"no place is laid out for {', '.join(missing)}: add it to {__name__}")
    head = f'<svg class="machine" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    lines = [
        f'{head} role="group" aria-label="The states of a call, and how it moves between them">',
        *(line for (one, two), rows in edges.items() for line in _edge(one, two, rows)),
        *(line for state in machine.states for line in _state(state)),
    ]
    return "\n".join([*lines, "</svg>", ""]).encode()


def _state(state: PlainState) -> Iterator[str]:
    (x, y), half = PLACES[state.name], _half_width(state.name)
    kind = "state final" if state.final else "state"
    yield f'<g class="{kind}" id="state-{state.name}" data-state="{state.name}">'
    yield _box(x, y, half, _HALF, "box")
    if state.final:
        yield _box(x, y, half - 4, _HALF - 4, "inner")
    yield f'<text x="{x:g}" y="{y + 6:g}" text-anchor="middle">{state.name}</text>'
    yield "</g>"


def _box(x: float, y: float, half_width: float, half_height: float, name: str) -> str:
    corner = f'x="{x - half_width:g}" y="{y - half_height:g}"'
    size = f'width="{2 * half_width:g}" height="{2 * half_height:g}"'
    return f'<rect class="{name}" {corner} {size} rx="9"/>'


def _half_width(name: str) -> float:
    return 5 * len(name) + 17


def _edge(one: str, two: str, rows: Sequence[str]) -> Iterator[str]:
    way = WAYS[one, two]
    drawn, (x, y), (before, tip) = _drawn(way, NUMBERS.get((one, two), 0.5))
    yield f'<g class="edge" data-from="{one}" data-to="{two}" data-rows="{" ".join(rows)}">'
    yield f"<title>{one} to {two}: {', '.join(rows)}</title>"
    # What is pointed at is wider than what is seen.
    yield f'<path class="hit" fill="none" stroke="transparent" stroke-width="16" d="{drawn}"/>'
    yield f'<path class="line" fill="none" d="{drawn}"/>'
    yield f'<polygon class="head" points="{_head(before, tip)}"/>'
    yield f'<text class="count" x="{x:g}" y="{y + 5:g}" text-anchor="middle"></text>'
    yield "</g>"


def _drawn(way: Sequence[Point], share: float) -> tuple[str, Point, tuple[Point, Point]]:
    """A path, the place of its number, and the two points that give the direction of its end."""
    if len(way) == 2:
        (x, y), (to_x, to_y) = way
        return f"M{x:g},{y:g}L{to_x:g},{to_y:g}", ((x + to_x) / 2, (y + to_y) / 2), (way[0], way[1])
    if len(way) == 4:
        start, one, two, end = way
        points = " ".join(f"{x:g},{y:g}" for x, y in (one, two, end))
        return f"M{start[0]:g},{start[1]:g}C{points}", _along(way, share), (two, end)
    *corners, end = way
    longest = max(pairwise(corners), key=lambda ends: math.dist(*ends))
    place = tuple((one + two) / 2 for one, two in zip(*longest, strict=True))
    return _with_corners(corners), (place[0], place[1]), (corners[-2], end)


def _along(way: Sequence[Point], share: float) -> Point:
    """The point of a cubic curve at that share of its parameter."""
    left = 1 - share
    weights = (left**3, 3 * left**2 * share, 3 * left * share**2, share**3)
    x, y = (
        sum(weight * point[axis] for weight, point in zip(weights, way, strict=True))
        for axis in (0, 1)
    )
    return round(x, 1), round(y, 1)


def _with_corners(points: Sequence[Point]) -> str:
    start, *between, end = points
    parts = [f"M{start[0]:g},{start[1]:g}"]
    for before, corner, after in zip(points, between, points[2:], strict=False):
        into, out = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{into[0]:g},{into[1]:g}Q{corner[0]:g},{corner[1]:g} {out[0]:g},{out[1]:g}")
    return "".join((*parts, f"L{end[0]:g},{end[1]:g}"))


def _towards(corner: Point, other: Point) -> Point:
    share = _ROUND / math.dist(corner, other)
    x, y = (here + share * (there - here) for here, there in zip(corner, other, strict=True))
    return round(x, 1), round(y, 1)


def _head(before: Point, tip: Point) -> str:
    length = math.dist(before, tip)
    x, y = ((there - here) / length for here, there in zip(before, tip, strict=True))
    back = tip[0] - _HEAD * x, tip[1] - _HEAD * y
    sides = (
        (back[0] - _HEAD_HALF * y, back[1] + _HEAD_HALF * x),
        (back[0] + _HEAD_HALF * y, back[1] - _HEAD_HALF * x),
    )
    return " ".join(f"{round(one, 1):g},{round(two, 1):g}" for one, two in (tip, *sides))
