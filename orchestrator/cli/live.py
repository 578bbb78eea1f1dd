"""What moves on a terminal while something lasts: one line, or a bar with the time that is left.

It is shown on stderr, only to a person, and is gone when the next line is said or the work ends:
what stays on the screen is what a pipe gets.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from rich.table import Column
from rich.text import Text

from orchestrator.cli.screen import Screen

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_AT_ONCE = 0.3
"""Seconds within which nothing need be shown: a line that only flickers tells nobody anything."""

_PACE = 0.1
"""Seconds from one look of the line to the next."""

_SELDOM = 5.0
"""Seconds from one line of progress to the next where no person watches."""

_BAR = 16
"""Columns of a bar; with its words, its count and its time it fits into 80."""

_ONE_LINE = Column(no_wrap=True, overflow="ellipsis")


class LiveLine:
    """One line about what is going on, which changes while it lasts. A context manager.

    Its words are made in a thread of its own; :meth:`stop` comes back when the line is gone,
    so that what is written next has the terminal for itself.

    Args:
        screen: Where it is shown; nowhere, where stderr is not a terminal.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_shown(self) -> bool:
        """Whether there is a person to show it to."""
        return self._screen.err.is_interactive

    def start(self, words: Callable[[], str]) -> None:
        """Show what ``words`` says, until something else is shown or it is stopped."""
        self.stop()
        if not self.is_shown:
            return
        # Each line has an event of its own: an interrupt may come before the old one has seen its.
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._show, args=(words, self._ended), name="live line", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take the line away."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _show(self, words: Callable[[], str], ended: threading.Event) -> None:
        if ended.wait(_AT_ONCE):
            return
        from rich.live import Live  # most calls are answered by now

        with Live(
            console=self._screen.err,
            get_renderable=lambda: Text(words(), style="dim", no_wrap=True, overflow="ellipsis"),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # the answer is nobody's to colour
            redirect_stderr=False,
        ) as live:
            live.refresh()
            while not ended.wait(_PACE):
                live.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exit_: object) -> None:
        self.stop()


class Work:
    """What is done of a piece of work.

    Args:
        bar: The bar, and its task; ``None`` where no person watches.
        say: Says a line where there is no bar; none, unless it is given.
    """

    def __init__(
        self, bar: tuple[Progress, TaskID] | None, say: Callable[[str], None] | None = None
    ) -> None:
        self._bar, self._say = bar, say
        self._said = time.monotonic()

    def step(self, steps: int = 1) -> None:
        """So much more is done."""
        if self._bar is not None:
            progress, task = self._bar
            progress.advance(task, steps)

    def tell(self, words: str) -> None:
        """Say what is being done now: beside the bar, else now and then in a line."""
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, words=words)
        elif self._say is not None and time.monotonic() - self._said >= _SELDOM:
            self._said = time.monotonic()
            self._say(words)


@contextmanager
def working(
    screen: Screen, what: str, total: int, *, talks: bool = False, done: int = 0
) -> Iterator[Work]:
    """Show how far a piece of work is, while it lasts.

    Args:
        screen: Where it is shown.
        what: The work in a word or two.
        total: How many steps it has.
        talks: Whether what it tells is worth a line, now and then, where no person watches.
        done: How many of them were done before.
    """
    if not screen.err.is_interactive:
        yield Work(None, screen.say if talks else None)
        return
    # It takes as long to load as all of the library, and a pipe has no use for it.
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(_BAR),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}", style="dim", table_column=_ONE_LINE),
        console=screen.err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        yield Work((progress, progress.add_task(what, total=total, completed=done, words="")))
