"""What ``orchestrator batch`` does once its options are read."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.batch.budget import Budget, NoPrice, Rates
from orchestrator.batch.coordinator import (
    BatchFiles,
    BatchMismatch,
    Coordinator,
    batch_name,
    find_known,
)
from orchestrator.batch.database import BatchDatabase, DatabaseError
from orchestrator.batch.engine import Engine, worker_name
from orchestrator.batch.foretelling import Foretold, foretell
from orchestrator.batch.gates import Gates
from orchestrator.batch.helper import help_out
from orchestrator.batch.line_call import LineCaller, LineOptions
from orchestrator.batch.lines import BatchInput, BatchLine, InputError, check_input
from orchestrator.batch.pace import MOST
from orchestrator.batch.records import NANO
from orchestrator.batch.tables import KnownBatch
from orchestrator.batch.terms import difference, make_terms, options_of
from orchestrator.batch.worker import GroupWriter, Worker
from orchestrator.cli.batch import BatchOptions
from orchestrator.cli.batch_view import BatchEnding, BatchView
from orchestrator.cli.context import open_orchestrator
from orchestrator.cli.exit_codes import DONE, FAILED, INTERRUPTED, UsageError
from orchestrator.cli.live import working
from orchestrator.cli.prices import read_prices
from orchestrator.cli.screen import Screen
from orchestrator.extras import how_to_install

LAST_PATIENCE = 3_600.0
"""Seconds that a stop waits for lines in flight: as long as a line's own deadline by default."""


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the input, the output or the database is a matter of usage."""
    try:
        yield
    except (InputError, BatchMismatch, DatabaseError) as error:
        raise UsageError(str(error)) from error


def run(options: BatchOptions, screen: Screen) -> int:
    """Run a batch; the exit status.

    Raises:
        UsageError: It cannot be begun as it was given; nothing was asked.
    """
    assert options.input is not None and options.output is not None  # noqa: S101, PT018
    with (
        _told(),
        open_orchestrator(
            options.config, screen, options.route or None, named=not (options.json or options.quiet)
        ) as orchestrator,
    ):
        orchestrator.runtime.log.mute()  # thousands of calls: what they met stands in the files
        given = _checked(options, orchestrator, screen)
        beside = _state_path(options.output)
        database = BatchDatabase(beside if options.database is None else options.database)
        return _Session(options, screen, orchestrator, given, database).run()


def work(options: BatchOptions, screen: Screen) -> int:
    """Help with the open batches of a database; the exit status.

    Raises:
        UsageError: The database cannot be used, or no batch of it is open.
    """
    assert options.database is not None  # noqa: S101 - it was checked
    with (
        _told(),
        open_orchestrator(
            options.config, screen, ("any/model",), named=not (options.json or options.quiet)
        ) as orchestrator,
    ):
        orchestrator.runtime.log.mute()
        database = BatchDatabase(options.database)
        database.open()
        batches = _like_ours(database, orchestrator, screen)
        view = BatchView(screen, json=options.json, quiet=options.quiet)
        with (
            _engine(options, orchestrator, database, map(options_of, batches)) as engine,
            _stopping(screen) as stops,
        ):
            names = ", ".join(one.output for one in batches)
            view.helping(engine.name, names)
            help_out(database, engine, stops.asked, view.helped)
            with suppress(KeyboardInterrupt):
                engine.stop(LAST_PATIENCE)
            view.has_helped(engine.worker.done)
        return INTERRUPTED if stops.asked() else DONE


def _like_ours(
    database: BatchDatabase, orchestrator: Orchestrator, screen: Screen
) -> list[KnownBatch]:
    """The open batches whose lines would be asked here as they are where they were begun.

    Raises:
        UsageError: There is none.
    """
    if not (batches := database.open_batches()):
        raise UsageError(f"{database.shown}: no batch is open; begin one with --database")
    others = {one.name: difference(orchestrator, one) for one in batches}
    told = [f"{one.output}: {others[one.name]}" for one in batches if others[one.name]]
    if len(told) == len(batches):
        raise UsageError(
            f"{database.shown}: no open batch asks whom this config would ask: {'; '.join(told)}"
        )
    for each in told:
        screen.say(f"not helped, for this config would ask others: {each}")
    return [one for one in batches if not others[one.name]]


def _state_path(output: Path) -> Path:
    return output.with_name(output.name + ".state.sqlite")


def _checked(options: BatchOptions, orchestrator: Orchestrator, screen: Screen) -> BatchInput:
    """The input, read to its end.

    Raises:
        InputError: Something is wrong with it.
    """
    assert options.input is not None  # noqa: S101 - it was checked
    find_target: Callable[[str], object] | None = None
    if options.route:
        orchestrator.targets(options.route if len(options.route) > 1 else options.route[0])
    else:
        find_target = lambda name: orchestrator.targets(name or None)  # noqa: E731
    size = options.input.stat().st_size
    with working(screen, "checking the input", size) as bar:
        return check_input(options.input, find_target, bar.step)


class _Stops:
    """What the user has asked for."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._count = screen, 0

    def take(self, *_: object) -> None:
        """A signal came."""
        self._count += 1
        if self._count == 1:
            self._screen.say(
                "stopping: lines in flight are waited for; press Ctrl-C again to leave at once"
            )
        else:
            raise KeyboardInterrupt

    def asked(self) -> bool:
        """Whether it is to stop."""
        return self._count > 0


