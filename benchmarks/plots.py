"""Plots as SVG, of what little they need: bars, and lines over logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import attrs

WIDTH, ROW = 760, 26
LEFT, RIGHT, TOP, BOTTOM = 280, 90, 48, 46
COLOURS = ("#0b6e4f", "#c8553d", "#3d5a80", "#8f5fbf", "#b8860b", "#5c6770")
"""Ours first; told apart by the colour-blind too, and each line has its name beside it."""
_OPEN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
    'height="{height:.0f}" font-family="system-ui, sans-serif" font-size="12" role="img">'
)


def _text(x: float, y: float, words: str, anchor: str = "start", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def _figure(title: str, height: float, parts: Iterator[str]) -> str:
    return "\n".join(
        [
            _OPEN.format(width=WIDTH, height=height),
            f"<title>{escape(title)}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            _text(16, 24, title, extra='font-size="14" font-weight="600"'),
            *parts,
            "</svg>\n",
        ]
    )


def _ticks(least: float, most: float) -> list[float]:
    """1, 2 and 5 times each power of ten between both."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    every = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    return [one for one in every if least <= one <= most * 1.001]


def _placed(value: float, least: float, most: float, start: float, end: float) -> float:
    share = (math.log(value) - math.log(least)) / (math.log(most) - math.log(least))
    return start + share * (end - start)


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bars(title: str, axis: str, rows: Sequence[tuple[str, float, int]]) -> str:
    """Bars from left to right, from zero.

    Args:
        title: What is drawn.
        axis: What is measured, with its unit.
        rows: Name, value and number of the colour of each.
    """
    most = max(value for _, value, _ in rows)
    foot, end = TOP + ROW * len(rows), WIDTH - RIGHT
    step = 10.0 ** math.floor(math.log10(most))
    step = next(one for one in (step / 5, step / 2, step, 2 * step) if most / one <= 6)

    def parts() -> Iterator[str]:
        for number in range(int(most / step) + 1):
            x = LEFT + (end - LEFT) * number * step / most
            yield f'<path d="M{x:.1f} {TOP}V{foot}" stroke="#e4e4e4"/>'
            yield _text(x, foot + 16, _said(number * step), "middle", 'fill="#666"')
        yield _text((LEFT + end) / 2, foot + 36, axis, "middle", 'fill="#444"')
        for at, (name, value, colour) in enumerate(rows):
            y, width = TOP + ROW * at, (end - LEFT) * value / most
            yield (
                f'<rect x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}" '
                f'fill="{COLOURS[colour]}"/>'
            )
            yield _text(LEFT - 8, y + 17, name, "end")
            yield _text(LEFT + width + 6, y + 17, _said(value))

    return _figure(title, foot + BOTTOM, parts())


def lines(
    title: str, across: str, up: str, series: Mapping[str, Mapping[int, float]], height: int = 380
) -> str:
    """Lines over two logarithmic axes, each with its name at its end.

    Args:
        title: What is drawn.
        across: What the axis from left to right is, with its unit.
        up: The same of the other one.
        series: By name: the height of each point by where it stands.
        height: Of the whole figure.
    """
    points = [(x, y) for line in series.values() for x, y in line.items()]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    least, most = 0.8 * min(y for _, y in points), 1.25 * max(y for _, y in points)
    start, end, foot = 76, WIDTH - 170, height - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return _placed(x, first, last, start, end), _placed(y, least, most, foot, TOP)

    def parts() -> Iterator[str]:
        for tick in _ticks(least, most):
            _, y = place(first, tick)
            yield f'<path d="M{start} {y:.1f}H{end}" stroke="#e4e4e4"/>'
            yield _text(start - 8, y + 4, _said(tick), "end", 'fill="#666"')
        for tick in sorted({x for x, _ in points}):
            yield _text(place(tick, least)[0], foot + 18, str(tick), "middle", 'fill="#666"')
        yield _text((start + end) / 2, foot + 38, across, "middle", 'fill="#444"')
        yield _text(start, TOP - 6, up, extra='fill="#444"')
        taken: list[float] = []
        for at, (name, line) in enumerate(series.items()):
            placed = [place(x, y) for x, y in sorted(line.items())]
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
            colour = COLOURS[at % len(COLOURS)]
            yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield from (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed
            )
            y = placed[-1][1]
            while any(abs(y - other) < 14 for other in taken):
                y += 1
            taken.append(y)
            yield _text(placed[-1][0] + 10, y + 4, name, extra=f'style="fill: {colour}"')

    return _figure(title, height, parts())


