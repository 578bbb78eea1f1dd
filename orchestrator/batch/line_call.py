"""One line, asked: its call, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import msgspec

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request, RequestError
from orchestrator.api.response import Response
from orchestrator.batch.gates import Gates, LinePlace
from orchestrator.batch.lines import BatchLine, LineRequest
from orchestrator.batch.records import (
    NANO,
    Outcome,
    answered_text,
    failed_text,
    is_rescued,
    line_name,
    tokens,
)
from orchestrator.batch.segments import SegmentedCall, SegmentEngine
from orchestrator.clock import SystemClock
from orchestrator.config.errors import ConfigError
from orchestrator.dialects import Usage
from orchestrator.execution.durable import run_durable
from orchestrator.execution.durable_data import Data, StepKind
from orchestrator.execution.step_performer import StepPerformer
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
        self._performer = StepPerformer(orchestrator)
        self._homes: dict[object, str] = {}

    @property
    def limits(self) -> dict[str, int]:
        """How many lines at once each provider takes, as far as it is known."""
        return self._gates.limits

    async def enter(self, line: BatchLine, options: LineOptions) -> LinePlace:
        """Wait until there is room for the line where it will be asked, most likely."""
        return await self._gates.enter(self._home(line, options))

    def _home(self, line: BatchLine, options: LineOptions) -> str:
        """The provider that answered such lines last; before, the first that they name."""
        try:
            wanted = line.request(options.route, options.timeout).wants
            if wanted not in self._homes:
                self._homes[wanted] = self._orchestrator.targets(wanted)[0].provider
        except (ConfigError, RequestError, LookupError):
            return ""  # its call will say what is wrong with it
        return self._homes[wanted]

    def begin(
        self, line: BatchLine, options: LineOptions, place: LinePlace
    ) -> SegmentedCall[Outcome]:
        """The line's call, which nobody runs yet; whatever goes wrong with it is its outcome."""

        async def perform(kind: str, asked: Data) -> Data:
            if kind != StepKind.ATTEMPT:
                return await self._performer.perform(kind, asked)
            place.sends_to(asked["send"]["target"]["provider"])
            told = await self._performer.perform(kind, asked)
            place.got(told["result"].get("head"))
            return told

        async def run(engine: SegmentEngine) -> Outcome:
            return await self._run(line, options, engine)

        return SegmentedCall(run, perform, self._orchestrator.runtime.clock.time)

    async def _run(self, line: BatchLine, options: LineOptions, engine: SegmentEngine) -> Outcome:
        try:
            request = line.request(options.route, options.timeout)
            name = line_name(options.batch, line.number)
            response = await run_durable(self._orchestrator, request, engine, name)
            return self._answered(line, options, request, response)
        except CallFailed as failed:
            return self._failed(line, options, failed, failed.attempts)
        except Exception as error:  # noqa: BLE001 - one line's trouble is not the batch's
            return self._failed(line, options, error, ())

    def _answered(
        self, line: BatchLine, options: LineOptions, request: Request, response: Response
    ) -> Outcome:
        self._homes[request.wants] = response.provider
        body = answer(request, response, {}).body
        said = response.attempts[-1].request_id or response.ledger.call
        text = answered_text(options.batch, line, msgspec.Raw(body), said)  # type: ignore[arg-type]
        rescued = is_rescued(response)
        return self._outcome(line, text, response.attempts, is_answered=True, is_rescued=rescued)

    def _failed(
        self, line: BatchLine, options: LineOptions, error: Exception, attempts: Sequence[Attempt]
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
    when = datetime.fromtimestamp(SystemClock().time(), UTC)
    total = Decimal(0)
    for attempt in attempts:
        if attempt.usage is None or attempt.usage == Usage():
            continue
        cost = price(attempt.provider, attempt.model, attempt.usage, when)
        if cost is None:
            return None
        total += cost
    return int(total * NANO)
