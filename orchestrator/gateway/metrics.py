"""Metrics of a gateway: what its calls came to, counted as each of them ends.

Rules of this page:

* The loop alone counts, into plain numbers: no lock is taken for a call, and no library asked.
  ``prometheus_client`` writes what was counted once somebody reads it (a number costs 0.1 µs so,
  and 0.4 in a counter of its own, 2026-11; a call has a dozen).
* Labels are bounded. A provider or model that the config does not name is counted as ``other``,
  and so is a route: a client may ask for a new name with every request.
* Every family is there from the start. What a label may be, as far as that is known, begins at 0:
  who watches a rate misses the first of what was not there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from orchestrator.config.config import Config
from orchestrator.execution.call_facts import AttemptFacts, CallFacts
from orchestrator.gateway.call_auditor import RESULTS
from orchestrator.gateway.histograms import (
    FIRST_CHUNK_BOUNDS,
    OVERHEAD_BOUNDS,
    RESCUE_BOUNDS,
    Histogram,
)
from orchestrator.health import HealthBoard
from orchestrator.ledger import Billed
from orchestrator.states import TABLE, Mark, Reason, State, StoppedBy

OTHER = "other"
"""The label of what the config does not name."""

NONE = "none"
"""The label of an attempt that did not fail, and of a call that nothing stopped: Prometheus takes
an empty one for none at all."""

MOST_ZEROES = 25
"""Targets whose every reason begins at 0. A number takes 13 µs to write (2026-11): a hundred
targets of 32 numbers each, mostly zeroes, would take 40 ms of each scrape."""

STALE_BALANCE = 2 * 3600.0
"""Seconds after which a balance is not told any more: a question that fails is asked again within
an hour, and a config may ask as seldom."""

MOST_NAMES = 2_000
"""Routes, and targets, that may have labels of their own over the life of a process: a config that
is read anew each minute with other names must not grow the metrics without end."""

_REASONS = tuple(reason.value for reason in Reason)
_RESCUES = frozenset((*_REASONS, *(mark.value for mark in Mark)))
_ENDINGS = (
    (State.SUCCEED.value, NONE),
    *((State.FAIL_TERMINAL.value, each.value) for each in StoppedBy),
)
_KINDS = ("prompt", "completion", "cached", "reasoning")
_COSTLY = tuple(each.value for each in Billed if each is not Billed.NONE)


class CountedFamily:
    """A counter with labels, as plain numbers.

    Args:
        name: Of the family, without ``_total``.
        help_text: What is counted.
        labels: Their names.

    Attributes:
        counts: The numbers by the labels' values.
    """

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self._name, self._help, self._labels = name, help_text, tuple(labels)
        # No `Counter`: to count in one takes twice as long.
        self.counts: dict[tuple[str, ...], int] = {}
        if not labels:
            self.begin()

    def begin(self, *values: Sequence[str]) -> None:
        """Let every combination of labels' values begin at 0; without labels, the only number."""
        for key in product(*values):
            self.counts.setdefault(key, 0)

    def family(self) -> CounterMetricFamily:
        """What was counted, as it is written."""
        family = CounterMetricFamily(self._name, self._help, labels=self._labels)
        # A copy at once: the loop may count while another thread reads.
        for key, count in dict(self.counts).items():
            family.add_metric(key, count)
        return family


