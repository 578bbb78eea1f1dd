"""A watch over the money of a gateway's providers: asks their vendors beside the calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from orchestrator.api.client import Orchestrator
from orchestrator.gateway.state import Gateway

_log = logging.getLogger("orchestrator")


class BalanceWatch:
    """Asks whenever a question is due, one round after the other. Use it within one event loop.

    A question is begun by whoever of all processes is first, so that several gateways and workers
    over one health file ask no more often than one.

    Args:
        gateway: Whose providers; after its config was read again, those that it has then.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._round: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Begin a round where a question is due and none is under way. Waits for nothing."""
        is_idle = self._round is None or self._round.done()
        orchestrator = self._gateway.orchestrator
        if is_idle and not self._gateway.is_draining and orchestrator.balance_questions.is_due:
            self._round = asyncio.ensure_future(_ask(orchestrator))

    async def close(self) -> None:
        """Ask no more."""
        if self._round is not None:
            self._round.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._round


async def _ask(orchestrator: Orchestrator) -> None:
    try:
        await orchestrator.abalances()
    except Exception:  # noqa: BLE001 - a fault of the watch must end neither it nor a call
        _log.warning("a look at balances met a fault of the gateway's own", exc_info=True)
