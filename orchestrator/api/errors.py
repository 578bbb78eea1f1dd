"""What a call that failed raises.

::

    CallFailed                 catch this, or by who must act:
    ├── BillingExhausted       the account's owner: money, quota or plan
    ├── RateLimited            nobody: later, or more credentials
    ├── AuthFailed             the key's owner
    ├── Refused                the policy of a provider: forbidden, model_not_found, content_policy
    ├── Overloaded             the provider: overloaded, server_error
    ├── TimedOut               the provider, or the limits in the config: timeout, deadline
    ├── ConnectionFailed       the network
    ├── ContextTooLong         the caller: context_overflow, payload_too_large
    ├── BadRequest             the caller
    ├── StreamInterrupted      the provider, after content had reached the caller
    └── NoTarget               the config: there was nobody to ask

The class follows the call's real cause: the error on which it left the first target it
considered. What the fallbacks answered stands in ``rejected``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import attrs

from orchestrator.ledger import Attempt, Ledger, Opened, Skipped
from orchestrator.states import Diagnosed, Error, Reason, Scope, StoppedBy
from orchestrator.states.reasons import SPECS

_LONGEST_WORDS = 200

_CLEARS = frozenset({Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.SERVER_ERROR})
"""Reasons whose answer may name the instant from which the target can be asked again."""


@attrs.frozen
class Rejected:
    """What a fallback answered last; it is listed, and never takes the place of the cause.

    Attributes:
        target: ``provider/model``.
        reason, status, message, hint: Its last error in this call.
    """

    target: str
    reason: Reason
    status: int | None
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.reason}{provider_words(self.status, self.message)}"


class CallFailed(Exception):  # the name is the public contract's
    """A call that ended without an answer.

    Attributes:
        error: The real cause.
        target: ``provider/model`` where it arose.
        reason: Its class.
        stopped_by: Why the call ended.
        hint: Who must act and what to do.
        attempts: Every attempt, in order.
        skipped: Targets that were passed over, and why.
        rejected: What each fallback answered last.
        ledger: The whole record of the call.
        seconds: How long it took.
    """

    def __init__(
        self,
        error: Error,
        *,
        target: str,
        stopped_by: StoppedBy,
        skipped: tuple[Skipped, ...],
        ledger: Ledger,
        seconds: float,
    ) -> None:
        self.error = error
        self.target = target
        self.stopped_by = stopped_by
        self.skipped = skipped
        self.ledger = ledger
        self.seconds = seconds
        self.attempts: tuple[Attempt, ...] = ledger.attempts
        super().__init__(self._text())

    @property
    def reason(self) -> Reason:
        """The class of the real cause."""
        return self.error.reason

    @property
    def hint(self) -> str:
        """Who must act on the real cause, and what to do."""
        return self.error.hint

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        """What each fallback answered last, in the order in which they were asked."""
        # The last of each: those before it led to another try at the same target.
        last: dict[str, Rejected] = {}
        for attempt in self.attempts:
            if attempt.target != self.target and attempt.reason is not None:
                last[attempt.target] = Rejected(
                    attempt.target,
                    attempt.reason,
                    attempt.status,
                    attempt.message or "",
                    attempt.hint,
                )
        return tuple(last.values())

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is made again from its text alone, and this one takes no text.
        keywords = {
            name: getattr(self, name)
            for name in ("target", "stopped_by", "skipped", "ledger", "seconds")
        }
        return _rebuild, (type(self), self.error, keywords), self.__dict__

    def _text(self) -> str:
        parts = [f"{_headline(self.error, self.target)}{self._cause()}"]
        parts += [f"fallback {each.target} rejected: {each}" for each in self.rejected]
        parts += [f"{each.target} skipped: {_why(each)}" for each in self._other_skipped()]
        if self.stopped_by is not StoppedBy.EXHAUSTED:
            parts.append(f"stopped by {self.stopped_by}")
        elif why_not := self._too_long() or self._unpaid():
            parts.append(why_not)
        count = len(self.attempts)
        parts.append(f"{count} attempt{'' if count == 1 else 's'} in {self.seconds:.1f} s")
        return f"{'; '.join(parts)}. {self.hint}".strip()

    def _too_long(self) -> str:
        """Why nobody waited until the target may be asked again; empty where that is not why."""
        opened = next((entry for entry in self.ledger if isinstance(entry, Opened)), None)
        due = min(self._due(), default=math.inf)
        if opened is None or self.reason not in _CLEARS or due == math.inf:
            return ""
        left = opened.policy.deadline - self.seconds
        wait = max(0.0, due - self.seconds)
        if wait < left:
            return ""
        until, room = whole_duration(wait), whole_duration(left)
        return f"not waited for: due in {until}, later than the {room} that were left"

    def _unpaid(self) -> str:
        """That its last attempt was followed by no retry, which cost too much; else empty."""
        event = self.ledger.transitions[-1].facts if self.ledger.transitions else None
        if not isinstance(event, Diagnosed) or event.standby.retry_affordable:
            return ""
        return f"no retry: the retry budget of {self.attempts[-1].provider} is spent"

    def _due(self) -> Iterator[float]:
        """When the answers of the target, or its marks, said to come back (since ``Started``)."""
        for attempt in self.attempts:
            if attempt.target == self.target and attempt.retry_after is not None:
                yield attempt.started + attempt.seconds + attempt.retry_after
        for skipped in self.skipped:
            if skipped.target == self.target and skipped.mark == "cooldown":
                yield math.inf if skipped.until is None else skipped.until

    def _cause(self) -> str:
        remembered = next((each for each in self.skipped if each.target == self.target), None)
        asked = any(attempt.target == self.target for attempt in self.attempts)
        since = f", {_since(remembered)}" if remembered is not None and not asked else ""
        return provider_words(self.error.status, self.error.message, since)

    def _other_skipped(self) -> tuple[Skipped, ...]:
        return tuple(each for each in self.skipped if each.target != self.target)


class BillingExhausted(CallFailed):
    """The account has no money, quota or plan."""


class RateLimited(CallFailed):
    """The provider asks to come back later."""


class AuthFailed(CallFailed):
    """The credential is bad."""


class Refused(CallFailed):
    """Access, the model or the content is refused."""


class Overloaded(CallFailed):
    """The provider cannot serve now."""


class TimedOut(CallFailed):
    """No answer in time."""


class ConnectionFailed(CallFailed):
    """The provider could not be reached."""


class ContextTooLong(CallFailed):
    """The request is too large."""


class BadRequest(CallFailed):
    """The request itself is wrong."""


class StreamInterrupted(CallFailed):
    """The stream broke after content had reached the caller.

    Attributes:
        partial_text: The text that the caller has got.
    """

    partial_text: str = ""

    @classmethod
    def after(cls, failure: CallFailed, partial_text: str) -> StreamInterrupted:
        """``failure``, told as the end of a stream that had delivered ``partial_text``."""
        _, (_, error, keywords) = failure.__reduce__()[:2]
        interrupted = cls(error, **keywords)
        interrupted.partial_text = partial_text
        return interrupted


class NoTarget(CallFailed):
    """Nobody could be asked."""


_LEAVES: dict[str, type[CallFailed]] = {
    CallFailed.__name__: CallFailed,
    **{one.__name__: one for one in CallFailed.__subclasses__()},
}


def leaf(reason: Reason) -> type[CallFailed]:
    """The class to raise for a cause of ``reason``."""
    return _LEAVES[SPECS[reason].failure]


_CLOSED = "the connection to {target} was closed"
"""Where the request had gone out: whoever hangs up was reached."""


def _headline(error: Error, target: str) -> str:
    if not target:
        return "no target could be asked"
    closed = error.reason is Reason.CONNECTION and error.scope is Scope.MODEL
    words = _CLOSED if closed else SPECS[error.reason].headline
    return words.format(target=target, provider=target.partition("/")[0])


def provider_words(status: int | None, message: str, since: str = "") -> str:
    """`` (HTTP 402: Insufficient Balance)`` on one line, ``since`` inside; empty without any."""
    words = one_line(message)
    words = words if len(words) <= _LONGEST_WORDS else f"{words[: _LONGEST_WORDS - 1]}…"
    http = f"HTTP {status}" if status is not None else ""
    inner = ": ".join(part for part in (http, words) if part) + since
    return f" ({inner.removeprefix(', ')})" if inner else ""


def one_line(text: str) -> str:
    """``text`` without line ends, and without what would steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _why(skipped: Skipped) -> str:
    when = _since(skipped)
    since = f", {when}" if when else ""
    return f"{skipped.reason}{provider_words(skipped.status, skipped.message, since)}"


def _since(skipped: Skipped) -> str:
    parts = []
    if skipped.since is not None and -math.inf < skipped.since < 0:
        parts.append("just now" if skipped.since > -1 else f"for {whole_duration(-skipped.since)}")
    if skipped.until is not None:
        parts.append(f"due in {whole_duration(skipped.until)}")
    if skipped.expected is not None:
        parts.append(f"expected back in {whole_duration(skipped.expected)}")
    return ", ".join(parts)


def whole_duration(seconds: float) -> str:
    """A length of time in one unit: ``3 s``, ``40 s``, ``4 min``, ``1.5 h``, ``2 d``."""
    if seconds < 90:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"


def _rebuild(kind: type[CallFailed], error: Error, keywords: dict[str, Any]) -> CallFailed:
    return kind(error, **keywords)
