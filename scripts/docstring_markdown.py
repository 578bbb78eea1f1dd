"""From docstrings to Markdown: examples, roles, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_EXAMPLE = re.compile(r"^(?P<head>.*?)::\n\n(?P<code>(?:[ ]{4}.*\n?|\n)+)", flags=re.MULTILINE)
_ROLE = re.compile(r":(?:class|meth|func|attr|mod|data|exc):`(?P<path>[^`]+)`")


def prose(text: str) -> str:
    """A docstring's text: examples in fences, and one backtick where there are two."""

    def fence(found: re.Match[str]) -> str:
        code = "\n".join(line[4:] for line in found["code"].rstrip().split("\n"))
        head = f"{found['head']}:\n\n" if found["head"] else ""
        return f"{head}```py\n{code}\n```\n\n"

    return _EXAMPLE.sub(fence, f"{text}\n".replace("``", "`")).strip()


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; a cell is one line."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = (" ".join(cell.replace("|", "\\|").split()) for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def anchor(heading: str) -> str:
    """Where a heading is found on its page, as GitHub names it."""
    return re.sub(r"[^a-z0-9_-]", "", heading.lower().replace(" ", "-"))


def linked(text: str, anchors: Mapping[str, str], owner: str = "") -> str:
    """Roles of docstrings as links, where the page explains what they name."""

    def link(found: re.Match[str]) -> str:
        path = found["path"].lstrip(".~").removeprefix("orchestrator.")
        name = path.rpartition(".")[2]
        found_at = anchors.get(f"{owner}.{name}") or anchors.get(path) or anchors.get(name)
        return f"[`{path}`](#{found_at})" if found_at else f"`{path}`"

    return _ROLE.sub(link, text)
