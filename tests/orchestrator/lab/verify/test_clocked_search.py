"""The small settings: what ships keeps every property there, a machine that is wrong does not."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.verify.clocked_search import ClockedSearch
from orchestrator.lab.verify.clocked_trace import traced
from orchestrator.lab.verify.premises import premises
from orchestrator.lab.verify.small_settings import (
    BENCH,
    CIRCUIT,
    LATER,
    SMALL,
    SOON,
    WINDOW,
    A,
    B,
    SmallSetting,
)
from orchestrator.ledger import Transition
from orchestrator.states import (
    DEFAULT_MOVES,
    STATES,
    TABLE,
    Call,
    Error,
    Event,
    Finish,
    Move,
    OnInterrupted,
    Policy,
    Reason,
    Relay,
    Send,
    StoppedBy,
    Switch,
    Wait,
    step,
)
from tests.orchestrator.lab.verify import misled
from tests.orchestrator.lab.verify.misled import Stepper


def small(words: str) -> SmallSetting:
    """The small setting that is about ``words``."""
    return next(one for one in SMALL if words in one.about)


TIMES, CLEARS, KEYS = small("only differences"), small("clears first"), small("keys of a pool")
PROBES, SIZES, BACKOFFS = small("a probe has"), small("too large"), small("backoff is drawn")


@attrs.frozen
class Misled:
    """A machine, where it is searched, and what must be said of it.

    Attributes:
        property: The property that names it.
        setting: The small setting.
        machine: The machine.
        words: The shortest sequence.
    """

    property: str
    setting: SmallSetting
    machine: Stepper
    words: tuple[str, ...]


def _forget(name: str) -> Stepper:
    def change(call: Call, event: Event, after: Call) -> None:  # noqa: ARG001 - as a change
        setattr(after, name, getattr(call, name))

    return misled.noting(change)


def _stopped(call: Call, event: Event, after: Call) -> None:  # noqa: ARG001 - as a change
    if after.stopped_by is StoppedBy.EXHAUSTED:
        after.stopped_by = StoppedBy.ATTEMPTS


def _without_hint(error: Error) -> Error:
    return attrs.evolve(error, retry_after=None)


CASES = {
    "a wait ends early": Misled(
        "no wait ends before what was asked for",
        CLEARS,
        misled.asking(Wait, misled.early),
        ("started_wait until 4 s",),
    ),
    "a wait ends late": Misled(
        "a wait is as long as it must be",
        CLEARS,
        misled.asking(Wait, misled.long),
        ("started_wait until 6 s",),
    ),
    "a Retry-After is not heard": Misled(
        "no wait ends before what was asked for",
        TIMES,
        misled.hearing(_without_hint),
        ("started_send a/x key#1", "overloaded (retry after 4 s) -> retry until 0.5 s"),
    ),
    "an attempt is cut": Misled(
        "an attempt lasts as long as who stands by leaves it",
        TIMES,
        misled.asking(Send, misled.short),
        ("started_send a/x key#1",),
    ),
    "a stream goes on": Misled(
        "an attempt has the limits that are set",
        small("content that was"),
        misled.asking(Relay, lambda one: Relay(one.ends_at + 1.0)),
        ("started_send a/x key#1", "content"),
    ),
    "what cannot be is believed": Misled(
        "what cannot be is refused",
        KEYS,
        misled.gullible,
        ("started_fallback",),
    ),
    "a fallback in another order": Misled(
        "a fallback asks everyone who stands by",
        KEYS,
        misled.asking(Switch, lambda one: Switch(one.targets[::-1])),
        ("started_fallback",),
    ),
    "a call gives up": Misled(
        "nobody gives up while a move is open",
        KEYS,
        misled.giving_up,
        ("started_send a/x key#1", "rate_limit -> terminal"),
    ),
    "a probe is one try among others": Misled(
        "one try after a probe while a fallback stands by",
        PROBES,
        misled.guarded("retry", misled.retry_after_a_probe),
        ("started_send a/x key#1 (probe)", "server_error -> retry until 0.5 s"),
    ),
    "no attempt is kept": Misled(
        "an attempt is kept back for who stands by",
        KEYS,
        misled.guarded("rotate", misled.rotate_to_the_last),
        (
            "started_send a/x key#1",
            "rate_limit -> retry until 0.5 s",
            "waited_send a/x key#1, after 10 s",
            "rate_limit -> fallback",
            "switched_wait until 10 s",
            "waited_send a/x key#1",
            "rate_limit -> rotate",
        ),
    ),
    "the way back again": Misled(
        "the way back is taken once",
        KEYS,
        misled.guarded("way_back", misled.back_again),
        (
            "started_send a/x key#1",
            "rate_limit -> fallback",
            "switched_send b/y key#1",
            "rate_limit -> way_back until 0.5 s",
            "waited_send a/x key#1, after 10 s",
            "rate_limit -> way_back until 10.5 s",
        ),
    ),
    "the last to clear": Misled(
        "what clears first is waited for",
        CLEARS,
        misled.guarded("started_wait", misled.wait_for_the_last),
        ("started_wait until 25 s",),
    ),
    "a fallback before a retry": Misled(
        "the first move that is open is made",
        BACKOFFS,
        misled.guarded("retry", misled.never),
        ("started_send a/x key#1", "server_error -> fallback"),
    ),
    "an overflow is not heard": Misled(
        "no target as small as one that was too small",
        SIZES,
        misled.hearing(
            lambda one: (
                attrs.evolve(one, reason=Reason.OVERLOADED)
                if one.reason is Reason.CONTEXT_OVERFLOW
                else one
            )
        ),
        ("started_send a/x key#1", "context_overflow -> fallback"),
    ),
    "the way back is forgotten": Misled(
        "where a call may go back to is remembered",
        TIMES,
        _forget("went_back"),
        (
            "started_send a/x key#1",
            "overloaded (retry after 4 s) -> fallback",
            "switched_wait until 4 s",
        ),
    ),
    "who was asked is forgotten": Misled(
        "what was asked, used and repaired is remembered",
        KEYS,
        _forget("asked"),
        ("started_send a/x key#1",),
    ),
    "tries are not counted": Misled(
        "tries, rotations and repairs are counted",
        KEYS,
        _forget("tries"),
        ("started_send a/x key#1",),
    ),
    "why it ended": Misled(
        "why a call ended is told as it was",
        KEYS,
        misled.noting(_stopped),
        ("started_terminal",),
    ),
    "the error is forgotten": Misled(
        "what a call remembers is what happened",
        KEYS,
        _forget("error"),
        ("started_send a/x key#1", "rate_limit -> retry until 0.5 s"),
    ),
    "an end is an answer": Misled(
        "only an answer is an answer",
        small("targets of a provider"),
        misled.asking(Finish, lambda _: Finish()),
        ("started_spent, after 60 s",),
    ),
    "a retry has no limit": Misled(
        "a retry leaves time for who stands by",
        small("held back"),
        misled.guarded("retry", misled.retry_in_the_time_of_others),
        ("started_send a/x key#1", "overloaded (retry after 80 s) -> retry until 80 s"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_machine_that_is_wrong_is_named_with_the_shortest_sequence(name: str) -> None:
    case = CASES[name]
    search = ClockedSearch(case.setting, case.machine).run()

    assert case.property in [one.name for one in search.broken[-1].broken]
    assert traced(case.setting, search.broken, case.machine, TABLE).words == case.words


def test_what_ships_keeps_every_property_in_the_small_settings() -> None:
    found = premises(TABLE, STATES)

    assert found.violations == ()
    assert [one.about for one in found.searched] == [one.about for one in SMALL]
    assert found.moves > 10_000
    # Once for each machine in a process: every config rests on the same.
    assert premises(list(TABLE), list(STATES)) is found


@pytest.mark.parametrize("name", ["the last to clear", "a fallback before a retry"])
def test_a_sequence_opens_as_a_call(name: str) -> None:
    case = CASES[name]
    search = ClockedSearch(case.setting, case.machine).run()

    trace = traced(case.setting, search.broken, case.machine, TABLE)

    call = case.setting.call()
    for entry in trace.entries:
        if isinstance(entry, Transition):
            after = case.machine(call, entry.facts)
            assert (after.row, after.command) == (entry.row, entry.command)
            call = after.call


MOVES = st.frozensets(st.sampled_from(Move), max_size=3)


@st.composite
def settings_(draw: st.DrawFn) -> SmallSetting:
    """A setting of two targets under any policy, with a few errors and marks."""
    reasons = draw(st.lists(st.sampled_from(REASONS), min_size=1, max_size=2, unique=True))
    policy = Policy(
        max_attempts=draw(st.integers(1, 4)),
        attempts_per_target=draw(st.integers(1, 3)),
        deadline=draw(st.sampled_from((20.0, 60.0, 130.0))),
        patience=draw(st.sampled_from((0.0, 6.0, 30.0))),
        on_interrupted=draw(st.sampled_from(OnInterrupted)),
        on={**DEFAULT_MOVES, **{each: draw(MOVES) for each in reasons}},
    )
    after = draw(st.sampled_from((None, 3.0, 25.0)))
    errors = [Error(each, f"verify.{each}", retry_after=after) for each in reasons]
    marks = st.sampled_from((SOON, LATER, BENCH, CIRCUIT, WINDOW))
    return SmallSetting(
        "any", (A, B), policy, (*errors, Error(Reason.BILLING, "verify.billing")),
        keys={"a": 2}, instants=(draw(st.sampled_from((7.0, 31.0))),), here=(draw(marks),),
        others=(draw(marks),), streams=draw(st.booleans()), probes=draw(st.booleans()), moves=6,
    )  # fmt: skip


REASONS = tuple(
    each for each in Reason if each not in (Reason.BILLING, Reason.CANCELLED, Reason.DEADLINE)
)


@settings(max_examples=8)
@given(settings_())
def test_what_ships_keeps_every_property_under_any_policy(setting: SmallSetting) -> None:
    search = ClockedSearch(setting, step).run()

    assert [(one.name, one.what) for move in search.broken for one in move.broken] == []
