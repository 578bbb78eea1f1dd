"""Credential pools of providers, and the order in which a strategy prefers their credentials."""

from __future__ import annotations

import itertools
import operator
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from orchestrator.pooling import RETRY_BUDGET, Accounts, Strategy
from orchestrator.secrets import Secret, fingerprint


@attrs.frozen
class PoolCredential:
    """One credential of a pool.

    Attributes:
        label: The name under which logs and ledgers show it; unique in its pool.
        secret: What it is known by, as a salted hash; see :meth:`Pool.fingerprints`.
    """

    label: str
    secret: Secret | str = attrs.field(repr=False)


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
        free_models: How the names of models end that cost nothing.
        retry_budget: Tokens that retries there may spend (:mod:`.retry_budget`); 0: without end.

    Raises:
        ValueError: Two credentials bear the same label.
    """

    provider: str
    base_url: str
    credentials: tuple[PoolCredential, ...]
    strategy: Strategy = attrs.field(default=Strategy.FILL_FIRST, converter=Strategy)
    accounts: Accounts = attrs.field(default=Accounts.SEPARATE, converter=Accounts)
    free_models: tuple[str, ...] = ()
    retry_budget: int = RETRY_BUDGET
    _hashed: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        labels = Counter(credential.label for credential in self.credentials)
        twice = sorted(label for label, number in labels.items() if number > 1)
        if twice:
            raise ValueError(
                f"provider {self.provider!r} has more than one credential labelled "
                f"{', '.join(map(repr, twice))}; each label must be unique in its pool"
            )

    def renewed(self, label: str, secret: Secret) -> Pool:
        """This pool once the secret of the credential ``label`` has changed."""
        renewed = PoolCredential(label, secret)
        # In its old place: fill_first prefers by order, and a new secret is no new preference.
        changed = (renewed if each.label == label else each for each in self.credentials)
        return attrs.evolve(self, credentials=tuple(changed))

    def fingerprints(self, salt: str) -> dict[str, str]:
        """The fingerprint of each label, in the pool's order. Treat as frozen.

        A changed secret has another fingerprint and so starts without marks. Hashed when a
        call first needs them, not with the pool: the salt may lie in a file.
        """
        known = self._hashed.get(salt)
        if known is None:
            # All targets of a provider share it: a thousand hashes take some milliseconds.
            hashed = {each.label: fingerprint(each.secret, salt) for each in self.credentials}
            known = self._hashed.setdefault(salt, hashed)
        return known


Choose = Callable[[Sequence[str]], str]
"""Which of some labels, at least one, in the pool's order, is preferred."""


_FIRST: Choose = operator.itemgetter(0)


class Turns:
    """The strategies' counters of this process.

    Without a lock, which a fork could leave held: threads that race may lose a count,
    and then one credential is used once more than its share.
    """

    def __init__(self, pools: Iterable[Pool], draw: Callable[[], float]) -> None:
        self._draw = draw
        self._places: dict[str, dict[str, int]] = {}
        self._next: dict[str, Iterator[int]] = {}
        self._uses: dict[str, dict[str, int]] = {}
        for pool in pools:
            self.admit(pool)

    def admit(self, pool: Pool) -> None:
        """Count for one more pool."""
        labels = {each.label: number for number, each in enumerate(pool.credentials)}
        self._next[pool.provider] = itertools.count()
        self._uses[pool.provider] = dict.fromkeys(labels, 0)
        self._places[pool.provider] = labels

    def draw(self, pool: Pool) -> Choose:
        """A new turn of the pool's strategy; it may be asked twice, and answers alike."""
        places = self._places[pool.provider]
        if pool.strategy is Strategy.FILL_FIRST or len(places) < 2:
            return _FIRST
        # Drawn now and not in the choice: the step may run twice, and must choose alike.
        if pool.strategy is Strategy.RANDOM:
            drawn = self._draw()
            return lambda labels: labels[int(drawn * len(labels))]
        # Counted when it is taken, not here: a turn that comes to nothing is no use.
        if pool.strategy is Strategy.LEAST_USED:
            uses = self._uses[pool.provider]
            return lambda labels: min(labels, key=uses.__getitem__)
        turn = next(self._next[pool.provider]) % len(places)
        return lambda labels: _from(labels, turn, places)

    def count(self, pool: Pool, label: str) -> None:
        """Count that ``label`` was taken."""
        self._uses[pool.provider][label] += 1


def _from(labels: Sequence[str], turn: int, places: dict[str, int]) -> str:
    """The first of ``labels`` at ``turn`` or after it, going round."""
    # The labels that are ready stand in the pool's order, so a search by halves finds it.
    found = bisect_left(labels, turn, key=places.__getitem__)
    return labels[found % len(labels)]


class PoolTable:
    """The pools of all providers, for every board that goes by them. Safe from threads.

    Attributes:
        pools: By provider; one may be added while others are read.
        secrets: Another object whenever a secret of a pool has changed.
        turns: Whose turn it is in each.

    Raises:
        ValueError: Two pools are of the same provider entry.
    """

    def __init__(self, pools: Iterable[Pool], draw: Callable[[], float]) -> None:
        self.pools: dict[str, Pool] = {}
        for pool in pools:
            if self.pools.setdefault(pool.provider, pool) is not pool:
                raise ValueError(f"provider {pool.provider!r} has two pools; name each one once")
        self.secrets = object()
        self.turns = Turns(self.pools.values(), draw)

    def admit(self, pool: Pool) -> None:
        """Know the pool of one more provider entry."""
        self.turns.admit(pool)
        self.pools[pool.provider] = pool

    def renew(self, provider: str, label: str, secret: Secret) -> None:
        """Know the credential ``label`` of ``provider`` by a new secret. Not from two threads."""
        self.pools[provider] = self.pools[provider].renewed(label, secret)
        # Sessions tell by it that their places are of before.
        self.secrets = object()
