"""Writes down what the world brings to one attempt, so that it can be judged again elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.connections.errors import LimitPassed
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.durable_data import AttemptRecord, BodyEnd, RecordedHead, RecordedPart
from orchestrator.execution.effects import Ask, Effect, Open, Read
from orchestrator.execution.failure import Broken, Failure, LimitReached
from orchestrator.execution.recorded_errors import record_error
from orchestrator.execution.tasks import TaskConnection
from orchestrator.health.session import NoteFirstToken
from orchestrator.http_messages import ResponseHead
from orchestrator.secrets import Masker, Secret, fingerprint
from orchestrator.secrets.byte_masker import ByteMasker
from orchestrator.states import Event, Streaming, Succeeded

_ANSWERED = (Succeeded, Streaming)


class AttemptRecorder:
    """Performs the effects of one attempt, and writes down what they bring.

    Args:
        connection: What performs them.
        elapsed: Seconds since the attempt was sent.
    """

    def __init__(self, connection: TaskConnection, elapsed: Callable[[], float]) -> None:
        self._connection, self._elapsed = connection, elapsed
        self._begin()

    def _begin(self) -> None:
        """Forget what was asked before, as whether an address can be reached."""
        self._head: ResponseHead | None = None
        self._opened = self._ended = 0.0
        self._parts: list[tuple[float, bytes]] = []
        self._is_new_part = True
        self._error: Exception | None = None

    async def perform(self, effect: Effect) -> Any:
        """The result of ``effect``; of the board nothing, which the call itself asks."""
        match effect:
            case Ask():
                # The first content is here. The call must learn when, and of the rest the end.
                self._is_new_part = self._is_new_part or isinstance(effect.question, NoteFirstToken)
                return None
            case Open():
                self._begin()
                self._head = await self._recorded(effect)
                self._opened = self._ended
                return self._head
            case Read():
                data: bytes | None = await self._recorded(effect)
                self._add(data or b"")
                return data
            case _:
                return await self._connection.perform(effect)

    async def _recorded(self, effect: Effect) -> Any:
        try:
            return await self._connection.perform(effect)
        except Exception as error:
            self._error = error
            raise
        finally:
            self._ended = self._elapsed()

    def _add(self, data: bytes) -> None:
        if self._is_new_part:
            self._parts.append((self._ended, data))
            self._is_new_part = False
        else:
            self._parts[-1] = self._ended, self._parts[-1][1] + data

    def record(self, run: CallRun, event: Event, salt: str) -> AttemptRecord:
        """What the attempt of ``run`` brought, without secrets.

        Args:
            run: As it is since.
            event: What came of it.
            salt: Of the hash of the secret that it was signed with.
        """
        masker, secret = run.runtime.masker, run.exchange.secret if run.exchange else Secret()
        error = self._error or self._broken(run.failure, event)
        secrets = (*run.located_provider.secrets(), secret)
        head = None if self._head is None else _masked_head(self._head, masker)
        is_limit = isinstance(error, LimitPassed)
        return AttemptRecord(
            self._ended,
            _end_of(error),
            fingerprint(secret, salt),
            head,
            self._opened,
            tuple(_masked_parts(self._parts, ByteMasker(masker, secrets, is_text=True))),
            None if error is None or is_limit else record_error(error, masker),
        )

    def _broken(self, failure: Failure | None, event: Event) -> Exception | None:
        """What ended the attempt where no effect of it failed."""
        if isinstance(failure, LimitReached | None) and not isinstance(event, _ANSWERED):
            return LimitPassed()  # no time was left for the next one
        if isinstance(failure, Broken) and self._head is None:
            return failure.exception  # it broke before anything was sent
        return None


def _end_of(error: Exception | None) -> BodyEnd:
    match error:
        case None:
            return BodyEnd.WHOLE
        case LimitPassed():
            return BodyEnd.CONNECT_LIMIT if error.connect else BodyEnd.LIMIT
        case _:
            return BodyEnd.ERROR


def _masked_head(head: ResponseHead, masker: Masker) -> RecordedHead:
    headers = ((name, masker.known(value)) for name, value in head.headers.items())
    return RecordedHead(head.status, tuple(headers))


def _masked_parts(parts: list[tuple[float, bytes]], masker: ByteMasker) -> Iterator[RecordedPart]:
    """The parts as data; what may be the beginning of a secret goes with the next one."""
    for index, (at, data) in enumerate(parts):
        masked = masker.feed(data)
        if index == len(parts) - 1:
            masked += masker.close()
        yield _part(at, masked)


def _part(at: float, data: bytes) -> RecordedPart:
    try:
        return RecordedPart(at, text=data.decode())
    except UnicodeDecodeError:
        return RecordedPart(at, base64=base64.b64encode(data).decode())
