"""Event loop of a thread, on which nothing may wait."""

from __future__ import annotations

import sys


def is_loop() -> bool:
    """Whether this thread runs an event loop."""
    asyncio = sys.modules.get("asyncio")  # where nobody has imported it, nobody runs one
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001 - exported
