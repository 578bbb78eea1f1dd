"""The policy of calls as TOML, as a config has it, and what such a text makes of another policy.

Only what decides over a call is in it: ``[policy]`` without ``drop`` and the like, which
say what is sent and read; ``[policy.on]``; and ``[timeouts]``. A deadline may be shorter than one
attempt here, as a caller's own may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, Problem, nearest
from orchestrator.config.line_numbers import with_lines
from orchestrator.config.loading import toml_table
from orchestrator.states import Move, OnInterrupted, Policy, Reason, Target, Timeouts
from orchestrator.states.reasons import DEFAULT_MOVES

SOURCE = "the policy"
"""What a text is called in what is said of it."""

MOST_ATTEMPTS = 200
"""Of a call that is played: each takes 1 to 2 ms of a busy machine (2026-11)."""

MOST_DOTS = 40
"""On a line of a text: to read a key takes the square of its parts, and one of 30,000 took minutes
in which the process could not end (2026-11). No key of a policy has more than three."""

_TABLES = ("policy", "timeouts")
_NOT_DECIDING = ("drop", "largest_answer", "retry_budget")


@attrs.frozen
class PlayedPolicy:
    """What a call is played by.

    Attributes:
        policy: What the call may do.
        route: Its targets, with their limits.
    """

    policy: Policy
    route: tuple[Target, ...]


def config_policy(config: Config) -> str:
    """The policy of a config."""
    return _text(config.policy, [config.timeouts])


def own_policy(policy: Policy, route: Sequence[Target]) -> str:
    """The policy of a call.

    Args:
        policy: What it might do.
        route: Its targets; a limit in which they differ is left out.
    """
    return _text(policy, [target.timeouts for target in route])


def read_policy(text: str, policy: Policy, route: Sequence[Target]) -> PlayedPolicy:
    """What ``text`` makes of a call's own policy; what it leaves out stays as it was.

    Args:
        text: TOML, of which a config's ``[policy]``, ``[policy.on]`` and ``[timeouts]`` are
            taken.
        policy: What the call might do.
        route: Its targets.

    Raises:
        ConfigError: Something in it is wrong, or does not decide over a call.
    """
    from orchestrator.config.schema import structure  # cattrs takes 60 ms to import

    _check_dots(text)
    given = toml_table(text, SOURCE)
    _refuse(text, _unknown(given))
    read, problems = structure(given)
    _refuse(text, problems)
    _refuse(text, _too_many(read.policy.max_attempts, policy.max_attempts))
    named = given.get("policy", {})
    said = {name: getattr(read.policy, name) for name in named if name != "on"}
    moves = {Reason(name): read.policy.on[Reason(name)] for name in named.get("on", {})}
    limits = {name: getattr(read.timeouts, name) for name in given.get("timeouts", {})}
    return PlayedPolicy(
        attrs.evolve(policy, **said, on={**policy.on, **moves}),
        tuple(attrs.evolve(one, timeouts=attrs.evolve(one.timeouts, **limits)) for one in route),
    )


def _check_dots(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            what = f"more than {MOST_DOTS} dots on one line, which no policy has"
            raise ConfigError(SOURCE, [Problem("", what, line=number)])


def _refuse(text: str, problems: Iterable[Problem]) -> None:
    if found := tuple(problems):
        raise ConfigError(SOURCE, with_lines(text, found))


def _unknown(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name in given:
        if name not in _TABLES:
            what = f"is none of a policy{nearest(name, _TABLES)}; allowed: {', '.join(_TABLES)}"
            yield Problem(name, what)
    policy = given.get("policy")
    for name in policy if isinstance(policy, dict) else ():
        if name in _NOT_DECIDING:
            allowed = ", ".join(field.name for field in attrs.fields(Policy))
            yield Problem(f"policy.{name}", f"does not decide over a call; allowed: {allowed}")


def _too_many(wanted: int, own: int) -> Iterator[Problem]:
    if wanted > max(MOST_ATTEMPTS, own):
        what = f"found {wanted}; allowed where a call is played again: 1 to {MOST_ATTEMPTS:,}"
        yield Problem("policy.max_attempts", what)


# Writing.


def _text(policy: Policy, limits: Sequence[Timeouts]) -> str:
    return "\n".join((*_policy(policy), *_moves(policy), *_limits(limits), ""))


def _policy(policy: Policy) -> Iterator[str]:
    yield "[policy]"
    yield f"max_attempts = {policy.max_attempts}"
    yield f"attempts_per_target = {policy.attempts_per_target}"
    yield f"deadline = {_duration(policy.deadline)}"
    yield f"patience = {_duration(policy.patience)}"
    known = " | ".join(OnInterrupted)
    yield f'on_interrupted = "{policy.on_interrupted}"  # {known}'


def _moves(policy: Policy) -> Iterator[str]:
    yield from ("", f"[policy.on]  # {', '.join(Move)}")
    for reason in DEFAULT_MOVES:
        if reason in (Reason.CANCELLED, Reason.DEADLINE):
            continue  # nothing helps, and nobody writes that
        allowed = policy.on.get(reason, frozenset())
        listed = ", ".join(f'"{move}"' for move in Move if move in allowed)
        yield f"{reason} = [{listed}]"


def _limits(limits: Sequence[Timeouts]) -> Iterator[str]:
    yield from ("", "[timeouts]")
    for field in attrs.fields(Timeouts):
        values = [_limit(value) for value in {getattr(one, field.name) for one in limits}]
        one = len(values) == 1
        yield f"{'' if one else '# by target: '}{field.name} = {', '.join(sorted(values))}"


def _limit(seconds: float | None) -> str:
    return '"auto"' if seconds is None else _duration(seconds)


def _duration(seconds: float) -> str:
    """A duration that is read as the very same number."""
    return f'"{int(seconds)}s"' if seconds == int(seconds) else repr(seconds)
