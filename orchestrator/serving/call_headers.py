"""Headers of an answer that say how it was come by: by whom, after which attempts, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from urllib.parse import quote

from orchestrator.api.errors import CallFailed
from orchestrator.execution.call_run import CallRun
from orchestrator.http_messages import ResponseHeaders
from orchestrator.ledger import Attempt, Ledger, Skipped

PREFIX = "x-orchestrator-"

LONGEST_PATH = 512
"""Bytes of a list in a header: proxies refuse heads of more than some kB."""

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))

_LIMITS = (b"x-ratelimit-", b"anthropic-ratelimit-", b"ratelimit")
_IDS = frozenset(
    {
        *(b"x-request-id", b"request-id", b"x-ds-trace-id", b"x-amzn-requestid", b"cf-ray"),
        b"retry-after",
    }
)
_MOST_UPSTREAM, _LONGEST_VALUE = 32, 256
"""Headers of a provider, and characters of each: who tells of most has 14 (2026-11), and clients
refuse an answer of more than 100."""


_TRIED = ("call-id", "attempts", "path", "skipped")


@lru_cache(maxsize=1024)  # names of a config, for the most part, in every answer
def plain(value: str) -> str:
    """``value`` as a header may have it: a model may have any name."""
    return quote(value, safe=_PRINTABLE)


def answered(run: CallRun) -> dict[str, str]:
    """What is known of a call once its answer is here, or the first content of a stream."""
    call, exchange, skipped = run.call, run.exchange, run.skipped
    target, credential = run.sent()
    head = exchange.body.head if exchange is not None and exchange.body is not None else None
    last = f"{target.name} {head.status if head is not None else '-'}"
    # Named whole: of all that a request costs, this is in every answer.
    said = {
        "x-orchestrator-call-id": run.recorder.ledger.call,
        "x-orchestrator-attempts": str(call.number),
        "x-orchestrator-target": plain(target.name),
        "x-orchestrator-credential": plain(credential),
        "x-orchestrator-path": plain(last),
        "x-orchestrator-reason": "none",
    }
    if call.number > 1 or skipped:
        earlier = run.recorder.ledger.attempts[: call.number - 1]
        said["x-orchestrator-path"] = _list([*map(_step, earlier), last])
        said["x-orchestrator-reason"] = cause(run.recorder.ledger, skipped) or "none"
        said |= {PREFIX + name: value for name, value in _passed_over(skipped).items()}
        if call.number > 1:
            said["x-orchestrator-cause"] = said["x-orchestrator-reason"]
    return said


def failed(error: CallFailed) -> dict[str, str]:
    """What is known of a call that failed; of its targets the one that was asked last."""
    attempts = error.attempts
    said = {
        "attempts": str(len(attempts)),
        "reason": error.reason.value,
        **_passed_over(error.skipped),
    }
    # Empty where nobody could be asked.
    if target := attempts[-1].target if attempts else error.target:
        said["target"] = plain(target)
    if attempts:
        said["credential"] = plain(attempts[-1].credential)
        said["path"] = _list(map(_step, attempts))
    if len(attempts) > 1:
        said["cause"] = error.reason.value
    if error.ledger.call:
        said["call-id"] = error.ledger.call
    headers = {PREFIX + name: value for name, value in said.items()}
    seconds = seconds_until_due(error)
    return headers if seconds is None else {**headers, "retry-after": str(seconds)}


def estimated(error: CallFailed) -> dict[str, str]:
    """What is known of an answer that is no target's, because the call for it failed.

    What was tried is in it; what is said of errors is not: nobody answered, and nobody has to
    wait or act.
    """
    said = failed(error)
    return {PREFIX + name: said[PREFIX + name] for name in _TRIED if PREFIX + name in said}


def upstream(headers: ResponseHeaders, mask: Callable[[str], str]) -> dict[str, str]:
    """Limits and ids that a provider told of, named so that no client takes them for ours.

    Args:
        headers: Of its answer.
        mask: Gives a text without secrets: some providers repeat what they were sent.
    """
    # Read from the bytes: an answer has dozens of headers, and few of them are these.
    told = headers.only(_is_told)
    return {
        f"upstream-{name}": plain(mask(value[:_LONGEST_VALUE]))
        for name, value in islice(told.items(), _MOST_UPSTREAM)
    }


@lru_cache(maxsize=256)
def _is_told(name: bytes) -> bool:
    """Whether :func:`upstream` has the header of that name."""
    lowered = name.lower()
    return lowered in _IDS or lowered.startswith(_LIMITS)


def cause(ledger: Ledger, skipped: Sequence[Skipped]) -> str | None:
    """Why the call left the first target that it considered, if it did."""
    first = ledger[0].route[0].name
    reasons = [str(each.reason) for each in skipped if each.target == first]
    reasons += [str(each.reason) for each in ledger.attempts if each.reason is not None]
    reasons += [str(each.reason) for each in skipped]
    return reasons[0] if reasons else None


def seconds_until_due(error: CallFailed) -> int | None:
    """Whole seconds until a target of the call may be asked again; ``None`` where nobody knows."""
    # The last look at the board knows the marks that the call's own failures made, too.
    looks = (getattr(each.facts, "standby", None) for each in reversed(error.ledger.transitions))
    look = next((each for each in looks if each is not None), None)
    due = [clear.at for clear in look.clears] if look is not None else []
    due += [each.until for each in error.skipped if each.until is not None]
    if error.error.retry_after is not None:
        due.append(error.seconds + error.error.retry_after)
    left = min((at - error.seconds for at in due if math.isfinite(at)), default=None)
    return None if left is None else max(1, math.ceil(left))


def _step(attempt: Attempt) -> str:
    status = "-" if attempt.status is None else attempt.status
    return f"{attempt.target} {status}{f' {attempt.reason}' if attempt.reason else ''}"


def _passed_over(skipped: Sequence[Skipped]) -> dict[str, str]:
    if not skipped:
        return {}
    return {"skipped": _list(f"{each.target} {each.reason}" for each in skipped)}


def _list(steps: Iterable[str]) -> str:
    """``steps`` in one line; of a long one the first and the last say most."""
    shown = [plain(step) for step in steps]
    left_out = 0
    while len(_joined(shown, left_out)) > LONGEST_PATH and len(shown) > 1:
        del shown[len(shown) // 2]
        left_out += 1
    return _joined(shown, left_out)[:LONGEST_PATH]


def _joined(shown: Sequence[str], left_out: int) -> str:
    if not left_out:
        return "; ".join(shown)
    middle = (len(shown) + 1) // 2
    return "; ".join((*shown[:middle], f"{left_out} more", *shown[middle:]))
