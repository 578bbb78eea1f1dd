"""The rows of the design, written a second time, from its prose and not from the code."""

from __future__ import annotations

from orchestrator.states import Diagnosed, Move, Reason, Target
from orchestrator.states.events import Arrival
from tests.states.history import Facts, sendable

Plan = tuple[str, float | None]
"""The row, and for a wait the instant when it ends."""


def arrival(known: Facts, event: Arrival) -> Plan:
    row, until = _arrival(known, event)
    return f"{type(event).__name__.lower()}_{row}", until


def _arrival(known: Facts, event: Arrival) -> Plan:
    if event.at >= known.ends_at:
        return "spent", None
    if event.taken is not None:
        return "send", None
    if known.allows(Move.FALLBACK) and known.unasked(event.standby):
        return "fallback", None
    dues = [due for target in known.route for due in _dues(known, event, target)]
    back = way_back(known, event) if known.allows(Move.FALLBACK) else None
    instants = [due for due in (*dues, back) if due is not None and due < known.ends_at]
    if instants and known.waits < known.policy.max_attempts:
        return "wait", min(instants)
    return "terminal", None


def _dues(known: Facts, event: Arrival, target: Target) -> list[float]:
    due = comes_back(known, event, target, known.ends_at)
    if due is None or not known.open(target):
        return []
    if known.here is not None and known.here.name == target.name:
        return [due] if known.tries < known.most_tries else []
    cools = event.standby.clear(target) is not None
    free = target.name not in known.asked and known.allows(Move.FALLBACK)
    return [due] if cools and free else []


def diagnosed(known: Facts, event: Diagnosed) -> Plan:
    if not known.goes_on:
        return "committed", None
    if known.attempts_left == 0 or event.at >= known.ends_at:
        return "spent", None
    if event.error.reason is Reason.BILLING:
        return _billing(known, event)
    elsewhere = _here(known, event) or _elsewhere(known, event)
    if elsewhere is None and event.error.empty and not known.others_came:
        return "empty_answer", None
    return elsewhere or ("terminal", None)


def _billing(known: Facts, event: Diagnosed) -> Plan:
    if not known.allows(Move.FALLBACK):
        return "billing_terminal", None
    back = way_back(known, event)
    if known.unasked(event.standby):
        return "billing_fallback", None
    return ("billing_way_back", back) if back is not None else ("billing_terminal", None)


def _here(known: Facts, event: Diagnosed) -> Plan | None:
    assert known.here is not None
    named, others = event.error.repair, known.unasked(event.standby)
    if others and known.slow and known.allows(Move.FALLBACK):
        return None
    if named is not None and (known.here.name, named) not in known.repaired:
        return "repair", None
    spare = known.attempts_left > len(others)
    if spare and known.allows(Move.ROTATE) and known.unused(event.standby):
        return "rotate", None
    until = retry(known, event) if event.standby.retry_affordable else None
    if until is None or until >= known.ends_at - known.kept(event.standby, event.at):
        return None
    # What stands by is no reason to leave where the policy does not let the call leave.
    alone = not others or not known.allows(Move.FALLBACK)
    return ("retry", until) if alone or _stay(known, event, until) else None


def _elsewhere(known: Facts, event: Diagnosed) -> Plan | None:
    if not known.allows(Move.FALLBACK):
        return None
    if known.unasked(event.standby):
        return "fallback", None
    back = way_back(known, event)
    return ("way_back", back) if back is not None else None


def _stay(known: Facts, event: Diagnosed, until: float) -> bool:
    """Whether to wait although others stand by."""
    return (
        until - event.at <= known.policy.patience
        and not event.error.quoted
        and not known.probe
        and known.attempts_left > len(known.unasked(event.standby))
    )


def retry(known: Facts, event: Diagnosed) -> float | None:
    """When the call's own target is tried again, if at all."""
    assert known.here is not None
    due = comes_back(known, event, known.here, _latest(known, event))
    again = known.allows(Move.RETRY) or (known.allows(Move.ROTATE) and _another(known, event))
    if due is None or not again or known.tries >= known.most_tries:
        return None
    if known.waits >= known.policy.max_attempts:
        return None
    # A rate limit's Retry-After binds the credential, so the pool says when the target
    # clears; a pool that has nothing but that very credential to offer says it of itself.
    others = [key for key in event.standby.credentials if key != known.credential]
    cools = bool(others) or event.standby.clear(known.here) is not None
    throttled = event.error.reason is Reason.RATE_LIMIT and cools
    floor = event.at if throttled else known.not_before
    return max(event.at + _backoff(known.tries, event.jitter), floor, due)


def _latest(known: Facts, event: Diagnosed) -> float:
    """The end of what time a retry has; of the patience where that lets it wait for the mark."""
    assert known.here is not None
    latest = known.ends_at - known.kept(event.standby, event.at)
    clears = sendable(event.standby, known.here, event.at)
    patient = event.at + known.policy.patience
    hasty = bool(known.unasked(event.standby)) and clears is not None and clears <= patient
    return min(latest, patient) if hasty else latest


def comes_back(
    known: Facts, event: Arrival | Diagnosed, target: Target, latest: float
) -> float | None:
    """When a call comes back to what clears for all that wait, each at an instant of its own."""
    clears = sendable(event.standby, target, event.at)
    clear = event.standby.clear(target)
    drawn = event.spread if isinstance(event, Diagnosed) else event.jitter
    if clears is None or clear is None or clears <= event.at or drawn == 0:
        return clears
    if clear.probed:
        # Looks of 5 to 10 s; longer ones, where the waits that are left would be over too soon.
        left = known.policy.max_attempts - known.waits
        needed = (clear.at - event.at) / max(1, left)
        shortest = 5.0 if needed >= 10 else max(5.0, 2 * needed - 10)
        return min(clear.at, event.at + 10 - drawn * (10 - shortest))
    if clear.mark == "circuit":
        return clears
    return clears + drawn * max(0, min(15, (clears - event.at) / 2, (latest - clears) / 2))


def _another(known: Facts, event: Diagnosed) -> bool:
    """Another credential of the target is ready or only cooling."""
    if [key for key in event.standby.credentials if key != known.credential]:
        return True
    clear = event.standby.clear(known.here) if known.here is not None else None
    cools = clear is not None and clear.mark == "cooldown"
    return cools and event.error.reason is not Reason.RATE_LIMIT


def way_back(known: Facts, event: Arrival | Diagnosed) -> float | None:
    """When the first target worth going back to may be sent to."""
    if known.went_back or known.waits >= known.policy.max_attempts:
        return None
    pause = _backoff(1, event.jitter) if isinstance(event, Diagnosed) else 0.0
    for target in known.route:
        left = target.name in known.left_open
        passed_over = target.name not in known.asked and event.standby.clear(target) is not None
        due = comes_back(known, event, target, known.ends_at)
        if not (left or passed_over) or target == known.here or due is None:
            continue
        until = max(due, event.at + pause, known.left_open.get(target.name, 0.0))
        if known.open(target) and until < known.ends_at:
            return until
    return None


def _backoff(tries: int, jitter: float) -> float:
    return float(min(30, 0.5 * 2 ** (tries - 1)) * (1 - jitter / 2))
