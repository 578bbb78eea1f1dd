"""Calls by their ``Idempotency-Key``: who asks once more gets the call that there is already.

A second request of the same caller, at the same path, with the same key and the same body
attaches to the call while it is under way, and gets its answer again for ten minutes after; with
another body it is refused. Only what succeeded is kept: whoever repeats what failed wants it to
be tried again. The call runs in a task of its own, which ends where nobody is attached any more.

A stream is read ahead of its clients, since what it brings is kept anyway, up to what one answer
may take. Beyond that, and where all together take too much, it is kept no longer, and comes as
fast as the fastest of its clients reads; one that falls behind the others is cut off.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable

from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import UNTITLED, StreamError
from orchestrator.gateway.client_request import ClientRequest
from orchestrator.serving.body_streams import ByteStream, SyncBody
from orchestrator.serving.call_headers import PREFIX
from orchestrator.serving.http_errors import error_response
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import HttpReply, request_ids
from orchestrator.states import Reason

HEADER = "idempotency-key"

KEPT_SECONDS = 600.0
"""Seconds that an answer can be had again."""

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of all answers that are held, with those that are coming in; the oldest go first. A few
thousand of usual size, far more than clients repeat: they do that within seconds."""

MOST_KEPT = 10_000
"""Answers that are kept, however small."""

MOST_BYTES_EACH = 4 * 1024 * 1024
"""Bytes of an answer that is kept: a stream of 12,000 tokens, at some 300 bytes each."""

HEAD_BYTES = 4096
"""Bytes that an answer takes besides its body, for its headers above all."""

WINDOW = 256 * 1024
"""Bytes by which a client may lag behind another in a stream that is not kept."""

LONGEST_KEY = 255
"""Characters of a key, as Stripe, whose header it is, and the draft of the IETF have it."""

_PIECE = 64 * 1024
"""Bytes that are written at once of what is told again."""

_LARGE = 4 * 1024 * 1024
"""Bytes of a body that is hashed in a thread: more takes over 5 ms (2026-11)."""

_ERRORS = 400
"""From this HTTP status on."""

REPLAYED = {f"{PREFIX}replayed": "true"}
"""What tells an answer that another request has caused."""

Make = Callable[[], Awaitable[HttpReply]]

_Told = tuple[int, dict[str, str], bytes | None]
"""Status, headers, and the body where it is whole."""


def is_nested_retry(incoming: ClientRequest) -> bool:
    """True where the client's own package repeats a request, on top of what is done here."""
    return incoming.headers.get("x-stainless-retry-count", "0") != "0"


class IdempotentCalls:
    """The calls that were asked for with a key, and can be had again. Belongs to one loop.

    Attributes:
        size: Bytes of all that is held.
    """

    def __init__(self) -> None:
        self.size = 0
        self._running: dict[bytes, KeyedCall] = {}
        # By when they ended, the oldest first.
        self._ended: OrderedDict[bytes, KeyedCall] = OrderedDict()

    def __len__(self) -> int:
        return len(self._running) + len(self._ended)

    async def reply(
        self,
        caller: str,
        incoming: ClientRequest,
        spoken: str,
        make: Make,
        end: Callable[[], bool],
    ) -> HttpReply:
        """The answer to a request with a key.

        Args:
            caller: Whose request it is: keys of two callers have nothing in common.
            incoming: The request, with its body.
            spoken: The dialect of the client.
            make: Runs the call, where there is none of that key.
            end: Told once that the call is over; whether it has succeeded.

        Raises:
            RequestRefused: The key is none, or was used for something else.
            Exception: What ``make`` raised.
        """
        name, digest = await _identity(caller, incoming)
        known = self._known(name)
        if known is None:
            call = self._running[name] = KeyedCall(self, name, digest, spoken)
            call.start(make, end)
            return await call.attach()
        known.check(digest)
        reply = await known.attach()
        own = request_ids(incoming.headers.get("x-request-id"))
        return HttpReply(reply.status, {**reply.headers, **own, **REPLAYED}, reply.body)

    def grow(self, size: int) -> bool:
        """Hold ``size`` bytes more, in place of older answers; false where it is too much."""
        self.size += size
        while self.size > MOST_BYTES:
            # Whoever reads one holds it, so that to drop it would free nothing.
            oldest = next((each for each in self._ended.values() if not each.is_read), None)
            if oldest is None:
                return False
            self.drop(oldest)
        return True

    def keep(self, call: KeyedCall) -> None:
        """``call`` has ended, and can be had again for a while."""
        del self._running[call.name]
        self._ended[call.name] = call
        if len(self._ended) > MOST_KEPT:
            self.drop(next(iter(self._ended.values())))

    def drop(self, call: KeyedCall) -> None:
        """``call`` cannot be had again."""
        for table in (self._running, self._ended):
            if table.get(call.name) is call:
                del table[call.name]
        call.forget()

    def _known(self, name: bytes) -> KeyedCall | None:
        now = asyncio.get_running_loop().time()
        while self._ended and (oldest := next(iter(self._ended.values()))).until <= now:
            self.drop(oldest)
        return self._running.get(name) or self._ended.get(name)


