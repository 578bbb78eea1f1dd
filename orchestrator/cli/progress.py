"""How far a search is, told while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from orchestrator.cli.screen import Screen


def progress(screen: Screen, route: str) -> Callable[[str], None]:
    """Tells on stderr how far the search of a route is, about once a second."""
    last = time.monotonic()

    def tell(words: str) -> None:
        nonlocal last
        if time.monotonic() - last >= 1.0:
            last = time.monotonic()
            screen.say(f"route {route}: {words}")

    return tell
