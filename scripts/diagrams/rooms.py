"""The picture of the rooms and the arrows between them, drawn from the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from orchestrator.lab.diagrams.render import svg

ROOT = Path(__file__).parents[2]

ROOMS = {
    "cli": "the command line",
    "testing": "for users' own tests",
    "lab": "looks at machines",
    "importing": "other tools' configs, in our words",
    "gateway": "calls over HTTP, the inspector",
    "temporal": "calls in workflows",
    "serving": "HTTP in, HTTP out",
    "api": "what an agent holds",
    "tracing": "spans of calls",
    "execution": "runs a call: the flow",
    "values": "api: requests, responses, errors",
    "config": "files in, values out",
    "health": "what is known across calls",
    "classification": "failure → error",
    "ledger": "the record of a call",
    "connections": "bytes to a provider and back",
    "vendors": "one module a vendor",
    "dialects": "one folder a dialect",
    "states": "DECIDES: the table",
}
"""The rooms of the picture, from the top; a newcomer needs no others to find the way."""


BELOW = {
    "orchestrator.api.request": "values",
    "orchestrator.api.response": "values",
    "orchestrator.api.errors": "values",
    "orchestrator.classification.rule": "states",  # the record of a rule, which vendors fill in
}
"""Parts of a room that others stand on; see the table of ``tests/orchestrator/test_imports.py``."""


def room(module: str) -> str:
    """The room of a dotted name."""
    return BELOW.get(module) or ".".join(module.split(".")[1:2])


def files(name: str) -> Iterator[Path]:
    """The files of a room."""
    base = ROOT / ("states" if name == "states" else f"orchestrator/{name}")
    if name == "values":
        base = ROOT / "orchestrator" / "api"
    for path in sorted(base.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if (name == "values") == (BELOW.get(module) == "values"):
            yield path


def imports(name: str) -> Iterator[str]:
    """The rooms that the files of a room import."""
    for path in files(name):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orchestrator"):
                yield room(str(node.module))


def arrows() -> set[tuple[str, str]]:
    """Who imports whom; what follows from other arrows is left out, so that it can be read."""
    direct = {
        (one, two) for one in ROOMS for two in set(imports(one)) if two in ROOMS and one != two
    }
    return {
        (one, two)
        for one, two in direct
        if not any(_leads(direct, mid, two) for start, mid in direct if start == one and mid != two)
    }


def _leads(direct: set[tuple[str, str]], start: str, end: str) -> bool:
    seen, left = set(), [start]
    while left:
        here = left.pop()
        if here == end:
            return True
        seen.add(here)
        left += [two for one, two in direct if one == here and two not in seen]
    return False


def dot() -> str:
    """The picture as DOT."""
    lines = ["digraph rooms {", '  bgcolor="white"; rankdir=TB; nodesep=0.3; ranksep=0.35;']
    lines.append('  node [shape=box, style="rounded,filled", fillcolor="#f3f4f6", color="#9ca3af",')
    lines.append('    fontname="Helvetica", fontsize=12]; edge [color="#6b7280", arrowsize=0.7];')
    for name, words in ROOMS.items():
        shade = ', fillcolor="#dbeafe"' if name in ("states", "execution") else ""
        lines.append(f'  {name} [label="{name}\\n{words}"{shade}];')
    lines += [f"  {one} -> {two};" for one, two in sorted(arrows())]
    return "\n".join([*lines, "}"])


def picture() -> bytes:
    """The picture as SVG."""
    return svg(dot()).encode()
