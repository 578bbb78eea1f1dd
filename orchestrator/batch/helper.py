"""A helper: works on batches of a shared database until none of them is open."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.batch.database import BatchDatabase, DatabaseError
from orchestrator.batch.engine import Engine
from orchestrator.batch.terms import options_of
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
    """Run lines until none of the engine's batches is open, or the user wants it to stop.

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
            known = {one.name: one for one in database.open_batches()}
            if not known.keys() & engine.batches.keys():
                return
            for name in known.keys() & engine.batches.keys():
                engine.batches[name] = options_of(known[name])  # it may have been begun anew
            looked = _CLOCK.monotonic()
        _CLOCK.sleep(TICK)
