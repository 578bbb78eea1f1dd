"""A call from its first command to its end, written once for threads, tasks and whatever comes.

The flow performs what the machine asks for and steps it with what happened, until ``Finish``.
It never asks itself what to do next; where it would have to, a row is missing from
:mod:`orchestrator.states.table`. All that it needs of the world it yields as an
:data:`.Effect`, so that a pump decides how to send and how to wait, and nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Generator, Sequence
from typing import Any, assert_never

from orchestrator.api.request import RequestError
from orchestrator.api.response import Response
from orchestrator.connections.errors import LimitPassed
from orchestrator.dialects import Answer
from orchestrator.execution import addresses, time_budget
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.effects import CLOSE, Ask, Effect, Emit, Open, Read, Sleep
from orchestrator.execution.exchange import Exchange, FirstContent, StreamComplete
from orchestrator.execution.failure import Broken, Failure
from orchestrator.health.session import Release, Take, TakeFirst
from orchestrator.states import (
    Cancelled,
    DeadlineReached,
    Diagnose,
    Diagnosed,
    Event,
    Failed,
    Finish,
    Relay,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Send,
    Standby,
    Started,
    State,
    Streaming,
    Succeeded,
    Switch,
    Switched,
    Taken,
    Target,
    Wait,
    Waited,
)
from orchestrator.states.limits import DRAIN

_TAKE_FIRST, _RELEASE = TakeFirst(), Release()

Flow = Generator[Effect, Any, Response]
EventFlow = Generator[Effect, Any, Event]
Taking = Generator[Effect, Any, tuple[float, Taken | None, Standby, float]]


def flow(run: CallRun) -> Flow:
    """Run a call to its end.

    However it ends, what it took is given back: a pump throws in what interrupts the call, and
    performs what follows, to the end of the record.

    Raises:
        CallFailed: The call failed; ``StreamInterrupted`` once content was delivered.
        RequestError: The caller handed in what cannot be sent.
        BaseException: What interrupted the call, as it was; the machine ends as ``Cancelled``.
    """
    if run.runtime.secrets.may_change:
        yield from run.runtime.secrets.look({target.provider for target in run.call.route})
    run.begin()
    try:
        run.open_record()
        taken, standby = yield Ask(run.session, _TAKE_FIRST, 0.0)
        run.advance(Started(0.0, run.as_repaired(taken), standby, _jitter(run, taken)))
        while not isinstance(command := run.command, Finish):
            event = yield from _performed(run, command)
            if not isinstance(event, Streaming):
                # A wait or another target may come next: nobody reads on.
                yield CLOSE
            run.advance(event)
        response = run.finish(command)
        if run.leftover:
            yield Emit(iter(run.leftover))
    except GeneratorExit:
        # The pump is gone, and nobody performs an effect any more. What the board must know is
        # no wait, so it is told from here; what is open went with the pump.
        _abandon_here(run)
        raise
    except BaseException:
        yield from _abandon(run)
        raise
    yield Ask(run.session, _RELEASE, run.at)
    if run.session.news:
        run.tell_news()
    return response


def _performed(
    run: CallRun, command: Send | Relay | Diagnose | Rotate | Switch | Wait | Repair
) -> EventFlow:
    # Chosen by a function, not by a generator: every read would go through one more.
    match command:
        case Send():
            return _send(run, command)
        case Relay():
            return _relay(run, command)
        case Diagnose():
            return _diagnose(run)
        case _:
            return _arrive(run, command)


def _arrive(run: CallRun, command: Rotate | Switch | Wait | Repair) -> EventFlow:
    match command:
        case Rotate():
            return Rotated(*(yield from _take(run, (command.target,), command.used)))
        case Switch():
            return Switched(*(yield from _take(run, command.targets)))
        case Wait():
            yield Sleep(command.until - run.at)
            return Waited(*(yield from _take(run, (command.target,), waited=True)))
        case Repair():
            run.repair(command)
            return Repaired(*(yield from _take(run, (command.target,))))
        case _:
            assert_never(command)


def _take(
    run: CallRun, targets: Sequence[Target], used: Collection[str] = (), *, waited: bool = False
) -> Taking:
    """Take the first of ``targets`` that can be had, and look at what stands by."""
    yield from run.runtime.secrets.look({target.provider for target in targets})
    at = run.at
    taken, standby = yield Ask(run.session, Take(targets, used, waited), at)
    return at, run.as_repaired(taken), standby, _jitter(run, taken)


def _jitter(run: CallRun, taken: Taken | None) -> float:
    """What is drawn for a wait; who has got hold of something waits for nothing."""
    return 0.0 if taken is not None else run.runtime.jitter()


def _diagnose(run: CallRun, *, reload: bool = True) -> Generator[Effect, Any, Diagnosed]:
    """Classify the failure, report it to the board, and look at what stands by."""
    report = run.classify()
    if reload:
        report = yield from run.reload(report)
    run.is_diagnosed, at = True, run.at
    standby = yield Ask(run.session, report, at)
    run.diagnosed(report.error, standby)
    jitter = run.runtime.jitter
    return Diagnosed(at, report.error, standby, jitter(), jitter() if standby.clears else 0.0)


# An attempt.


def _send(run: CallRun, command: Send) -> EventFlow:
    """Send, and read until content may be passed on or the attempt is over."""
    exchange = run.begin_attempt(command)
    outcome: Answer | Failure | FirstContent | None = None
    try:
        several = exchange.provider.base_urls
        base_url = (yield from _locate(run, exchange)) if several else exchange.provider.base_url
        outgoing = run.encode(exchange, base_url)
        connect = min(command.timeouts.connect, time_budget.time_left(exchange, run.at))
        seconds = _left(run, exchange, command)
        run.recorder.record_sent()
        head = yield Open(outgoing, seconds, connect)
        run.receive(exchange, head)
        # Stops at the first content once, for the board to be told of it outside: what breaks
        # in the board is no failure of the attempt, and an answer that came is bought once.
        while (outcome := _judge(run, exchange)) is None and not _speaks_first(exchange):
            exchange.feed((yield Read(_left(run, exchange, command))))
    except RequestError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever breaks an attempt is its failure
        return (yield from _break(run, exchange, command, error))
    if _speaks_first(exchange):
        yield from _note_first_content(run, exchange)
    return (
        yield from _read_on(run, exchange, command) if outcome is None else _settle(run, outcome)
    )


def attempt(run: CallRun, command: Send) -> EventFlow:
    """One attempt alone, of a call that runs elsewhere; the event is what came of it.

    Whoever runs it has to know what the world brought, and not what it means: the call itself
    judges the same again. What is asked of the board here is the call's to ask.
    """
    yield from run.runtime.secrets.look({command.target.provider})
    try:
        return (yield from _send(run, command))
    finally:
        yield CLOSE


def _read_on(run: CallRun, exchange: Exchange, command: Send) -> EventFlow:
    """Read what is held back, since it must all be here before anything is passed on."""
    try:
        while (outcome := _judge(run, exchange)) is None:
            exchange.feed((yield Read(_left(run, exchange, command))))
    except Exception as error:  # noqa: BLE001 - see _send
        return (yield from _break(run, exchange, command, error))
    return (yield from _settle(run, outcome))


def _judge(run: CallRun, exchange: Exchange) -> Answer | Failure | FirstContent | None:
    """What has come amounts to; ``None`` where more bytes must tell."""
    outcome = exchange.outcome()
    return run.complete(exchange) if isinstance(outcome, StreamComplete) else outcome


def _speaks_first(exchange: Exchange) -> bool:
    return not exchange.has_spoken and exchange.has_content


def _relay(run: CallRun, command: Relay) -> EventFlow:
    """Pass on what has come, and read on, until the stream is over."""
    exchange = run.exchange
    if exchange is None:
        raise AssertionError("nothing is passed on before an attempt")
    while True:
        if (events := run.deliver()) is not None:
            yield Emit(events)
            run.note_delivered()
        try:
            outcome = _judge(run, exchange) or run.too_large()
            if outcome is None:
                exchange.feed((yield Read(_left(run, exchange, command))))
        except Exception as error:  # noqa: BLE001 - see _send
            return (yield from _break(run, exchange, command, error))
        if outcome is not None:
            ended = yield from _settle(run, outcome)
            if isinstance(ended, Succeeded):
                yield from _drain(run)
            return ended


def _note_first_content(run: CallRun, exchange: Exchange) -> Generator[Effect, Any, None]:
    """Tell the board how long the target was silent, so that others know what is usual here."""
    exchange.has_spoken = True
    if (silence := run.silence(exchange)) is not None:
        yield Ask(run.session, silence, run.at)


def _left(run: CallRun, exchange: Exchange, command: Send | Relay) -> float:
    """Seconds until the next limit.

    Raises:
        LimitPassed: There are none; a transport of the user's may know nothing of limits.
    """
    seconds = time_budget.read_seconds(command, exchange, run.at)
    if seconds <= 0:
        raise LimitPassed
    return seconds


def _settle(run: CallRun, outcome: Answer | Failure | FirstContent) -> EventFlow:
    """The event that ``outcome`` is; the board hears of an answer first."""
    match outcome:
        case FirstContent():
            return Streaming(run.at)
        case Answer():
            yield Ask(run.session, run.answered(), run.at)
            return Succeeded(run.at)
        case _:
            return run.fail(outcome)


def _break(run: CallRun, exchange: Exchange, command: Send | Relay, error: Exception) -> EventFlow:
    """The event of an attempt that ``error`` ended, or a limit."""
    known: Answer | Failure | FirstContent | None
    try:
        settled = exchange.settled()
        known = run.complete(exchange) if isinstance(settled, StreamComplete) else settled
    except Exception as unreadable:  # noqa: BLE001 - what broke the codec breaks it again
        known = Broken(unreadable)
    if known is None and isinstance(error, LimitPassed):
        committed = run.call.committed
        reached = time_budget.pass_limit(command, exchange, error, run.at, committed=committed)
        return reached if isinstance(reached, DeadlineReached) else run.fail(reached)
    return (yield from _settle(run, exchange.interrupt(error) if known is None else known))


def _drain(run: CallRun) -> Generator[Effect, Any, None]:
    """Read the end of the body, which follows the end mark, so that the connection lives."""
    clock = run.runtime.clock
    ends_at = clock.monotonic() + DRAIN
    with contextlib.suppress(Exception):
        while (left := ends_at - clock.monotonic()) > 0 and (yield Read(left)) is not None:
            pass


# The address of a provider.


def _locate(run: CallRun, exchange: Exchange) -> Generator[Effect, Any, str]:
    """The first address of the provider that can be reached, else the last, never probed."""
    *preferred, last = exchange.provider.base_urls
    for base_url in preferred:
        found = run.runtime.addresses.is_reachable(base_url)
        if found is None:
            found = yield from _probe(run, exchange, base_url)
        if found:
            return base_url
    return last


def _probe(run: CallRun, exchange: Exchange, base_url: str) -> Generator[Effect, Any, bool]:
    """Whether ``base_url`` can be reached, in the time of the attempt."""
    # Half of it, so that a silent address leaves time for the next.
    seconds = min(addresses.PROBE_SECONDS, _left(run, exchange, exchange.command) / 2)
    try:
        probe = addresses.probe(base_url, exchange.provider.connection)
        head = yield Open(probe, seconds, seconds)
        found = addresses.is_service(head)
    except LimitPassed:
        found = False
        if seconds < addresses.PROBE_SECONDS:  # a call in a hurry has not seen enough
            return False
    except Exception:  # noqa: BLE001 - nobody is there, whatever it is called
        found = False
    yield CLOSE
    run.runtime.addresses.remember(base_url, is_reachable=found)
    return found


# The caller goes away.


def _abandon(run: CallRun) -> Generator[Effect, Any, None]:
    """End what is open, and give back what was taken, whatever else interrupts that."""
    try:
        yield CLOSE
    finally:
        try:
            if not run.call.state.final:
                yield from _end(run)
            elif not run.recorder.is_closed:  # it was interrupted at its last move
                run.close_record()
        finally:
            yield Ask(run.session, _RELEASE, run.at)
            run.tell_news()


def _abandon_here(run: CallRun) -> None:
    """Perform what a call gives back, without a pump."""
    if run.durable_id:  # another process goes on with it: nothing is over
        return
    effects, result = _abandon(run), None
    with contextlib.suppress(StopIteration):
        while True:
            effect = effects.send(result)
            result = None
            if isinstance(effect, Ask):
                result = effect.session.answer(effect.question, effect.at)


def _end(run: CallRun) -> Generator[Effect, Any, None]:
    """End the machine and the record; a failure that had come by then stays what it is."""
    exchange = run.exchange
    if exchange is not None and run.has_delivered_all:
        # Who leaves after the finish reason has it all.
        judged = run.complete(exchange)
        if isinstance(judged, Answer):
            yield Ask(run.session, run.answered(), run.at)
            run.advance(Cancelled(run.at, complete=True))
            if isinstance(run.command, Finish):
                run.finish(run.command)
            return
    if exchange is not None and run.has_failed_head:
        event = yield from _break(run, exchange, exchange.command, LimitPassed())
        if isinstance(event, Failed):
            run.advance(event)
    # Where that is what was interrupted, it is not tried again.
    if run.call.state is State.CLASSIFY and not run.is_diagnosed:
        run.advance((yield from _diagnose(run, reload=False)))
    if not run.call.state.final:
        run.advance(Cancelled(run.at))
    run.close_record()
