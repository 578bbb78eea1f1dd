"""Connection to a shared store: one round trip at a time, and a channel that tells of changes."""

from __future__ import annotations

import enum
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator.health.records import Changes, Record, decoded, encoded
from orchestrator.health.stores import redis_script as script
from orchestrator.health.stores.redis_address import RedisAddress

SILENT_SECONDS = 1.0
"""After so long without an answer the store counts as gone."""

_MARK = 999_999_999
"""Stands for what is spent, until the server has put the sum there."""


class CommitVerdict(enum.Enum):
    """What became of changes."""

    DONE = "done"
    CHANGED = "changed"  # not stored: others have changed one of these records
    MISTIMED = "mistimed"  # not stored: they were decided at another instant than the server's


@attrs.frozen
class Addition:
    """A change of a counter, which the server adds up.

    Attributes:
        delta: What is added; below 0 what is given back.
        most: The sum must not pass it.
        record: The rest of the record.
    """

    delta: int
    most: int
    record: Record


@attrs.frozen
class Commit:
    """What a process asks of the server at once.

    Attributes:
        version: Of its copy; below 0 where it has none.
        identity: Of the board that the copy is of.
        changes: Records to put, keys to remove.
        additions: Changes of counters.
        instants: The first and the last instant that something was decided at (epoch).
    """

    version: int = -1
    identity: str = ""
    changes: Changes = MappingProxyType({})
    additions: Mapping[str, Addition] = MappingProxyType({})
    instants: tuple[float, float] | None = None


@attrs.frozen
class CommitReply:
    """What the server says.

    Attributes:
        verdict: Whether it was stored.
        version: Of the board now.
        identity: Of the board.
        told: What others have changed since the version of the copy; all, where ``is_whole``.
        is_whole: True where the copy is to be replaced.
        sums: What counters came to.
        time: The server's clock (epoch).
        sent: When the question was sent, on the clock of time that passes.
        seconds: That the round trip took.
    """

    verdict: CommitVerdict
    version: int
    identity: str
    told: Changes
    is_whole: bool
    sums: Mapping[str, int]
    time: float
    sent: float
    seconds: float


class RedisLink:
    """One connection to the server, used by one thread; opened by what is asked first.

    Args:
        address: Of the server.
        silent_seconds: After so long without an answer the server counts as gone.
    """

    def __init__(self, address: RedisAddress, silent_seconds: float = SILENT_SECONDS) -> None:
        self._connection = _connection(address, silent_seconds)
        self._proposed = ""

    def commit(self, asked: Commit) -> CommitReply:
        """Ask, and wait for the answer.

        Raises:
            redis.RedisError: It could not be asked, or refused.
            OSError: The same.
        """
        arguments = [*map(str, self._head(asked)), *_written(asked)]
        sent = time.monotonic()
        try:
            answer = self._ask("EVALSHA", script.SHA, arguments)
        except redis.exceptions.NoScriptError:
            answer = self._ask("EVAL", script.SOURCE, arguments)
        return _reply(answer, sent, time.monotonic() - sent)

    def close(self) -> None:
        """Close it; in a forked child only the child's side."""
        self._connection.disconnect()

    def _head(self, asked: Commit) -> Iterator[object]:
        self._proposed = self._proposed or secrets.token_hex(8)
        earliest, latest = asked.instants or ("", "")
        yield from (asked.version, asked.identity, self._proposed, earliest, latest)
        yield from (script.TOLERATED, _channel(self._connection), script.GONE_KEPT)

    def _ask(self, command: str, which: str, arguments: Sequence[str]) -> Any:
        keys = script.KEYS
        self._connection.send_command(command, which, len(keys), *keys, *arguments)
        return self._connection.read_response()


class ChangeChannel:
    """Connection that is told of changes; used by one thread.

    Args:
        address: Of the server.
    """

    def __init__(self, address: RedisAddress) -> None:
        self._connection = _connection(address, SILENT_SECONDS)
        self._is_asked = False

    def open(self) -> None:
        """Subscribe; raises as :meth:`RedisLink.commit`."""
        self._connection.send_command("SUBSCRIBE", _channel(self._connection))
        self._connection.read_response()

    def wait(self) -> str:
        """Wait for a second at most; what was announced, empty where nothing was.

        Raises:
            redis.RedisError: Nobody is there any more.
            OSError: The same.
        """
        if self._connection.can_read(timeout=SILENT_SECONDS):
            self._is_asked = False
            answer = self._connection.read_response()
            is_news = isinstance(answer, list) and answer[:1] == [b"message"]
            return _text(answer[2]) if is_news else ""
        if self._is_asked:
            raise redis.exceptions.TimeoutError("the channel is silent")
        # Half a connection says nothing, and is not closed either: so it is asked.
        self._connection.send_command("PING")
        self._is_asked = True
        return ""

    def close(self) -> None:
        """Close it; whoever waits is told."""
        self._connection.disconnect()


def _connection(address: RedisAddress, seconds: float) -> Any:
    pool = redis.ConnectionPool.from_url(
        address.url.reveal(),
        # The older protocol: every server speaks it, and it needs no HELLO to be allowed.
        protocol=2,
        # The one thread that asks decides when to ask again.
        retry=Retry(NoBackoff(), 0),
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
    )
    return pool.make_connection()


def _channel(connection: Any) -> str:
    # Databases of a server are apart, channels are not.
    return f"{script.CHANNEL}:{connection.db}"


def _written(asked: Commit) -> Iterator[str]:
    for key, record in asked.changes.items():
        yield from ("del", key, "", "") if record is None else ("put", key, encoded(record), "")
    for key, addition in asked.additions.items():
        whole = encoded(attrs.evolve(addition.record, spent=_MARK))
        # In a text of the record the quotes would be escaped: this is the field.
        before, field, after = whole.partition(f'"spent":{_MARK}')
        yield f"add:{addition.delta}:{addition.most}"
        yield from (key, before + field.removesuffix(str(_MARK)), after)


def _reply(answer: Any, sent: float, seconds: float) -> CommitReply:
    verdict, version, identity, whole, parts, is_whole, told, sums = answer
    return CommitReply(
        verdict=CommitVerdict(_text(verdict)),
        version=int(version),
        identity=_text(identity),
        told=dict(_records(told, is_whole=bool(is_whole))),
        is_whole=bool(is_whole),
        sums={_text(key): int(value) for key, value in _pairs(sums)},
        time=int(whole) + int(parts) / 1e6,
        sent=sent,
        seconds=seconds,
    )


def _records(told: Sequence[Any], *, is_whole: bool) -> Iterator[tuple[str, Record | None]]:
    for key, value in _pairs(told):
        name = _text(key)
        record = decoded(name, _text(value)) if value else None
        # A record of another make is none of ours: as if it were not there.
        if record is not None or not is_whole:
            yield name, record


def _pairs(values: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(values[::2], values[1::2], strict=True)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
