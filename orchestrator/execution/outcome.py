"""What an attempt can bring besides an HTTP answer, and how a call's failure is told."""

from __future__ import annotations

import attrs

from orchestrator.api.errors import CallFailed, NoTarget, leaf
from orchestrator.classification.hints import HINTS
from orchestrator.dialects import Fault, Flaw, Flawed
from orchestrator.execution.recorder import Recorder
from orchestrator.ledger import Skipped
from orchestrator.states import Call, Error, Finish, Reason, Scope, StoppedBy

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of the largest answer that is read: far above any model's output, images included."""


_WITHIN = frozenset({"idle", "stream_total"})
"""Limits of what comes after the beginning of an answer."""


@attrs.frozen
class Broken:
    """No HTTP answer, or half of one."""

    exception: Exception


HINT_MARK = (
    "The end mark came without a finish reason, as after a stream that broke above a relay: send "
    'the request again, or, where this provider never sends one, set end = "mark" in its config.'
)


@attrs.frozen
class Interrupted:
    """A stream that broke, or ended without its end.

    Attributes:
        what: What is missing.
        hint: Who must act and what to do.
        remark: Words of the server that the stream ended with, which may tell why.
    """

    what: str
    hint: str = HINTS[Reason.STREAM_INTERRUPTED]
    remark: Fault | None = None

    def error(self) -> Error:
        """The classified failure."""
        return Error(
            Reason.STREAM_INTERRUPTED,
            "stream.interrupted",
            status=200,
            message=self.what,
            hint=self.hint,
        )


@attrs.frozen
class LimitReached:
    """A time limit of ours fired.

    Attributes:
        limit: ``connect``, ``first_token``, ``idle``, ``total`` or ``stream_total``.
        seconds: The limit.
        shortened: True where it ends early, since time is kept back for other targets.
    """

    limit: str
    seconds: float
    shortened: bool = False

    def error(self) -> Error:
        """The classified failure."""
        missing = "the end of the stream" if self.limit in _WITHIN else "an answer"
        rest = " (the rest of the time is kept for other targets)" if self.shortened else ""
        limit = f"{self.limit} = {round(self.seconds, 3):g} s{rest}"
        message = f"our limit {limit} was reached without {missing}"
        return Error(
            Reason.TIMEOUT,
            f"timeout.{self.limit}",
            message=message,
            # A limit that this call's hurry made shorter says nothing about the target.
            scope=Scope.REQUEST if self.shortened else None,
            hint=HINTS[Reason.TIMEOUT],
        )


@attrs.frozen
class TooLarge:
    """The answer is larger than any answer may be; the rest was not read."""

    def error(self) -> Error:
        """The classified failure."""
        return Error(
            Reason.INVALID_RESPONSE,
            "answer.too-large",
            message=f"the answer is larger than {LARGEST_ANSWER // 1024 // 1024} MiB",
            hint=HINTS[Reason.INVALID_RESPONSE],
        )


@attrs.frozen
class Truncated:
    """A finished answer that stopped at its length limit, where the caller needs it whole."""

    status: int
    tool_call: bool

    def error(self) -> Error:
        """The classified failure."""
        what = "in the middle of a tool call" if self.tool_call else "before it was complete"
        return Error(
            Reason.OUTPUT_TRUNCATED,
            "answer.length",
            status=self.status,
            message=f"the model stopped at its length limit {what}",
            hint=HINTS[Reason.OUTPUT_TRUNCATED],
        )


@attrs.frozen
class TornArguments:
    """A finished answer with a tool call that cannot be carried out, where it must be whole."""

    status: int

    def error(self) -> Error:
        """The classified failure."""
        return Error(
            Reason.INVALID_RESPONSE,
            "answer.arguments",
            status=self.status,
            message="the arguments of a tool call are no JSON object",
            hint="The model wrote a tool call that does not parse: send the request again, or "
            "simplify the tools.",
        )


_FLAWS = {
    Flaw.MISSING_CALL: "the model stopped to call a tool, and no call came",
    Flaw.NAMELESS_CALL: "a tool call came without the name of its tool",
    Flaw.EMPTY: "the model stopped without a word",
}


def flaw_error(flawed: Flawed) -> Error:
    """The classified failure of an answer that is none."""
    return Error(
        Reason.INVALID_RESPONSE,
        f"answer.{flawed.flaw}",
        status=flawed.status,
        message=_FLAWS[flawed.flaw],
        hint="The model's answer holds nothing that can be used: send the request again, or use "
        "another target.",
        empty=flawed.flaw is Flaw.EMPTY,
    )


def failed_call(
    command: Finish, call: Call, skipped: tuple[Skipped, ...], recorder: Recorder, *, seconds: float
) -> CallFailed:
    """The exception that a failed call raises."""
    stopped_by = command.stopped_by or StoppedBy.EXHAUSTED
    if command.cause is None:
        return no_target(skipped, recorder, seconds=seconds)
    kind = leaf(command.cause.reason)
    return kind(
        _hinted(command.cause),
        target=recorder.target_of(command.cause) or call.route[0].name,
        stopped_by=stopped_by,
        skipped=skipped,
        ledger=recorder.ledger,
        seconds=seconds,
    )


def _hinted(error: Error) -> Error:
    """``error`` with a hint: those that the machine makes of itself bring none."""
    return error if error.hint else attrs.evolve(error, hint=HINTS[error.reason])


_NOBODY = "Set what is missing, or give the route a target that can be asked."
_INEXPRESSIBLE = (
    "Leave out what cannot be expressed, let [policy] drop allow it, or give the route a target "
    "that can be asked."
)


def no_target(skipped: tuple[Skipped, ...], recorder: Recorder, *, seconds: float) -> NoTarget:
    """The exception where there was nobody to ask."""
    reason = next((each.reason for each in skipped if isinstance(each.reason, Reason)), None)
    hint = _INEXPRESSIBLE if reason is Reason.BAD_REQUEST else _NOBODY
    return NoTarget(
        Error(reason or Reason.UNKNOWN, "no-target", hint=hint),
        target="",
        stopped_by=StoppedBy.EXHAUSTED,
        skipped=skipped,
        ledger=recorder.ledger,
        seconds=seconds,
    )
