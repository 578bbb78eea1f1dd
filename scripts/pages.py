"""Pages that a script writes: written, or with ``--check`` held against what is there."""

from __future__ import annotations

import sys
from pathlib import Path


def write_or_check(page: Path, text: str, source: str) -> int:
    """The exit status: 1 where ``--check`` is among the arguments and the page is not ``text``.

    Args:
        page: The file.
        text: What it is to hold.
        source: Whose words it holds, for who has to write it again.
    """
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return 0
    print(f"{page.name} is not what {source} say: python -m scripts.{Path(sys.argv[0]).stem}")
    return 1
