"""A helper: works on the batches of a shared database until none is open."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.batch.database import BatchDatabase, DatabaseError
from orchestrator.batch.engine import Engine
from orchestrator.clock import SystemClock

LOOK_AROUND = 3.0
"""Seconds between two looks at which batches are open, and who has died."""

TICK = 0.2

_CLOCK = SystemClock()


def help_out(
    database: BatchDatabase,
    engine: Engine,
    stops: Callable[[], bool],
    tell: Callable[[int], None],
) -> None:
    """Run lines until no batch of the database is open, or the user wants it to stop.

    Args:
        database: The database.
        engine: Started; its worker runs the lines.
        stops: True once it is to stop.
        tell: Told how many lines it has done.

    Raises:
        DatabaseError: The database takes nothing any more.
    """
    engine.worker.go()
    looked = float("-inf")
    while not stops():
        tell(engine.worker.done)
        if engine.worker.writer.trouble is not None:
            raise DatabaseError(engine.worker.writer.trouble)
        if _CLOCK.monotonic() - looked > LOOK_AROUND:
            engine.take_over()
            if not database.open_batches():
                return
            looked = _CLOCK.monotonic()
        _CLOCK.sleep(TICK)