class KeyedCall:
    """One call, what is held of its answer, and who is attached.

    Attributes:
        name: What it is known by.
        spoken: The dialect of its clients.
        until: When it is no longer to be had, in the loop's time; once it has ended.
        parts: What is held of a stream; ``dropped`` parts before those are held no longer.
        is_over: True once all of it is here.
        failure: What ended its stream, where that was no failure of the call.
    """

    def __init__(self, calls: IdempotentCalls, name: bytes, digest: bytes, spoken: str) -> None:
        self.name, self.spoken, self.until = name, spoken, float("inf")
        self.parts: deque[bytes] = deque()
        self.dropped = 0
        self.is_over = False
        self.failure: Exception | None = None
        self._calls, self._digest = calls, digest
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Future[_Told] = self._loop.create_future()
        self._attached = 0
        self._readers: set[AttachedStream] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._wanted: asyncio.Future[None] | None = None
        self._held = 0
        self._is_kept = True

    # Its beginning and its end.

    def start(self, make: Make, end: Callable[[], bool]) -> None:
        """Run the call, in a task of its own."""
        self._task = self._loop.create_task(self._run(make, end))

    def check(self, digest: bytes) -> None:
        """Refuse a request that is another one, or too late to see the beginning.

        Raises:
            RequestRefused: It is.
        """
        if digest != self._digest:
            raise _conflict(
                "the Idempotency-Key was used for another body; allowed: the same body again, or "
                "a key of its own"
            )
        if not self._is_kept:
            raise _conflict(
                "the answer to the first request of this Idempotency-Key is still coming, and is "
                "too large to be told again; allowed: to wait for it, or a key of its own"
            )

    async def attach(self) -> HttpReply:
        """The answer, for one more request."""
        self._attached += 1
        try:
            # To cancel whoever waits here is not to cancel the others.
            status, headers, whole = await asyncio.shield(self._told)
        except BaseException:
            self.detach()
            raise
        if whole is not None:
            self.detach()
            return HttpReply(status, headers, whole)
        body = AttachedStream(self)
        self._readers.add(body)
        return HttpReply(status, headers, body)

    def detach(self, reader: AttachedStream | None = None) -> None:
        """One request less; where it was the last one of a call under way, that ends too."""
        self._attached -= 1
        if reader is not None:
            self._readers.discard(reader)
        if self._attached:
            self._want_more()  # perhaps it was the only one that had read all
        elif not self.is_over:
            self._calls.drop(self)
            self._task.cancel()
        elif not self._is_kept:
            self.forget()

    def forget(self) -> None:
        """Keep it no longer; what somebody still reads is held until it was read."""
        self._is_kept = False
        if self.is_over and not self._attached:
            self.parts.clear()
            self._hold(-self._held)

    @property
    def is_read(self) -> bool:
        """True while somebody is attached."""
        return self._attached > 0

    async def _run(self, make: Make, end: Callable[[], bool]) -> None:
        try:
            reply = await make()
            status, headers, body = reply.status, reply.headers, reply.body
            self._hold(HEAD_BYTES)
            if isinstance(body, bytes):
                self._hold(len(body))
                self._end(end, fit=status < _ERRORS)
                self._told.set_result((status, headers, body))
                return
            self._told.set_result((status, headers, None))
            await self._read(body)
            self._end(end, fit=True)
        except Exception as error:  # noqa: BLE001 - whoever is attached is told
            self.failure = error
            self._end(end, fit=False)
            if not self._told.done():
                self._told.set_exception(error)
                self._told.exception()  # perhaps nobody is left who wants to know
        finally:
            if not self.is_over:  # it was cancelled
                self._end(end, fit=False)
                self._told.cancel()

    def _end(self, end: Callable[[], bool], *, fit: bool) -> None:
        """All has come that will; ``fit`` is what may be told again, if the call succeeded."""
        self.is_over = True
        has_succeeded = end() and fit
        self.until = self._loop.time() + KEPT_SECONDS
        if has_succeeded and self._is_kept:
            self._calls.keep(self)
        else:
            self._calls.drop(self)
        self._wake()

    # What comes.

    async def _read(self, body: ByteStream | SyncBody) -> None:
        if isinstance(body, SyncBody):
            raise TypeError("a gateway writes no stream of a thread")
        try:
            async for data in body:
                self.parts.append(data)
                self._hold(len(data))
                self._wake()
                if not self._is_kept:
                    await self._until_wanted()
        finally:
            await body.aclose()

    def _hold(self, size: int) -> None:
        self._held += size
        if not self._calls.grow(size) or self._held > MOST_BYTES_EACH:
            self._is_kept = False

    async def _until_wanted(self) -> None:
        """Wait until somebody has read all that there is."""
        self._trim()
        while self._fastest < self.end:
            self._wanted = self._loop.create_future()
            await self._wanted
            self._trim()

    def _trim(self) -> None:
        """Hold only what the fastest has not read, and a little for those behind."""
        fastest, spare = self._fastest, WINDOW if len(self._readers) > 1 else 0
        while self.dropped < fastest and self._held - HEAD_BYTES > spare:
            self._hold(-len(self.parts.popleft()))
            self.dropped += 1

    @property
    def _fastest(self) -> int:
        # Who is to read and has not begun yet stands at the beginning.
        return max((reader.at for reader in self._readers), default=0)

    # Who reads.

    @property
    def end(self) -> int:
        """How many parts have come."""
        return self.dropped + len(self.parts)

    async def news(self) -> None:
        """Wait until more has come, or nothing more will."""
        self._want_more()
        more = self._loop.create_future()
        self._waiting.append(more)
        await more

    def _want_more(self) -> None:
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


