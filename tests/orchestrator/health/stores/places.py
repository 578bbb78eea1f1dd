"""Where marks are kept, for tests that hold of every store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs

from orchestrator.health import MemoryStore, Pool, Store
from tests.orchestrator.health.processes import store_at
from tests.orchestrator.health.stores.servers import running_server
from tests.orchestrator.health.world import World

ROOT = Path(__file__).parents[4]
SHARED = ("file", "server")
KINDS = ("memory", *SHARED)


@attrs.define
class Place:
    """One place of marks, that any number of stores of this process and others may open.

    Attributes:
        where: A path or a URL; empty for the memory.
    """

    where: str
    _memory: MemoryStore = attrs.field(factory=MemoryStore)
    _opened: list[Store] = attrs.field(factory=list)

    def open(self) -> Store:
        """A store there, as another process would open it; of the memory the one there is."""
        store: Store = store_at(self.where) if self.where else self._memory
        self._opened.append(store)
        return store

    def world(self, *pools: Pool) -> World:
        """A board over a store there."""
        return World(*pools, store=self.open())

    def close(self) -> None:
        """Close all that was opened."""
        for store in self._opened:
            store.close()

    def run(self, work: str, *numbers: int) -> subprocess.Popen[str]:
        """A process of `processes.py`."""
        command = [sys.executable, "-m", "tests.orchestrator.health.processes", work, self.where]
        return subprocess.Popen(
            [*command, *map(str, numbers)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def place_of(kind: str, folder: Path) -> Place:
    """An empty place of that kind."""
    if kind == "server":
        server = running_server()
        server.ask("FLUSHALL")
        return Place(server.url)
    return Place(str(folder / "state" / "health.sqlite3") if kind == "file" else "")
