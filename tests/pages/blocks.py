"""The blocks of a page that a reader runs, and what is said of them in comments beside.

A block of ``python``, ``console`` or ``toml`` is run as it stands; one of ``yaml`` whose first line
names a file, as a comment, is that file for the blocks below it. Above a block may stand, as a
comment that the reader of the rendered page does not see:

``not run: REASON``
    it is left out, and the reason is shown with the tests that were;
``ends with status N``
    its last command, or the program, fails as the page tells;
``printed by the block above``
    of a ``text`` block: what the ``python`` block before it prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

RUN = ("python", "console", "toml")
CONFIG = "# orchestrator.toml\n"
"""The first line of a block that is a whole config; what follows on its page uses it."""

_FILE = re.compile(r"# (\S+\.yaml)\n")

_BLOCK = re.compile(
    r"^(?:<!--[ ](?P<comment>[^>]*?)[ ]-->\n\n?)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
_CHANGING = (
    (re.compile(r"\b\d+(\.\d+)? (s|ms|min)\b"), "N s"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?Z?"), "DATE"),
    (re.compile(r"\bjust now|\bin a moment"), "N s"),
    (re.compile(r"[ \t]+"), " "),
)
"""What differs from one run to the next, and what stands for it."""


@attrs.frozen
class Command:
    """A line that is typed, and what the page shows below it.

    Attributes:
        line: What stands after the prompt.
        shown: The lines below it, none where the page does not show what it prints.
    """

    line: str
    shown: tuple[str, ...]


@attrs.frozen
class Block:
    """One block of a page.

    Attributes:
        page: The path of the page.
        line: Where it begins, from 1.
        kind: The word after the fence.
        text: What is in it.
        config: The config that the page gave before it, ``None`` where there was none.
        comment: What is said of it.
        prints: What the page says that it prints; ``None`` where it says nothing.
        files: Other tools' files that the page gave before it, by name.
    """

    page: Path
    line: int
    kind: str
    text: str
    config: str | None = None
    comment: str = ""
    prints: str | None = None
    files: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def left_out(self) -> str | None:
        """Why it is not run, where it is not."""
        said, _, reason = self.comment.partition(": ")
        return reason if said == "not run" else None

    @property
    def status(self) -> int:
        """How it ends."""
        found = re.fullmatch(r"ends with status (\d+)", self.comment)
        return int(found[1]) if found else 0

    @property
    def commands(self) -> Iterator[Command]:
        """What is typed, in order."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            line, *shown = part.rstrip("\n").split("\n")
            yield Command(line, tuple(shown))


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page that are to be run, in order."""
    text, config, last = page.read_text(encoding="utf-8"), None, None
    files: dict[str, str] = {}
    for found in _BLOCK.finditer(text):
        kind, body, comment = found["kind"], found["text"], found["comment"] or ""
        if kind == "text" and comment == "printed by the block above" and last is not None:
            last = attrs.evolve(last, prints=body)
        if last is not None:
            yield last
        line = text.count("\n", 0, found.start("kind")) + 1
        last = None
        if kind in RUN:
            last = Block(page, line, kind, body, config, comment, files=dict(files))
        if kind == "yaml" and (named := _FILE.match(body)):
            files[named[1]] = body
        if kind == "toml" and body.startswith(CONFIG):
            config = body
    if last is not None:
        yield last


def steady(text: str) -> list[str]:
    """The lines of an output, without what differs from run to run."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return [line.strip() for line in text.strip().splitlines()]


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether a page shows what was printed; a line of ``…`` stands for any lines."""
    pattern = "\n".join(
        r"[\s\S]*?" if line in ("…", "...") else re.escape(line) for line in steady(shown)
    )
    return re.fullmatch(pattern, "\n".join(steady(printed))) is not None