@attrs.frozen
class Panel:
    """One small plot of many: lines over time.

    Attributes:
        up: What the axis upwards is.
        series: By name: each value by its second. The first is what the others are held against.
        during: From which second to which it is about.
        every: Seconds from one value to the next.
    """

    up: str
    series: Mapping[str, Mapping[int, float]]
    during: tuple[float, float]
    every: int


_HELD_AGAINST, _BAD, _GOOD = "#b9bec4", COLOURS[1], COLOURS[0]
_PANEL, _GAP, _INSET = 132, 70, 50


def panels(title: str, rows: Sequence[str], grid: Sequence[Panel]) -> str:
    """Rows of two panels each, over the same seconds; the first row says which line is which.

    Args:
        title: What is drawn.
        rows: What each row is about.
        grid: Two panels for each row: left, right.
    """
    last = max(x for panel in grid for line in panel.series.values() for x in line)
    width = (WIDTH - 2 * _INSET - 44) / 2

    def parts() -> Iterator[str]:
        yield from _legend(list(grid[0].series))
        for at, panel in enumerate(grid):
            row, column = divmod(at, 2)
            left, top = _INSET + column * (width + _INSET + 12), 96 + row * (_PANEL + _GAP)
            if column == 0:
                yield _text(16, top - 24, rows[row], extra='font-weight="600"')
            yield from _panel(panel, left, top, width, last)

    return _figure(title, 96 + len(rows) * (_PANEL + _GAP) - 10, parts())


def _legend(names: Sequence[str]) -> Iterator[str]:
    x = 16.0
    for name, colour in zip(names, (_HELD_AGAINST, _BAD, _GOOD), strict=True):
        yield f'<rect x="{x}" y="38" width="14" height="10" fill="{colour}"/>'
        yield _text(x + 20, 47, name)
        x += 44 + 7 * len(name)


def _panel(panel: Panel, left: float, top: float, width: float, last: int) -> Iterator[str]:
    most = max(y for line in panel.series.values() for y in line.values())
    foot = top + _PANEL

    def place(second: float, value: float) -> str:
        return f"{left + width * second / last:.1f} {foot - _PANEL * value / most:.1f}"

    since, until = (left + width * min(each, last) / last for each in panel.during)
    yield f'<path d="M{since:.1f} {top}H{until:.1f}V{foot}H{since:.1f}Z" fill="#f6efdc"/>'
    step = _step(most)
    for number in range(int(most / step) + 1):
        y = foot - _PANEL * number * step / most
        yield f'<path d="M{left} {y:.1f}h{width:.1f}" stroke="#e4e4e4"/>'
        yield _text(left - 6, y + 4, _said(number * step), "end", 'fill="#666"')
    for second in range(0, last + 1, 30):
        x = left + width * second / last
        yield _text(x, foot + 16, f"{second} s", "middle", 'fill="#666"')
    yield _text(left, top - 6, panel.up, extra='fill="#444"')
    held, *lines = panel.series.values()
    seconds = range(0, last + 1, panel.every)
    area = "L".join(place(second, held.get(second, 0)) for second in seconds)
    yield f'<path d="M{place(0, 0)}L{area}L{place(last, 0)}Z" fill="{_HELD_AGAINST}"/>'
    for line, colour in zip(lines, (_BAD, _GOOD), strict=True):
        path = "L".join(place(second, line.get(second, 0)) for second in seconds)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _step(most: float) -> float:
    """Between two lines of a grid that has four at the most."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(one for one in (power / 2, power, 2 * power, 5 * power) if most / one <= 4)
