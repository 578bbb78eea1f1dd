"""One line, asked: its call, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import msgspec

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request, RequestError
from orchestrator.batch.gates import Gates, Place
from orchestrator.batch.lines import BatchLine, LineRequest
from orchestrator.batch.records import NANO, Outcome, answered_text, failed_text, is_rescued, tokens
from orchestrator.batch.window_headers import tell_window
from orchestrator.config.errors import ConfigError
from orchestrator.dialects import Usage
from orchestrator.execution.call_run import CallRun
from orchestrator.ledger import Attempt
from orchestrator.ledger.statistics import Price
from orchestrator.serving.http_errors import error_response
from orchestrator.serving.parse import client_dialect
from orchestrator.serving.respond import answer


@attrs.frozen
class LineOptions:
    """What a batch says of each of its lines.

    Attributes:
        batch: The batch's name.
        route: Targets or a route in place of the model that a line names; may be empty.
        timeout: The deadline of a line's call in seconds.
    """

    batch: str
    route: tuple[str, ...]
    timeout: float


class LineCaller:
    """Asks lines; of one event loop.

    Args:
        orchestrator: Who is asked.
        gates: How many at once.
        price: What an attempt cost; ``None`` where no prices are installed.
    """

    def __init__(self, orchestrator: Orchestrator, gates: Gates, price: Price | None) -> None:
        self._orchestrator, self._gates, self._price = orchestrator, gates, price
        self._homes: dict[object, str] = {}

    @property
    def limits(self) -> dict[str, int]:
        """How many lines at once each provider takes, as far as it is known."""
        return self._gates.limits

    async def enter(self, line: BatchLine, options: LineOptions) -> Place:
        """Wait until there is room for the line where it will be asked, most likely."""
        return await self._gates.enter(self._home(line, options))

    def _home(self, line: BatchLine, options: LineOptions) -> str:
        """The provider that answered such lines last; before, the first that they name."""
        wanted = self._wants(line, options)
        if wanted not in self._homes:
            try:
                self._homes[wanted] = self._orchestrator.targets(wanted)[0].provider
            except (ConfigError, RequestError, LookupError):
                return ""  # the call will say it
        return self._homes[wanted]

    def _wants(self, line: BatchLine, options: LineOptions) -> Any:
        try:
            return line.request(options.route, options.timeout).wants
        except RequestError:
            return None

    async def ask(self, line: BatchLine, options: LineOptions, place: Place) -> Outcome:
        """Ask the line; whatever goes wrong with it is its outcome."""
        request: Request | None = None
        try:
            request = line.request(options.route, options.timeout)
            call = await self._orchestrator.abegin_call(request, place.observe)
            response = await self._orchestrator.arun_call(call)
        except CallFailed as failed:
            return self._failed(line, options, failed, failed.attempts)
        except Exception as error:  # noqa: BLE001 - one line's trouble is not the batch's
            return self._failed(line, options, error, ())
        self._homes[request.wants] = response.provider
        tell_window(self._gates, response.provider, _headers(call))
        body = msgspec.Raw(answer(request, response, {}).body)  # type: ignore[arg-type]
        said = response.attempts[-1].request_id or response.ledger.call
        text = answered_text(options.batch, line, body, said)
        return self._outcome(
            line, text, response.attempts, is_answered=True, is_rescued=is_rescued(response)
        )

    def _failed(
        self,
        line: BatchLine,
        options: LineOptions,
        error: Exception,
        attempts: Sequence[Attempt],
    ) -> Outcome:
        spoken = client_dialect(LineRequest(line.url, b""))
        _, body = error_response(error, spoken)
        text = failed_text(options.batch, line, error, body)
        return self._outcome(line, text, tuple(attempts), is_answered=False)

    def _outcome(
        self,
        line: BatchLine,
        text: str,
        attempts: tuple[Attempt, ...],
        *,
        is_answered: bool,
        is_rescued: bool = False,
    ) -> Outcome:
        asked, said = tokens(attempts)
        return Outcome(
            number=line.number,
            custom_id=line.custom_id,
            is_answered=is_answered,
            text=text,
            prompt_tokens=asked,
            completion_tokens=said,
            cost=cost_of(attempts, self._price),
            is_rescued=is_rescued,
        )


def cost_of(attempts: Sequence[Attempt], price: Price | None) -> int | None:
    """What attempts cost, in billionths of a US dollar; ``None`` where one has no price."""
    if price is None:
        return None
    when = datetime.fromtimestamp(time.time(), UTC)
    total = Decimal(0)
    for attempt in attempts:
        if attempt.usage is None or attempt.usage == Usage():
            continue
        cost = price(attempt.provider, attempt.model, attempt.usage, when)
        if cost is None:
            return None
        total += cost
    return int(total * NANO)


def _headers(call: CallRun) -> Any:
    exchange = call.exchange
    head = exchange.body.head if exchange is not None and exchange.body is not None else None
    return None if head is None else head.headers