class AttachedStream:
    """What has come of a stream, and what follows, for one of its clients.

    Attributes:
        at: How many parts it has taken.
    """

    def __init__(self, call: KeyedCall) -> None:
        self.at = 0
        self._call = call
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        call = self._call
        while not self._is_closed:
            if self.at < call.dropped:
                yield _cut_off(call.spoken)
                return
            if self.at < call.end:
                yield self._take()
            elif not call.is_over:
                await call.news()
            elif call.failure is not None:
                raise call.failure
            else:
                return

    async def aclose(self) -> None:
        """Leave; where nobody is left, the call ends."""
        if not self._is_closed:
            self._is_closed = True
            self._call.detach(self)

    def _take(self) -> bytes:
        """What is there, in a piece that is no burden for the connection."""
        parts, size = self._call.parts, 0
        first = index = self.at - self._call.dropped
        while index < len(parts) and (index == first or size < _PIECE):
            size += len(parts[index])
            index += 1
        self.at += index - first
        taken = list(itertools.islice(parts, first, index))
        return taken[0] if len(taken) == 1 else b"".join(taken)


async def _identity(caller: str, incoming: ClientRequest) -> tuple[bytes, bytes]:
    """What a call is known by, and what tells its body from others.

    Raises:
        RequestRefused: The key is none.
    """
    key, content = incoming.headers[HEADER], incoming.content
    if not 0 < len(key) <= LONGEST_KEY:
        raise RequestRefused(
            400,
            Reason.BAD_REQUEST.value,
            f"the header Idempotency-Key has {len(key)} characters; allowed: 1 to {LONGEST_KEY}",
        )
    # Another route is another request, though its body is the same.
    route = incoming.headers.get(f"{PREFIX}route", "").encode(errors="replace")
    large = len(content) > _LARGE
    digest = await asyncio.to_thread(_hash, route, content) if large else _hash(route, content)
    texts = (caller, incoming.path, key)
    asked = (incoming.query, *(text.encode(errors="replace") for text in texts))
    return _hash(*asked), digest


def _conflict(words: str) -> RequestRefused:
    return RequestRefused(409, "idempotency_conflict", words)


def _cut_off(spoken: str) -> bytes:
    """What a client is told that reads so slowly that its part of the stream is gone."""
    error = RequestRefused(
        503,
        "fell_behind",
        "the client read too slowly beside another one of the same Idempotency-Key",
    )
    _, body = error_response(error, spoken)
    return dialect(spoken).stream_writer(UNTITLED).write(StreamError(body))


def _hash(*parts: bytes) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(b"%d:" % len(part))
        found.update(part)
    return found.digest()
