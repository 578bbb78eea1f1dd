"""One recorded call under another policy: the machine that ships, fed from the record.

As long as the machine asks for what it asked for then, it gets the recorded events: so a
call that the change does not touch is the same, bit for bit. From the first other command
on, a health board answers for what stands by, and the record for what providers say.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from random import Random

import attrs

from orchestrator.execution.failure import LimitReached
from orchestrator.health import HealthBoard
from orchestrator.health.session import NoteFirstToken, Release, Report, Succeed, Take, TakeFirst
from orchestrator.lab.simulation.provider_model import AttemptOutcome, ProviderModel
from orchestrator.ledger import Recording, Transition
from orchestrator.states import (
    Call,
    Cancelled,
    Command,
    DeadlineReached,
    Diagnose,
    Diagnosed,
    Event,
    Failed,
    Finish,
    OnInterrupted,
    Reason,
    Relay,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Send,
    Started,
    Step,
    Streaming,
    Succeeded,
    Switch,
    Switched,
    Taken,
    Wait,
    Waited,
    step,
)
from orchestrator.states.events import Arrival
from orchestrator.states.limits import CLOCK_GRAIN
from orchestrator.states.routing import may_retry

_LATE = 1.0
"""Seconds by which a deadline may be noticed late: a thread that sleeps, a busy loop."""

Acting = Generator[float, None, Event]
"""Yields the wall clock of each deed, so that calls can be interleaved as they were."""


@attrs.frozen
class SentAttempt:
    """One attempt of a replayed call."""

    target: str
    provider: str
    credential: str
    reason: Reason | None
    assumed: bool


@attrs.frozen
class Replay:
    """One replayed call.

    Attributes:
        recording: The call as it was.
        events, steps: What happened to the machine, and what it did.
        sent: Its attempts.
        followed: True where it took the recorded path to its end.
        answered: True where the caller gets an answer.
        seconds: How long it takes.
    """

    recording: Recording
    events: tuple[Event, ...]
    steps: tuple[Step, ...]
    sent: tuple[SentAttempt, ...]
    followed: bool
    answered: bool
    seconds: float

    @property
    def assumed(self) -> int:
        """Attempts whose answer no record tells."""
        return sum(each.assumed for each in self.sent)

    @property
    def is_as_recorded(self) -> bool:
        """Whether it takes the recorded rows to the end."""
        then = [move.row for move in self.recording.transitions]
        return [step.row for step in self.steps] == then


class CallReplay:
    """Replays one call.

    Args:
        recording: The call.
        call: The machine at its start, under the route and policy to try.
        board: Shared by all calls that are replayed together.
        providers: What providers answer.
        jitter: Draws for the backoff where the record has none left, each in [0, 1).
        follow: False where the config has not the targets and keys that the record names.
    """

    def __init__(
        self,
        recording: Recording,
        call: Call,
        board: HealthBoard,
        providers: ProviderModel,
        *,
        follow: bool,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._recording = recording
        self._call = call
        self._providers = providers
        self._on_record = follow
        self._at = 0.0
        self._sent_at = 0.0
        self._answered: AttemptOutcome | None = None
        self._session = board.session(call.route, recording.opened.time)
        self._jitter = jitter or Random(recording.call).random
        self._jitters = [
            move.facts.jitter for move in recording.transitions if isinstance(move.facts, Diagnosed)
        ]
        self._spreads = [
            spread
            for move in recording.transitions
            if (spread := _drawn_for_a_wait(move.facts)) is not None
        ]
        self._gone_at = next(
            (move.facts.at for move in recording.transitions if isinstance(move.facts, Cancelled)),
            float("inf"),
        )
        self._targets = {target.name: target for target in call.route}
        self._events: list[Event] = []
        self._steps: list[Step] = []
        self._sent: list[SentAttempt] = []

    def run(self) -> Generator[float, None, Replay]:
        """Play the call to its end; yields the wall clock of each deed."""
        event = yield from self._start()
        while True:
            moved = step(self._call, event)
            self._note(event, moved)
            if isinstance(moved.command, Finish):
                break
            event = yield from self._perform(moved.command)
        self._session.answer(Release(), self._at)
        return Replay(
            self._recording,
            tuple(self._events),
            tuple(self._steps),
            tuple(self._sent),
            self._on_record,
            moved.command.stopped_by is None,
            self._at,
        )

    def run_alone(self) -> Replay:
        """Play the call to its end, with no other beside it."""
        play = self.run()
        while True:
            try:
                next(play)
            except StopIteration as end:
                ended: Replay = end.value
                return ended

    # Following the record.

    def _note(self, event: Event, moved: Step) -> None:
        move = self._recorded_move()
        self._events.append(event)
        self._steps.append(moved)
        self._call, self._at = moved.call, event.at
        same = move is not None and move.row == moved.row and _same(move.command, moved.command)
        self._on_record = self._on_record and same

    def _recorded_move(self) -> Transition | None:
        moves = self._recording.transitions
        return moves[len(self._steps)] if len(self._steps) < len(moves) else None

    def _recorded(self) -> Event | None:
        """What happened next then, where it can happen now too."""
        move = self._recorded_move()
        if not self._on_record or move is None:
            self._on_record = False
            return None
        if not self._in_time(move.facts):
            self._on_record = False
            return None
        return self._with_own_targets(move.facts)

    def _in_time(self, event: Event) -> bool:
        """False where the deadline to try comes before ``event``, or after its own end."""
        if self._call.policy.deadline == self._recording.opened.policy.deadline:
            return True
        if isinstance(event, DeadlineReached):
            return abs(event.at - self._call.ends_at) <= _LATE
        ends = isinstance(event, Streaming | Succeeded | Failed)
        return not ends or event.at < self._call.ends_at

    def _with_own_targets(self, event: Event) -> Event:
        """``event`` about the targets of the config to try: their limits may be others."""
        taken = getattr(event, "taken", None)
        if taken is None or taken.target == self._targets[taken.target.name]:
            return event
        own = attrs.evolve(taken, target=self._targets[taken.target.name])
        return attrs.evolve(event, taken=own)

    # Performing what the machine asks for.

    def _start(self) -> Acting:
        yield self._recording.opened.time
        taken, standby = self._session.answer(TakeFirst(), 0.0)
        jitter = self._drawn(taken)
        return self._recorded() or Started(0.0, taken, standby, jitter)

    def _perform(self, command: Command) -> Acting:
        match command:
            case Send():
                return (yield from self._send(command))
            case Relay():
                return (yield from self._relay(command))
            case Diagnose():
                return self._diagnose()
            case Rotate() | Switch() | Wait() | Repair():
                return (yield from self._arrive(command))
            case Finish():
                raise AssertionError("nothing follows the end")

    def _send(self, command: Send) -> Acting:
        left = min(self._limit(command)[1], command.until - self._at)
        answered = self._providers.answer(self._call, command, left)
        self._answered, self._sent_at = self._limited(answered, command), self._at
        self._sent.append(_sent(command, self._answered))
        if self._answered is not answered:
            self._on_record = False
        event = self._recorded()
        if event is None:
            content = self._answered.content_after
            if content is not None and self._at + content < command.ends_at:
                event = self._unless_gone(Streaming(self._at + content))
            else:
                event = self._end(command.ends_at)
        yield from self._happen(event)
        return event

    def _relay(self, command: Relay) -> Acting:
        event = self._recorded() or self._end(command.ends_at)
        yield from self._happen(event)
        return event

    def _end(self, ends_at: float) -> Event:
        """The end of the attempt under way."""
        answered = self._answer()
        at = max(self._at, self._sent_at + answered.seconds)
        if answered.silent or at >= ends_at:
            return self._unless_gone(DeadlineReached(ends_at))
        if answered.error is None:
            return self._unless_gone(Succeeded(at))
        # Before content came, the caller has waited since the send.
        waited = at - self._sent_at if answered.content_after is None else answered.waited
        return self._unless_gone(Failed(at, tool_call=answered.tool_call, waited=waited))

    def _happen(self, event: Event) -> Generator[float, None, None]:
        yield self._recording.opened.time + event.at
        target, credential = self._call.target, self._call.credential
        if target is None or credential is None:
            return
        if isinstance(event, Streaming):
            if self._holds:
                return  # all of it had to be here: no record tells when the first of it was
            silence = NoteFirstToken(target, event.at - self._sent_at)
            self._session.answer(silence, event.at)
        elif isinstance(event, Succeeded):
            self._session.answer(Succeed(target, credential), event.at)

    def _diagnose(self) -> Event:
        recorded = self._recorded()
        if isinstance(recorded, Cancelled | DeadlineReached):
            return recorded
        target, credential, answered = self._call.target, self._call.credential, self._answer()
        error = answered.error
        if target is None or credential is None or error is None:
            raise AssertionError("only a failed attempt is diagnosed")
        again = may_retry(self._call, error)
        report = Report(target, credential, error, answered.cut_first_token, again)
        standby = self._session.answer(report, self._at)
        jitter = self._jitters.pop(0) if self._jitters else self._jitter()
        spread = self._spread() if standby.clears else 0.0
        return recorded or Diagnosed(self._at, error, standby, jitter, spread)

    def _arrive(self, command: Rotate | Switch | Wait | Repair) -> Acting:
        recorded = self._recorded()
        at = max(self._at, command.until) if isinstance(command, Wait) else self._at
        at = recorded.at if recorded is not None else at
        if recorded is None and at >= self._gone_at:
            return Cancelled(max(self._at, self._gone_at))
        yield self._recording.opened.time + at
        targets = command.targets if isinstance(command, Switch) else (command.target,)
        used = command.used if isinstance(command, Rotate) else frozenset()
        take = Take(targets, used, waited=isinstance(command, Wait))
        taken, standby = self._session.answer(take, at)
        jitter = self._drawn(taken)
        return recorded or _ARRIVALS[type(command)](at, taken, standby, jitter)

    def _drawn(self, taken: Taken | None) -> float:
        """The jitter of an arrival."""
        return 0.0 if taken is not None else self._spread()

    def _spread(self) -> float:
        return self._spreads.pop(0) if self._spreads else self._jitter()

    def _unless_gone(self, event: Event) -> Event:
        """``event``, or that the caller went away before it."""
        return event if event.at < self._gone_at else Cancelled(max(self._at, self._gone_at))

    def _answer(self) -> AttemptOutcome:
        if self._answered is None:
            raise AssertionError("only called after a send")
        return self._answered

    def _limited(self, answered: AttemptOutcome, command: Send) -> AttemptOutcome:
        """``answered``, or our limit until something is here where that is shorter now."""
        name, limit = self._limit(command)
        then = getattr(answered, name) or answered.total
        came = answered.seconds if answered.content_after is None else answered.content_after
        over = self._at + limit >= command.ends_at
        if came < limit or over or (not answered.assumed and limit >= then - CLOCK_GRAIN):
            return answered
        spoke = self._holds and not answered.assumed and then + CLOCK_GRAIN < came
        if spoke and self._at + came < command.until:
            return answered  # something of it was here in time, though no record tells when
        shortened = self._at + limit >= command.until
        return attrs.evolve(
            answered,
            error=LimitReached(name, limit, shortened=shortened).error(),
            seconds=limit,
            content_after=None,
            tool_call=False,
            cut_first_token=limit if name == "first_token" and not shortened else None,
            silent=False,
        )

    @property
    def _holds(self) -> bool:
        """Whether nothing is passed on before all of it is here."""
        return self._call.policy.on_interrupted is OnInterrupted.HOLD

    def _limit(self, command: Send) -> tuple[str, float]:
        """Our limit until an answer, or the first content of a stream, is here."""
        limits = command.timeouts
        if command.streamed:
            return "first_token", limits.first_token or limits.total
        return "total", limits.total


_ARRIVALS: dict[type[Command], type[Rotated | Switched | Waited | Repaired]] = {
    Rotate: Rotated,
    Switch: Switched,
    Wait: Waited,
    Repair: Repaired,
}


def _drawn_for_a_wait(event: Event) -> float | None:
    """The spread that was drawn then; ``None`` where there was nothing to wait for."""
    if isinstance(event, Diagnosed):
        return event.spread if event.standby.clears else None
    return event.jitter if isinstance(event, Arrival) and event.taken is None else None


def _same(then: Command, now: Command) -> bool:
    """Whether both ask for the same deed; limits may differ."""
    match then, now:
        case Send(), Send():
            return _deed(then) == _deed(now)
        case Wait(), Wait():
            return (then.until, then.target.name) == (now.until, now.target.name)
        case Rotate(), Rotate():
            return (then.target.name, then.used) == (now.target.name, now.used)
        case Switch(), Switch():
            return [each.name for each in then.targets] == [each.name for each in now.targets]
        case Repair(), Repair():
            return (then.name, then.target.name) == (now.name, now.target.name)
        case Relay(), Relay():
            return True
        case _:
            return then == now


def _deed(send: Send) -> tuple[str, str, int, bool]:
    return send.target.name, send.credential, send.number, send.probe


def _sent(command: Send, answered: AttemptOutcome) -> SentAttempt:
    target = command.target
    reason = answered.error.reason if answered.error is not None else None
    return SentAttempt(target.name, target.provider, command.credential, reason, answered.assumed)
