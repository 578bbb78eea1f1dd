"""Standard streams of a gateway, which outlives the terminal and the pipes that it was started on.

A closed terminal answers a write with ``EIO``, and a pipe whose reader has left with ``EPIPE``.
That ends a command, as it should; a gateway goes on, and so does the one that it starts in its
place, which has the same streams.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys


def is_unread(descriptor: int) -> bool:
    """Whether what is written there fails, since nobody can read it any more."""
    if not hasattr(select, "poll"):  # Windows
        return False
    poll = select.poll()
    poll.register(descriptor, 0)  # these are told whether they are asked for or not
    gone = select.POLLERR | select.POLLHUP | select.POLLNVAL
    return any(events & gone for _, events in poll.poll(0))


def leads_nowhere(descriptor: int) -> bool:
    """Whether what is written there is lost: nobody can read it, or it is ``/dev/null``."""
    try:
        found, null = os.fstat(descriptor), os.stat(os.devnull)  # noqa: PTH116 - no path of ours
    except OSError:
        return True
    is_null = stat.S_ISCHR(found.st_mode) and found.st_rdev == null.st_rdev
    return is_null or is_unread(descriptor)


def lead_unread_nowhere() -> None:
    """Lead stdout and stderr to ``/dev/null`` where a write to them would fail."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it is no file, or closed
            descriptor = stream.fileno()
            if is_unread(descriptor):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, descriptor)
                os.close(null)
