"""A look at the board of a small setting, decided piece by piece as a guard or a check asks."""

from __future__ import annotations

from orchestrator.lab.verify.choices import Choices
from orchestrator.lab.verify.small_settings import SmallSetting, Standing
from orchestrator.states.call import Call
from orchestrator.states.facts import Clear, Standby, Target


class ClockedStandby:
    """In the place of a :class:`orchestrator.states.Standby`.

    Every choice is real: a target stands by, or is blocked in one of the ways of the setting, and
    nothing that was said is taken back.

    Args:
        setting: What may be.
        choices: Who decides.
        call: The call before the event.
        now: The instant of the look, seconds since ``Started``.
        diagnosed: True where the call has just failed at its target.
        taken: The name of the target that was taken, empty where none was.
    """

    def __init__(
        self, setting: SmallSetting, choices: Choices, call: Call, now: float, *,
        diagnosed: bool, taken: str = "",
    ) -> None:  # fmt: skip
        self._setting, self._choices, self._now = setting, choices, now
        self._here = call.target.name if call.target is not None else ""
        self._target = call.target
        self._diagnosed, self._taken = diagnosed, taken
        self._stands: dict[str, bool] = {}
        self._clears: dict[str, Clear] = {}
        self._keys: tuple[str, ...] | None = None
        self._targets: tuple[Target, ...] | None = None
        self._affordable: bool | None = None
        self._seen: tuple[tuple[str, float], ...] | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        """See :attr:`orchestrator.states.Standby.credentials`."""
        if not self._diagnosed or self._target is None or not self._stand(self._target):
            return ()
        if self._keys is None:
            labels = self._setting.labels(self._target)
            mask = 1 + self._choices.pick(2 ** len(labels) - 1)
            self._keys = tuple([label for place, label in enumerate(labels) if mask & 1 << place])
        return self._keys

    @property
    def targets(self) -> tuple[Target, ...]:
        """See :attr:`orchestrator.states.Standby.targets`."""
        if self._targets is None:
            self._targets = tuple([one for one in self._setting.route if self._stand(one)])
        return self._targets

    @property
    def clears(self) -> tuple[Clear, ...]:
        """See :attr:`orchestrator.states.Standby.clears`."""
        found = (self.clear(target) for target in self._setting.route)
        return tuple([one for one in found if one is not None])

    @property
    def seen(self) -> tuple[tuple[str, float], ...]:
        """See :attr:`orchestrator.states.Standby.seen`."""
        if self._seen is None:
            known = self._setting.known
            chosen = self._choices.pick(1 + len(known)) if known else 0
            self._seen = tuple(
                (target.name, known[chosen - 1]) for target in self.targets if chosen
            )
        return self._seen

    @property
    def retry_affordable(self) -> bool:
        """See :attr:`orchestrator.states.Standby.retry_affordable`."""
        if self._affordable is None:
            self._affordable = not (self._setting.budget and self._choices.pick(2))
        return self._affordable

    def clear(self, target: Target) -> Clear | None:
        """See :meth:`orchestrator.states.Standby.clear`."""
        if self._stand(target):
            return None
        found = self._clears.get(target.name)
        if found is None:
            ways = self._ways(target)
            way = ways[self._choices.pick(len(ways))]
            found = self._clears[target.name] = way.clear(target, self._now)
        return found

    def _ways(self, target: Target) -> tuple[Standing, ...]:
        here = target.name == self._here
        return self._setting.here if here else self._setting.others

    def _stand(self, target: Target) -> bool:
        stands = self._stands.get(target.name)
        if stands is None:
            stands = self._stands[target.name] = self._decided(target)
        return stands

    def _decided(self, target: Target) -> bool:
        if target.name == self._taken:
            return True
        if target.name == self._here and not self._diagnosed:
            # What was asked for and not taken does not stand by.
            return False
        return self._choices.pick(2) == 0

    def settled(self) -> Standby:
        """The same look as a value; what nobody asked for stands in the first way there is."""
        self._choices = _First()
        return Standby(
            self.credentials, self.targets, self.clears, self.seen,
            retry_affordable=self.retry_affordable,
        )  # fmt: skip


class _First(Choices):
    """Nothing is open any more: the first alternative is the one."""

    def pick(self, count: int) -> int:  # noqa: ARG002 - as choices do
        """The first."""
        return 0
