"""Live events of the inspector: what happens to calls, told to whoever watches.

Rules of this page:

* No call does anything for a watcher. While somebody watches, the records of calls are looked at
  :data:`PACE` apart, and what is new in them is told; so a call that began before anybody watched
  is told of too. While nobody does, nothing is looked at, and no entry is put together.
* Nothing grows with a slow reader, or with a busy gateway. What waits for a reader is bounded
  (:data:`MOST_WAITING`), and so is what one look tells (:data:`MOST_EVENTS`). What is left out is
  counted, and told as ``behind``; a new ``hello`` then says how things are.
* Who watches sees what it may see of ``/v1/calls``: the calls of its key, or, as an admin, all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

import attrs
import msgspec

from orchestrator.execution.call_facts import route_asked
from orchestrator.gateway.call_store import CallStore, CallSummary, KeptCall, summary_of
from orchestrator.gateway.inspector.call_moves import CallMove, call_moves
from orchestrator.ledger import FORMAT, Attempt, Entry, Ledger, Opened
from orchestrator.states import TABLE, Reason

PACE = 0.1
"""Seconds from one look at the records to the next: an eye takes that for at once."""

PING = 15.0
"""Seconds of silence after which a reader is told that there is nothing: proxies cut what is
silent for 30 to 60 (2026-11)."""

MOST_READERS = 16
"""Who may watch at once."""

MOST_OF_A_KEY = 4
"""Of those, pages of one key that is no admin's; twice as many of all such keys together, so that
there is always room for whoever is on call."""

MOST_CALLS = 1_000
"""Calls that ``hello`` lists: a page has no room for more."""

MOST_WAITING = 1024 * 1024
"""Bytes that wait for a reader."""

MOST_EVENTS = 200
"""Events that one look tells: each takes some 10 µs (2026-11), and calls wait for a look."""

AGAIN = 5.0
"""Seconds from one ``hello`` to the next of a reader that cannot keep up."""

_EDGES = {row.name: f"{row.state.value}>{row.to.value}" for row in TABLE}

_ENCODER = msgspec.json.Encoder()

_PING = b": ping\n\n"


@attrs.frozen
class Hello:
    """How things are: the first event, and one after events were missed.

    Attributes:
        format: The version of what is written here.
        instance: This start of the gateway.
        config: The hash of its config.
        version: Of this program.
        now: The wall clock (epoch).
        admin: Whether the reader sees the calls of all, and may ask for the rest.
        calls: The newest calls, those in flight first.
        edges: How many times calls in flight and kept ones went from one state to another, by
            ``FROM>TO``.
    """

    kind: ClassVar[str] = "hello"
    format: int
    instance: str
    config: str
    version: str
    now: float
    admin: bool
    calls: tuple[CallSummary, ...]
    edges: dict[str, int]


@attrs.frozen
class CallBegun:
    """A call has begun.

    Attributes:
        call: The call's id.
        time: When, seconds since the epoch.
        route: What the caller asked for: a route, or ``provider/model``.
        key: The name of the key that it came with; ``None`` where none is needed.
    """

    kind: ClassVar[str] = "begun"
    call: str
    time: float
    route: str
    key: str | None


@attrs.frozen
class CallMoved:
    """A call has moved.

    Attributes:
        call: The call's id.
        row: The row of the table that it took.
        from_: The state that it left; written as ``from``.
        to: The state that it is in.
        at: When, seconds since it began.
        target: The target that it is at; ``None`` before the first send.
        reason: The class of the failure that the move is about; ``None`` where there is none.
        rule: The rule that recognised it.
    """

    kind: ClassVar[str] = "moved"
    call: str
    row: str
    from_: str
    to: str
    at: float
    target: str | None
    reason: Reason | None
    rule: str | None


@attrs.frozen
class CallOver:
    """A call is over.

    Attributes:
        call: The call's id.
        summary: What it came to.
    """

    kind: ClassVar[str] = "over"
    call: str
    summary: CallSummary


@attrs.frozen
class Behind:
    """Events were left out, which a reader could not take or nobody could follow.

    Attributes:
        missed: How many.
    """

    kind: ClassVar[str] = "behind"
    missed: int


LiveEvent = Hello | CallBegun | CallMoved | Attempt | CallOver | Behind


def written(event: LiveEvent) -> bytes:
    """An event as it is sent."""
    # Within a text, the quotes would be escaped.
    text = _ENCODER.encode(event).replace(b'"from_":', b'"from":', 1)
    return b'data: {"kind":"%b",%b\n\n' % (event.kind.encode(), text[1:])


@attrs.frozen
class GatewaySign:
    """What ``hello`` says of the gateway.

    Attributes:
        instance: This start of it.
        config: The hash of its config.
        version: Of this program.
        now: The wall clock (epoch).
    """

    instance: str
    config: str
    version: str
    now: float


class EventFeed:
    """Tells readers what happens to the calls of ``store``. Use it within one event loop.

    Args:
        store: The calls.
        sign: What the gateway is now.
        pace: Seconds from one look to the next.
        ping: Seconds of silence after which a reader is told that there is nothing, and from one
            look whether it still may watch to the next.
        again: Seconds from one ``hello`` to the next of a reader that cannot keep up.

    Attributes:
        readers: Who watches.
        ping, again: The same.
    """

    def __init__(
        self,
        store: CallStore,
        sign: Callable[[], GatewaySign],
        *,
        pace: float = PACE,
        ping: float = PING,
        again: float = AGAIN,
    ) -> None:
        self.readers: set[FeedReader] = set()
        self.ping, self.again = ping, again
        self._store, self._sign, self._pace = store, sign, pace
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        # How many entries of each call in flight were looked at.
        self._told: dict[str, int] = {}
        self._ended: deque[KeptCall] = deque()
        self._missed: Counter[str | None] = Counter()
        self._is_closed = False

    def reader(
        self, key: str | None, *, is_admin: bool, is_welcome: Callable[[], bool]
    ) -> FeedReader | None:
        """A reader that is told from now on; ``None`` where there are as many as there may be.

        Args:
            key: The name of the key whose calls it sees.
            is_admin: True where it sees those of all.
            is_welcome: Whether it still may watch; asked now and then.
        """
        if self._is_closed or not self._has_room(key, is_admin=is_admin):
            return None
        if not self.readers:
            self._begin()
        made = FeedReader(self, key, is_admin=is_admin, is_welcome=is_welcome)
        self.readers.add(made)
        return made

    def _has_room(self, key: str | None, *, is_admin: bool) -> bool:
        others = [each.key for each in self.readers if not each.is_admin]
        if not is_admin and (
            others.count(key) >= MOST_OF_A_KEY or len(others) >= 2 * MOST_OF_A_KEY
        ):
            return False
        return len(self.readers) < MOST_READERS

    def remove(self, reader: FeedReader) -> None:
        """A reader has left."""
        self.readers.discard(reader)
        if not self.readers:
            self._store.on_end = None
            if self._timer is not None:
                self._timer.cancel()
            self._told.clear()
            self._ended.clear()
            self._missed.clear()

    def close(self) -> None:
        """End every reader, once it has been told what happened until now."""
        self._is_closed = True
        if self.readers:
            self.look()
        for reader in self.readers:
            reader.end()

    def hello(self, reader: FeedReader) -> Callable[[], bytes]:
        """How things are now, for ``reader``; the others are told what leads up to it.

        Returns:
            Puts it into words, which takes 20 ms for a thousand calls: to be called in a thread.
        """
        self.look()
        kept = [*self._store.newest(reader.key, is_admin=reader.is_admin)]
        return partial(_hello, self._sign(), kept, is_admin=reader.is_admin)

    def look(self) -> None:
        """Tell what is new, as far as it is not too much for one look."""
        self._left = MOST_EVENTS
        ended, self._ended = self._ended, deque()
        for kept in ended:
            call = kept.ledger.call
            over = CallOver(call, summary_of(kept))
            self._tell(kept.ledger, kept.key, kept.facts.route, over)
            self._told.pop(call, None)
        for key, run in self._store.in_flight():
            self._tell(run.recorder.ledger, key, route_asked(run.request.wants))
        missed, self._missed = self._missed, Counter()
        for key, number in missed.items():
            for reader in self._readers_of(key):
                reader.miss(number)

    # Inside.

    def _begin(self) -> None:
        """What happened until now is in each reader's ``hello``; what comes is told."""
        self._store.on_end = self._note_end
        for _, run in self._store.in_flight():
            self._told[run.recorder.ledger.call] = len(run.recorder.ledger)
        self._timer = asyncio.get_running_loop().call_later(self._pace, self._tick)

    def _tick(self) -> None:
        # First: what a fault of this page breaks, ends no other look.
        self._timer = asyncio.get_running_loop().call_later(self._pace, self._tick)
        self.look()

    def _note_end(self, kept: KeptCall) -> None:
        self._ended.append(kept)
        if len(self._ended) > MOST_EVENTS:  # more than a look tells, and memory is bounded
            lost = self._ended.popleft()
            told = self._told.pop(lost.ledger.call, 0)
            self._missed[lost.key] += len(lost.ledger) - told

    def _tell(
        self, ledger: Ledger, key: str | None, route: str, over: CallOver | None = None
    ) -> None:
        """Tell what a call's record holds that was not told, and that the call is over."""
        told, number = self._told.get(ledger.call, 0), len(ledger)
        if number == told and over is None:
            return
        self._told[ledger.call] = number
        readers = self._readers_of(key)
        if number - told > self._left:
            self._missed[key] += number - told
        elif readers:
            # Its last entry is no event, and that it is over is none.
            self._left -= number - told
            for event in (*_news(ledger[:], told, route, key), *(() if over is None else (over,))):
                data = written(event)
                for reader in readers:
                    reader.offer(data)

    def _readers_of(self, key: str | None) -> list[FeedReader]:
        return [one for one in self.readers if one.is_admin or one.key == key]


