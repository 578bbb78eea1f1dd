"""SVG and PNG: well-formed, opaque, the same every time, and no label on another."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import struct
import subprocess
import sys
import sysconfig
import venv
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs
import pytest

from orchestrator.lab.diagrams import render
from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.overlay import along
from orchestrator.lab.diagrams.render import FONTS, fit
from orchestrator.states.table import TABLE
from scripts.diagrams import index_page
from tests.orchestrator.lab.diagrams.tables import PRESENT, SHOWN

ROOT = Path(__file__).parents[4]
SVG = "{http://www.w3.org/2000/svg}"

TEN_KEYS = (
    "started_send",
    *("failed", "rotate", "rotated_send") * 9,
    *("failed", "fallback", "switched_send", "content", "stream_deadline"),
)
WAY_BACK = (
    *("started_send", "failed", "fallback", "switched_wait", "waited_send"),
    *("failed", "billing_way_back", "waited_send", "failed", "repair", "repaired_terminal"),
)
NO_TIME = ("started_send", "failed", "rotate", "rotated_send", "failed", "classify_deadline")
GALLERY = index_page.drawings()
DRAWN = {
    **GALLERY,
    **{
        f"{view}-{name}": Drawing(PRESENT, along(path), view)
        for view in View
        for name, path in (("keys", TEN_KEYS), ("back", WAY_BACK), ("time", NO_TIME))
    },
    **{
        f"{view}-{name}": Drawing(PRESENT, said, view)
        for view in View
        for name, said in SHOWN.items()
        if name != "path"
    },
    **{f"retry-{name}": Drawing(PRESENT, said, state="retry") for name, said in SHOWN.items()},
}
each_drawing = pytest.mark.parametrize("name", DRAWN)
each_of_the_gallery = pytest.mark.parametrize("name", GALLERY)


@functools.cache
def picture_of(name: str) -> ET.Element:
    """The drawing as SVG, rendered once."""
    return ET.fromstring(DRAWN[name].svg())


@attrs.frozen
class Box:
    """Where a text stands, in points; y grows downwards."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def on(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def at(self, point: tuple[float, float]) -> bool:
        return self.left < point[0] < self.right and self.top < point[1] < self.bottom


def box(element: ET.Element) -> Box:
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    width, size = float(element.attrib["textLength"]), float(element.attrib["font-size"])
    left = {"start": x, "middle": x - width / 2, "end": x - width}[element.attrib["text-anchor"]]
    # Three quarters of a letter's size are above its line, a fifth below, in Helvetica.
    return Box(element.text or "", left, left + width, y - 0.75 * size, y + 0.2 * size)


@each_drawing
def test_no_label_stands_on_another_or_outside(name: str) -> None:
    picture = picture_of(name)
    boxes = [box(text) for text in picture.iter(f"{SVG}text") if (text.text or "").strip()]
    paper = [float(number) for number in picture.attrib["viewBox"].split()]

    assert len(boxes) > 5
    assert [(one, two) for one, two in itertools.combinations(boxes, 2) if one.on(two)] == []
    assert all(0 < each.right - each.left < paper[2] for each in boxes)


def points(path: str) -> Iterator[tuple[float, float]]:
    """Points along an arrow, which SVG writes as cubic curves."""
    knots = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)]
    for curve in zip(knots[::3], knots[1::3], knots[2::3], knots[3::3], strict=False):
        for tick in range(33):
            t = tick / 32
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            weighted = list(zip(weights, curve, strict=True))
            yield sum(w * x for w, (x, _) in weighted), sum(w * y for w, (_, y) in weighted)


@each_drawing
def test_no_arrow_runs_through_a_label(name: str) -> None:
    picture = picture_of(name)
    boxes = [box(text) for text in picture.iter(f"{SVG}text") if (text.text or "").strip()]
    arrows = [
        part.attrib["d"]
        for group in picture.iter(f"{SVG}g")
        if group.get("class") == "edge"
        for part in group.iter(f"{SVG}path")
        if part.get("fill") == "none"
    ]

    assert len(arrows) >= 2
    struck = {
        each.text for arrow in arrows for at in points(arrow) for each in boxes if each.at(at)
    }
    assert struck == set()


@each_of_the_gallery
def test_letters_stay_legible_at_the_width_of_a_readme(name: str) -> None:
    """GitHub shows a README some 900 pixels wide, and shrinks what is wider."""
    picture = picture_of(name)
    wide = float(picture.attrib["viewBox"].split()[2])
    smallest = min(float(text.attrib["font-size"]) for text in picture.iter(f"{SVG}text"))

    assert smallest * min(1.0, 900 / wide) >= 9.5


def test_the_paper_is_opaque() -> None:
    paper = next(ET.fromstring(Drawing().svg()).iter(f"{SVG}polygon"))

    assert paper.attrib["fill"] == "#ffffff"


def test_an_svg_tells_nothing_of_who_drew_it() -> None:
    drawn = Drawing().svg()

    assert "<!--" not in drawn
    assert "enerated" not in drawn


def test_a_png_is_one_and_large_and_opaque() -> None:
    drawn = Drawing().png()
    width, height, depth, colours = struct.unpack(">IIBB", drawn[16:26])

    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    assert width >= 1800
    assert height >= 500
    assert (depth, colours) == (8, 6)
    assert first_pixel(drawn) == b"\xff\xff\xff\xff"
    # Letters and arrows do not pack: an empty picture of this size is a tenth of that.
    assert len(drawn) > 60_000


