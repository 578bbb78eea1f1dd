"""Differences between the config of recorded calls and the one to try, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestrator.config.config import Config
from orchestrator.execution.recorder import pool_of
from orchestrator.lab.simulation.replay_config import pools
from orchestrator.ledger import Recording
from orchestrator.states import Policy, Target

_NAMED = 3
"""Keys of one pool that are named."""


def changes(
    calls: Sequence[Recording], config: Config, routes: Sequence[tuple[Target, ...]]
) -> tuple[str, ...]:
    """The differences between what the calls had and what ``config`` gives them, each once.

    Args:
        calls: The calls.
        config: The config to try.
        routes: The route that each call takes in it.
    """
    told: dict[str, None] = {}
    for call, route in zip(calls, routes, strict=True):
        told |= dict.fromkeys(_route(call.opened.route, route))
        told |= dict.fromkeys(_policy(call.opened.policy, config.policy))
    told |= dict.fromkeys(_keys(calls, config))
    return tuple(told)


def _route(then: Sequence[Target], now: Sequence[Target]) -> Iterator[str]:
    names = ([each.name for each in then], [each.name for each in now])
    if names[0] != names[1]:
        yield "route: " + " → ".join(", ".join(each) for each in names)
        return
    for before, after in zip(then, now, strict=True):
        for field in attrs.fields(type(before.timeouts)):
            old, new = (getattr(each.timeouts, field.name) for each in (before, after))
            if old != new:
                yield f"{field.name} at {after.name}: {_shown(old)} → {_shown(new)}"


def _policy(then: Policy, now: Policy) -> Iterator[str]:
    for field in attrs.fields(Policy):
        old, new = getattr(then, field.name), getattr(now, field.name)
        if field.name != "on" and old != new:
            yield f"{field.name}: {_shown(old)} → {_shown(new)}"
    for reason in now.on:
        before, after = (", ".join(sorted(each.on.get(reason, ()))) for each in (then, now))
        if before != after:
            yield f"on {reason}: {before or 'nothing'} → {after or 'nothing'}"


def _keys(calls: Iterable[Recording], config: Config) -> Iterator[str]:
    for call in calls:
        for name, then in pools(call).items():
            if name not in config.providers:
                continue  # the route says so
            now = pool_of(config.providers[name])
            gone = [label for label in then.labels if label not in now.labels]
            new = [label for label in now.labels if label not in then.labels]
            if gone:
                yield f"{name} has no {_listed(gone)} any more"
            if new:
                yield f"{name} has {_listed(new)} besides"
            if then.strategy != now.strategy:
                yield f"strategy of {name}: {then.strategy} → {now.strategy}"


def _listed(labels: Sequence[str]) -> str:
    """``key#2, key#3``; of many, the first three and how many more there are."""
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return f"{', '.join(labels[:_NAMED])}{more}"


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else "auto" if value is None else str(value)