def _hello(sign: GatewaySign, kept: Sequence[KeptCall], *, is_admin: bool) -> bytes:
    rows: Counter[str] = Counter()
    edges: Counter[str] = Counter()
    for one in kept:
        rows.update(one.facts.rows)
    for row, number in rows.items():
        edges[_EDGES[row]] += number
    calls = tuple(map(summary_of, kept[:MOST_CALLS]))
    said = (sign.instance, sign.config, sign.version, sign.now, is_admin)
    return written(Hello(FORMAT, *said, calls, dict(edges)))


def _news(entries: Sequence[Entry], told: int, route: str, key: str | None) -> Iterator[LiveEvent]:
    """The events of a call's entries, without those of the first ``told``."""
    moves = {one.place: one for one in call_moves(entries)}
    for place, entry in enumerate(entries[told:], told):
        if isinstance(entry, Opened):
            yield CallBegun(entry.call, entry.time, route, key)
        elif isinstance(entry, Attempt):
            yield entry
        elif place in moves:
            yield _moved(moves[place])


def _moved(seen: CallMove) -> CallMoved:
    move, error = seen.move, seen.error
    reason, rule = (None, None) if error is None else (error.reason, error.rule)
    where = (move.row, move.state, move.to, move.facts.at, seen.target)
    return CallMoved(move.call, *where, reason, rule)


