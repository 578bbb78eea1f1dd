"""A call's session with the board as a value, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from orchestrator.health import steps
from orchestrator.health.availability import Caller
from orchestrator.health.retry_budget import Reservation
from orchestrator.health.session import Arrival, BoardState, PreparedRoute, Question, Session
from orchestrator.health.steps import PendingFailure
from orchestrator.health.store_step import PendingAnswer
from orchestrator.states.facts import Standby, Target


@attrs.frozen
class SessionState:
    """What the board knows of one call: :class:`.CallClaims`, with nothing of a process in it.

    Attributes:
        caller: The call.
        target, label, since: Its latest take, and when that was (epoch); ``None`` before it.
        fingerprint: Of the secret of that take, salted as all that a board keeps.
        claims, pending, counted, probed, retry: As :class:`.CallClaims` has them.
    """

    caller: Caller
    target: Target | None = None
    label: str = ""
    since: float = 0.0
    fingerprint: str = ""
    claims: tuple[str, ...] = ()
    pending: Mapping[str, PendingFailure] = MappingProxyType({})
    counted: frozenset[str] = frozenset()
    probed: bool = False
    retry: Reservation | None = None

    @property
    def owes(self) -> bool:
        """See :attr:`.CallClaims.owes`; who owes nothing need not ask for a release."""
        # What is owed is said in one place: a call that skips its release must owe nothing at all.
        known = steps.CallClaims(
            self.caller, claims=self.claims, pending=self.pending, retry=self.retry
        )
        return known.owes


class PortableSession(Session):
    """A session that takes up where another one, maybe of another process, has left off.

    Args:
        board: The board.
        route: Every target that the call may go to.
        started: Wall-clock seconds (epoch) of the call's ``Started``.
        holder: The call's id. The same in each process, so that a claim which was granted, and of
            which the answer was lost with a process, is still the claim of this call.
        state: What :attr:`state` was after the last answer; ``None`` before the first.
    """

    __slots__ = ("_holder",)

    def __init__(
        self,
        board: BoardState,
        route: PreparedRoute,
        started: float,
        holder: str,
        state: SessionState | None,
    ) -> None:
        super().__init__(board, route, started)
        self._holder = holder
        # Also where nothing is owed: it may see past the marks whose probe it was granted.
        if state is not None:
            self._claims = self._restored(state)

    def begin(self, question: Question, at: float) -> Arrival | Standby | PendingAnswer | None:
        """As :meth:`.Session.begin`, in a process that may know another time than the last."""
        now = self._started + at
        # A store with a clock of its own tells when that is; what a call is told counts from there.
        self._started += self._board.store.instant(now) - now
        return super().begin(question, at)

    @property
    def state(self) -> SessionState:
        """What the board knows of this call now."""
        known = self._state
        here, owed = known.occupancy, (known.claims, known.pending, known.counted)
        rest = (*owed, known.probed, known.retry)
        if here is None:
            return SessionState(known.caller, None, "", 0.0, "", *rest)
        fingerprint = here.place.fingerprints.get(here.label, "")
        return SessionState(known.caller, here.target, here.label, here.at, fingerprint, *rest)

    @property
    def _state(self) -> steps.CallClaims:
        if self._claims is None:
            # By the call's own id, where another session draws one of its process.
            occupancy = None if self._stay is None else steps.Occupancy(*self._stay)
            self._claims = steps.CallClaims(Caller(self._holder), occupancy)
        return self._claims

    def _restored(self, state: SessionState) -> steps.CallClaims:
        occupancy = None
        if state.target is not None:
            place, label = self._board.place(state.target), state.label
            if place.fingerprints.get(label) != state.fingerprint:
                # As it was taken: what a provider says of an old secret is not about a new one.
                prints = {**place.fingerprints, label: state.fingerprint}
                place = attrs.evolve(place, fingerprints=prints)
            occupancy = steps.Occupancy(state.target, place, state.label, state.since)
        return steps.CallClaims(
            *(state.caller, occupancy, state.claims, state.pending),
            *(state.counted, state.probed, state.retry),
        )
