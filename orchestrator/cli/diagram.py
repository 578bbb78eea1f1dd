"""``orchestrator diagram``: the machine, and what calls, configs and versions make of it."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.text import Text

from orchestrator.cli.endings import DONE, UsageError, told
from orchestrator.cli.machines import Asked, Subject, shown, subject
from orchestrator.cli.screen import Screen
from orchestrator.lab.diagrams import diagram as drawing
from orchestrator.lab.diagrams import facts, xstate
from orchestrator.lab.diagrams.diagram import Drawing
from orchestrator.lab.diagrams.one_state import UnknownState, one_state

Format = Literal["table", "mermaid", "dot", "svg", "png", "json", "xstate"]

_MANY = Parameter(consume_multiple=True, negative="", show_default=False)
_PICTURES = ("svg", "png")
_SUFFIXES = {
    ".svg": "svg",
    ".png": "png",
    ".mmd": "mermaid",
    ".md": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".json": "json",
}


def diagram(  # noqa: PLR0913 - each is an option of the command
    *,
    format: Annotated[Format | None, Parameter(name=["--format", "-f"])] = None,  # noqa: A002
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    call: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    id: str | None = None,  # noqa: A002
    heat: Annotated[tuple[str, ...], _MANY] = (),
    compare: Path | None = None,
    table: Path | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    picture: drawing.View = drawing.View.MACHINE,
    state: str | None = None,
) -> int:
    """Draw the state machine: alone, under a config, as calls took it, or as it was changed.

    The drawing is made from the table that runs. On a terminal it is a table of 80 columns;
    SVG and PNG need --output, or stdout led to a file.

    Parameters
    ----------
    format
        What to write. Default: what the name of --output says; without one a table on a
        terminal, else mermaid.
    config
        Draw under this config: what bounds each row, and rows that no call can take dimmed.
    route
        The route of the config that is found, or of --config. Default: "default".
    call
        A ledger (JSON lines; - is standard input) whose last call's path is highlighted.
    id
        Another call of that ledger.
    heat
        Ledgers (--heat=- is standard input): how often their calls took each row, and which
        rows none of them took.
    compare
        What changed since: an older config (FILE.toml) against --config or the one that is
        found, or an older table (FILE.json, of --format json or xstate) against this one.
    table
        A saved table to draw in place of the one that runs.
    output
        The file to write.
    picture
        The whole machine, the rows out of classify, or the rows of the arrivals.
    state
        Draw this state alone: what leads to it, what it asks for, and its rows.
    """
    screen = Screen()
    with told(screen):
        wanted = format or _by_name(output)
        asked = Asked(call, id, heat, compare, config, route, table)
        found = subject(screen, asked)
        if state is not None:
            _known(found, state, picture)
        drawn = Drawing(found.table, found.overlay, picture, state)
        _deliver(screen, found, drawn, wanted, output)
    return DONE


def _by_name(output: Path | None) -> str:
    if output is None:
        return "table" if sys.stdout.isatty() else "mermaid"
    suffix = output.suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    near = difflib.get_close_matches(suffix, _SUFFIXES, n=1)
    nearest = f"; the nearest is {near[0]}" if near else ""
    what = f"{suffix} is" if suffix else "a name without a suffix says"
    raise UsageError(
        f"--output {output}: {what} no format of a diagram{nearest}; allowed: "
        f"{', '.join(_SUFFIXES)}, or any name with --format (table, mermaid, dot, svg, png, json, "
        "xstate)"
    )


def _known(found: Subject, state: str, picture: drawing.View) -> None:
    if picture is not drawing.View.MACHINE:
        raise UsageError("--state and --picture are given; allowed: one of them")
    try:
        one_state(found.table, state)
    except UnknownState as error:
        raise UsageError(f"--state: {error}") from None


def _deliver(
    screen: Screen, found: Subject, drawn: Drawing, wanted: str, output: Path | None
) -> None:
    if wanted == "table" and output is None:
        screen.result(_listed(found, drawn))
        _tell(screen, found)
        return
    content = _content(found, drawn, wanted)
    if output is not None:
        output.write_bytes(content)
        screen.say(f"wrote {output}")
        _tell(screen, found, first=True)
        return
    if wanted in _PICTURES and sys.stdout.isatty():
        raise UsageError(
            f"{wanted} is not for a terminal; give --output FILE, or lead stdout to a file"
        )
    ends = content.endswith(b"\n") or wanted == "png"
    sys.stdout.buffer.write(content if ends else content + b"\n")
    sys.stdout.buffer.flush()


def _content(found: Subject, drawn: Drawing, wanted: str) -> bytes:
    draw: dict[str, Callable[[], str | bytes]] = {
        "table": lambda: _listed(found, drawn).plain + "\n",
        "mermaid": drawn.mermaid,
        "dot": drawn.dot,
        "svg": drawn.svg,
        "png": drawn.png,
        "json": lambda: json.dumps(facts.as_mapping(found.present, found.overlay), indent=2) + "\n",
        "xstate": lambda: xstate.write(found.present),
    }
    try:
        content = draw[wanted]()
    except (drawing.MissingExtra, drawing.RenderFailed) as error:
        raise UsageError(str(error)) from None
    return content.encode() if isinstance(content, str) else content


def _listed(found: Subject, drawn: Drawing) -> Text:
    """The path where a call is drawn, since that is an order in time; else the machine."""
    if found.path and drawn.state is None:
        path = drawing.terminal(found.path, table=found.table)
        return Text.assemble((f"{found.which}\n\n", "bold"), path)
    return drawn.listing()


def _tell(screen: Screen, found: Subject, *, first: bool = False) -> None:
    """The lists beside a drawing."""
    if found.lists and not first:
        screen.result("")
    for margin, line in shown(found.lists):
        screen.result(line, margin=margin)
