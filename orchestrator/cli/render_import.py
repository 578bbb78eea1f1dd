"""What an import has to say of the settings of a file, a line each, the like in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.text import Text

from orchestrator.cli.format import count
from orchestrator.importing.carrying import ImportFinding, ImportLevel
from orchestrator.importing.result import Imported

_ORDER = (ImportLevel.LEFT, ImportLevel.CHANGED, ImportLevel.APART)
_WORDS = {
    ImportLevel.LEFT: ("not carried", "yellow"),
    ImportLevel.CHANGED: ("changed", "cyan"),
    ImportLevel.APART: ("not needed", "dim"),
}
_SHOWN = 3
"""Places that a line names; of more it says how many there are."""


def finding_lines(findings: Sequence[ImportFinding]) -> Iterator[Text]:
    """Those that are missed first; what is said of several places is said once."""
    alike = sorted(findings, key=_kind)
    groups = [list(group) for _, group in groupby(alike, key=_kind)]
    for group in sorted(groups, key=lambda one: (_ORDER.index(one[0].level), one[0].line)):
        yield _line(group)


def _kind(finding: ImportFinding) -> tuple[str, str, str]:
    return finding.level, finding.what, finding.fix


def _line(group: Sequence[ImportFinding]) -> Text:
    first = group[0]
    words, style = _WORDS[first.level]
    fix = f"; {first.fix}" if first.fix else ""
    places = f"{_places(group)}: "
    lines = _lines(one.line for one in group)
    return Text.assemble((f"{lines}  ", "dim"), places, (words, style), f": {first.what}{fix}")


def _lines(numbers: Iterable[int]) -> str:
    listed = sorted(set(numbers))
    if len(listed) == 1:
        return f"line {listed[0]}"
    if len(listed) <= _SHOWN:
        return f"lines {', '.join(map(str, listed))}"
    return f"lines {listed[0]} to {listed[-1]}"


def _places(group: Sequence[ImportFinding]) -> str:
    names = list(dict.fromkeys(one.name or one.where for one in group))
    more = len(names) - _SHOWN
    if more <= 1:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {more} more"


def summary(imported: Imported) -> str:
    """How much of a file is carried over."""
    parts = [f"carried {imported.carried:,} of {count(imported.settings, 'setting')}"]
    if imported.left:
        parts.append(f"{imported.left:,} not")
    if imported.apart:
        parts.append(f"{imported.apart:,} not needed")
    return "; ".join(parts)
