"""What stands by, decided piece by piece as a guard asks for it.

The checker's health board. It has no memory: whatever a board could say of a target at
this point, it can say. Only two things bind it: it contradicts neither itself within one
look nor what the call has used, asked and been billed by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import attrs

from orchestrator.lab.verify.choices import Choices
from orchestrator.lab.verify.footprint import RecordingCall
from orchestrator.lab.verify.nodes import PASSED, Nodes
from orchestrator.states.error import Error
from orchestrator.states.facts import Clear, Mark, Target

BLOCKS: tuple[tuple[Mark, bool], ...] = (
    (Mark.COOLDOWN, False),
    (Mark.COOLDOWN, True),
    (Mark.BENCH, False),
    (Mark.CIRCUIT, False),
)
"""How the call's own target may be blocked: the mark, and whether it ends late."""


@attrs.frozen
class Leeway:
    """What the policy leaves to a call after a failure, as far as a look depends on it.

    Attributes:
        rotates: It may go on with another key, but not with the same one.
        hesitates: It may go on at the same target, or fall back.
        comes_back: Whether it may come back depends on how long the failure took.
        silent: The failure is a silence, which is slow by itself.
        takes_key: The key that was sent with cannot be sent with now.
        benches_key: It cannot be waited for either.
    """

    rotates: bool = False
    hesitates: bool = False
    comes_back: bool = False
    silent: bool = False
    takes_key: bool = False
    benches_key: bool = False


@attrs.define
class Observed:
    """What was decided about the standby in one run; ``None`` where nobody looked.

    Attributes:
        standing: Places of unasked targets that stand by.
        winner: The place that clears first; -1 for none in time.
        ready: Whether the call's own target can be sent to.
        credentials: Its ready credentials, as numbers.
        block: What blocks it, where it is not ready.
        skipped: Whether the first target is marked at the start.
        remembered: Whether it is remembered why.
        affordable: Whether the budget of retries allows one more.
    """

    standing: tuple[int, ...] | None = None
    winner: int | None = None
    ready: bool | None = None
    credentials: tuple[int, ...] | None = None
    block: tuple[Mark, bool] | None = None
    skipped: bool | None = None
    remembered: bool | None = None
    affordable: bool | None = None


