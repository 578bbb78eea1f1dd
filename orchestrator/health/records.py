"""Records of the board: one for each thing and kind of failure.

A record's key is a JSON list ``[kind, scope, provider, endpoint, ...]``, so that a
curious reader can open the file, and no name that a user may choose breaks it. The
endpoint is a salted hash of the base URL, which may hold a password.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import msgspec

from orchestrator.health.balance import AccountBalance
from orchestrator.health.pool import Pool
from orchestrator.secrets import fingerprint
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark

TOLERANCE = 1e-6
"""Seconds within which an instant counts as reached. An epoch instant has a grain of
2.4e-7 s in a float, so a call that sleeps until a clear may fall short by as much."""

CLAIM_SECONDS = 130.0
"""How long a granted probe belongs to one call: longer than an attempt with the default
timeouts (5 s to connect + 120 s in total), so that it expires only after a crash."""


class MarkKind(enum.StrEnum):
    """The kind of failure that a record is about; a thing has one record for each."""

    BILLING = "billing"
    AUTH = "auth"
    REFUSED = "refused"
    RATE_LIMIT = "rate_limit"
    CIRCUIT = "circuit"
    UNKNOWN = "unknown"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a token of text
    """No failure, but what is remembered in the same way: see :mod:`.latency`."""

    BALANCE = "balance"
    """What the vendor said of the account's money (:mod:`.balance`); a mark where it calls the
    account empty, which keeps calls from targets that cost."""

    RETRY_BUDGET = "retry_budget"
    """No failure either: what retries have spent (:mod:`.retry_budget`)."""


class MarkScope(enum.StrEnum):
    """The kind of thing that a record is about."""

    PROVIDER = "provider"
    TARGET = "target"
    CREDENTIAL = "credential"
    CREDENTIAL_MODEL = "credential_model"

    @property
    def names_model(self) -> bool:
        """True where the identity ends with a model."""
        return self in (MarkScope.TARGET, MarkScope.CREDENTIAL_MODEL)

    @property
    def names_credential(self) -> bool:
        """True where the identity holds a credential's label and fingerprint."""
        return self in (MarkScope.CREDENTIAL, MarkScope.CREDENTIAL_MODEL)


_NAMES = MappingProxyType(
    {
        MarkScope.PROVIDER: 2,
        MarkScope.TARGET: 3,
        MarkScope.CREDENTIAL: 4,
        MarkScope.CREDENTIAL_MODEL: 5,
    }
)
"""How many names identify a thing: provider and endpoint, label and fingerprint, model."""


@attrs.frozen
class Claim:
    """One call's right to probe.

    Attributes:
        holder: The id of the call, unique over all processes.
        expires: When the right ends by itself (epoch).
        early: True where the mark had not ended when the probe was granted.
        seconds: How long it lasts at most.
    """

    holder: str
    expires: float
    early: bool = False
    seconds: float = CLAIM_SECONDS


@attrs.frozen
class Record:
    """A mark, or a count that may become one.

    All instants are wall-clock seconds (epoch).

    Attributes:
        mark: What stands in the way until ``until``; ``None`` for a mere count.
        since: When it began; failed probes do not move it.
        until: When it ends, of a bench: when one call may probe next; without meaning for
            ``DEAD`` and for a mere count.
        failed: When the latest failure was reported.
        requested: When the latest request was sent, or its failure reported.
        level: How many times in a row it was lengthened.
        seconds: Its present length at most; for ``FIRST_TOKEN`` the longest silence seen.
        failures: Failures in a row: calls for a circuit, reports for the others.
        claim: The probe that was granted, if it is under way.
        error: The latest failure; its message is masked.
        expected: Of a bench: when it ends by what the failure itself said, ``None`` where
            it said nothing, or that came to nothing.
        credentials: Fingerprints of the credentials that met it, where it is about their
            account: it does not hold for a pool that has none of them any more. Empty
            where it holds whatever the credentials.
        cut_first_token: Of a target's circuit: the first-token limit, in seconds, that cut
            the last wait there; ``None`` where none did.
        balance: What is known of the account's money, of ``BALANCE`` alone.
        spent: Tokens that retries have spent, of ``RETRY_BUDGET`` alone, which is there only
            where it is above 0.
        budget: Tokens that it may have spent at most, as who spent last has it in its config.
    """

    mark: Mark | None
    since: float
    until: float
    failed: float
    requested: float
    level: int = 0
    seconds: float = 0.0
    failures: int = 1
    claim: Claim | None = None
    error: Error | None = None
    expected: float | None = None
    credentials: tuple[str, ...] = ()
    cut_first_token: float | None = None
    balance: AccountBalance | None = None
    spent: int = 0
    budget: int = 0


EntryId = tuple[str, str]
"""A provider entry's identity: its name and the hash of its address."""

Changes = Mapping[str, Record | None]
"""Records to put, and keys to remove (``None``)."""