class FeedReader:
    """One reader of the feed, as the body of its answer.

    Args:
        feed: Who tells it.
        key: The name of the key whose calls it sees.
        is_admin: True where it sees those of all.
        is_welcome: Whether it still may watch.
    """

    def __init__(
        self,
        feed: EventFeed,
        key: str | None,
        *,
        is_admin: bool,
        is_welcome: Callable[[], bool],
    ) -> None:
        self.key, self.is_admin = key, is_admin
        self._feed, self._is_welcome = feed, is_welcome
        self._waiting: list[bytes] = []
        self._size = self._missed = 0
        self._is_ended = self._is_stale = False
        self._woken = asyncio.Event()

    def offer(self, data: bytes) -> None:
        """An event, where there is room for it."""
        if self._size + len(data) > MOST_WAITING:
            self._missed += 1
        else:
            self._waiting.append(data)
            self._size += len(data)
        self._woken.set()

    def miss(self, number: int) -> None:
        """So many events are not told."""
        self._missed += number
        self._woken.set()

    def end(self) -> None:
        """Nothing more is told."""
        self._is_ended = True
        self._woken.set()

    @property
    def size(self) -> int:
        """Bytes that wait for it."""
        return self._size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop, ping, again = asyncio.get_running_loop(), self._feed.ping, self._feed.again
        yield await self._renewed()
        renewed_at = asked_at = loop.time()
        while self._waiting or not self._is_ended:
            is_quiet = not await self._woken_within(again if self._is_stale else ping)
            if loop.time() >= asked_at + ping:
                if not self._is_welcome():
                    return
                asked_at = loop.time()
            yield _PING if is_quiet else self.taken()
            if self._is_stale and loop.time() >= renewed_at + again:
                yield await self._renewed()
                renewed_at = loop.time()

    async def aclose(self) -> None:
        """The reader has left."""
        self._feed.remove(self)

    async def _woken_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        return self._woken.is_set()

    def taken(self) -> bytes:
        """What waits, and how much does not any more."""
        taken, missed = self._waiting, self._missed
        self._clear()
        if missed:
            self._is_stale = True
            taken.append(written(Behind(missed)))
        return b"".join(taken)

    async def _renewed(self) -> bytes:
        """How things are, in place of all that waits; what happens meanwhile follows it."""
        hello = self._feed.hello(self)
        self._clear()
        self._is_stale = False
        return await asyncio.to_thread(hello)

    def _clear(self) -> None:
        self._waiting, self._size, self._missed = [], 0, 0
        if not self._is_ended:
            self._woken.clear()