class LazyStandby:
    """One look at the board; in the place of a :class:`orchestrator.states.Standby`.

    Args:
        choices: Who decides.
        call: The call before the event.
        diagnosed: True where the call has just failed at its target.
        taken: The place that was taken, -1 for none.
        leeway: What the policy leaves to the call.
        known: What follows from the call and the event alone, which no choice changes: the same
            for all runs of one step, so it is found in the first and kept for the others.
    """

    def __init__(
        self, nodes: Nodes, choices: Choices, call: RecordingCall, *,
        diagnosed: bool, taken: int = -1, leeway: Leeway = Leeway(),
        known: dict[object, Any] | None = None,
    ) -> None:  # fmt: skip
        self._known: dict[object, Any] = {} if known is None else known
        self._nodes, self._choices, self._call = nodes, choices, call
        self._diagnosed, self._taken, self._leeway = diagnosed, taken, leeway
        choices.may_be_slow = self._may_be_slow
        self._here = nodes.position(call.target) if call.target is not None else -1
        self.decided = Observed()
        self._keyless = (
            diagnosed and self._here >= 0 and leeway.takes_key
            and nodes.has_one_key[self._here]
        )  # fmt: skip
        if self._keyless and leeway.benches_key:
            # A limit may end at once where the answer says so; who is refused stays out.
            self.decided.ready, self.decided.credentials = False, ()
        self._targets: tuple[Target, ...] | None = None
        self._clears: dict[int, Clear | None] = {}

    # What the machine may ask.

    @property
    def credentials(self) -> tuple[str, ...]:
        """See :attr:`orchestrator.states.Standby.credentials`."""
        if not self._diagnosed or self._here < 0:
            return ()
        if self.decided.credentials is None:
            self.decided.credentials = self._decide_credentials()
            self.decided.ready = bool(self.decided.credentials)
        return tuple(self._nodes.label(self._here, number) for number in self.decided.credentials)

    @property
    def targets(self) -> tuple[Target, ...]:
        """See :attr:`orchestrator.states.Standby.targets`."""
        if self._targets is None:
            self._targets = tuple(
                [  # a list is built faster than a generator runs, and every guard asks this
                    target
                    for index, target in enumerate(self._nodes.route)
                    if self._stands_for_ever(index) or self._stands(index)
                ]
            )
        return self._targets

    @property
    def seen(self) -> tuple[tuple[str, float], ...]:
        """See :attr:`.Standby.seen`: nothing, so that the least is kept back for others."""
        return ()

    @property
    def retry_affordable(self) -> bool:
        """See :attr:`.Standby.retry_affordable`."""
        if self.decided.affordable is None:
            self.decided.affordable = self._choices.pick(2) == 0
        return self.decided.affordable

    @property
    def clears(self) -> tuple[Clear, ...]:
        """See :attr:`orchestrator.states.Standby.clears`."""
        found = (self.clear(target) for target in self._nodes.route)
        return tuple(clear for clear in found if clear is not None)

    def clear(self, target: Target) -> Clear | None:
        """See :meth:`orchestrator.states.Standby.clear`."""
        index = self._nodes.position(target)
        if index not in self._clears:
            self._clears[index] = self._clear(target, index)
        return self._clears[index]

    def _clear(self, target: Target, index: int) -> Clear | None:
        if index == self._here and self._diagnosed:
            return self._clear_here(target)
        if self._taken >= 0:
            return self._clear_skipped(target, index)
        if self._stands_for_ever(index) or index in self._standing():
            return None
        mark = Mark.COOLDOWN if self._winner() == index else Mark.BENCH
        return Clear(target, mark, 0.0, self._remembered(index))

    # How it is decided.

    def _stands(self, index: int) -> bool:
        if index == self._here and self._diagnosed:
            # Whoever looks for others passes over the call's own target, open or not.
            return self._nodes.merged or self._ready()
        return index in self._standing()

    def _stands_for_ever(self, index: int) -> bool:
        known = self._known
        if index not in known:
            known[index] = self._is_closed(index)
        return cast(bool, known[index])

    def _is_closed(self, index: int) -> bool:
        call, target = self._call, self._nodes.route[index]
        if index == self._here and target.provider not in call.billed:
            return False
        closed = not self._nodes.open_to(call, index)
        return closed or (target.name in call.asked and not self._returnable(target))

    def _returnable(self, target: Target) -> bool:
        return any(target.name == name for name, _ in self._call.returnable)

    def _unasked(self) -> list[int]:
        known = self._known
        if "unasked" not in known:
            known["unasked"] = self._found_unasked()
        return cast(list[int], known["unasked"])

    def _found_unasked(self) -> list[int]:
        out = self._call.asked | self._call.gone
        return [
            index
            for index, target in enumerate(self._nodes.route)
            if target.name not in out and self._nodes.open_to(self._call, index)
            and (index != self._here or self._diagnosed)
            and not (self._keyless and self._shares_key(index))
        ]  # fmt: skip

    def _shares_key(self, index: int) -> bool:
        """Whether a target has only the key that the call's own target has."""
        route = self._nodes.route
        return index != self._here and route[index].provider == route[self._here].provider

    def _standing(self) -> tuple[int, ...]:
        if self.decided.standing is None:
            unasked = [] if self._choices.nothing_left else self._unasked()
            if self._taken >= 0:
                self.decided.standing = tuple(unasked)
            else:
                self.decided.standing = tuple(self._pick_standing(unasked))
        return self.decided.standing

    def _pick_standing(self, unasked: list[int]) -> Iterator[int]:
        groups, none = self._alike(unasked), self._slow_counts_for_others()
        for number, group in enumerate(groups, start=1):
            least = int(none and number == len(groups))
            count = least + self._choices.pick(len(group) + 1 - least)
            none = none and not count
            yield from group[:count]

    # How long the failure took.

    def hasten(self) -> None:
        """Decide first whether the call leaves at once: that spares most other choices."""
        leeway, choices, call = self._leeway, self._choices, self._call
        if choices.is_empty and not call.only_empty:
            return
        if not (self._nodes.merged and leeway.hesitates):
            return
        # Without an attempt left nobody asks who stands by.
        if call.number < call.policy.max_attempts and self._unasked():
            slow = leeway.silent or bool(call.kept_waiting)
            choices.settled = slow and bool(self._standing())

    def _slow_counts_for_others(self) -> bool:
        """Whether the failure was slow, which makes a difference only where another stands by."""
        slow = self._choices.kept_waiting is True
        return slow and self._nodes.merged and not self._leeway.comes_back

    def _may_be_slow(self) -> bool:
        """Whether anything depends on how long the failure took."""
        if not self._nodes.merged:
            return True
        alone = self.decided.standing == () and not self._leeway.comes_back
        return self._leeway.hesitates and not alone and bool(self._unasked())

    # Who stands by.

    def _alike(self, places: list[int]) -> list[list[int]]:
        """The places in groups of which it does not matter which one is meant."""
        known, key = self._known, tuple(places)
        if key not in known:
            known[key] = self._grouped(places)
        return cast(list[list[int]], known[key])

    def _grouped(self, places: list[int]) -> list[list[int]]:
        together = {
            index: number for number, group in enumerate(self._nodes.groups) for index in group
        }
        found: dict[object, list[int]] = {}
        for index in places:
            kind = (together[index], self._done_at(index)) if index in together else index
            found.setdefault(kind, []).append(index)
        return list(found.values())

    def _done_at(self, index: int) -> object:
        call, target = self._call, self._nodes.route[index]
        if target.name not in call.asked:
            return target.name in call.gone, index == self._here
        return self._returnable(target), len(call.used_at(target)), call.repaired_at(target)

    def _winner(self) -> int:
        """Which target clears first, in time; the others do not clear at all."""
        if self.decided.winner is None:
            standing = self._standing()
            closed = [
                index
                for index in range(len(self._nodes.route))
                if index not in standing
                and not self._stands_for_ever(index)
                and not (index == self._here and self._diagnosed)
            ]
            groups = self._alike(closed)
            chosen = 0 if self._choices.nothing_left else self._choices.pick(len(groups) + 1)
            self.decided.winner = groups[chosen - 1][0] if chosen else -1
        return self.decided.winner

    def _decide_credentials(self) -> tuple[int, ...]:
        if self.decided.ready is False or self._choices.nothing_left:
            return ()
        ways = self._ways()
        if self._choices.settled:
            return ways[-1]
        if self.decided.ready is None:
            # Where another key is there, a bench and a cooldown bring nothing that it does not.
            if not (self._nodes.merged and self._leeway.rotates and len(self._keys()) > 1):
                ways.append(())
        elif self._nodes.merged:
            # A guard saw that the target is open before it asked for keys: all are there.
            return ways[-1]
        return ways[self._choices.pick(len(ways))]

    def _keys(self) -> range:
        return range(self._nodes.credentials[self._here])

    def _ways(self) -> list[tuple[int, ...]]:
        """What may be ready: the key that failed, another that was used, and one that was not."""
        used, keys = len(self._call.used_at(self._nodes.route[self._here])), self._keys()
        ways: list[tuple[int, ...]] = [(0,)]
        # Where the same key may be tried again, another used one makes no difference.
        if used > 1 and (self._leeway.rotates or not self._nodes.merged):
            ways.append((0, 1))
        if used < len(keys):
            ways.append(tuple(keys))
        return ways

    def _ready(self) -> bool:
        """Whether the call's own target can be sent to."""
        if self.decided.ready is None:
            left, settled = self._choices.nothing_left, self._choices.settled
            self.decided.ready = not left and (settled or self._choices.pick(2) == 0)
        return self.decided.ready

    def _clear_here(self, target: Target) -> Clear | None:
        seen, instants = self.decided, self._choices.instants
        if self._ready():
            return None
        if seen.block is None:
            kinds = self._kinds()
            seen.block = kinds[self._choices.pick(len(kinds))]
            if seen.block[1]:
                self._choices.asked_to_wait = 0.0
        mark, late = seen.block
        at = instants.later if late and instants.later is not None else 0.0
        return Clear(target, mark, at, PASSED if self._here == 0 else None)

    def _remembered(self, index: int) -> Error | None:
        """What is remembered of a mark; only what the first target was passed over for counts."""
        if index != 0 or self._call.asked:
            return PASSED if index == 0 else None
        if self.decided.remembered is None:
            self.decided.remembered = self._choices.pick(2) == 0
        return PASSED if self.decided.remembered else None

    def _kinds(self) -> list[tuple[Mark, bool]]:
        if self._choices.nothing_left or (self._keyless and self._leeway.benches_key):
            return [(Mark.BENCH, False)]
        if not self._nodes.merged:
            kinds = BLOCKS
        elif self._leeway.rotates:
            # Only a cooldown says that there is another key.
            kinds = BLOCKS[:2]
        else:
            # A wait for a cooldown is a wait that the answer could have asked for.
            return [(Mark.BENCH, False)]
        return [one for one in kinds if not one[1] or self._choices.instants.later is not None]

    def _clear_skipped(self, target: Target, index: int) -> Clear | None:
        if index != 0 or self._taken == 0 or self._call.asked:
            return None
        if self.decided.skipped is None:
            self.decided.skipped = self._choices.pick(2) == 0
        return Clear(target, Mark.BENCH, 0.0, self._remembered(0)) if self.decided.skipped else None
