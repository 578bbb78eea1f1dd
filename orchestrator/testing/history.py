"""What a call's events and commands tell of it: who was asked, who failed slowly, who stands by."""

from __future__ import annotations

from orchestrator.ledger import Transition
from orchestrator.states import (
    Diagnosed,
    Error,
    Failed,
    Move,
    Policy,
    Reason,
    Send,
    Streaming,
    Switch,
    Target,
)


class History:
    """What the events and commands of a call tell so far, without a look inside the machine.

    Args:
        policy: What the call may do.

    Attributes:
        here: The name of the target that was sent to last.
        slow: Whether the failure that was just diagnosed kept the caller waiting.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._asked: dict[str, Target] = {}
        self._gone: set[str] = set()
        self._billed: set[str] = set()
        self._small = 0
        self._committed = False
        self._waited = 0.0
        self._error: Error | None = None
        self.here = ""

    @property
    def slow(self) -> bool:
        """See the class."""
        silent = self._error is not None and self._error.reason is Reason.TIMEOUT
        return silent or self._waited > self._policy.patience

    def tell(self, move: Transition) -> list[Target]:
        """Take in ``move``; gives the unasked targets that stand by and may be fallen back to."""
        event, command = move.facts, move.command
        if isinstance(event, Streaming):
            self._committed = True
        elif isinstance(event, Failed):
            self._waited = event.waited
        elif isinstance(event, Diagnosed):
            self._diagnose(event.error)
        if isinstance(command, Send):
            self.here = command.target.name
            self._asked[self.here] = command.target
        others = self._others(move)
        if isinstance(command, Send):
            self._gone = set()
        elif isinstance(command, Switch):
            self._gone |= {target.name for target in command.targets}
        return others

    def _diagnose(self, error: Error) -> None:
        self._error, here = error, self._asked[self.here]
        if error.reason is Reason.BILLING:
            self._billed.add(here.provider)
        if error.reason in _TOO_LARGE:
            self._small = max(self._small, here.context or 0)

    def _others(self, move: Transition) -> list[Target]:
        # A send is cut by a limit of ours, which is a timeout; nothing is kept after content.
        sends = isinstance(move.command, Send)
        reason = Reason.TIMEOUT if sends or self._error is None else self._error.reason
        moves = self._policy.moves(reason, first_target=len(self._asked) <= 1)
        standby = getattr(move.facts, "standby", None)
        if standby is None or Move.FALLBACK not in moves or (sends and self._committed):
            return []
        return [target for target in standby.targets if self._is_open(target)]

    def _is_open(self, target: Target) -> bool:
        out = target.name in self._asked or target.name in self._gone
        fits = target.context is None or target.context > self._small
        return not out and target.provider not in self._billed and fits


_TOO_LARGE = (Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE)
