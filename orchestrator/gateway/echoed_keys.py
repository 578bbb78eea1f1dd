"""Keys of providers in their answers: some repeat what they were sent, which is no caller's."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution.call_run import CallRun
from orchestrator.serving.body_streams import BodyWriter
from orchestrator.serving.respond import HttpReply

_LEAST = 8
"""Characters of a key that is one: ``unused`` and the like are words, which models say too."""


def without_key(data: bytes, call: CallRun) -> bytes:
    """``data``, in which the key that the call was sent with is masked; nearly always the same.

    It is looked for as it is, in the time that a copy takes; where it stands, every spelling of it
    is masked.
    """
    key = call.exchange.secret.reveal() if call.exchange is not None else ""
    if len(key) < _LEAST or key.encode() not in data:
        return data
    return call.runtime.masker.known(data.decode("utf-8", "replace")).encode()


def without_echo(reply: HttpReply, call: CallRun) -> HttpReply:
    """A whole answer without it."""
    body = without_key(reply.body, call) if isinstance(reply.body, bytes) else reply.body
    return reply if body is reply.body else HttpReply(reply.status, reply.headers, body)


class KeylessWriter:
    """Writes what ``writer`` does, without the key of the attempt that it comes from."""

    def __init__(self, writer: BodyWriter, call: CallRun) -> None:
        self._writer, self._call = writer, call

    def write(self, events: Iterable[StreamEvent]) -> bytes:
        """See :class:`.BodyWriter`."""
        return without_key(self._writer.write(events), self._call)

    def end(self) -> bytes:
        """See :class:`.BodyWriter`."""
        return self._writer.end()

    def broke(self, error: Exception) -> bytes:
        """See :class:`.BodyWriter`."""
        return self._writer.broke(error)
