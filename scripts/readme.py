"""Put what ``make demo`` prints into the README: ``python -m scripts.readme``.

A test holds what stands there against what the demo prints.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"

LINES = 24
"""Lines of the demo that the README has room for; the rest is left to whoever runs it."""

_TRANSCRIPT = re.compile(r"(?<=^```console\n\$ make demo\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_PROGRAM = re.compile(r"(?<=^next: ).*?(?= +init\b)", re.MULTILINE)
"""How the demo was started here; in a fresh clone it is another."""


def transcript(printed: str) -> str:
    """The first whole paragraphs of what the demo prints, and a sign that there is more."""
    printed = _PROGRAM.sub(".venv/bin/orchestrator", printed.strip())
    shown: list[str] = []
    for paragraph in printed.split("\n\n"):
        if sum(map(_lines, shown)) + _lines(paragraph) > LINES:
            return "\n\n".join(shown) + "\n…\n"
        shown.append(paragraph)
    return "\n\n".join(shown) + "\n"


def _lines(paragraph: str) -> int:
    return paragraph.count("\n") + 2  # with the empty line that follows


def main() -> None:
    """Write it anew."""
    command = [sys.executable, "-m", "orchestrator", "demo"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = README.read_text(encoding="utf-8")
    README.write_text(_TRANSCRIPT.sub(lambda _: transcript(printed), text, 1), encoding="utf-8")


if __name__ == "__main__":
    main()
