"""Dry runs: the attempts of a call that meets a failure. The machine runs, and nothing is sent.

The failure is what its provider always answers, every other provider answers well, and a
repair cures, but one that only the request could confirm, for there is none. Time passes only
where the machine waits, and the health board is a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestrator.classification.rules.repairs import CONDITIONAL
from orchestrator.config.config import Config
from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential
from orchestrator.lab.simulation.provider_model import AttemptOutcome
from orchestrator.lab.simulation.replay_call import CallReplay, Replay
from orchestrator.ledger import Opened, Recording
from orchestrator.pooling import RETRY_BUDGET
from orchestrator.states import Call, Diagnosed, Error, Policy, Send, Succeeded, Target, Wait

_EPOCH = 1_800_000_000.0
"""Some wall clock, seconds since the epoch: the board keeps its instants by it."""

_KEYS = ("key#1", "key#2")


@attrs.frozen
class Scenario:
    """Route, keys and policy of a dry run.

    Attributes:
        route: The targets, the one that failed first.
        keys: The labels of each provider's credentials.
        policy: What the call may do.
        retry_budget: Tokens that retries at each provider may spend.
        assumed: True where the config does not say, and the scenario is an example.
    """

    route: tuple[Target, ...]
    keys: Mapping[str, Sequence[str]]
    policy: Policy
    retry_budget: int
    assumed: bool


@attrs.frozen
class DryAttempt:
    """One attempt that would be made.

    Attributes:
        number: Its number over the whole call.
        target: ``provider/model``.
        credential: The label of the credential.
        answers: Whether it would be answered.
        next: The state after it.
        wait: Seconds that would be waited after it, 0 for none.
    """

    number: int
    target: str
    credential: str
    answers: bool
    next: str
    wait: float = 0.0


def scenario(config: Config | None, provider: str | None) -> Scenario:
    """The first route that names ``provider``, from there on; else an example of one."""
    policy = config.policy if config is not None else Policy()
    for route in config.routes.values() if config is not None else ():
        names = [target.provider for target in route]
        if config is not None and provider in names:
            rest = route[names.index(provider) :]
            pools = {target.provider: config.providers[target.provider] for target in rest}
            keys = {
                name: [credential.label for credential in pool.credentials]
                for name, pool in pools.items()
            }
            return Scenario(rest, keys, policy, config.retry_budget, assumed=False)
    name = provider or "provider"
    route = (Target(name, "model"), Target("fallback", "model"))
    budget = config.retry_budget if config is not None else RETRY_BUDGET
    return Scenario(route, {name: _KEYS, "fallback": _KEYS[:1]}, policy, budget, assumed=True)


def dry_run(error: Error, given: Scenario) -> tuple[DryAttempt, ...]:
    """The attempts that a call would make, in order, where its first provider meets ``error``."""
    known = attrs.evolve(error, repair=None) if error.repair in CONDITIONAL else error
    nothing = Opened("dry run", _EPOCH, given.route, given.policy, reasoning=False, metadata=None)
    pools = [
        Pool(
            *(name, name, tuple(PoolCredential(label, label) for label in labels)),
            retry_budget=given.retry_budget,
        )
        for name, labels in given.keys.items()
    ]
    play = CallReplay(
        Recording("dry run", nothing, (), (), None),
        nothing.begin(),
        HealthBoard(pools, MemoryStore()),
        _AlwaysFails(known, given.route[0].provider),
        follow=False,
        jitter=lambda: 0.0,
    )
    return tuple(_attempts(play.run_alone()))


def _attempts(found: Replay) -> Iterator[DryAttempt]:
    """Each attempt at the move that its answer, or its diagnosis, led to."""
    ended = (
        (event, step)
        for event, step in zip(found.events, found.steps, strict=True)
        if isinstance(event, Diagnosed | Succeeded)
    )
    for number, (sent, (event, step)) in enumerate(zip(found.sent, ended, strict=True), 1):
        yield DryAttempt(
            *(number, sent.target, sent.credential, sent.reason is None),
            step.call.state.value,
            max(0.0, step.command.until - event.at) if isinstance(step.command, Wait) else 0.0,
        )


@attrs.frozen
class _AlwaysFails:
    """Providers of which one meets the same failure until a repair cures it."""

    error: Error
    provider: str

    def answer(self, call: Call, send: Send, _left: float) -> AttemptOutcome:
        fails = send.target.provider == self.provider and not call.repaired
        return AttemptOutcome(
            send.target.name, send.credential, self.error if fails else None, seconds=0.0
        )
