"""Questions to vendors how much money is left: one GET beside the calls, never one that costs.

Nothing here is a call's: a question has its own limits, is not tried again, and whatever it meets
is a reason that is kept with what is known. What follows from an answer is decided on the board
(:mod:`orchestrator.health.balance`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import attrs

from orchestrator.connections.errors import LimitPassed
from orchestrator.dialects.encoding import KeyForm, get_at_origin
from orchestrator.execution.auth import KeyAuth
from orchestrator.execution.balance_reader import BalanceUnknown, read_balance
from orchestrator.execution.effects import CLOSE, Effect, Open, Read
from orchestrator.execution.runtime import Runtime
from orchestrator.health import AccountBalance, BalanceStatement
from orchestrator.health.balance import crosses
from orchestrator.provider import Provider
from orchestrator.secrets import Secret
from orchestrator.states import Error, Reason
from orchestrator.states.reasons import SPECS, Scope
from orchestrator.vendors import CATALOGUE, BalanceEndpoint

SECONDS, CONNECT_SECONDS = 10.0, 5.0
"""How long a question may take in total, and to connect: vendors answer within one."""

LARGEST_BODY = 64 * 1024
"""Bytes of an answer that are read: what vendors tell of a balance has a few hundred."""

_REFUSED = frozenset({401, 403})

Asking = Generator[Effect, Any, None]


@attrs.frozen
class BalanceLimits:
    """Limits of one question.

    Attributes:
        total: Seconds for all of it.
        connect: Seconds for the connection.
        largest: Bytes of the answer.
    """

    total: float = SECONDS
    connect: float = CONNECT_SECONDS
    largest: int = LARGEST_BODY


class BalanceQuestions:
    """The questions of one orchestrator.

    Args:
        runtime: Whose providers and board.
        limits: Of each question.
    """

    def __init__(self, runtime: Runtime, limits: BalanceLimits | None = None) -> None:
        self._runtime = runtime
        self._limits = limits or BalanceLimits()

    def askable(self, wanted: Iterable[str] | None = None) -> tuple[Provider, ...]:
        """The providers whose vendor can be asked; those of ``wanted`` alone where it says so."""
        names = None if wanted is None else frozenset(wanted)
        return tuple(
            provider
            for provider in tuple(self._runtime.providers.values())
            if provider.asks_balance and (names is None or provider.name in names)
        )

    @property
    def is_due(self) -> bool:
        """Whether any of them is to be asked now."""
        return any(map(self._is_due, self.askable()))

    def ask_due(self, wanted: Iterable[str] | None = None) -> list[Asking]:
        """The questions that are due, for a pump; none of them is begun."""
        return [self.ask(one) for one in self.askable(wanted) if self._is_due(one)]

    def _is_due(self, provider: Provider) -> bool:
        board = self._runtime.board.balances
        # With a key that is dead nobody is asked, or who looks each second would begin in vain.
        is_time = board.is_due(provider.name, provider.balance_every)
        return is_time and board.credential(provider.name) is not None

    def known(self, wanted: Iterable[str] | None = None) -> Mapping[str, AccountBalance]:
        """What is known of each provider's money, of those of whom anything is."""
        found = {
            one.name: self._runtime.board.balances.known(one.name) for one in self.askable(wanted)
        }
        return {name: known for name, known in found.items() if known is not None}

    def ask(self, provider: Provider) -> Asking:
        """Ask the vendor of ``provider``, if nobody of all processes has, and keep what comes."""
        board, name = self._runtime.board.balances, provider.name
        label = board.credential(name)
        # A key that is dead would be refused here too.
        if label is None or not board.begin(name, provider.balance_every):
            return
        before = board.known(name)
        try:
            said = yield from self._asked(provider, label)
        except BalanceUnknown as unknown:
            trouble = str(unknown)
            board.miss(name, trouble)
            if before is None or before.trouble != trouble:
                self._runtime.log.tell_unknown_balance(name, trouble)
            return
        news = board.hear(name, label, said, _empty(provider, said))
        self._runtime.log.tell_statement(name, said, news.marks)
        if not said.is_empty and crosses(news.before, said, provider.low_balance):
            self._runtime.log.tell_low_balance(name, said, provider.low_balance)

    def _asked(self, provider: Provider, label: str) -> Generator[Effect, Any, BalanceStatement]:
        """What the first endpoint says that answers.

        Raises:
            BalanceUnknown: None does.
        """
        runtime = self._runtime
        yield from runtime.secrets.look({provider.name})
        secret = runtime.secrets.secret(provider, label)
        ends_at = runtime.clock.monotonic() + self._limits.total
        wants, trouble = "", ""
        for endpoint in provider.balances:
            try:
                said = yield from self._ask_one(provider, endpoint, secret, ends_at)
            except _KeyRefused:
                wants = wants or endpoint.key
                trouble = trouble or f"it needs {endpoint.key}"
            except BalanceUnknown as unknown:
                trouble = trouble or str(unknown)
            else:
                return attrs.evolve(said, wants=wants)
            yield CLOSE
        raise BalanceUnknown(trouble)

    def _ask_one(
        self, provider: Provider, endpoint: BalanceEndpoint, secret: Secret, ends_at: float
    ) -> Generator[Effect, Any, BalanceStatement]:
        body = b""
        try:
            request = get_at_origin(provider, endpoint.path)
            request.options = provider.connection
            request.longest_silence = self._limits.total
            configured = frozenset(name.lower() for name in provider.headers)
            # As all of these pages have it, whatever the dialect of calls is used to.
            KeyAuth(secret, KeyForm.in_header("authorization"), configured).sign(request)
            left = self._left(ends_at)
            head = yield Open(request, left, min(left, self._limits.connect))
            _check_status(head.status, endpoint)
            while (piece := (yield Read(self._left(ends_at)))) is not None:
                body += piece
                self._check_size(body)
        except BalanceUnknown:
            raise
        except LimitPassed:
            raise BalanceUnknown(f"no answer came within {self._limits.total:g} s") from None
        except Exception as error:  # noqa: BLE001 - whatever a transport raises, no balance came
            # By its name alone: what an exception says may quote what was sent or came.
            raise BalanceUnknown(f"it cannot be asked ({type(error).__name__})") from None
        return read_balance(endpoint, body)

    def _check_size(self, body: bytes) -> None:
        if len(body) > self._limits.largest:
            raise BalanceUnknown(f"what came is larger than {self._limits.largest:,} bytes")

    def _left(self, ends_at: float) -> float:
        left = ends_at - self._runtime.clock.monotonic()
        if left <= 0:
            raise LimitPassed
        return left


class _KeyRefused(BalanceUnknown):
    """The endpoint wants another kind of key."""


def _check_status(status: int, endpoint: BalanceEndpoint) -> None:
    if status == 200:
        return
    if status in _REFUSED and endpoint.key:
        raise _KeyRefused
    said = "refused the key with" if status in _REFUSED else "answered"
    redirect = ", a redirect, which is not followed" if 300 <= status < 400 else ""
    raise BalanceUnknown(f"{endpoint.path} {said} HTTP {status}{redirect}")


def _empty(provider: Provider, said: BalanceStatement) -> Error:
    """What keeps calls away where the vendor calls the account empty, in its own figures."""
    left = f": {said} left" if said.amounts else ""
    own = CATALOGUE.get(provider.vendor)
    return Error(
        Reason.BILLING,
        f"{provider.vendor}.balance",
        message=f"the vendor calls the account empty{left}",
        scope=Scope.ACCOUNT,
        hint=(own.top_up if own else "") or SPECS[Reason.BILLING].hint,
    )
