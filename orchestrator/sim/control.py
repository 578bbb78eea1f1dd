"""The control channel of a process: what was received, and a change of script.

``GET /_sim/received/NAME``, ``GET /_sim/connections``, ``POST /_sim/script/NAME``.
An error is a 400 with ``{"error": {"message": …}}``.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.sim.book import Book
from orchestrator.sim.codec import dump, load_script
from orchestrator.sim.script import ScriptError
from orchestrator.sim.server import CONTROL_PATH
from orchestrator.sim.wire import WireRequest


class Channel:
    """Answers the requests that its parent sends."""

    def __init__(self, book: Book, connections: Callable[[], int]) -> None:
        self._book = book
        self._connections = connections

    def __call__(self, request: WireRequest) -> tuple[int, object]:
        """The status and the JSON that answer ``request``."""
        verb, _, name = request.path.removeprefix(CONTROL_PATH).partition("/")
        try:
            return 200, self._answer(request, verb, name)
        except ScriptError as error:
            return 400, {"error": {"message": str(error)}}

    def _answer(self, request: WireRequest, verb: str, name: str) -> object:
        match request.method, verb:
            case "GET", "received":
                return [dump(received) for received in self._book.received(name)]
            case "GET", "connections":
                # The one that asks is not counted.
                return self._connections() - 1
            case "POST", "script":
                self._book.set(name, load_script(request.body, name))
                return None
            case _:
                raise ScriptError(f"{request.method} {request.path} is not known here")
