"""Fewer nodes for the machine that ships: what its rows cannot tell apart is one.

Each merge rests on what the guards, effects and entries of the machine look at. For any
other table nothing is merged here; and a test holds the merged search of what ships against
the plain one: the same nodes, with the same counters, once the plain ones are merged.
"""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.lab.verify.footprint import repaired_at, used_at
from orchestrator.lab.verify.nodes import MARKED, NONE, SENT, Key, Nodes, Slot
from orchestrator.lab.verify.setting import THROTTLED, ErrorClass, ErrorKind, Setting
from orchestrator.states.call import Call, State
from orchestrator.states.error import Error
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.routing import tries_allowed


def merges(setting: Setting) -> list[str]:
    """What is told apart neither for what ships nor for other tables, and then what is."""
    alike = [one for one in setting.classes if len(one.kinds) > 1]
    return [
        *PLAIN_MERGES,
        "targets with a provider of their own, as many credentials and the same context are alike",
        "targets of one provider with the same context are alike",
        *(f"errors with the same moves: {', '.join(kind.name for kind in one.kinds)}"
          for one in alike),
        "the latest error counts by what it allows, the cause by whether there is one",
        "what was done at a target that was left for good is forgotten",
        "a failure after which another target is asked at once: its own pool is free, unlooked at",
        "whether something else came before an empty answer is free",
        *(("which of many keys were used, and what was repaired, is forgotten",)
          if forgets(setting) else ()),
    ]  # fmt: skip


def forgets(setting: Setting) -> bool:
    """Whether how many keys were used, and whether anything was repaired, is not told apart.

    A large route has too many ways to have used its keys. To forget one allows the calls more
    than they can do, never less: two keys of many were used, so that the same one, another and a
    fresh one may come, whichever may in fact. And an error that names a repair which was made is
    like one that names none. So what holds of them still holds; of what is counted no more is
    told than :mod:`orchestrator.lab.verify.bounds` allows.
    """
    return len(setting.route) * max(setting.credentials, default=1) > _EXACT


_KEPT = 2
"""Keys that were used then, where there are more."""

_EXACT = 6
"""Targets times keys up to which everything is kept: a search of some seconds."""


PLAIN_MERGES = (
    "credentials of a pool that the call has not used are alike, and so are those it has",
    "repairs are alike",
    "times: within the patience, within the deadline (the stream's limit), past it; all are free",
    "what is left of attempts and waits is told apart only where a guard looks at it",
    "a target that the call left for good stands by for ever, and must be refused",
)


