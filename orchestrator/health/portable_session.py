"""A call's session with the board as a value, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from orchestrator.health import steps
from orchestrator.health.availability import Caller
from orchestrator.health.session import BoardState, PreparedRoute, Session
from orchestrator.health.steps import PendingFailure
from orchestrator.states.facts import Target


@attrs.frozen
class SessionState:
    """What the board knows of one call: :class:`.CallClaims`, with nothing of a process in it.

    Attributes:
        caller: The call.
        target, label, since: Its latest take, and when that was (epoch); ``None`` before it.
        claims, pending, counted, probed: As :class:`.CallClaims` has them.
    """

    caller: Caller
    target: Target | None = None
    label: str = ""
    since: float = 0.0
    claims: tuple[str, ...] = ()
    pending: Mapping[str, PendingFailure] = MappingProxyType({})
    counted: frozenset[str] = frozenset()
    probed: bool = False


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
        if state is not None:
            self._claims = self._restored(state)

    @property
    def state(self) -> SessionState:
        """What the board knows of this call now."""
        known = self._state
        place = known.occupancy
        target, label, since = (place.target, place.label, place.at) if place else (None, "", 0.0)
        return SessionState(
            *(known.caller, target, label, since),
            *(known.claims, known.pending, known.counted, known.probed),
        )

    @property
    def _state(self) -> steps.CallClaims:
        if self._claims is None:
            occupancy = None if self._stay is None else steps.Occupancy(*self._stay)
            self._claims = steps.CallClaims(Caller(self._holder), occupancy)
        return self._claims

    def _restored(self, state: SessionState) -> steps.CallClaims:
        occupancy = None
        if state.target is not None:
            # By the credentials of now: who has read a secret again meanwhile blames the new one
            # for what the old one met, once at most.
            place = self._board.place(state.target)
            occupancy = steps.Occupancy(state.target, place, state.label, state.since)
        return steps.CallClaims(
            *(state.caller, occupancy, state.claims),
            *(state.pending, state.counted, state.probed),
        )
