"""A transport that answers from a script, in virtual time, without a network.

It stands where the socket would, so everything above it is the code that ships. What it
is asked for it learns from the ledger: a ``Send`` is recorded just before its request
comes here, so target and credential are known without reading a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import NoReturn

import attrs
import httpx
import msgspec

from orchestrator.clock import VirtualClock
from orchestrator.config.config import Config
from orchestrator.lab.simulation.script_items import (
    CONNECT,
    CUT,
    OK,
    SILENCE,
    STALL,
    TIMEOUT,
    Item,
)
from orchestrator.lab.simulation.scripted_answers import (
    TimedBody,
    answer,
    broken_off,
    is_streamed,
    parts,
    pass_time,
)
from orchestrator.ledger import Entry, Observer, Transition
from orchestrator.states import Send

Answers = Callable[[Send, float], Item]
"""What an attempt meets; the second argument is the wall clock, seconds since the epoch."""

_EVENTS = {"Content-Type": "text/event-stream"}
_SILENT = (TIMEOUT, SILENCE, STALL)


class Playing:
    """Plays a script: each attempt meets the first item left that fits it.

    When none is left that fits, the last item of the script that fits repeats; where the
    script has none at all, the answer is ``ok``.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._all = tuple(items)
        self._left = list(self._all)

    @property
    def items(self) -> tuple[Item, ...]:
        """The whole script."""
        return self._all

    @property
    def left(self) -> tuple[Item, ...]:
        """The items that no attempt has met."""
        return tuple(self._left)

    def __call__(self, send: Send, _now: float) -> Item:
        """The next item for ``send``, whatever the time."""
        for index, item in enumerate(self._left):
            if fits(item, send):
                return self._left.pop(index)
        return next((item for item in reversed(self._all) if fits(item, send)), Item(OK))


def fits(item: Item, send: Send) -> bool:
    """Whether everything that ``item`` is bound to is where ``send`` goes."""
    here = (send.target.provider, send.target.name, send.credential)
    return all(name in here for name in item.names)


class SimulatedTransport(httpx.BaseTransport):
    """Answers each request with what ``answers`` says, and lets the virtual time pass.

    Hand :meth:`observe` to the call as its observer, or nothing is known of the attempt.

    Args:
        config: Whose providers are played.
        clock: The time that passes.
        answers: What each attempt meets.
    """

    def __init__(self, config: Config, clock: VirtualClock, answers: Answers) -> None:
        self.answers = answers
        self._config = config
        self._clock = clock
        self._send: Send | None = None

    def observe(self, entry: Entry) -> None:
        """Note which attempt comes next."""
        if isinstance(entry, Transition) and isinstance(entry.command, Send):
            self._send = entry.command

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See :class:`httpx.BaseTransport`."""
        if request.method == "GET":
            # No attempt: somebody asks whether an address can be reached.
            return httpx.Response(200)
        send, self._send = self._send, None
        if send is None:
            raise AssertionError("the call is not observed: hand it `observe`")
        item = self.answers(send, self._clock.time())
        spoken = self._config.providers[send.target.provider].dialect
        if _asks_for_a_stream(request) and is_streamed(item):
            coming = parts(item, spoken=spoken, model=send.target.model)
            return httpx.Response(200, headers=_EVENTS, stream=TimedBody(self._clock, coming))
        if item.word == CONNECT:
            self._refuse(item, request)
        pass_time(self._clock, inf if item.word in _SILENT else item.seconds)
        if item.word == CUT:
            raise broken_off(item)
        return answer(item, spoken=spoken, model=send.target.model)

    def _refuse(self, item: Item, request: httpx.Request) -> NoReturn:
        """No connection: refused after its time, or none yet when our limit is reached."""
        limit = request.extensions["timeout"]["connect"]
        pass_time(self._clock, min(item.seconds, limit))
        if item.seconds >= limit:
            raise httpx.ConnectTimeout("the script does not answer")
        raise httpx.ConnectError(item.message or "[Errno 111] Connection refused")


def _asks_for_a_stream(request: httpx.Request) -> bool:
    if ":streamGenerateContent" in request.url.path:
        return True
    body = msgspec.json.decode(request.content)
    return isinstance(body, dict) and body.get("stream") is True


@attrs.frozen
class ObserverFan:
    """Hands each entry to several observers."""

    observers: tuple[Observer, ...]

    def __call__(self, entry: Entry) -> None:
        """Hand on ``entry``."""
        for observer in self.observers:
            observer(entry)
