"""``orchestrator diagram``: the machine, or the path that a recorded call took."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator.cli.endings import DONE, UsageError, told
from orchestrator.cli.reading import file_text
from orchestrator.cli.screen import Screen
from orchestrator.tools import diagram as drawing

Format = Literal["mermaid", "dot", "svg", "png"]

_PICTURES = ("svg", "png")
_SUFFIXES = {".mmd": "mermaid", ".md": "mermaid", ".dot": "dot", ".gv": "dot"}


def diagram(
    *,
    format: Annotated[Format | None, Parameter(name=["--format", "-f"])] = None,  # noqa: A002
    call: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    id: str | None = None,  # noqa: A002
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    picture: drawing.View = drawing.View.MACHINE,
) -> int:
    """Draw the state machine, or the path that a recorded call took.

    The drawing is made from the table that runs. Mermaid and DOT are text; SVG and PNG
    need --output, or stdout led to a file.

    Parameters
    ----------
    format
        What to write. Default: what the name of --output says, else mermaid.
    call
        A ledger (JSON lines; - is standard input) whose last call's path is highlighted.
    id
        Another call of that ledger.
    output
        The file to write.
    picture
        The whole machine, the rows out of classify, or the rows of the arrivals.
    """
    screen = Screen()
    with told(screen):
        if id is not None and call is None:
            raise UsageError("--id names a call of a ledger; give the ledger with --call")
        wanted = format or _by_name(output)
        path = _path(call, id) if call is not None else ()
        drawn = _drawn(wanted, path, picture)
        _deliver(screen, drawn, wanted, output)
    return DONE


def _by_name(output: Path | None) -> str:
    suffix = output.suffix.lower() if output is not None else ""
    known = suffix.removeprefix(".")
    return known if known in _PICTURES else _SUFFIXES.get(suffix, "mermaid")


def _path(ledger: str, call: str | None) -> Sequence[str]:
    try:
        return drawing.path_of(file_text(ledger).splitlines(), call)
    except (drawing.BrokenLedger, drawing.UnknownRow) as error:
        raise UsageError(f"{ledger}: {error}") from None


def _drawn(wanted: str, path: Sequence[str], view: drawing.View) -> bytes:
    draw: dict[str, Callable[[], str | bytes]] = {
        "mermaid": lambda: drawing.mermaid(path, view=view),
        "dot": lambda: drawing.dot(path, view=view),
        "svg": lambda: drawing.svg(path, view=view),
        "png": lambda: drawing.png(path, view=view),
    }
    try:
        drawn = draw[wanted]()
    except (drawing.MissingExtra, drawing.RenderFailed) as error:
        raise UsageError(str(error)) from None
    return drawn.encode() if isinstance(drawn, str) else drawn


def _deliver(screen: Screen, drawn: bytes, wanted: str, output: Path | None) -> None:
    if output is not None:
        output.write_bytes(drawn)
        screen.say(f"wrote {output}")
        return
    if wanted in _PICTURES and sys.stdout.isatty():
        raise UsageError(
            f"{wanted} is not for a terminal; give --output FILE, or lead stdout to a file"
        )
    sys.stdout.buffer.write(drawn if drawn.endswith(b"\n") or wanted == "png" else drawn + b"\n")
    sys.stdout.buffer.flush()