@contextmanager
def _stopping(screen: Screen) -> Iterator[_Stops]:
    """Within this block, the first Ctrl-C or SIGTERM asks to stop; the second leaves."""
    stops = _Stops(screen)
    before = {one: signal.signal(one, stops.take) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _engine(
    options: BatchOptions,
    orchestrator: Orchestrator,
    database: BatchDatabase,
    batches: Iterable[LineOptions],
) -> Iterator[Engine]:
    """The engine, running; closed at the end, and the database with it."""
    name = worker_name()

    def make_worker() -> Worker:
        gates = Gates(time.monotonic, options.concurrency)
        caller = LineCaller(orchestrator, gates, read_prices(orchestrator.config))
        return Worker(name, caller, GroupWriter(database))

    engine = Engine(database, name, make_worker, _held_ready(options))
    engine.batches |= {one.batch: one for one in batches}
    try:
        if not database.claim_presence(name):
            raise UsageError(f"{database.shown} is in use: this batch is running already")
        engine.start()
        yield engine
    finally:
        engine.close(orchestrator.aclose())
        database.close()


def _held_ready(options: BatchOptions) -> int:
    """Lines that a process takes off the queue: as many again as it asks at once.

    So no place stands empty between two looks at the queue. The queue knows but one such number:
    on a shared database the last to start would set it for all, so there it is that of ``auto``.
    """
    chosen = 2 * (options.concurrency or MOST)
    return chosen if options.database is None else max(chosen, 2 * MOST)


@attrs.define
class _Session:
    """One run of a batch."""

    options: BatchOptions
    screen: Screen
    orchestrator: Orchestrator
    given: BatchInput
    database: BatchDatabase

    @property
    def output(self) -> Path:
        assert self.options.output is not None  # noqa: S101 - it was checked
        return self.options.output

    def run(self) -> int:
        estimate = self._estimate()
        if self.database.is_there:
            self.database.open()
        known = find_known(self.database, self.given, self.output)
        view = BatchView(self.screen, json=self.options.json, quiet=self.options.quiet)
        if self.options.dry_run:
            view.foretell(self._foretold(known))
            return DONE
        self.database.open()
        with (
            _engine(
                *(self.options, self.orchestrator, self.database), [self._line_options]
            ) as engine,
            _stopping(self.screen) as stops,
        ):
            coordinator = self._coordinator(engine, view, estimate)
            try:
                return self._coordinate(coordinator, known, view, stops)
            except (DatabaseError, OSError) as error:
                view.trouble(self._words(error))
                return FAILED

    def _estimate(self) -> Callable[[BatchLine], int] | None:
        """What a line may cost at most, where there is a limit.

        Raises:
            UsageError: No prices are installed, or a target has none.
        """
        if self.options.max_cost is None:
            return None
        price = read_prices(self.orchestrator.config)
        if price is None:
            raise UsageError(f"--max-cost needs an extra: {how_to_install('prices')}")
        rates = Rates(price)
        wanted: list[Any] = [self._route] if self.options.route else sorted(self.given.wanted)
        for each in wanted:
            for target in self.orchestrator.targets(each or None):
                if rates.of(target) is None:
                    raise UsageError(
                        f"--max-cost cannot be kept: no price of {target.name} is known"
                    )
        return lambda line: self._most(rates, line)

    @property
    def _route(self) -> Any:
        route = self.options.route
        return route[0] if len(route) == 1 else route

    def _most(self, rates: Rates, line: BatchLine) -> int:
        request = line.request(self.options.route, self.options.timeout)
        try:
            return rates.most(request, self.orchestrator.targets(request.wants))
        except NoPrice as error:
            raise UsageError(f"no price of {error.target} is known") from error

    def _foretold(self, known: KnownBatch | None) -> Foretold:
        price = read_prices(self.orchestrator.config)
        return foretell(
            *(self.given, known, self.database, self.orchestrator),
            rates=None if price is None else Rates(price),
            route=self.options.route,
            retries=self.options.retry_failed,
        )

    @property
    def _line_options(self) -> LineOptions:
        name = batch_name(self.given, self.output)
        return LineOptions(name, self.options.route, self.options.timeout)

    def _coordinator(
        self,
        engine: Engine,
        view: BatchView,
        estimate: Callable[[BatchLine], int] | None,
    ) -> Coordinator:
        limit, given, options = self.options.max_cost, self.given, self.options
        terms = make_terms(self.orchestrator, given.wanted, options.route, options.timeout)
        return Coordinator(
            database=self.database,
            engine=engine,
            files=BatchFiles.beside(self.output),
            given=self.given,
            options=self._line_options,
            terms=terms.write(),
            tell=view.progress,
            estimate=estimate,
            budget=None if limit is None else Budget(int(limit * NANO)),
        )

    def _coordinate(
        self,
        coordinator: Coordinator,
        known: KnownBatch | None,
        view: BatchView,
        stops: _Stops,
    ) -> int:
        coordinator.begin(known, retry_failed=self.options.retry_failed)
        with view.running(self.given.count, coordinator.sums):
            is_over = self._run(coordinator, stops)
        interrupted = coordinator.end()
        was_stopped = stops.asked() and not is_over
        view.summary(
            BatchEnding(
                lines=self.given.count,
                sums=coordinator.sums,
                files=coordinator.files,
                interrupted=interrupted,
                max_cost=self.options.max_cost if coordinator.is_out_of_money else None,
                was_stopped=was_stopped,
            )
        )
        if was_stopped:
            return INTERRUPTED
        return DONE if is_over and not coordinator.sums.failed else FAILED

    def _run(self, coordinator: Coordinator, stops: _Stops) -> bool:
        is_over = coordinator.run(stops.asked)
        with suppress(KeyboardInterrupt):
            if not is_over:
                coordinator.engine.stop(LAST_PATIENCE)
        return is_over

    def _words(self, error: Exception) -> str:
        if isinstance(error, OSError):
            return f"{error.filename or self.output}: {error.strerror or error}"
        return str(error)