class Marks(dict[str, Record]):
    """Every record of a store by its key. Treat as frozen: stores replace it whole.

    Attributes:
        looks: What was last seen of places in these marks, filled by :mod:`.availability`.
        before: The looks at the marks that these came from, and what changed since.
        is_unread: True of those that stand for a store that nobody has read yet: who goes by
            marks asks the store first.
    """

    is_unread = False

    def __init__(self, records: Mapping[str, Record] = MappingProxyType({})) -> None:
        super().__init__(records)
        self.looks: dict[Any, Any] = {}
        self.before: tuple[Mapping[Any, Any], Changes] = ({}, {})
        self._labels: dict[EntryId, set[str]] | None = None
        self._is_clear: bool | None = None
        self._has_spent: bool | None = None

    @property
    def is_clear(self) -> bool:
        """True where nothing is a mark, nor a count that may become one: figures at the most."""
        # Figures stay for good, and no call should pay for them: looked at once for each change.
        if self._is_clear is None:
            self._is_clear = all(
                one.mark is None and (one.balance or one.spent) for one in self.values()
            )
        return self._is_clear

    @property
    def has_spent(self) -> bool:
        """True where a budget of retries is not full, so that an answer may fill it."""
        if self._has_spent is None:
            self._has_spent = any(one.spent for one in self.values())
        return self._has_spent

    def changed(self, changes: Changes) -> Marks:
        """These marks with ``changes`` made; they themselves stay as they are."""
        # A copy, so that whoever reads needs no lock: marks that were handed out stay as they are.
        changed = Marks(self)
        for name, record in changes.items():
            if record is None:
                changed.pop(name, None)
            else:
                changed[name] = record
        # One step back and no further, or a chain of all marks there ever were would stay alive.
        changed.before = (self.looks, changes)
        return changed

    def labels_at(self, entry: EntryId) -> Collection[str]:
        """Labels of the credentials of ``entry`` that there is a record of."""
        # Only a pool with marks pays for it, once for each change of the store.
        if self._labels is None:
            self._labels = marked_labels(self)
        return self._labels.get(entry, ())


class UnreadMarks(Marks):
    """The marks of a store that nobody has read yet, which may hold anything."""

    is_unread = True

    def __bool__(self) -> bool:
        """True: that it is empty is not known."""
        return True

    @property
    def is_clear(self) -> bool:
        """False: nobody knows."""
        return False


def marked_labels(names: Iterable[str]) -> dict[EntryId, set[str]]:
    """By provider entry, the labels of the credentials that these keys are about."""
    found: dict[EntryId, set[str]] = {}
    for name in names:
        _, scope, identity = parts(name)
        # Not by fingerprint: a pool looks its labels up, and passes over those it has not.
        if scope.names_credential:
            found.setdefault((identity[0], identity[1]), set()).add(identity[2])
    return found


def key(kind: MarkKind, scope: MarkScope, *identity: str) -> str:
    """The key of the record of ``kind`` for the thing that ``identity`` names."""
    # JSON and no separator: names come from users, and a label may hold any sign.
    return msgspec.json.encode([kind, scope, *identity]).decode()


@functools.lru_cache(maxsize=8192)
def parts(name: str) -> tuple[MarkKind, MarkScope, tuple[str, ...]]:
    """The kind, scope and identity that :func:`key` put together.

    Raises:
        ValueError: ``name`` is not such a key.
    """
    try:
        kind, scope, *identity = msgspec.json.decode(name, type=list[str])
    except msgspec.MsgspecError as error:
        raise ValueError(f"{name!r} is no key of a record: {error}") from None
    about = MarkKind(kind), MarkScope(scope), tuple(identity)
    # A damaged row must not be found later by whoever takes the identity apart.
    if len(identity) != _NAMES[about[1]]:
        raise ValueError(f"{name!r} is no key of a record: it has not the names of a {scope}")
    return about


def is_counter(name: str) -> bool:
    """True where the record of this key counts what calls add and take, whoever comes first.

    A store that many processes share may send what a step adds, in place of what it comes to.
    """
    return parts(name)[0] is MarkKind.RETRY_BUDGET


_decoder = msgspec.json.Decoder(Record)


def decoded(name: object, value: object) -> Record | None:
    """The record of a row as a store keeps it; ``None`` for a row that is none of ours.

    A later version may have written it, or the file may be damaged.
    """
    # SQLite does not hold a column to its type: a damaged file may bring bytes or numbers.
    try:
        if isinstance(name, str) and isinstance(value, str) and parts(name):
            return _decoder.decode(value)
    except (ValueError, msgspec.MsgspecError):
        pass
    return None


