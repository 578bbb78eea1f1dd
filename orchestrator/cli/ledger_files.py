"""Ledger files of a command: those that are named, or the config's own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from orchestrator.cli.exit_codes import UsageError
from orchestrator.cli.inputs import read_duration
from orchestrator.cli.live import working
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.ledger import OLD, BrokenLedger
from orchestrator.ledger.figures import Statistics
from orchestrator.ledger.statistics import Price, statistics

DAY = 86_400.0

_DAYS = re.compile(r"(\d{1,5})\s*d", re.ASCII)

_LARGE = 200 * 2**20
"""Bytes from which on a person would wonder: a second's work."""


def configured_files(config: Config) -> tuple[Path, ...]:
    """The config's ledger and the one that was rotated away, the older first, where they are there.

    Raises:
        UsageError: The config keeps none.
    """
    if config.ledger is None:
        raise UsageError(
            f'{config.path} keeps no ledger; write ledger = "calls.jsonl" at its top, or name a '
            "file of JSON lines"
        )
    # Where the ledger is a link, the older one lies beside what it leads to.
    older = Path(f"{os.path.realpath(config.ledger)}{OLD}")
    both = (older, config.ledger)
    return tuple(path for path in both if path.is_file())


def read_since(value: str | None, now: float) -> float | None:
    """The instant (epoch) that ``7d``, ``24h`` or ``2026-11-01`` means; ``None`` for nothing.

    Raises:
        UsageError: It means none.
    """
    if value is None:
        return None
    if days := _DAYS.fullmatch(value.strip()):
        return now - int(days[1]) * DAY
    # Of a day that no clock of this system knows, such as one of the year 1, it is an overflow.
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromisoformat(value.strip()).astimezone().timestamp()
    try:
        return now - (read_duration(value, "--since") or 0.0)
    except UsageError:
        raise UsageError(
            f"--since: found {value!r}; allowed: 7d, 24h, 90m, or a day such as 2026-11-01"
        ) from None


def summed(
    screen: Screen,
    files: Sequence[Path],
    *,
    since: float | None = None,
    price: Price | None = None,
) -> Statistics:
    """What the files hold of the time since an instant (epoch); a large one shows its progress.

    Raises:
        UsageError: A line is not a ledger's.
        OSError: A file cannot be read.
    """
    # A second's work shows nothing; nor does one that reads the end of a file alone.
    size = sum(path.stat().st_size for path in files)
    if size < _LARGE or since is not None:
        return _statistics(files, since, price, None)
    with working(screen, "reading MiB", size >> 20) as work:
        return _statistics(files, since, price, lambda read: work.step(read >> 20))


def _statistics(
    files: Sequence[Path],
    since: float | None,
    price: Price | None,
    progress: Callable[[int], None] | None,
) -> Statistics:
    try:
        return statistics(files, since=since, price=price, progress=progress)
    except BrokenLedger as error:
        raise UsageError(str(error)) from None
