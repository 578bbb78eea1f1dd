"""Stores held still while the process forks.

A lock that another thread holds at the instant of a fork stays locked in the child for
ever, and SQLite's file locks do not survive one. So every store is asked to stop before
a fork and to go on after it, in the parent and in the child.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """What can hold still for a fork."""

    def before_fork(self) -> None:
        """Stop, and hold nothing that a child must not have."""

    def after_fork(self) -> None:
        """Go on."""


_everyone: weakref.WeakSet[Forkable] = weakref.WeakSet()
_stopped: list[list[Forkable]] = []


def watch(one: Forkable) -> None:
    """From now on hold ``one`` still at every fork, as long as it lives."""
    # Weakly held: a store that nobody uses any more must not live on for the sake of forks.
    _everyone.add(one)


def _before() -> None:
    # In one order for all threads, so that two forks at once cannot wait for each other.
    stopped = sorted(_everyone, key=id)
    for one in stopped:
        one.before_fork()
    _stopped.append(stopped)


def _after() -> None:
    for one in _stopped.pop():
        one.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
