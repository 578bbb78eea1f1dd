"""Hypothesis strategies for the values of `states`; every test that draws them imports these."""

from __future__ import annotations

from hypothesis import strategies as st

from orchestrator.states import (
    DEFAULT_MOVES,
    Call,
    Cancelled,
    Clear,
    DeadlineReached,
    Diagnosed,
    Error,
    Event,
    Failed,
    Mark,
    Move,
    OnInterrupted,
    Policy,
    Reason,
    Repaired,
    Rotated,
    Scope,
    Standby,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Taken,
    Target,
    Timeouts,
    Waited,
)

PROVIDERS = ("acme", "bolt", "corp", "dune")
MODELS = ("one", "two")
LABELS = tuple(f"key#{number}" for number in range(1, 9))

instants = st.floats(min_value=0.0, max_value=400.0, allow_nan=False)
waits = st.one_of(st.none(), st.none(), st.sampled_from((0.0, 0.5, 3.0, 60.0, 4000.0)), instants)
QUOTED = (Reason.AUTH, Reason.BILLING, Reason.RATE_LIMIT)
jitters = st.floats(min_value=0.0, max_value=1.0, exclude_max=True, allow_nan=False)
reasons = st.sampled_from(Reason)
moves = st.frozensets(st.sampled_from(Move))

timeouts = st.builds(
    Timeouts,
    first_token=st.one_of(st.none(), st.just(7.0)),
    stream_total=st.sampled_from((5.0, 60.0, 600.0)),
)
targets = st.builds(
    Target,
    provider=st.sampled_from(PROVIDERS),
    model=st.sampled_from(MODELS),
    context=st.sampled_from((None, None, 8_000, 32_000)),
    reasoning=st.booleans(),
    stream=st.sampled_from((None, None, True, False)),
    timeouts=timeouts,
)
routes = st.integers(1, 6).flatmap(
    lambda size: st.lists(
        targets, min_size=size, max_size=size, unique_by=lambda target: target.name
    ).map(tuple)
)


@st.composite
def errors(draw: st.DrawFn, reasons: st.SearchStrategy[Reason] = reasons) -> Error:
    """A classified failure of any reason, most without a wait or a repair."""
    reason = draw(reasons)
    return Error(
        reason,
        rule=f"drawn.{reason}",
        status=draw(st.sampled_from((None, 400, 401, 402, 429, 503))),
        message=draw(st.sampled_from(("", "Insufficient Balance", "slow down"))),
        scope=draw(st.sampled_from((None, *Scope))),
        retry_after=draw(waits),
        repair=draw(st.sampled_from((None,) * 10 + ("drop-a", "drop-b"))),
        revoked=draw(st.booleans()),
        empty=reason is Reason.INVALID_RESPONSE and draw(st.booleans()),
        quoted=reason in QUOTED and draw(st.sampled_from((False, False, True))),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that `Policy` accepts; the moves are a plain dict, so that it deep-copies."""
    on = draw(st.dictionaries(reasons, moves, max_size=4))
    if Reason.BILLING in on:
        on[Reason.BILLING] &= {Move.FALLBACK}
    return Policy(
        max_attempts=draw(st.one_of(st.integers(6, 20), st.integers(1, 5))),
        attempts_per_target=draw(st.integers(1, 4)),
        deadline=draw(st.sampled_from((300.0, 300.0, 1.0, 20.0))),
        patience=draw(st.sampled_from((0.0, 1.0, 10.0, 100.0))),
        on_interrupted=draw(st.sampled_from(OnInterrupted)),
        on=dict(DEFAULT_MOVES) | on,
    )


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """A call that has not started."""
    reasoning, streamed = draw(st.booleans()), draw(st.booleans())
    return Call(draw(routes), draw(policies()), reasoning=reasoning, streamed=streamed)


@st.composite
def clears(draw: st.DrawFn, target: Target) -> Clear:
    """A mark on `target`, with or without a remembered failure."""
    return Clear(
        target,
        draw(st.sampled_from(Mark)),
        draw(instants),
        draw(st.one_of(st.none(), errors())),
        probed=draw(st.booleans()),
        expected=draw(st.one_of(st.none(), instants)),
    )


@st.composite
def standbys(draw: st.DrawFn, route: tuple[Target, ...]) -> Standby:
    """What the board may say: each target stands by or has an entry that says why not."""
    standing = {target.name for target in route if draw(st.booleans())}
    return Standby(
        credentials=draw(st.lists(st.sampled_from(LABELS), max_size=3, unique=True).map(tuple)),
        targets=tuple(target for target in route if target.name in standing),
        clears=tuple(draw(clears(target)) for target in route if target.name not in standing),
        seen=tuple((name, draw(st.sampled_from((3.0, 40.0)))) for name in sorted(standing)[:1]),
        retry_affordable=draw(st.integers(0, 3)) > 0,
    )


@st.composite
def takens(draw: st.DrawFn, route: tuple[Target, ...]) -> Taken:
    """Something of the route that an arrival may have got hold of."""
    return Taken(
        draw(st.sampled_from(route)),
        draw(st.sampled_from(LABELS)),
        probe=draw(st.booleans()),
        seen_first_token=draw(st.sampled_from((None, 1.0, 200.0))),
        cut_first_token=draw(st.sampled_from((None, 12.0, 50.0))),
        stream=draw(st.sampled_from((None, None, True, False))),
    )


def arrivals(kind: type[Event], route: tuple[Target, ...]) -> st.SearchStrategy[Event]:
    """An arrival of `kind` with any claim about the route."""
    taken = st.one_of(st.none(), takens(route))
    return st.builds(kind, at=instants, taken=taken, standby=standbys(route), jitter=jitters)


def events_of(kind: type[Event], route: tuple[Target, ...]) -> st.SearchStrategy[Event]:
    """An event of `kind` with drawn facts about the route."""
    if kind in (Started, Rotated, Switched, Waited, Repaired):
        return arrivals(kind, route)
    if kind is Diagnosed:
        return st.builds(
            Diagnosed,
            at=instants,
            error=errors(),
            standby=standbys(route),
            jitter=jitters,
            spread=jitters,
        )
    if kind is Failed:
        return st.tuples(instants, st.booleans(), st.sampled_from((0.0, 0.5, 1.0))).map(
            lambda drawn: Failed(drawn[0], tool_call=drawn[1], waited=drawn[0] * drawn[2])
        )
    if kind is Cancelled:
        return st.builds(Cancelled, at=instants, complete=st.booleans())
    return st.builds(kind, at=instants)


EVENTS: tuple[type[Event], ...] = (
    Started,
    Rotated,
    Switched,
    Waited,
    Repaired,
    Streaming,
    Succeeded,
    Failed,
    Diagnosed,
    Cancelled,
    DeadlineReached,
)


def events(route: tuple[Target, ...]) -> st.SearchStrategy[Event]:
    """Any event with drawn facts about the route."""
    return st.one_of([events_of(kind, route) for kind in EVENTS])
