"""Small settings with a clock that runs: what the large search merges is searched here as it is.

Each stands for some of the merges, and says which. Its menus hold one value for each side of
every limit that a guard could know: before and after the patience, before and after the
deadline, soon and later, as small and larger.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestrator.states.call import Call
from orchestrator.states.error import Error
from orchestrator.states.facts import Clear, Mark, Target
from orchestrator.states.policy import OnInterrupted, Policy, Timeouts
from orchestrator.states.reasons import DEFAULT_MOVES, SPECS, Move, Reason

REMEMBERED = Error(Reason.OVERLOADED, "verify.remembered", message="remembered by the board")
LIMITED = Error(Reason.RATE_LIMIT, "verify.limited", message="a long limit, remembered")


@attrs.frozen
class Standing:
    """How a target may stand when the board is looked at.

    Attributes:
        mark: What stands in the way.
        after: Seconds from the look until it ends.
        error: What is remembered of it.
        probed: Whether another call's probe is under way.
        expected: Seconds until the instant that the failure itself named.
    """

    mark: Mark
    after: float
    error: Error | None = REMEMBERED
    probed: bool = False
    expected: float | None = None

    def clear(self, target: Target, now: float) -> Clear:
        """What the board says of ``target`` that stands so."""
        named = None if self.expected is None else now + self.expected
        return Clear(
            target, self.mark, now + self.after, self.error, probed=self.probed, expected=named
        )


SOON, LATER = Standing(Mark.COOLDOWN, 5.0), Standing(Mark.COOLDOWN, 25.0)
BENCH = Standing(Mark.BENCH, 20.0)
CIRCUIT = Standing(Mark.CIRCUIT, 7.0, error=None)
PROBED = Standing(Mark.BENCH, 300.0, probed=True)
WINDOW = Standing(Mark.BENCH, 3.0, LIMITED, expected=15.0)
DEAD = Standing(Mark.DEAD, float("inf"))


@attrs.frozen
class SmallSetting:
    """What is searched with nothing merged.

    Attributes:
        about: The merges that it stands for, in words.
        route: The targets.
        policy: What a call may do.
        errors: The errors that an attempt may bring.
        keys: How many keys each provider has; 1 where it is not named.
        instants: When an attempt may end, besides at once, seconds since ``Started``.
        here: How the call's own target may stand after a failure, but with its keys ready.
        others: How another target may stand that does not stand by.
        streamed: Whether calls are streamed.
        reasoning: Whether the model is asked to think first.
        streams: Whether content may reach the caller before an attempt has ended.
        probes: Whether what is taken may be a probe.
        tool_calls: Whether a part of a tool call may have been delivered.
        impossible: Whether events come too that cannot be true, and must be refused.
        known: What a board may know of what a target needs until its first content, seconds.
        jitters: What may be drawn.
        budget: Whether the budget of retries may be spent.
        moves: How many moves deep it is searched; as deep as it goes, where there are fewer.
        cuts: Whether a call may be cancelled, or its deadline reached, anywhere.
    """

    about: str
    route: tuple[Target, ...]
    policy: Policy
    errors: tuple[Error, ...]
    keys: Mapping[str, int] = attrs.field(factory=dict, hash=False)
    instants: tuple[float, ...] = ()
    here: tuple[Standing, ...] = (BENCH,)
    others: tuple[Standing, ...] = (BENCH,)
    streamed: bool = True
    reasoning: bool = False
    streams: bool = False
    probes: bool = False
    tool_calls: bool = False
    impossible: bool = False
    known: tuple[float, ...] = ()
    jitters: tuple[float, ...] = (0.0,)
    budget: bool = False
    cuts: bool = False
    moves: int = 8

    def call(self) -> Call:
        """A call that begins."""
        return Call(self.route, self.policy, reasoning=self.reasoning, streamed=self.streamed)

    def labels(self, target: Target) -> tuple[str, ...]:
        """The keys that ``target`` can be sent with."""
        count = self.keys.get(target.provider, 1)
        return tuple(f"key#{number + 1}" for number in range(count))


def _error(
    reason: Reason,
    retry_after: float | None = None,
    *,
    repair: str | None = None,
    empty: bool = False,
    quoted: bool = False,
) -> Error:
    words = (
        str(reason),
        "" if repair is None else repair,
        "empty" if empty else "",
        "quoted" if quoted else "",
    )
    return Error(
        reason, f"verify.{'+'.join(filter(None, words))}", message=f"any {reason}",
        retry_after=retry_after, repair=repair, empty=empty, quoted=quoted,
    )  # fmt: skip


A, B, C = Target("a", "x"), Target("b", "y"), Target("c", "z")
_SHORT = Policy(max_attempts=3, attempts_per_target=2, deadline=60.0)
_WIDE = Timeouts(connect=50.0, total=50.0, first_token=None, idle=9.0, stream_total=30.0)


def _allowing(policy: Policy, **moves: tuple[Move, ...]) -> Policy:
    listed = {Reason(name): frozenset(each) for name, each in moves.items()}
    return attrs.evolve(policy, on={**DEFAULT_MOVES, **listed})


_UNLUCKY = _error(Reason.SERVER_ERROR)
_BUSY = _error(Reason.OVERLOADED)

SMALL: tuple[SmallSetting, ...] = (
    SmallSetting(
        "times are within the patience, within the deadline or past it: only differences count",
        (A, B), _SHORT,
        (_error(Reason.OVERLOADED, 4.0), _error(Reason.OVERLOADED, 22.0), _error(Reason.TIMEOUT)),
        instants=(8.0, 45.0), here=(LATER,), others=(LATER,),
        moves=6,
    ),
    SmallSetting(
        "a backoff is drawn, and paid for",
        (A, B), attrs.evolve(_SHORT, max_attempts=3, attempts_per_target=3, patience=0.6),
        (_UNLUCKY, _error(Reason.RATE_LIMIT, 70.0), _error(Reason.UNKNOWN)),
        here=(SOON,), others=(BENCH,), jitters=(0.0, 0.9), budget=True,
        moves=7,
    ),
    SmallSetting(
        "of all that clears, what clears first counts",
        (A, B), attrs.evolve(_SHORT, max_attempts=2),
        (_error(Reason.OVERLOADED, 22.0), _error(Reason.AUTH)),
        here=(SOON, LATER, CIRCUIT, PROBED, WINDOW, BENCH, DEAD),
        others=(SOON, LATER, CIRCUIT, PROBED, WINDOW, BENCH, DEAD),
        moves=3,
    ),
    SmallSetting(
        "keys of a pool that were not used are alike, and so are those that were",
        (A, B), attrs.evolve(_SHORT, max_attempts=4),
        (_error(Reason.RATE_LIMIT), _error(Reason.AUTH, quoted=True), _error(Reason.BILLING)),
        keys={"a": 2}, here=(SOON, BENCH), others=(BENCH,), impossible=True,
        moves=10,
    ),
    SmallSetting(
        "targets of a provider share its account, and a target that was left for good is out",
        (A, Target("a", "z"), B), _SHORT,
        (_error(Reason.BILLING), _BUSY, _error(Reason.BAD_REQUEST)),
        here=(BENCH,), others=(SOON,), impossible=True, cuts=True,
        moves=6,
    ),
    SmallSetting(
        "errors with the same moves are alike, and so are repairs",
        (A, B), _allowing(
            attrs.evolve(_SHORT, max_attempts=2, attempts_per_target=1),
            rate_limit=(Move.ROTATE,), server_error=(Move.RETRY,), bad_request=(Move.FALLBACK,),
        ),
        (*(_error(reason) for reason in Reason if not SPECS[reason].ours),
         _error(Reason.BAD_REQUEST, repair="r"), _error(Reason.BAD_REQUEST, repair="s"),
         _error(Reason.BILLING, repair="r"), _error(Reason.INVALID_RESPONSE, empty=True)),
        keys={"a": 2}, instants=(20.0,), here=(SOON, BENCH), others=(BENCH,),
        moves=8,
    ),
    SmallSetting(
        "a probe has one try, and what a target needs is known of it",
        (A, attrs.evolve(B, reasoning=True, timeouts=_WIDE),
         Target("c", "z", stream=False, timeouts=Timeouts(first_token=9.0))),
        attrs.evolve(_SHORT, max_attempts=3, deadline=200.0),
        (_UNLUCKY,), instants=(150.0,), here=(BENCH,), others=(CIRCUIT,),
        probes=True, known=(20.0, 80.0),
        moves=4,
    ),
    SmallSetting(
        "a request that is too large is so for every target that is not larger",
        (Target("a", "x", context=8_000), Target("b", "y", context=8_000),
         Target("c", "z", context=32_000)), attrs.evolve(_SHORT, max_attempts=3),
        (_error(Reason.CONTEXT_OVERFLOW), _BUSY), here=(BENCH,), others=(SOON,),
        moves=5,
    ),
    SmallSetting(
        "content that was delivered ends the call, or the stream's own limit does",
        (A, B), attrs.evolve(_SHORT, max_attempts=2, on_interrupted=OnInterrupted.CONTINUE),
        (_error(Reason.STREAM_INTERRUPTED), _error(Reason.BILLING)),
        instants=(20.0, 640.0), here=(LATER,), others=(BENCH,), streams=True, tool_calls=True,
        impossible=True, cuts=True,
        moves=7,
    ),
    SmallSetting(
        "the whole answer is held back, or content is final",
        (A, B), attrs.evolve(
            _SHORT, max_attempts=3, deadline=130.0, patience=100.0,
            on_interrupted=OnInterrupted.HOLD,
        ),
        (_error(Reason.STREAM_INTERRUPTED), _error(Reason.OVERLOADED, 80.0)),
        instants=(65.0,), here=(LATER,), others=(BENCH,), streams=True,
        moves=5,
    ),
)  # fmt: skip
"""What stands for the merges: each some thousands of moves, half a second."""
