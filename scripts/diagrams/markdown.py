"""The few pieces of Markdown that the pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def link(text: str, to: str) -> str:
    """A link."""
    return f"[{text}]({to})"


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, line by line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def fence(mermaid: str) -> Iterator[str]:
    """A picture as text, folded away under the picture itself."""
    yield from ("<details><summary>The same as Mermaid</summary>", "", "```mermaid")
    yield mermaid.rstrip("\n")
    yield from ("```", "", "</details>")
