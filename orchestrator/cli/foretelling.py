"""What the machine would do: the machine itself is run, and nothing is sent.

The failure is what the provider always answers, every other provider answers well, and a
repair cures, but one that only the request could confirm, for there is none. Time passes only
where the machine waits, and the health board is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from orchestrator.classification.rules.repairs import CONDITIONAL
from orchestrator.config.records import Config
from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential, Session
from orchestrator.health.session import Release, Report, Take, TakeFirst
from orchestrator.states import (
    Call,
    Command,
    Diagnose,
    Diagnosed,
    Error,
    Event,
    Failed,
    Finish,
    Policy,
    Relay,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Send,
    Standby,
    Started,
    State,
    Succeeded,
    Switch,
    Switched,
    Taken,
    Target,
    Wait,
    Waited,
    step,
)

_EPOCH = 1_800_000_000.0
"""Some wall clock, seconds since the epoch: the board keeps its instants by it."""

_KEYS = ("key#1", "key#2")


@attrs.frozen
class Scene:
    """Who would be asked.

    Attributes:
        route: The targets, the one that failed first.
        keys: The labels of each provider's credentials.
        policy: What the call may do.
        assumed: True where the config does not say, and the scene is an example.
    """

    route: tuple[Target, ...]
    keys: Mapping[str, Sequence[str]]
    policy: Policy
    assumed: bool


@attrs.frozen
class Ask:
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


def scene(config: Config | None, provider: str | None) -> Scene:
    """The first route that names ``provider``, from there on; else an example of one."""
    policy = config.policy if config is not None else Policy()
    for route in config.routes.values() if config is not None else ():
        names = [target.provider for target in route]
        if config is not None and provider in names:
            rest = route[names.index(provider) :]
            keys = {
                target.provider: [
                    credential.label for credential in config.providers[target.provider].credentials
                ]
                for target in rest
            }
            return Scene(rest, keys, policy, assumed=False)
    name = provider or "provider"
    route = (Target(name, "model"), Target("fallback", "model"))
    return Scene(route, {name: _KEYS, "fallback": _KEYS[:1]}, policy, assumed=True)


def foretell(error: Error, scene: Scene) -> tuple[Ask, ...]:
    """The attempts that a call would make, in order."""
    known = attrs.evolve(error, repair=None) if error.repair in CONDITIONAL else error
    return _Run(known, scene).asks()


class _Run:
    """One call over a board of its own. All instants are seconds since ``Started``."""

    def __init__(self, error: Error, scene: Scene) -> None:
        pools = [
            Pool(name, name, tuple(PoolCredential(label, label) for label in labels))
            for name, labels in scene.keys.items()
        ]
        self._error = error
        self._provider = scene.route[0].provider
        self._call = Call(scene.route, scene.policy)
        self._visit: Session = HealthBoard(pools, MemoryStore()).session(scene.route, _EPOCH)
        self._at = 0.0
        self._cured = False
        self._sent: Send | None = None
        self._asks: list[Ask] = []

    def asks(self) -> tuple[Ask, ...]:
        command = self._step(Started(0.0, *self._visit.answer(TakeFirst(), 0.0)))
        while not isinstance(command, Finish):
            command = self._step(self._performed(command))
        self._visit.answer(Release(), self._at)
        return tuple(self._asks)

    def _performed(self, command: Command) -> Event:
        match command:
            case Send():
                self._sent = command
                fails = command.target.provider == self._provider and not self._cured
                return Failed(self._at) if fails else Succeeded(self._at)
            case Diagnose():
                target, credential = self._who()
                standby = self._visit.answer(Report(target, credential, self._error), self._at)
                return Diagnosed(self._at, self._error, standby)
            case Rotate():
                return Rotated(self._at, *self._take((command.target,), command.used))
            case Switch():
                return Switched(self._at, *self._take(command.targets))
            case Wait():
                self._at = max(self._at, command.until)
                return Waited(self._at, *self._take((command.target,)))
            case Repair():
                self._cured = True
                return Repaired(self._at, *self._take((command.target,)))
            case Relay() | Finish():
                raise AssertionError(f"{command} needs no event here")

    def _step(self, event: Event) -> Command:
        moved = step(self._call, event)
        self._call = moved.call
        if isinstance(event, Diagnosed | Succeeded):
            self._note(moved.call.state, moved.command, answers=isinstance(event, Succeeded))
        return moved.command

    def _note(self, state: State, command: Command, *, answers: bool) -> None:
        target, credential = self._who()
        wait = max(0.0, command.until - self._at) if isinstance(command, Wait) else 0.0
        number = len(self._asks) + 1
        self._asks.append(Ask(number, target.name, credential, answers, state.value, wait))

    def _who(self) -> tuple[Target, str]:
        if self._sent is None:
            raise AssertionError("only called after a send")
        return self._sent.target, self._sent.credential

    def _take(
        self, targets: Sequence[Target], used: frozenset[str] = frozenset()
    ) -> tuple[Taken | None, Standby]:
        return self._visit.answer(Take(targets, used), self._at)
