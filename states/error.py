"""A classified failure: the one form in which a failure reaches the machine."""

from __future__ import annotations

import attrs

from orchestrator.states.reasons import Reason, Scope


@attrs.frozen
class Error:
    """A classified failure.

    Attributes:
        reason: The class of the failure; what moves the machine, besides ``retry_after``,
            ``repair``, ``empty`` and ``quoted``.
        rule: The stable id of the rule that matched, ``"none"`` where none did.
        status: The HTTP status, or ``None`` where no HTTP answer arrived.
        message: The provider's own words, secrets masked, at most 1,000 characters.
        scope: What the failure is a fact about, where the rule knows it.
        retry_after: Seconds from the failure until it may clear, never negative,
            ``None`` where the answer does not say.
        hint: One sentence that says who must act and what to do.
        repair: The name of a change of the request that may cure the failure.
        revoked: True only where a rule says that the credential is gone for good.
        empty: True where what came is an answer without anything in it: a sound end,
            and no text, no tool call, no refusal.
        quoted: True where a relay quotes the failure of whom it asked itself: its
            account and its key, never ours.
    """

    reason: Reason
    rule: str
    status: int | None = None
    message: str = ""
    scope: Scope | None = None
    retry_after: float | None = None
    hint: str = ""
    repair: str | None = None
    revoked: bool = False
    empty: bool = False
    quoted: bool = False

    def __str__(self) -> str:
        words = ": ".join(
            part
            for part in (f"HTTP {self.status}" if self.status is not None else "", self.message)
            if part
        )
        return f"{self.reason} ({words})" if words else str(self.reason)
