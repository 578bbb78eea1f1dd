"""What the board remembers: one record for each thing and kind of failure.

A record's key is a JSON list ``[slot, subject, provider, endpoint, ...]``, so that a
curious reader can open the file, and no name that a user may choose breaks it. The
endpoint is a salted hash of the base URL, which may hold a password.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs
import msgspec

from orchestrator.health.pool import Pool
from orchestrator.secrets import fingerprint
from states.error import Error
from states.standby import Mark


class Slot(enum.StrEnum):
    """The kind of failure that a record is about; a thing has one record for each."""

    BILLING = "billing"
    AUTH = "auth"
    REFUSED = "refused"
    RATE_LIMIT = "rate_limit"
    CIRCUIT = "circuit"
    UNKNOWN = "unknown"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a token of text
    """No failure, but what is remembered in the same way: see :mod:`.patience`."""


class Subject(enum.StrEnum):
    """The kind of thing that a record is about."""

    PROVIDER = "provider"
    TARGET = "target"
    CREDENTIAL = "credential"
    CREDENTIAL_MODEL = "credential_model"

    @property
    def names_model(self) -> bool:
        """True where the identity ends with a model."""
        return self in (Subject.TARGET, Subject.CREDENTIAL_MODEL)


@attrs.frozen
class Claim:
    """One call's right to probe.

    Attributes:
        holder: The id of the call, unique over all processes.
        expires: When the right ends by itself (epoch).
        early: True where the mark had not ended when the probe was granted.
    """

    holder: str
    expires: float
    early: bool = False


@attrs.frozen
class Record:
    """A mark, or a count that may become one.

    All instants are wall-clock seconds (epoch).

    Attributes:
        mark: What stands in the way until ``until``; ``None`` for a mere count.
        since: When it began; failed probes do not move it.
        until: When it ends; without meaning for ``DEAD`` and for a mere count.
        failed: When the latest failure was reported.
        requested: When the latest request was sent, or its failure reported.
        level: How many times in a row it was lengthened.
        seconds: Its present length; for ``FIRST_TOKEN`` the longest silence seen.
        failures: Failures in a row: calls for a circuit, reports for the others.
        claim: The probe that was granted, if it is under way.
        error: The latest failure; its message is masked.
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


Marks = Mapping[str, Record]
"""Every record of a store by its key. Treat as frozen: stores replace it whole."""

Changes = Mapping[str, Record | None]
"""Records to put, and keys to remove (``None``)."""


def key(slot: Slot, subject: Subject, *identity: str) -> str:
    """The key of the record of ``slot`` for the thing that ``identity`` names."""
    return msgspec.json.encode([slot, subject, *identity]).decode()


def parts(name: str) -> tuple[Slot, Subject, tuple[str, ...]]:
    """The slot, subject and identity that :func:`key` put together.

    Raises:
        ValueError: ``name`` is not such a key.
    """
    slot, subject, *identity = msgspec.json.decode(name, type=list[str])
    return Slot(slot), Subject(subject), tuple(identity)


@attrs.frozen(eq=False)
class Place:
    """A target as the board sees it: the keys of all that may stand in its way.

    Attributes:
        pool: The pool of its provider.
        model: Its model.
        entry: Keys of records of the provider entry and of the target itself.
        credentials: For each credential in the pool's order, label and keys.
        labels: The labels alone.
        first_token: Key of the record of what the target needs until its first content.
    """

    pool: Pool
    model: str
    endpoint: str
    entry: tuple[str, ...]
    credentials: tuple[tuple[str, tuple[str, ...]], ...]
    labels: tuple[str, ...]
    first_token: str = ""

    @classmethod
    def of(cls, pool: Pool, model: str, salt: str) -> Place:
        """The place of ``model`` at the provider of ``pool``."""
        endpoint = fingerprint(pool.base_url, salt)
        place = cls(pool, model, endpoint, (), (), tuple(c.label for c in pool.credentials))
        return attrs.evolve(
            place,
            entry=(
                place.key(Slot.BILLING, Subject.PROVIDER),
                place.key(Slot.CIRCUIT, Subject.PROVIDER),
                place.key(Slot.BILLING, Subject.TARGET),
                place.key(Slot.REFUSED, Subject.TARGET),
                place.key(Slot.CIRCUIT, Subject.TARGET),
            ),
            credentials=tuple((label, place.credential_keys(label)) for label in place.labels),
            first_token=place.key(Slot.FIRST_TOKEN, Subject.TARGET),
        )

    def key(self, slot: Slot, subject: Subject, label: str = "") -> str:
        """The key of the record of ``slot`` for the ``subject`` that belongs to this place."""
        return key(slot, subject, *self.identity(subject, label))

    def identity(self, subject: Subject, label: str = "") -> tuple[str, ...]:
        """What names the ``subject``, credential ``label`` where it is about one."""
        entry = (self.pool.provider, self.endpoint)
        if subject is Subject.PROVIDER:
            return entry
        if subject is Subject.TARGET:
            return (*entry, self.model)
        credential = next(c for c in self.pool.credentials if c.label == label)
        known = (*entry, credential.label, credential.fingerprint)
        return known if subject is Subject.CREDENTIAL else (*known, self.model)

    def credential_keys(self, label: str) -> tuple[str, ...]:
        """Keys of the records that may keep credential ``label`` from this place."""
        return (
            self.key(Slot.AUTH, Subject.CREDENTIAL, label),
            self.key(Slot.BILLING, Subject.CREDENTIAL, label),
            self.key(Slot.RATE_LIMIT, Subject.CREDENTIAL, label),
            self.key(Slot.RATE_LIMIT, Subject.CREDENTIAL_MODEL, label),
        )
