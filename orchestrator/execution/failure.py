"""Failures of an attempt, as they came: what it can bring in place of an answer."""

from __future__ import annotations

import attrs

from orchestrator.dialects import Fault, Flaw, Flawed
from orchestrator.states import Error, Reason, Scope
from orchestrator.states.reasons import SPECS

_UNREACHED = (
    "Nobody took the connection in time: check base_url (http or https, host and port), the "
    "network and any proxy in between, or raise connect in [timeouts]."
)

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
    hint: str = SPECS[Reason.STREAM_INTERRUPTED].hint
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
        # Who reads it must see whether the target was silent or stopped in the middle.
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
            hint=_UNREACHED if self.limit == "connect" else SPECS[Reason.TIMEOUT].hint,
        )


@attrs.frozen
class TooLarge:
    """The answer is larger than any answer may be; the rest was not read.

    Attributes:
        limit: Bytes of the largest that may be.
    """

    limit: int

    def error(self) -> Error:
        """The classified failure."""
        return Error(
            # Another target may well answer shorter, so it is no fault of the request.
            Reason.INVALID_RESPONSE,
            "answer.too-large",
            message=f"the answer is larger than {self.limit / 2**20:g} MiB",
            hint="Another target may answer shorter; where so large an answer is meant, raise "
            "largest_answer in [policy].",
        )


@attrs.frozen
class Truncated:
    """A finished answer that stopped at its length limit, where the caller needs it whole."""

    status: int
    tool_call: bool

    def error(self) -> Error:
        """The classified failure."""
        # Half a tool call cannot be carried out, and half a text can be read: the caller decides.
        what = "in the middle of a tool call" if self.tool_call else "before it was complete"
        return Error(
            Reason.OUTPUT_TRUNCATED,
            "answer.length",
            status=self.status,
            message=f"the model stopped at its length limit {what}",
            hint=SPECS[Reason.OUTPUT_TRUNCATED].hint,
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
    Flaw.VECTOR_COUNT: "there is not one vector for each input",
    Flaw.VECTOR_ORDER: "the numbers of the vectors do not tell which input each is of",
    Flaw.VECTOR_SIZE: "the vectors are not of the size that was asked for, or not of one size",
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
        # The machine may deliver an empty answer after all, where nobody else can be asked.
        empty=flawed.flaw is Flaw.EMPTY,
    )


Failure = (
    Fault | Flawed | Broken | Interrupted | LimitReached | TooLarge | TornArguments | Truncated
)
"""What an attempt brought instead of an answer, before it is classified."""
