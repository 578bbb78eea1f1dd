"""Words for walks: a route, pools, marks and answers as short strings, a path as row names.

| word | example |
|---|---|
| answer | `billing`, `rate_limit 60` (Retry-After), `bad_request repair:drop-a`, `ok` |
| answer of a narrower scope | `billing scope:key`: only that is benched |
| answer in a stream | `stream_interrupted content`, `stream_interrupted content tool` |
| mark | `bench 290 billing -20`: mark, until, remembered reason, since (-10 where not said) |
| path | `retry@acme/one>0.6`: row, target waited for, until; `started_send@acme/one#2`: key |
| path | `started_send@acme/one#2?`: a probe |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from orchestrator.states import (
    DEFAULT_MOVES,
    Call,
    Command,
    Error,
    Finish,
    Mark,
    Move,
    Policy,
    Reason,
    Repair,
    Rotate,
    Scope,
    Send,
    Target,
    Wait,
    step,
)
from orchestrator.states.machine import Stepper
from tests.states.world import Answer, Block, Board, Moment, World

Ending = tuple[list[str], str | None, str | None]
"""The path, the cause's reason, why it stopped."""

SECONDS = 0.1
"""How long every attempt of a walk takes."""


def error(reason: str, *words: str) -> Error:
    """The error that a walk's word stands for."""
    waits = [float(word) for word in words if word.replace(".", "").isdigit()]
    scopes = [Scope(word.removeprefix("scope:")) for word in words if word.startswith("scope:")]
    repairs = [word.removeprefix("repair:") for word in words if word.startswith("repair:")]
    return Error(
        Reason(reason),
        f"walk.{reason}",
        message=f"the words of {reason}",
        scope=scopes[0] if scopes else None,
        retry_after=waits[0] if waits else None,
        repair=repairs[0] if repairs else None,
        revoked="revoked" in words,
    )


def answer(text: str) -> Answer:
    """The answer that a walk's word stands for."""
    what, *words = text.split()
    failure = None if what == "ok" else error(what, *words)
    return Answer(failure, SECONDS, content="content" in words, tool_call="tool" in words)


def block(text: str) -> Block:
    """The mark that a walk's word stands for."""
    mark, until, reason, *since = text.split()
    return Block(Mark(mark), float(until), error(reason), since=float(since[0]) if since else -10.0)


@attrs.frozen(kw_only=True)
class Walk:
    """One case: where it starts, what the sends bring, the path that must follow.

    Attributes:
        route: `provider/model` or `provider/model:context`, in order.
        pools: How many keys a provider has; one where it is not named.
        marks: What the board knows at the start, by place (`acme`, `acme/one`, `acme#1`).
        answers: What the sends bring, in order.
        path: The rows taken, without `failed`, which every diagnosis implies.
        cause: The reason named as the cause; `None` where the call succeeded.
        stopped_by: Why it ended, where it failed.
    """

    route: Sequence[str]
    answers: Sequence[str]
    path: Sequence[str]
    pools: Mapping[str, int] = attrs.field(factory=dict)
    marks: Mapping[str, str] = attrs.field(factory=dict)
    policy: Policy = attrs.field(factory=Policy)
    cause: str | None = None
    stopped_by: str | None = None
    late: float = 0.0
    cancelled_at: float = float("inf")

    @property
    def expected(self) -> Ending:
        """What :meth:`walked` must give."""
        return list(self.path), self.cause, self.stopped_by

    def walked(self, stepper: Stepper = step) -> Ending:
        """The path, the cause and why it stopped, as they came out."""
        moments = self.walk(stepper)
        finish, finished = moments[-1].after.command, moments[-1].after.call
        assert isinstance(finish, Finish)
        assert numbers(moments) == list(range(1, finished.number + 1))
        assert counted(moments) == {
            Wait: finished.waits,
            Rotate: finished.rotations,
            Repair: finished.repairs,
        }
        cause = finish.cause.reason.value if finish.cause is not None else None
        stopped_by = finish.stopped_by.value if finish.stopped_by is not None else None
        return path(moments), cause, stopped_by

    def walk(self, stepper: Stepper = step) -> list[Moment]:
        """Drive the call through the world of this case."""
        route = tuple(_target(text) for text in self.route)
        pools = {
            target.provider: tuple(
                str(number + 1) for number in range(self.pools.get(target.provider, 1))
            )
            for target in route
        }
        blocks = {place: block(text) for place, text in self.marks.items()}
        answers = iter([answer(text) for text in self.answers])
        board = Board(route, pools, blocks)
        world = World(
            board, answers, late=self.late, cancelled_at=self.cancelled_at, stepper=stepper
        )
        return world.run(Call(route, self.policy))


def allowing(reason: Reason, *moves: Move) -> Policy:
    """The default policy, but with these moves for `reason`."""
    return Policy(on={**DEFAULT_MOVES, reason: frozenset(moves)})


def numbers(moments: Sequence[Moment]) -> list[int]:
    """The numbers of the attempts, as they were sent."""
    commands = [moment.after.command for moment in moments]
    return [command.number for command in commands if isinstance(command, Send)]


def counted(moments: Sequence[Moment]) -> dict[type[Command], int]:
    """How often each of the moves that have counters was asked for."""
    kinds = [type(moment.after.command) for moment in moments]
    return {kind: kinds.count(kind) for kind in (Wait, Rotate, Repair)}


def path(moments: Sequence[Moment]) -> list[str]:
    """The rows of a walk, with what was sent to or waited for."""
    return [_label(moment) for moment in moments if moment.after.row != "failed"]


def _label(moment: Moment) -> str:
    row, command = moment.after.row, moment.after.command
    match command:
        case Send():
            return f"{row}@{command.target}#{command.credential}{'?' * command.probe}"
        case Wait():
            return f"{row}@{command.target}>{round(command.until, 3):g}"
        case _:
            return row


def _target(text: str) -> Target:
    name, _, context = text.partition(":")
    provider, _, model = name.partition("/")
    return Target(provider, model, context=int(context) if context else None)
