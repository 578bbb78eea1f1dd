"""What loses a call, in plain words: one line for each single point of failure, and for pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from orchestrator.config.accounts import credential_identity
from orchestrator.config.config import Config
from orchestrator.config.weaknesses import (
    deadline_used_up,
    listed,
    no_other_provider,
    one_account,
    one_address,
)
from orchestrator.lab.fault_matrix.faults import BILLING, REVOKED, FaultScope, FaultSite
from orchestrator.lab.fault_matrix.matrix import FaultCase, FaultMatrix
from orchestrator.lab.simulation.script_items import ANSWER_SECONDS
from orchestrator.states import Move, StoppedBy, Target

_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NAMED = 3
"""Kinds of faults that a line names besides the first; the rows name all of them."""


@attrs.frozen
class WeakPoint:
    """What loses a call, in one line.

    Attributes:
        text: The line.
        cases: What was tried that it stands for.
    """

    text: str
    cases: tuple[FaultCase, ...]


def single_points(matrix: FaultMatrix, config: Config) -> tuple[WeakPoint, ...]:
    """The single points of failure, in the order of the route."""
    words = _Words(matrix, config)
    # Where nothing must fail for calls to be lost, no failure is to blame.
    hopeless = {mode for mode, result in matrix.clean.items() if result.is_lost}
    lost = tuple(case for case in matrix.lost if case.streamed in hopeless)
    points = [WeakPoint(words.of_none(hopeless), lost)] if hopeless else []
    others = (case for case in matrix.lost if case.streamed not in hopeless)
    points += (WeakPoint(words.of_one(cases), cases) for cases in words.grouped(others))
    return tuple(points)


def pair_points(matrix: FaultMatrix, config: Config) -> tuple[WeakPoint, ...]:
    """What takes two failures at once, a line for each two things that fail."""
    if matrix.pairs is None:
        return ()
    words, minimal = _Words(matrix, config), matrix.pairs.minimal
    return tuple(WeakPoint(words.of_two(cases), cases) for cases in words.grouped(minimal))


def shared_sites(matrix: FaultMatrix) -> tuple[str, ...]:
    """What is one thing although the config has two names for it, in a sentence each."""
    sites = dict.fromkeys(fault.site for case in matrix.singles for fault in case.faults)
    accounts = [site.shared for site in sites if site.shared and site.scope is FaultScope.ACCOUNT]
    addresses = [site.shared for site in sites if site.shared and site.scope is FaultScope.ADDRESS]
    other = [names for names in addresses if names not in accounts]
    return (*map(one_account, accounts), *map(one_address, other))


@attrs.frozen
class _Words:
    """Says what was found."""

    matrix: FaultMatrix
    config: Config

    def grouped(self, cases: Iterable[FaultCase]) -> list[tuple[FaultCase, ...]]:
        """The cases of each line: the same things fail, and for the same cause."""
        groups: dict[tuple[str, ...], list[FaultCase]] = {}
        for case in cases:
            names = (fault.site.owner for fault in case.faults)
            groups.setdefault((*names, self._cause(case)), []).append(case)
        return [tuple(group) for group in groups.values()]

    def _cause(self, case: FaultCase) -> str:
        """What tells the lines about the same things apart."""
        is_known = len(case.faults) == 1 or self._waiting(case) or self._in_vain(case)
        return self._why(case) if is_known else ""

    def of_none(self, modes: set[bool]) -> str:
        """``no failure at all ends every call: …``."""
        return (
            f"no failure at all ends every {_only(modes)}: an answer that takes "
            f"{ANSWER_SECONDS:g} s is too slow for the limits of the route"
        )

    def of_one(self, cases: Sequence[FaultCase]) -> str:
        """``acme out of money ends every call: …``."""
        # What an account's owner must act on comes first: it will not pass by itself.
        first = min(cases, key=lambda case: case.faults[0].kind is not BILLING)
        modes = {case.streamed for case in cases if case.faults == first.faults}
        others = dict.fromkeys(
            case.faults[0].kind.name for case in cases if case.faults != first.faults
        )
        line = self._line(self._subject(first), first, modes)
        if not others:
            return line
        return f"{line} (so {'do' if len(others) > 1 else 'does'} {_shortened(tuple(others))})"

    def of_two(self, cases: Sequence[FaultCase]) -> str:
        """``both fallbacks bill one account: …``."""
        first = cases[0]
        one, other = (fault.site.owner for fault in first.faults)
        gone = {name for case in cases for name, _ in case.faults[0].site.hits}
        left = [name for name in self._names if name not in gone]
        number = len(cases)
        if self._waiting(first) or self._in_vain(first):
            modes = {case.streamed for case in cases if case.faults == first.faults}
            more = f" (and {number - 1} more such pairs)" if number > 1 else ""
            return self._line(self._subject(first), first, modes) + more
        bills = any(case.faults[1].kind is BILLING for case in cases)
        if len(left) > 1 and bills:
            both = "both" if len(left) == 2 else f"all {_number(len(left))}"
            return (
                f"{both} fallbacks bill one account: a 402 at {other} ends every call once "
                f"{one} is down"
            )
        if one == other:
            one, other = (fault.site.name for fault in first.faults)
        return f"{one} and {other} failing at once: nobody else is on the route"

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(target.name for target in self.matrix.route)

    def _waiting(self, case: FaultCase) -> str:
        """The first target that could answer and was not asked; empty for none."""
        hit, asked = self._hit(case), case.result.asked
        free = (
            target.name
            for target in self.matrix.route
            if any((target.name, label) not in hit for label in self._labels(target))
        )
        return next((name for name in free if name not in asked), "")

    def _in_vain(self, case: FaultCase) -> str:
        """The last target that nothing at all is wrong with and that was asked; empty for none."""
        hit = {name for name, _ in self._hit(case)}
        return next((name for name in reversed(case.result.asked) if name not in hit), "")

    def _hit(self, case: FaultCase) -> set[tuple[str, str]]:
        return {each for fault in case.faults for each in fault.site.hits}

    def _labels(self, target: Target) -> list[str]:
        return [one.label for one in self.config.providers[target.provider].credentials]

    def _line(self, subject: str, case: FaultCase, modes: set[bool]) -> str:
        why, only = self._why(case), _only(modes)
        if case.result.stopped_by is StoppedBy.DEADLINE and (waiting := self._waiting(case)):
            used = deadline_used_up(subject, self.config.policy.deadline, waiting)
            return used if len(modes) > 1 else f"{used}, where it is {_mode(modes)}"
        if why == _NO_OTHER and len(modes) > 1:
            return no_other_provider(subject)
        return f"{subject} ends every {only}: {why}"

    def _subject(self, case: FaultCase) -> str:
        return " and ".join(
            f"one 401 at {fault.site.name}"
            if fault.kind is REVOKED and self._keys(fault.site) == 1
            else fault.words
            for fault in case.faults
        )

    def _why(self, case: FaultCase) -> str:
        waiting = self._waiting(case)
        if not waiting:
            return self._why_nobody(case)
        policy, result = self.config.policy, case.result
        if result.stopped_by is StoppedBy.DEADLINE:
            return f"the deadline is over: {waiting} is never asked"
        if result.stopped_by is StoppedBy.ATTEMPTS:
            return f"max_attempts = {policy.max_attempts} are used up: {waiting} is never asked"
        reason, is_first = result.last, len(result.asked) == 1
        if reason is not None and Move.FALLBACK not in policy.moves(reason, first_target=is_first):
            return f"[policy.on] allows no fallback after {reason}: {waiting} is never asked"
        return f"{result.cause}: {waiting} is never asked"

    def _why_nobody(self, case: FaultCase) -> str:
        """Why there is nobody to ask: all of the route is hit."""
        if asked := self._in_vain(case):
            if case.result.stopped_by is StoppedBy.DEADLINE:
                deadline = self.config.policy.deadline
                return f"the deadline of {deadline:g} s leaves {asked} too little time to answer"
            return f"{asked} is asked, but has too little time to answer"
        fault = case.faults[-1]
        site, targets = fault.site, {name for name, _ in fault.site.hits}
        if site.scope is FaultScope.TARGET:
            return "the route has no other target"
        if fault.kind is REVOKED and self._keys(site) == 1 and len(targets) > 1:
            return f"one key serves {_number(len(targets))} targets"
        if site.shared:
            account = site.scope is FaultScope.ACCOUNT
            return "they are one account" if account else "they stand at one address"
        return _NO_OTHER

    def _keys(self, site: FaultSite) -> int:
        """How many keys there are at ``site``."""
        names = {name.partition("/")[0] for name, _ in site.hits}
        keys = (one for name in names for one in self.config.providers[name].credentials)
        return len({credential_identity(one) or one.label for one in keys})


_NO_OTHER = "no target of another provider"


def _only(modes: set[bool]) -> str:
    return "call" if len(modes) > 1 else "streamed call" if True in modes else "unstreamed call"


def _mode(modes: set[bool]) -> str:
    return "streamed" if True in modes else "not streamed"


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _shortened(names: Sequence[str]) -> str:
    """The first of ``names``, and how many more there are."""
    if len(names) <= _NAMED + 1:
        return listed(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
