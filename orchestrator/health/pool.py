"""A provider's credential pool, and the order in which a strategy prefers its credentials."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Sequence
from random import Random

import attrs


class Strategy(enum.StrEnum):
    """Which of the ready credentials a take prefers. The value is what configs say.

    The turns of ``round_robin`` and the counts of ``least_used`` are kept in the
    process, not in the store: a write for each call would cost more than an uneven
    share between processes does.
    """

    FILL_FIRST = "fill_first"
    ROUND_ROBIN = "round_robin"
    LEAST_USED = "least_used"
    RANDOM = "random"


@attrs.frozen
class PoolCredential:
    """One credential of a pool, without its secret.

    Attributes:
        label: The name under which logs and ledgers show it; unique in its pool.
        fingerprint: The salted hash of the secret, see
            :func:`orchestrator.secrets.fingerprint`. A changed
            secret has another fingerprint and so starts without marks.
    """

    label: str
    fingerprint: str


@attrs.frozen
class Pool:
    """The credentials of one provider entry.

    Attributes:
        provider: The provider entry's name.
        base_url: Its endpoint; with the name, the identity of its marks.
        credentials: In the order of the config. A keyless provider has one
            anonymous credential; a pool without any is never sent to.
        strategy: Which ready credential is preferred.

    Raises:
        ValueError: Two credentials bear the same label.
    """

    provider: str
    base_url: str
    credentials: tuple[PoolCredential, ...]
    strategy: Strategy = attrs.field(default=Strategy.FILL_FIRST, converter=Strategy)

    def __attrs_post_init__(self) -> None:
        labels = [credential.label for credential in self.credentials]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(
                f"provider {self.provider!r} has more than one credential labelled "
                f"{', '.join(map(repr, twice))}; each label must be unique in its pool"
            )


class Turns:
    """The strategies' counters of this process.

    Without a lock, which a fork could leave held: threads that race may lose a count,
    and then one credential is used once more than its share.
    """

    def __init__(self, pools: Iterable[Pool], random: Random) -> None:
        self._random = random
        self._labels = {p.provider: tuple(c.label for c in p.credentials) for p in pools}
        self._next = {provider: itertools.count() for provider in self._labels}
        self._uses = {
            provider: dict.fromkeys(labels, 0) for provider, labels in self._labels.items()
        }

    def order(self, pool: Pool) -> Sequence[str]:
        """The pool's labels, the preferred one first. Each call is a new turn."""
        labels = self._labels[pool.provider]
        if pool.strategy is Strategy.FILL_FIRST or len(labels) < 2:
            return labels
        if pool.strategy is Strategy.RANDOM:
            return self._random.sample(labels, len(labels))
        if pool.strategy is Strategy.LEAST_USED:
            return sorted(labels, key=self._uses[pool.provider].__getitem__)
        turn = next(self._next[pool.provider]) % len(labels)
        return labels[turn:] + labels[:turn]

    def took(self, pool: Pool, label: str) -> None:
        """Count that ``label`` was taken."""
        if pool.strategy is Strategy.LEAST_USED:
            self._uses[pool.provider][label] += 1
