"""Hypothesis strategies: what providers answer, and what a user may configure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

import attrs
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from orchestrator.config.config import Config
from orchestrator.lab.simulation.script_items import (
    OK,
    PACE,
    WITHOUT_PIECES,
    WORDS,
    Item,
    is_whole,
    written,
)
from orchestrator.states import OnInterrupted, Policy, Reason, Target, Timeouts
from orchestrator.states.limits import FIRST_TOKEN_ALONE, FIRST_TOKEN_WITH_OTHERS

_OF_THE_REQUEST = frozenset({Reason.BAD_REQUEST.value, Reason.CONTENT_POLICY.value})

RESCUABLE: tuple[str, ...] = tuple(
    word for word in WORDS if word != OK and word not in _OF_THE_REQUEST
)
"""What an attempt may meet that another target may still answer under the default policy."""

_WAITS = (None, None, 0.0, 2.0, 30.0, 3_600.0)
_QUICK = (0.1, 0.5)
"""Seconds of a failure that keeps nobody waiting; first, so that examples shrink to them."""

_CUTS = (60.0, 100.0)
"""Seconds after which what stands before a provider gives up: a load balancer with its 504 (the
default of AWS, nginx), a CDN with its 524 (Cloudflare; their manuals, 2026-12)."""

_JUST_UNDER = 0.1
"""Seconds before a limit at which a failure comes that the limit does not cut."""


@st.composite
def error_sequences(
    draw: st.DrawFn,
    *,
    at: str = "",
    config: Config | None = None,
    words: Collection[str] = RESCUABLE,
    most: int = 8,
    pieces: int | None = None,
) -> tuple[Item, ...]:
    """What attempts meet, in order; shrinks towards one failure without a wait.

    Args:
        draw: Hypothesis's own.
        at: A provider, ``provider/model`` or label to whom alone this happens: always, since
            the last item repeats. Nobody in particular where empty: the last item is ``ok``.
        config: Whose limits failures come just under and between (patience, connect,
            first_token, idle, total); the usual ones where nothing is given.
        words: The words of :mod:`orchestrator.lab.simulation.script` to draw from.
        most: The most items.
        pieces: Of streamed calls: how many pieces come before each failure; 0 is before any
            content, when every failure can still be recovered unseen.
    """
    names = (at,) if at else ()
    item = st.builds(
        Item,
        word=st.sampled_from(sorted(words)),
        names=st.just(names),
        seconds=st.sampled_from(failing_seconds(config)),
        retry_after=st.sampled_from(_WAITS),
        pace=st.sampled_from((PACE, *_just_under(_idle(config)))),
    )
    items = [_after(each, pieces) for each in draw(st.lists(item, min_size=1, max_size=most))]
    drawn = tuple(items) if at else (*items, Item(OK))
    if currently_in_test_context():  # it is told of the failing example alone
        note(f'See it: orchestrator simulate "{written(drawn)}"')
    return drawn


def failing_seconds(config: Config | None = None) -> tuple[float, ...]:
    """How long failures may take: no time, just under each limit of ``config``, and between.

    Also after as long as what stands before providers waits, 60 and 100 s.

    The quick ones come first, since examples shrink towards them.
    """
    limits = sorted(set(_limits(config)))
    total = max(each.total for each in _timeouts(config))
    cuts = (cut for cut in _CUTS if cut < total)
    between = ((one + two) / 2 for one, two in pairwise(limits))
    return (*_QUICK, *sorted({*_just_under(limits), *between, *cuts}))


def _limits(config: Config | None) -> Iterator[float]:
    """The limits that can cut an attempt or make it a slow one."""
    yield (config.policy if config is not None else Policy()).patience
    for each in _timeouts(config):
        first = (each.first_token,) if each.first_token is not None else _AUTO
        yield from (each.connect, *first, each.idle, each.total)


_AUTO = (FIRST_TOKEN_WITH_OTHERS, FIRST_TOKEN_ALONE)


def _idle(config: Config | None) -> list[float]:
    return sorted({each.idle for each in _timeouts(config)})


def _timeouts(config: Config | None) -> list[Timeouts]:
    routes = config.routes.values() if config is not None else ()
    return [target.timeouts for route in routes for target in route] or [Timeouts()]


def _just_under(limits: Collection[float]) -> Iterator[float]:
    return (limit - _JUST_UNDER for limit in limits if limit > 2 * _JUST_UNDER)


def _after(item: Item, pieces: int | None) -> Item:
    comes = is_whole(item) or item.word in WITHOUT_PIECES
    return item if comes else attrs.evolve(item, pieces=pieces)


@st.composite
def policies(draw: st.DrawFn, base: Policy | None = None) -> Policy:
    """Policies around ``base`` that are all valid; the moves of each reason stay."""
    return attrs.evolve(
        base or Policy(),
        max_attempts=draw(st.integers(1, 20)),
        attempts_per_target=draw(st.integers(1, 5)),
        deadline=draw(st.sampled_from((1.0, 20.0, 130.0, 300.0))),
        patience=draw(st.sampled_from((0.0, 1.0, 10.0, 100.0))),
        on_interrupted=draw(st.sampled_from(OnInterrupted)),
    )


def routes(config: Config) -> st.SearchStrategy[tuple[Target, ...]]:
    """Routes over the targets of ``config``, in any order, each target at most once."""
    targets = {target.name: target for route in config.routes.values() for target in route}
    return st.lists(st.sampled_from(sorted(targets)), min_size=1, unique=True).map(
        lambda names: tuple(targets[name] for name in names)
    )