@pytest.mark.parametrize("name", [name for name in DRAWN if DRAWN[name].view is View.MACHINE])
def test_a_call_begins_at_the_top_left(name: str) -> None:
    """Of the pictures that are shown; of all others the top, before what a call does first."""
    graph = DRAWN[name].graph
    at = {
        group.findtext(f"{SVG}title"): box(text)
        for group in picture_of(name).iter(f"{SVG}g")
        if group.get("class") == "node" and (text := group.find(f"{SVG}text")) is not None
    }
    states = {state.name: at[state.name] for state in graph.states}
    first = states.pop(graph.initial)

    assert all(first.top <= other.top for other in states.values())
    assert all(first.left < states[other].left for other in graph.tops)
    assert name not in GALLERY or all(first.left < other.left for other in states.values())


def first_pixel(drawn: bytes) -> bytes:
    """Red, green, blue, alpha; no filter changes the first pixel of the first line."""
    at, packed = 8, b""
    while at < len(drawn):
        (length,) = struct.unpack(">I", drawn[at : at + 4])
        if drawn[at + 4 : at + 8] == b"IDAT":
            packed += drawn[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(packed)[1:5]


def test_the_same_table_gives_the_same_bytes() -> None:
    taken = Drawing(overlay=along(TEN_KEYS))

    assert taken.svg() == taken.svg()
    assert taken.png() == taken.png()


def test_dot_that_is_none_is_refused_with_the_words_of_the_renderer() -> None:
    with pytest.raises(render.RenderFailed, match=r"(?s)ended with status .*syntax error"):
        render.png("digraph {")


@pytest.fixture(scope="module")
def without_the_extra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has every package of this one but the extra's."""
    home = tmp_path_factory.mktemp("without")
    venv.create(home, with_pip=False)
    scheme = {"base": str(home), "platbase": str(home)}
    there = Path(sysconfig.get_path("purelib", "venv", scheme))
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(("graphviz_pure", "__pycache__")):
            (there / package.name).symlink_to(package)
    return Path(sysconfig.get_path("scripts", "venv", scheme)) / Path(sys.executable).name


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [python, *arguments], capture_output=True, text=True, check=False, env=environment
    )


@pytest.mark.parametrize("form", ["svg", "png"])
def test_without_the_extra_one_sentence_says_how_to_get_it(
    without_the_extra: Path, form: str
) -> None:
    code = f"from orchestrator.lab.diagrams.drawing import Drawing; Drawing().{form}()"
    done = run(without_the_extra, "-c", code)

    said = done.stderr.splitlines()[-1]
    assert said.startswith(
        "orchestrator.lab.diagrams.render.MissingDiagramExtra: SVG and PNG need graphviz-pure, "
        "which is not installed: "
    )
    assert "-m pip install '.[diagram]' in the clone" in said
    assert said.endswith("; Mermaid and DOT need nothing")


def test_without_the_extra_text_is_drawn_all_the_same(without_the_extra: Path) -> None:
    code = (
        "from orchestrator.lab.diagrams.drawing import Drawing; import sys; drawing = Drawing(); "
        "sys.stdout.write(drawing.mermaid() + drawing.dot() + drawing.listing().plain)"
    )
    done = run(without_the_extra, "-c", code)

    assert (done.returncode, done.stderr) == (0, "")
    assert all(row.name in done.stdout for row in TABLE)


def test_without_the_extra_the_command_ends_without_a_traceback(
    without_the_extra: Path, tmp_path: Path
) -> None:
    command = ("-m", "scripts.diagrams", "--out", str(tmp_path / "out"))
    done = run(without_the_extra, *command)

    assert done.returncode == 2
    assert done.stderr.startswith("SVG and PNG need graphviz-pure")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_dot_of_every_view_is_drawn_without_a_warning() -> None:
    renderer = Path(sysconfig.get_path("scripts")) / "graphviz-pure"
    for drawn in DRAWN.values():
        done = subprocess.run(
            [renderer, "-Tsvg"],
            input=drawn.dot().encode(),
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""


TEXT = (
    '<svg><text xml:space="preserve" text-anchor="start" x="1.50" y="-20" '
    'font-family="Helvetica,sans-Serif" font-size="13.00">{}</text></svg>'
)


def renderer_json(text: str, *, x: float = 1.5, y: float = 20.0) -> str:
    operation = {"op": "T", "pt": [x, y], "align": "l", "width": 33.25, "text": text}
    return json.dumps({"edges": [{"_ldraw_": [{"op": "F"}, operation]}], "name": "machine"})


def fitted(svg: str, text: str) -> dict[str, str]:
    (element,) = ET.fromstring(fit(svg, text))
    return element.attrib


def test_a_text_gets_its_length_and_fonts_of_its_width() -> None:
    attributes = fitted(TEXT.format("failed"), renderer_json("failed"))

    assert attributes["textLength"] == "33.25"
    assert attributes["lengthAdjust"] == "spacingAndGlyphs"
    assert attributes["font-family"] == FONTS
    assert attributes["font-size"] == "13.00"


def test_what_svg_escapes_is_the_same_text() -> None:
    attributes = fitted(TEXT.format("stream&#39;s &lt;own&gt;"), renderer_json("stream's <own>"))

    assert attributes["textLength"] == "33.25"


def test_a_text_elsewhere_is_another() -> None:
    assert "textLength" not in fitted(TEXT.format("failed"), renderer_json("failed", x=2.0))
    assert "textLength" not in fitted(TEXT.format("failed"), renderer_json("failed", y=21.0))
