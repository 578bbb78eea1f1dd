"""The engine: DBOS, with each line a workflow. No other file knows it.

Its are the queue, who runs what, what becomes of the lines of the dead, and waits that outlive a
process. What the segments of a line brought is entered by our own :class:`.GroupWriter`: as steps
of the engine each would be a transaction by itself, and a line cost a half more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import dbos
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.batch.database import SCHEMA, BatchDatabase, DatabaseError
from orchestrator.batch.line_call import LineOptions
from orchestrator.batch.lines import BatchLine
from orchestrator.batch.records import line_name
from orchestrator.batch.worker import Worker, interruption
from orchestrator.clock import SystemClock

WORKFLOW = "orchestrator_batch_line"

FORMAT = "1"
"""Of what is recorded of a line. The engine lets a worker take lines of its own format alone, so
that one of another release never replays what it would do in another order."""

POLL = 0.05
"""Seconds between two looks at the queue."""

_WAIT_FOR_LOOP = 30.0

_CLOCK = SystemClock()

_log = logging.getLogger("orchestrator")


class _EngineLog(logging.Handler):
    """Passes what the engine has to say on to our own log, for those who read it.

    Args:
        password: Of the database, which is in none of it.
    """

    def __init__(self, password: str) -> None:
        super().__init__()
        self._password = password

    def emit(self, record: logging.LogRecord) -> None:
        """See :class:`logging.Handler`."""
        said = record.getMessage()
        _log.debug("engine: %s", said.replace(self._password, "***") if self._password else said)


def worker_name() -> str:
    """The name of this process among workers: told in files and the database."""
    return f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"


class Engine:
    """Runs lines; one in a process.

    Args:
        database: Where lines and outcomes are kept.
        name: Of this process among all workers.
        make_worker: Makes what runs the lines, in the engine's event loop.
        at_once: How many lines it takes off the queue, those that wait for their place included.

    Attributes:
        batches: Those whose lines it runs, by name; which they are is said before the start. Each
            has a queue of its own, so that a line goes to nobody who does not know its batch.
    """

    def __init__(
        self,
        database: BatchDatabase,
        name: str,
        make_worker: Callable[[], Worker],
        at_once: int,
    ) -> None:
        self._database, self.name, self._at_once = database, name, at_once
        self.batches: dict[str, LineOptions] = {}
        self._make_worker = make_worker
        self._worker: Worker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: dbos.DBOSClient | None = None

    @property
    def worker(self) -> Worker:
        """What runs the lines."""
        if self._worker is None:
            raise AssertionError("the engine was not started")
        return self._worker

    def start(self) -> None:
        """Begin to take lines off the queue.

        Raises:
            DatabaseError: The database cannot be used.
        """
        try:
            with self._quiet(), self._database.told(), self._database.exclusive():
                self._launch()
        except dbos.error.DBOSException as error:
            raise DatabaseError(self._database.words(error)) from error

    def _launch(self) -> None:
        # Plain JSON: the engine's own default is pickle, which runs what somebody else wrote.
        serializer = dbos.DBOSPortableJSONSerializer()
        # The engine runs coroutines in the loop from which it was launched: one of ours, so that
        # what a worker opens there is closed there.
        self._loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="batch", daemon=True)
        self._thread.start()
        dbos.DBOS(
            config={
                "name": "orchestrator-batch",
                "system_database_url": self._database.url.render_as_string(hide_password=False),
                "system_database_engine": self._database.engine,
                "dbos_system_schema": SCHEMA,
                "application_version": FORMAT,
                "executor_id": self.name,
                "serializer": serializer,
                "enable_otlp": False,
                "use_listen_notify": False,
                "log_level": "INFO" if _log.isEnabledFor(logging.DEBUG) else "ERROR",
            }
        )
        self._register()
        dbos.DBOS.listen_queues(self._queues)

        async def launch() -> None:
            self._worker = self._make_worker()
            self._worker.attach()
            dbos.DBOS.launch()

        self.run(launch())
        for queue in self._queues:
            dbos.DBOS.register_queue(
                queue, worker_concurrency=self._at_once, polling_interval_sec=POLL
            )
        self._client = dbos.DBOSClient(
            system_database_engine=self._database.engine,
            dbos_system_schema=SCHEMA,
            serializer=serializer,
        )

    def run(self, work: Any) -> Any:
        """The result of a coroutine that runs in the engine's loop."""
        assert self._loop is not None  # noqa: S101 - it was started
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def _queues(self) -> list[str]:
        return [_queue(batch) for batch in self.batches]

    def _register(self) -> None:
        @dbos.DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def run_line(number: int, custom_id: str, url: str, body: str, batch: str) -> None:
            line = BatchLine(number, custom_id, url, body)
            # Not as it was when the line was put: a later start may have said otherwise.
            await self.worker.run(line, self.batches[batch], dbos.DBOS.sleep_async)

    # Lines.

    def put(self, lines: Iterable[BatchLine], batch: str) -> None:
        """Put lines on the queue, in one go; one that is there already stays as it is.

        Raises:
            DatabaseError: The database cannot be used.
        """
        assert self._client is not None  # noqa: S101 - it was started
        with self._database.told(), self._database.engine.begin() as connection:
            for line in lines:
                self._client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_name": WORKFLOW,
                        "queue_name": _queue(batch),
                        "workflow_id": line_name(batch, line.number),
                        "app_version": FORMAT,
                    },
                    *(line.number, line.custom_id, line.url, line.body, batch),
                )

    def forget(self, batch: str, numbers: list[int]) -> None:
        """Forget lines that are over, so that they can be put again."""
        names = [line_name(batch, number) for number in numbers]
        with self._database.told():
            dbos.DBOS.delete_workflows(names)

    def take_back(self, batch: str) -> None:
        """Take lines off the queue that nobody has begun."""
        with self._database.told():
            waiting = dbos.DBOS.list_workflows(
                status="ENQUEUED",
                workflow_id_prefix=f"{batch}:",
                load_input=False,
                load_output=False,
            )
            if waiting:
                dbos.DBOS.delete_workflows([one.workflow_id for one in waiting])

    def broken(self, batch: str) -> list[int]:
        """The lines that the engine gave up, whatever for: none of them has an outcome."""
        with self._database.told():
            found = dbos.DBOS.list_workflows(
                status=["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                workflow_id_prefix=f"{batch}:",
                load_input=False,
                load_output=False,
            )
        return [int(one.workflow_id.rpartition(":")[2]) for one in found]

    # Other workers.

    def take_over(self) -> int:
        """Go on with the lines of workers that died; how many of them were in flight.

        Raises:
            DatabaseError: The database cannot be used.
        """
        with self._database.told():
            pending = dbos.DBOS.list_workflows(
                status="PENDING",
                queue_name=self._queues,
                load_input=False,
                load_output=False,
            )
            workers = {one.executor_id for one in pending if one.executor_id != self.name}
            return sum(self._bury(worker) for worker in workers if worker)

    def _bury(self, worker: str) -> int:
        with self._database.burying(worker) as is_dead:
            if not is_dead:
                return 0
            # Looked at again: while it was looked whether it lives, another may have taken over.
            flights = self._database.flights_of(worker)
            self._database.write_group([interruption(*flight, worker) for flight in flights])
            for queue in self._queues:
                self._resume(queue, worker)
        return len(flights)

    def _resume(self, queue: str, worker: str) -> None:
        left = dbos.DBOS.list_workflows(
            status="PENDING",
            executor_id=worker,
            queue_name=queue,
            load_input=False,
            load_output=False,
        )
        if left:
            dbos.DBOS.resume_workflows([one.workflow_id for one in left], queue_name=queue)

    # The end.

    def stop(self, patience: float) -> bool:
        """Begin no other line, and wait for those in flight.

        Args:
            patience: Seconds to wait for them.

        Returns:
            Whether all of them ended.
        """
        self.worker.stop()
        ends = _CLOCK.monotonic() + patience
        while self.worker.in_flight > 0 and _CLOCK.monotonic() < ends:
            if self.worker.writer.trouble is not None:
                return False
            _CLOCK.sleep(0.05)
        return self.worker.in_flight <= 0

    def close(self, last: Any = None) -> None:
        """End the engine; ``last`` is a coroutine that runs in its loop before.

        What is in flight is cut off, and gone on with by the next start.
        """
        if self._loop is None or self._thread is None:  # it was never started
            if last is not None:
                last.close()
            return
        with self._quiet(), contextlib.suppress(SQLAlchemyError, DatabaseError):
            if self._client is not None:
                self._client.destroy()
            if last is not None:
                self.run(last)
            self.run(_cancel_others())
            dbos.DBOS.destroy(destroy_registry=True)
            self.run(_cancel_others())  # what it took off the queue meanwhile
        self._end_loop(self._loop, self._thread)

    def _end_loop(self, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
        with contextlib.suppress(RuntimeError):
            self.run(loop.shutdown_default_executor())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_WAIT_FOR_LOOP)
        if not thread.is_alive():
            loop.close()

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """The engine's words go to our log, not to the terminal, from here to its end."""
        logger = logging.getLogger("dbos")
        if not any(isinstance(handler, _EngineLog) for handler in logger.handlers):
            logger.handlers[:] = [_EngineLog(str(self._database.url.password or ""))]
            logger.propagate = False
        yield


def _queue(batch: str) -> str:
    """The name of the queue that a batch's lines wait on."""
    return f"lines of {batch}"


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
