"""The weaknesses of a config in one sentence each, as ``check`` and ``verify`` both say them."""

from __future__ import annotations

from collections.abc import Sequence


def no_other_provider(what: str) -> str:
    """Every target of a route is of one provider.

    Args:
        what: What befalls that one: ``acme out of money``.
    """
    return f"{what} ends every call: no target of another provider"


def deadline_used_up(what: str, deadline: float, waiting: str) -> str:
    """A target that stands by is not asked in time.

    Args:
        what: What takes so long.
        deadline: Of the policy, seconds.
        waiting: The target that is not asked.
    """
    return f"{what} uses up the deadline of {deadline:g} s: {waiting} is never asked"


def one_account(providers: Sequence[str]) -> str:
    """Several entries ask one address with one key."""
    return f"{listed(providers)} are one account: the same key at the same address"


def one_address(providers: Sequence[str]) -> str:
    """Several entries, with keys of their own, ask one address."""
    return f"{listed(providers)} stand at one address: whatever takes it down takes all of them"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
