"""What the providers are to answer and what they received; safe from threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from orchestrator.sim.received import Received
from orchestrator.sim.reply import Reply
from orchestrator.sim.script import AnyScript, RunningScript, ScriptError, as_script, nearest
from orchestrator.sim.wire import WireRequest


class Book:
    """The scripts by provider, and every request by provider."""

    def __init__(self, scripts: Mapping[str, AnyScript]) -> None:
        for name in scripts:
            if not name or "/" in name or name.startswith("_"):
                raise ScriptError(
                    f"{name!r} cannot name a provider: it is a part of the URL; allowed: "
                    "any text without a slash that does not begin with an underscore"
                )
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._playing = {name: RunningScript(as_script(script)) for name, script in scripts.items()}
        self._received: dict[str, list[Received]] = {name: [] for name in scripts}

    def check(self, name: str) -> None:
        """Raise ScriptError where no provider has this name."""
        if name not in self._playing:
            raise ScriptError(f"no provider is named {name!r}; {nearest(name, self._playing)}")

    def set(self, name: str, script: AnyScript) -> None:
        """Answer by ``script`` from now on, from its beginning."""
        self.check(name)
        with self._lock:
            self._playing[name] = RunningScript(as_script(script))

    def received(self, name: str) -> tuple[Received, ...]:
        """What this provider received so far, in order."""
        self.check(name)
        with self._lock:
            return tuple(self._received[name])

    def answer(self, name: str, path: str, request: WireRequest) -> tuple[Received, Reply]:
        """Note a request, and say what it is answered with."""
        self.check(name)
        with self._lock:
            noted = self._received[name]
            received = Received(
                number=len(noted) + 1,
                at=time.monotonic() - self._began,
                method=request.method,
                path=path,
                headers=request.headers,
                body=request.body,
                credential=request.credential,
            )
            noted.append(received)
            return received, self._playing[name].next(received)
