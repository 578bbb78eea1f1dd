"""A provider's credential pool, and the order in which a strategy prefers its credentials."""

from __future__ import annotations

import enum
import itertools
import operator
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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


class Accounts(enum.StrEnum):
    """Whose limits the credentials of a pool meet. The value is what configs say.

    ``SEPARATE``: each key's own, so that each is tried. ``ONE``: those of one account, so
    that a limit which speaks of the account is a limit of all.
    """

    SEPARATE = "separate"
    ONE = "one"


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
        accounts: Whose limits they meet.

    Raises:
        ValueError: Two credentials bear the same label.
    """

    provider: str
    base_url: str
    credentials: tuple[PoolCredential, ...]
    strategy: Strategy = attrs.field(default=Strategy.FILL_FIRST, converter=Strategy)
    accounts: Accounts = attrs.field(default=Accounts.SEPARATE, converter=Accounts)

    def renewed(self, label: str, fingerprint: str) -> Pool:
        """This pool once the secret of the credential ``label`` has changed."""
        renewed = PoolCredential(label, fingerprint)
        changed = (renewed if each.label == label else each for each in self.credentials)
        return attrs.evolve(self, credentials=tuple(changed))

    def __attrs_post_init__(self) -> None:
        labels = Counter(credential.label for credential in self.credentials)
        twice = sorted(label for label, number in labels.items() if number > 1)
        if twice:
            raise ValueError(
                f"provider {self.provider!r} has more than one credential labelled "
                f"{', '.join(map(repr, twice))}; each label must be unique in its pool"
            )


Choose = Callable[[Sequence[str]], str]
"""Which of some labels, at least one, in the pool's order, is preferred."""


class Turns:
    """The strategies' counters of this process.

    Without a lock, which a fork could leave held: threads that race may lose a count,
    and then one credential is used once more than its share.
    """

    def __init__(self, pools: Iterable[Pool], random: Random) -> None:
        self._random = random
        self._places = {
            pool.provider: {each.label: number for number, each in enumerate(pool.credentials)}
            for pool in pools
        }
        self._next = {provider: itertools.count() for provider in self._places}
        self._uses = {
            provider: dict.fromkeys(labels, 0) for provider, labels in self._places.items()
        }

    def draw(self, pool: Pool) -> Choose:
        """A new turn of the pool's strategy; it may be asked twice, and answers alike."""
        places = self._places[pool.provider]
        if pool.strategy is Strategy.FILL_FIRST or len(places) < 2:
            return operator.itemgetter(0)
        if pool.strategy is Strategy.RANDOM:
            drawn = self._random.random()
            return lambda labels: labels[int(drawn * len(labels))]
        if pool.strategy is Strategy.LEAST_USED:
            uses = self._uses[pool.provider]
            return lambda labels: min(labels, key=uses.__getitem__)
        turn = next(self._next[pool.provider]) % len(places)
        return lambda labels: _from(labels, turn, places)

    def took(self, pool: Pool, label: str) -> None:
        """Count that ``label`` was taken."""
        if pool.strategy is Strategy.LEAST_USED:
            self._uses[pool.provider][label] += 1


def _from(labels: Sequence[str], turn: int, places: dict[str, int]) -> str:
    """The first of ``labels`` at ``turn`` or after it, going round."""
    found = bisect_left(labels, turn, key=places.__getitem__)
    return labels[found % len(labels)]
