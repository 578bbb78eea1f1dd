"""Hypothesis strategies: what providers answer, and what a user may configure."""

from __future__ import annotations

from collections.abc import Collection

import attrs
from hypothesis import strategies as st

from orchestrator.config.records import Config
from orchestrator.simulation.items import OK, WITHOUT_PIECES, WORDS, Item, is_whole
from states import OnInterrupted, Policy, Reason, Target

_OF_THE_REQUEST = frozenset({Reason.BAD_REQUEST.value, Reason.CONTENT_POLICY.value})

RESCUABLE: tuple[str, ...] = tuple(
    word for word in WORDS if word != OK and word not in _OF_THE_REQUEST
)
"""What an attempt may meet that another target may still answer under the default policy."""

_WAITS = (None, None, 0.0, 2.0, 30.0, 3_600.0)
_SECONDS = (0.1, 0.5, 20.0)


@st.composite
def error_sequences(
    draw: st.DrawFn,
    *,
    at: str = "",
    words: Collection[str] = RESCUABLE,
    most: int = 8,
    pieces: int | None = None,
) -> tuple[Item, ...]:
    """What attempts meet, in order; shrinks towards one failure without a wait.

    Args:
        draw: Hypothesis's own.
        at: A provider, ``provider/model`` or label to whom alone this happens: always, since
            the last item repeats. Nobody in particular where empty: the last item is ``ok``.
        words: The words of :mod:`orchestrator.simulation.script` to draw from.
        most: The most items.
        pieces: Of streamed calls: how many pieces come before each failure; 0 is before any
            content, when every failure can still be recovered unseen.
    """
    names = (at,) if at else ()
    item = st.builds(
        Item,
        word=st.sampled_from(sorted(words)),
        names=st.just(names),
        seconds=st.sampled_from(_SECONDS),
        retry_after=st.sampled_from(_WAITS),
    )
    items = [_after(each, pieces) for each in draw(st.lists(item, min_size=1, max_size=most))]
    return tuple(items) if at else (*items, Item(OK))


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
