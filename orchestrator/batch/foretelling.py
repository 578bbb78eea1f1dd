"""What a batch would ask, said before anything is asked."""

from __future__ import annotations

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.batch.budget import NoPrice, Rates, tokens_of
from orchestrator.batch.database import BatchDatabase
from orchestrator.batch.lines import BatchInput, read_lines
from orchestrator.batch.tables import KnownBatch


@attrs.frozen
class Foretold:
    """What a batch would ask.

    Attributes:
        lines: How many it has.
        asked: How many of them would be asked.
        failed: Those that failed before, and are not asked again unless it is said.
        prompt_tokens, completion_tokens: What they have at most, roughly.
        cost: What they cost at most, in billionths of a US dollar; ``None`` where a price is
            not known.
    """

    lines: int
    asked: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost: int | None


def foretell(
    given: BatchInput,
    known: KnownBatch | None,
    database: BatchDatabase,
    orchestrator: Orchestrator,
    *,
    rates: Rates | None,
    route: tuple[str, ...],
    retries: bool,
) -> Foretold:
    """What would be asked.

    Args:
        given: The input, checked.
        known: What was begun of it.
        database: Where that stands.
        orchestrator: Who would be asked.
        rates: What tokens cost, where it is known.
        route: What is asked in place of what lines name.
        retries: Whether lines that failed are asked again.
    """
    done, failed = _over(known, database)
    if retries:
        done -= failed
    asked = said = count = 0
    cost: int | None = None if rates is None else 0
    for line in read_lines(given.path):
        if line.number in done:
            continue
        count += 1
        request = line.request(route, None)
        tokens = tokens_of(request)
        asked, said = asked + tokens[0], said + tokens[1]
        if rates is not None and cost is not None:
            try:
                cost += rates.most(request, orchestrator.targets(request.wants))
            except NoPrice:
                cost = None
    return Foretold(given.count, count, 0 if retries else len(failed), asked, said, cost)


def _over(known: KnownBatch | None, database: BatchDatabase) -> tuple[set[int], set[int]]:
    """The numbers of the lines that are over, and of those among them that failed."""
    if known is None:
        return set(), set()
    failed = {outcome.number for outcome in database.failures(known.name)}
    return database.done_among(known.name, 0, 1 << 62), failed
