"""A fleet's record, arranged so that what is promised can be checked by it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from orchestrator.health.records import Record, TargetKeys
from orchestrator.lab.fleet.fleet import FleetRecord, FleetRequest
from orchestrator.lab.fleet.shared_store import SALT, StoredChange

GRAIN = 0.01
"""Seconds within which two instants are one: clocks of hosts are told in fractions."""

FOUND = 2.0
"""Seconds after which every process has found a store that is back, and marked what it knows."""

DEADLINE = 300.0
"""Seconds that a call of a fleet has; the default policy's."""

Found = Iterator[tuple[float, str]]
"""What a check finds: when, and what was seen."""

Version = tuple[int, float, Record | None]
"""The number and the instant of a change, and what the record was since."""


class Evidence:
    """A fleet's record, arranged so that checks can ask it.

    Attributes:
        record: All that was seen.
        versions: Of each key of the store, what it held since when.
    """

    def __init__(self, record: FleetRecord) -> None:
        self.record = record
        self.versions: Mapping[str, list[Version]] = _versions(record.changes)
        self._numbers = {key: [one[0] for one in all_] for key, all_ in self.versions.items()}
        self._places: dict[tuple[str, str], TargetKeys] = {}

    def keys(self, request: FleetRequest) -> tuple[str, ...]:
        """Keys of the records that may have stood in the way of ``request``."""
        target = request.target
        name = (target.provider, target.model)
        if name not in self._places:
            pool = self.record.pools[target.provider]
            self._places[name] = TargetKeys.of(pool, target.model, SALT)
        return self._places[name].keys(request.credential)

    def before(self, key: str, number: int) -> Record | None:
        """What was stored under ``key`` just before what has this ``number``."""
        place = bisect_left(self._numbers.get(key, ()), number)
        return self.versions[key][place - 1][2] if place else None

    def at(self, key: str, instant: float) -> Record | None:
        """What was stored under ``key`` at ``instant``."""
        found = None
        for _, at, record in self.versions.get(key, ()):
            if at > instant:
                break
            found = record
        return found

    def is_away(self, since: float, until: float) -> bool:
        """Whether the store could not be reached in between, or was just found again."""
        outages = self.record.scenario.outages
        return any(one.since <= until and since <= one.until + FOUND for one in outages)

    def is_found(self, since: float, until: float) -> bool:
        """Whether in between the store was found again, with what others marked meanwhile."""
        outages = self.record.scenario.outages
        return any(since <= one.until + FOUND and one.until <= until for one in outages)

    def is_crashed(self, process: int, since: float, until: float) -> bool:
        """Whether the process died in between, with what it knew alone."""
        crashes = self.record.scenario.crashes
        return any(one.process == process and since <= one.at <= until for one in crashes)

    def is_by_host_clock(self, process: int, at: float) -> bool:
        """Whether the process began while the store was away, on a host whose clock steps.

        Until it finds the store nobody can tell it the time; then what it marked is dated anew, by
        how far its clock is ahead at that moment.
        """
        scenario = self.record.scenario
        is_wrong = any(one.process == process for one in scenario.steps)
        starts = [one.at + one.away for one in scenario.crashes if one.process == process]
        return bool(is_wrong) and any(
            one.since <= start <= at <= one.until + FOUND
            for one in scenario.outages
            for start in starts
        )


def _versions(changes: list[StoredChange]) -> dict[str, list[Version]]:
    found: defaultdict[str, list[Version]] = defaultdict(list)
    for change in changes:
        found[change.key].append((change.number, change.at, change.after))
    return dict(found)