class MergedNodes(Nodes):
    """Nodes in which calls that behave alike from now on are one."""

    merged = True

    def __init__(self, setting: Setting, classes: tuple[ErrorClass, ...]) -> None:
        super().__init__(setting, classes)
        providers = [target.provider for target in self.route]
        self._own = [providers.count(target.provider) == 1 for target in self.route]
        self.alike = self._alike(first_apart=False)
        self.groups = self._alike(first_apart=True)
        self._forgets = forgets(setting)
        self._goes_on = setting.policy.on_interrupted is OnInterrupted.CONTINUE
        self._stand_in = {
            (index, first, stays, returns): self._first_like(index, first, stays, returns)
            for index in range(len(self.errors))
            for first in (True, False)
            for stays in (True, False)
            for returns in (True, False)
        }

    def _first_like(
        self, index: int, first: bool, stays: bool, returns: bool,  # noqa: FBT001 - a table's key
    ) -> tuple[int, bool]:  # fmt: skip
        """The first class of errors that allows as much on an arrival, and whether it was slow.

        Args:
            index: The class of the latest error.
            first: Whether the call is at the first target that it asked.
            stays: Whether it is where the error came from.
            returns: Whether it may come back, should it leave.
        """
        wanted = self._allows(index, first=first, stays=stays)
        for other, one in enumerate(self.classes):
            throttled, retries = self._comes_back(one.first, first=first)
            fits = throttled or retries if returns else not throttled
            silent = one.first.reason is Reason.TIMEOUT
            if fits and not silent and self._allows(other, first=first, stays=stays) == wanted:
                return other, returns and not throttled
        return index, returns

    def _allows(self, index: int, *, first: bool, stays: bool) -> tuple[bool, bool]:
        kind = self.classes[index].first
        moves = kind.moves(self.setting.policy, first_target=first)
        return Move.FALLBACK in moves, stays and (kind.reason is Reason.UNKNOWN or kind.empty)

    def _comes_back(self, kind: ErrorKind, *, first: bool) -> tuple[bool, bool]:
        """Whether a call may come back after it in any case, or where it left in haste."""
        retries = Move.RETRY in kind.moves(self.setting.policy, first_target=first)
        return kind.reason in THROTTLED, retries

    def _alike(self, *, first_apart: bool) -> list[list[int]]:
        """The places of targets that behave alike, more than one together."""
        found: dict[object, list[int]] = {}
        for index, target in enumerate(self.route):
            # Siblings share pool, account and marks, and the board is free in what it says of
            # each: to trade their places is as good a symmetry as between providers of their own.
            provider = None if self._own[index] else target.provider
            kind = (target.context, target.stream, self.setting.credentials[index], provider)
            apart = first_apart and index == 0
            found.setdefault(index if apart else kind, []).append(index)
        return [group for group in found.values() if len(group) > 1]

    def encode(self, call: Call) -> tuple[Key, tuple[int, ...]]:
        """See :meth:`Nodes.encode`; alike targets come in an order of their own."""
        state = call.state
        if state.final:
            return (state, call.stopped_by), ()
        over = state in SENT and self._is_over(call)
        here = self._index[call.target.name] if call.target is not None else -1
        # There is no way back once it was taken.
        back = () if call.went_back else {name for name, _ in call.returnable}
        slots = [
            self._over(call, place, here=place == here) if over
            else self._kept(call, place, back, here=place == here)
            for place in self.order
        ]  # fmt: skip
        others = any(not (one.asked or one.billed) for one in slots)
        order = list(self.order)
        # Until the cause is known the first target is apart: to leave it is what sets the cause.
        for group in self.alike if call.cause is not None else self.groups:
            for place, index in zip(group, sorted(group, key=slots.__getitem__), strict=True):
                order[place] = index
        error, slow = self._error_that_counts(call, state, others=others)
        key = (
            state,
            call.tries if here >= 0 and not over else 0,
            call.went_back or over,
            call.committed,
            call.tool_call and call.committed and self._goes_on,
            NONE if call.cause is None else MARKED,
            error,
            NONE if call.passed_over is None or call.asked else MARKED,
            call.probe and state in SENT and others,
            slow,
            True,
            call.too_small,
            tuple([slots[index] for index in order]),
        )
        return key, tuple(order)

    def keeps_waiting(self, call: Call) -> bool:
        """See :meth:`Nodes.keeps_waiting`: where it says whether the call may come back."""
        stays = call.target is not None and call.target.name in call.asked
        return stays and not call.state.final and self._leaves_early(call)

    def _leaves_early(self, call: Call) -> bool:
        """Whether a call that leaves now leaves tries of its target."""
        tries = 0 < call.tries < tries_allowed(call)
        return tries and Move.RETRY in call.allowed

    def _returns(self, call: Call, error: Error) -> bool:
        """Whether the call may come back to where it is, should it leave."""
        if error.reason in THROTTLED:
            return True
        hasty = call.kept_waiting or call.probe or error.reason is Reason.TIMEOUT
        return hasty and self._leaves_early(call)

    def _is_over(self, call: Call) -> bool:
        """Content was delivered and nothing may follow: nothing but the end is left to see."""
        return call.committed and not (self._goes_on and not call.tool_call)

    def _over(self, call: Call, place: int, *, here: bool) -> Slot:
        asked = self.route[place].name in call.asked
        billed = self.route[place].provider in call.billed
        return Slot(here, asked, False, billed and (here or not asked), False, int(here))

    def _kept(self, call: Call, place: int, back: Collection[str], *, here: bool) -> Slot:
        target = self.route[place]
        name = target.name
        if name not in call.asked:
            return Slot(here, False, name in call.gone, target.provider in call.billed)
        # A target that was left for good is out, so why matters only to its neighbours.
        billed = target.provider in call.billed and (here or not self._own[place])
        if not here and not (name in back and self.open_to(call, place)):
            return Slot(False, True, False, billed)
        used, repaired = len(used_at(call, name)), repaired_at(call, name)
        if self._forgets:
            used, repaired = _KEPT if self.credentials[place] > _KEPT else used, 0
        return Slot(here, True, name in call.gone and here, billed, not here, used, repaired)

    def _error_that_counts(self, call: Call, state: State, *, others: bool) -> tuple[int, bool]:
        """Which error stands for the latest one, that allows as much, and whether it was slow."""
        error = call.error
        if error is None or state in SENT:
            # The next diagnosis replaces it; that there is one is said by the cause.
            return (NONE if error is None or call.cause is not None else MARKED), False
        # Without a try at this stay, the error is that of another target.
        stays = call.target is not None and call.target.name in call.asked and call.tries > 0
        # There is no way back but by others, and none once it was taken.
        returns = stays and others and not call.went_back and self._returns(call, error)
        return self._stand_in[self.class_of(error), len(call.asked) <= 1, stays, returns]
