"""Write ``docs/diagrams`` and the inspector's diagram, or check them for drift: a program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orchestrator.lab.diagrams.plain_table import UnknownRow
from orchestrator.lab.diagrams.render import MissingDiagramExtra, RenderFailed
from orchestrator.ledger import BrokenLedger
from scripts.diagrams import index_page, inspector_machine
from scripts.diagrams.inspector_machine import NoWay

OUT = Path("docs/diagrams")

ON_PAGE = Path("orchestrator/gateway/inspector/machine.svg")
"""The diagram that the inspector's page shows, which is written where ``docs/diagrams`` is."""


def main(
    arguments: Sequence[str] | None = None,
    *,
    draw: Callable[[], Mapping[str, bytes]] = index_page.files,
) -> int:
    """Write or check the diagrams.

    Args:
        arguments: What stands after the program's name; the process's own by default.
        draw: Makes the files.

    Returns:
        0 where all is as it should be; 1 where a file differs; 2 where the diagrams cannot be
        drawn, read or written.
    """
    options = _parser().parse_args(arguments)
    try:
        made = draw()
        on_page = {ON_PAGE: inspector_machine.picture()} if options.out == OUT else {}
        run = _check if options.check else _write
        return run(options.out, made, on_page)
    except (MissingDiagramExtra, RenderFailed, UnknownRow, NoWay, BrokenLedger, OSError) as error:
        return _complain(str(error), 2)


def differing(out: Path, made: Mapping[str, bytes]) -> list[str]:
    """What is not as it should be in ``out``, one line a file, sorted by name.

    A file whose ending the diagrams use but which none of them is counts too.
    """
    endings = {Path(name).suffix for name in made}
    found = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.suffix in endings}
    wrong = dict.fromkeys(made.keys() - found, "missing")
    wrong |= dict.fromkeys(found - made.keys(), "not one of the diagrams, delete it")
    for name in made.keys() & found:
        if (out / name).read_bytes() != made[name]:
            wrong[name] = "differs from the table"
    return [f"{out / name}: {why}" for name, why in sorted(wrong.items())]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.diagrams", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder (%(default)s)")
    return parser


def _check(out: Path, made: Mapping[str, bytes], on_page: Mapping[Path, bytes]) -> int:
    wrong = differing(out, made)
    for path, content in on_page.items():
        if not path.exists() or path.read_bytes() != content:
            wrong.append(f"{path}: differs from the table")
    if not wrong:
        return 0
    command = "python -m scripts.diagrams"
    mend = command if out == OUT else f"{command} --out {out}"
    return _complain("\n".join([*wrong, f"mend it with: {mend}"]), 1)


def _write(out: Path, made: Mapping[str, bytes], on_page: Mapping[Path, bytes]) -> int:
    for path, content in on_page.items():
        path.write_bytes(content)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    return 0


def _complain(text: str, status: int) -> int:
    sys.stderr.write(f"{text}\n")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