class Metrics(Collector):
    """What the calls of a gateway came to.

    The loop counts; :meth:`exposition` may be read in another thread.

    Args:
        config: Whose routes, providers and targets have labels of their own.
        board: What is benched.
        in_flight: How many calls are in flight.
    """

    def __init__(self, config: Config, board: HealthBoard, in_flight: Callable[[], int]) -> None:
        self._in_flight = in_flight
        self._calls = CountedFamily(
            "orchestrator_calls",
            "Calls that ended, by route, final state, and why they failed.",
            ("route", "outcome", "stopped_by"),
        )
        self._attempts = CountedFamily(
            "orchestrator_attempts",
            "Requests sent to providers, by the class of their failure (none: they did not fail).",
            ("provider", "model", "reason"),
        )
        self._rescues = CountedFamily(
            "orchestrator_rescues",
            "Calls that were answered, though not by the first attempt at the first target of "
            "their route, by what that was not to be had for.",
            ("reason",),
        )
        self._transitions = CountedFamily(
            "orchestrator_transitions", "Moves of the machine, by row of its table.", ("row",)
        )
        self._probes = CountedFamily(
            "orchestrator_probes",
            "Attempts that tested a bench or circuit that had ended.",
            ("result",),
        )
        self._unpaid = CountedFamily(
            "orchestrator_retries_refused",
            "Failures after which no retry could be paid for: the budget of the provider's retries "
            "was spent.",
            ("provider",),
        )
        self._tokens = CountedFamily(
            "orchestrator_tokens",
            "Tokens as providers counted them; cached ones are also in prompt, reasoning ones in "
            "completion.",
            ("provider", "model", "kind", "billed"),
        )
        self._nested = CountedFamily(
            "orchestrator_nested_retries",
            "Requests that the client's own retry loop sent again.",
        )
        self._audited = CountedFamily(
            "orchestrator_audit_calls",
            "Calls that were held against the table and the invariants as they ended, by what came "
            "of it; all 0 without `serve --audit`.",
            ("result",),
        )
        self._time_to_rescue = Histogram(
            "orchestrator_time_to_rescue_seconds",
            "Seconds from the beginning of a rescued call until the attempt that answered it was "
            "sent: what the failures before it cost.",
            RESCUE_BOUNDS,
        )
        self._time_to_first_chunk = Histogram(
            "orchestrator_time_to_first_chunk_seconds",
            "Seconds from the beginning of a streamed call until its first content.",
            FIRST_CHUNK_BOUNDS,
        )
        self._overhead = Histogram(
            "orchestrator_overhead_seconds",
            "Seconds of a call that were neither an attempt's nor a wait's.",
            OVERHEAD_BOUNDS,
        )
        self._routes: set[str] = set()
        self._targets: dict[str, tuple[str, str]] = {}
        self._transitions.begin([row.name for row in TABLE])
        self._rescues.begin(_REASONS)
        self._probes.begin(("answered", "failed", "abandoned"))
        self._audited.begin(RESULTS)
        self.use(config, board)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        PlatformCollector(registry=self._registry)
        ProcessCollector(registry=self._registry)

    def use(self, config: Config, board: HealthBoard) -> None:
        """Count by the names of another config too; those of earlier ones keep their labels."""
        self._board, self._providers = board, frozenset(config.providers)
        self._unpaid.begin(sorted(config.providers)[:MOST_NAMES])
        for name in (*config.routes, OTHER):
            if len(self._routes) < MOST_NAMES:
                self._routes.add(name)
                for ending in _ENDINGS:
                    self._calls.counts.setdefault((name, *ending), 0)
        routed = (target.name for route in config.routes.values() for target in route)
        for name in dict.fromkeys((*routed, *config.targets)):
            if name not in self._targets and len(self._targets) < MOST_NAMES:
                self._admit(name)

    def _admit(self, name: str) -> None:
        """A target has labels of its own from now on."""
        provider, _, model = name.partition("/")
        self._targets[name] = (provider, model)
        has_zeroes = len(self._targets) <= MOST_ZEROES
        of = ((provider,), (model,))
        self._attempts.begin(*of, (NONE, *_REASONS) if has_zeroes else (NONE,))
        if has_zeroes:
            self._tokens.begin(*of, _KINDS, _COSTLY)

    # What is counted.

    def finished(self, facts: CallFacts, before: float = 0.0) -> None:
        """Count a call that is over.

        Args:
            facts: What it came to.
            before: Seconds that the gateway took over its request before it began.
        """
        route = facts.route
        if route not in self._routes and route not in self._targets:
            route = OTHER
        stopped_by = NONE if facts.stopped_by is None else facts.stopped_by.value
        calls, ending = self._calls.counts, (route, facts.state, stopped_by)
        calls[ending] = calls.get(ending, 0) + 1
        rows = self._transitions.counts
        for row in facts.rows:
            rows[row,] = rows.get((row,), 0) + 1
        unpaid = self._unpaid.counts
        for place in facts.unpaid:
            key = (self._unknown(facts.attempts[place].provider)[0],)
            unpaid[key] = unpaid.get(key, 0) + 1
        for attempt in facts.attempts:
            self._count_attempt(attempt)
        if facts.first_content is not None:
            self._time_to_first_chunk.observe(facts.first_content)
        self._overhead.observe(before + facts.overhead)
        if facts.rescued is not None:
            reason = facts.rescued if facts.rescued in _RESCUES else OTHER
            _add(self._rescues, 1, reason)
            self._time_to_rescue.observe(facts.seconds_lost)

    def note_nested_retry(self) -> None:
        """Count a request that the client's own retry loop sent again."""
        _add(self._nested, 1)

    def note_audit(self, result: str) -> None:
        """Count a call that was audited, or was to be."""
        # Each result is counted by one thread alone.
        _add(self._audited, 1, result)

    @property
    def audited(self) -> Mapping[str, int]:
        """How many calls were audited, by what came of it."""
        return {result: count for (result,), count in dict(self._audited.counts).items()}

    def _count_attempt(self, attempt: AttemptFacts) -> None:
        provider, model = self._targets.get(attempt.target) or self._unknown(attempt.provider)
        reason = attempt.reason
        _add(self._attempts, 1, provider, model, NONE if reason is None else reason.value)
        if attempt.probe:
            _add(self._probes, 1, _probed(reason))
        usage = attempt.usage
        if usage is None:
            return
        tokens, billed = self._tokens, attempt.billed._value_
        _add(tokens, usage.prompt_tokens, provider, model, "prompt", billed)
        _add(tokens, usage.completion_tokens, provider, model, "completion", billed)
        if usage.cached_tokens:
            _add(tokens, usage.cached_tokens, provider, model, "cached", billed)
        if usage.reasoning_tokens:
            _add(tokens, usage.reasoning_tokens, provider, model, "reasoning", billed)

    def _unknown(self, provider: str) -> tuple[str, str]:
        return (provider if provider in self._providers else OTHER), OTHER

    # What is written.

    def collect(self) -> Iterator[Metric]:
        """Every family, for the library that writes them."""
        for counted in (self._calls, self._attempts, self._rescues, self._transitions):
            yield counted.family()
        for histogram in (self._time_to_rescue, self._time_to_first_chunk, self._overhead):
            yield histogram.family()
        yield self._benched()
        yield self._probes.family()
        yield self._tokens.family()
        yield self._balance()
        yield self._retry_tokens()
        yield self._unpaid.family()
        yield GaugeMetricFamily(
            "orchestrator_in_flight", "Calls that are not over.", value=self._in_flight()
        )
        yield GaugeMetricFamily(
            "orchestrator_board_shared",
            "1 where marks are shared as the config asks; 0 while the store cannot be used, and "
            "this process goes by its own.",
            value=float(not self._board.store.trouble),
        )
        yield self._nested.family()
        yield self._audited.family()

    def _benched(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "orchestrator_benched",
            "Marks that keep calls from a provider, its keys or its models, those that only a "
            "probe can end among them.",
            labels=("provider", "mark"),
        )
        found: Counter[tuple[str, str]] = Counter()
        for row in self._board.snapshot():
            if row.mark is not None:
                found[self._unknown(row.provider)[0], row.mark.value] += 1
        marks = [mark.value for mark in Mark]
        for key in dict.fromkeys((*product(sorted(self._providers), marks), *found)):
            family.add_metric(key, found[key])
        return family

    def _retry_tokens(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "orchestrator_retry_tokens",
            "What retries at a provider may still spend of their budget; one costs 14, and 5 after "
            "a rate limit.",
            labels=("provider",),
        )
        for row in self._board.snapshot():
            known = row.provider in self._providers
            if known and row.retry_tokens is not None:
                family.add_metric((row.provider,), row.retry_tokens)
        return family

    def _balance(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "orchestrator_balance",
            "Money left at providers that tell it, in the currency that they tell it in; the "
            "largest amount of those that tell several.",
            labels=("provider",),
        )
        # What is old is no balance: who watches is to see that it is missing.
        since = self._board.now() - STALE_BALANCE
        for name in sorted(self._providers):
            known = self._board.balances.known(name)
            most = None if known is None or known.said is None else known.said.most
            if known is not None and most is not None and known.at >= since:
                family.add_metric((name,), most.amount)
        return family

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """All families as text, and its content type.

        It takes some ms, which a loop spends elsewhere: read it in a thread.

        Args:
            accept: What the reader takes: Prometheus' own text, or OpenMetrics where asked for.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def _add(family: CountedFamily, count: int, *labels: str) -> None:
    family.counts[labels] = family.counts.get(labels, 0) + count


def _probed(reason: Reason | None) -> str:
    if reason is None:
        return "answered"
    return "abandoned" if reason in (Reason.CANCELLED, Reason.DEADLINE) else "failed"