def encoded(record: Record) -> str:
    """``record`` as a store keeps it."""
    try:
        return msgspec.json.encode(record).decode()
    except UnicodeEncodeError:  # half a character in what a provider said: it must stop nobody
        error = record.error and attrs.evolve(
            record.error, message=record.error.message.encode("utf-8", "replace").decode()
        )
        return msgspec.json.encode(attrs.evolve(record, error=error)).decode()


@attrs.frozen(eq=False)
class TargetKeys:
    """A target as the board sees it: the keys of all that may stand in its way.

    Attributes:
        pool: The pool of its provider.
        model: Its model.
        endpoint: The hash of the provider's address.
        labels: The labels of the pool's credentials, in its order.
        fingerprints: The fingerprint of each label.
        entry: Keys of records of the provider entry and of the target itself.
        reachable: Of these, the key of the provider entry's circuit: it cannot be reached.
        circuit: Of these, the key of the target's own circuit.
        first_token: Key of the record of what the target needs until its first content.
        retry_budget: Key of the record of what retries at the provider entry have spent.
    """

    pool: Pool
    model: str
    endpoint: str
    labels: tuple[str, ...]
    fingerprints: Mapping[str, str]
    entry: tuple[str, ...] = ()
    reachable: str = ""
    circuit: str = ""
    first_token: str = ""
    retry_budget: str = ""
    _keys: dict[str, tuple[str, ...]] = attrs.field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, pool: Pool, model: str, salt: str, operation: str = "") -> TargetKeys:
        """The place of ``model`` at the provider of ``pool``.

        Args:
            pool: The pool.
            model: The model.
            salt: Of the fingerprints.
            operation: What is added to the model's name, under which it is marked.
        """
        # By the order of the pool: the strategies and the standby go by the order of labels.
        fingerprints = pool.fingerprints(salt)
        endpoint = fingerprint(pool.base_url, salt)
        place = cls(pool, f"{model}{operation}", endpoint, tuple(fingerprints), fingerprints)
        # All that any reason can mark of an entry or a target (see states.reasons.SPECS), so that a
        # take looks up a handful of keys and never searches the marks.
        entry: tuple[str, ...] = (
            place.key(MarkKind.BILLING, MarkScope.PROVIDER),
            place.key(MarkKind.RATE_LIMIT, MarkScope.PROVIDER),
            reachable := place.key(MarkKind.CIRCUIT, MarkScope.PROVIDER),
            place.key(MarkKind.BILLING, MarkScope.TARGET),
            place.key(MarkKind.REFUSED, MarkScope.TARGET),
            circuit := place.key(MarkKind.CIRCUIT, MarkScope.TARGET),
        )
        # An account without money still serves what costs none.
        if not model.endswith(pool.free_models):
            entry = (place.key(MarkKind.BALANCE, MarkScope.PROVIDER), *entry)
        return attrs.evolve(
            place,
            entry=entry,
            reachable=reachable,
            circuit=circuit,
            first_token=place.key(MarkKind.FIRST_TOKEN, MarkScope.TARGET),
            retry_budget=place.key(MarkKind.RETRY_BUDGET, MarkScope.PROVIDER),
        )

    @property
    def provider(self) -> EntryId:
        """The provider entry's identity."""
        return self.pool.provider, self.endpoint

    def key(self, kind: MarkKind, scope: MarkScope, label: str = "") -> str:
        """The key of the record of ``kind`` for the ``scope`` that belongs to this place."""
        return key(kind, scope, *self.identity(scope, label))

    def identity(self, scope: MarkScope, label: str = "") -> tuple[str, ...]:
        """What names the ``scope``, credential ``label`` where it is about one."""
        credential = (label, self.fingerprints[label]) if scope.names_credential else ()
        model = (self.model,) if scope.names_model else ()
        return (*self.provider, *credential, *model)

    def credential_keys(self, label: str) -> tuple[str, ...]:
        """Keys of the records that may keep credential ``label`` from this place."""
        keys = self._keys.get(label)
        if keys is None:
            # Kept, since to encode a key takes 3 µs: as long as all else that a take does of it.
            keys = self._keys[label] = (
                self.key(MarkKind.AUTH, MarkScope.CREDENTIAL, label),
                self.key(MarkKind.BILLING, MarkScope.CREDENTIAL, label),
                self.key(MarkKind.RATE_LIMIT, MarkScope.CREDENTIAL, label),
                self.key(MarkKind.RATE_LIMIT, MarkScope.CREDENTIAL_MODEL, label),
            )
        return keys

    def keys(self, label: str) -> tuple[str, ...]:
        """Keys of all records that may keep a request with credential ``label`` from here."""
        return (*self.entry, *self.credential_keys(label))

    def holds(self, record: Record) -> bool:
        """False where ``record`` is about an account that the pool has no credential of now."""
        # The contract: a bench for billing ends when no credential is left that was billed.
        return not record.credentials or not self._held.isdisjoint(record.credentials)

    @functools.cached_property
    def _held(self) -> frozenset[str]:
        return frozenset(self.fingerprints.values())
