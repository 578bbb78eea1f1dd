"""Providers and their credentials: what a config says of them, and what calls use of them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from orchestrator.dialects import DEFAULT_DIALECT
from orchestrator.http_messages import DEFAULT_OPTIONS, ConnectionOptions
from orchestrator.pooling import RETRY_BUDGET, Accounts, Strategy
from orchestrator.secrets import (
    Masker,
    Secret,
    SecretAddress,
    SecretHeaders,
    is_public_name,
    values_of_header,
    values_of_query,
    values_of_userinfo,
)
from orchestrator.secrets.sources import SecretSource

if TYPE_CHECKING:
    from orchestrator.classification.rule import Rule
    from orchestrator.vendors import BalanceEndpoint

ANONYMOUS = "anonymous"
"""The label of the one credential of a keyless provider."""

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of the largest answer that is read: far above any model's output, images included."""


BALANCE_EVERY = 300.0
"""Seconds from one question how much money is left to the next (our own choice, 2026-11)."""

WARN_BELOW = 5.0
"""Of whatever currency a person is warned below it (our own choice, 2026-11)."""


class StreamEnd(enum.StrEnum):
    """What ends a provider's streams: the end mark where it never sends a finish reason."""

    FINISH = "finish"
    MARK = "mark"


@attrs.frozen
class Credential:
    """One key or token of a provider.

    Attributes:
        label: Its name in logs and ledgers: ``key#1``, ``key#2``, ... in the order of
            the file, or the label given there; ``anonymous`` where there is none.
        secret: The value; empty for ``anonymous``.
        source: Where it came from, fit to be shown: ``env:NAME``, ``file:PATH``,
            ``command:PROGRAM``, ``keyring:SERVICE/NAME``, ``literal`` or ``none``.
        origin: What it is read from again; ``None`` for what does not change.
    """

    label: str
    secret: Secret = attrs.field(factory=Secret)
    source: str = "none"
    origin: SecretSource | None = attrs.field(default=None, repr=False)


def _address(value: str) -> str:
    """An address that shows no secret in its query."""
    return SecretAddress(value) if "?" in value else value


def _addresses(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(_address, values))


def _headers(values: Mapping[str, str]) -> SecretHeaders:
    return values if isinstance(values, SecretHeaders) else SecretHeaders(values)


@attrs.frozen
class Provider:
    """One billing account at one endpoint.

    Attributes:
        name: The entry's name, as targets spell it.
        dialect: The name of the dialect that is spoken there.
        base_url: The address below which the dialect's paths lie, no slash at the end.
        base_urls: Several addresses of the same account, the preferred one first, which is
            ``base_url``; empty where there is one (see :meth:`at`).
        path: What replaces the dialect's own path, ``{model}`` standing for the target's
            model; empty where the dialect's holds.
        key_header: The header that carries the key, in lower case; empty for the dialect's.
        omitted: Fields of a request that are not passed on unless ``overrides`` name them.
        headers: Added to what is sent, or replacing it; ``""`` removes one. Their values are
            secrets (see :meth:`secrets`), shown and pickled nowhere.
        credentials: The pool, in order; a keyless provider has one, ``anonymous``.
        stream: False where the endpoint cannot stream.
        always_streams: True where a whole answer is asked for as a stream too, so that
            silence is noticed after the first-token limit and not after ``total``.
        end: What ends its streams.
        strategy: In which order the pool is used.
        rules: The user's own rules, which come before ours.
        keyless: True where no authorization is sent.
        documentation: The vendor's page about this endpoint, empty where unknown.
        vendor: Whose words its errors are in: the known provider of that name or at that
            address, else its own name.
        limits_by_model: True where the vendor limits rates for each model, so that a
            throttled credential may serve another one.
        accounts: Whose limits its keys meet.
        missing: What its credentials name and is not there, one sentence each.
        public_headers: Names, in lower case, of headers whose values are no secrets.
        connection: Through what it is asked, and whom to trust.
        largest_answer: Bytes of the largest answer that is read, decoded.
        retry_budget: Tokens that retries there may spend; 0: without a limit.
        balances: Where its vendor says how much money is left, asked in order.
        balance_every: Seconds from one such question to the next; 0 for none at all.
        warn_below: The amount below which a person is warned, in the account's currency; ``None``
            where the config does not say (see :attr:`low_balance`).
        free_models: How the names of models end that cost nothing.
    """

    name: str
    dialect: str = DEFAULT_DIALECT
    base_url: str = attrs.field(default="", converter=_address)
    headers: Mapping[str, str] = attrs.field(
        factory=SecretHeaders, converter=_headers, repr=False, hash=False
    )
    credentials: tuple[Credential, ...] = ()
    stream: bool = True
    always_streams: bool = False
    end: StreamEnd = StreamEnd.FINISH
    strategy: Strategy = Strategy.FILL_FIRST
    rules: tuple[Rule, ...] = attrs.field(default=(), hash=False)
    keyless: bool = False
    documentation: str = ""
    vendor: str = ""
    limits_by_model: bool = False
    base_urls: tuple[str, ...] = attrs.field(default=(), converter=_addresses)
    path: str = ""
    key_header: str = ""
    omitted: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    accounts: Accounts = Accounts.SEPARATE
    public_headers: frozenset[str] = frozenset()
    connection: ConnectionOptions = DEFAULT_OPTIONS
    largest_answer: int = LARGEST_ANSWER
    balances: tuple[BalanceEndpoint, ...] = attrs.field(default=(), repr=False)
    balance_every: float = BALANCE_EVERY
    warn_below: float | None = None
    free_models: tuple[str, ...] = ()
    retry_budget: int = RETRY_BUDGET

    def secrets(self) -> Iterator[str | Secret]:
        """What nobody may see: keys, header values, a query of the address, who a proxy knows.

        Of headers those are public that say what is spoken and by whom (``User-Agent``,
        ``Accept``, ``Content-Type``, ``*-version``, ``*-beta``), those with fewer than 8
        characters, and :attr:`public_headers`.
        """
        yield from (credential.secret for credential in self.credentials)
        for name, value in self.headers.items():
            if not is_public_name(name, self.public_headers):
                yield from values_of_header(name, value)
        for address in (self.base_url, *self.base_urls):
            yield from values_of_query(address)
        if self.connection.proxy is not None:
            yield from values_of_userinfo(self.connection.proxy.reveal())

    @property
    def low_balance(self) -> float:
        """The amount below which a person is warned; 0 for never."""
        return WARN_BELOW if self.warn_below is None else self.warn_below

    @property
    def asks_balance(self) -> bool:
        """Whether its vendor is asked how much money is left."""
        is_askable = self.balances and self.credentials and not self.keyless
        return bool(is_askable and self.balance_every)

    @property
    def addresses(self) -> Sequence[str]:
        """Where it can be asked, the preferred address first."""
        return self.base_urls or (self.base_url,)

    def at(self, base_url: str) -> Provider:
        """This provider at the one of its addresses that is asked now.

        Its marks on the health board stay those of the preferred address.
        """
        if not self.base_urls:
            return self
        return attrs.evolve(self, base_url=base_url, base_urls=())

    def credential(self, label: str) -> Credential:
        """The credential of that label.

        Raises:
            LookupError: The pool has none of that label.
        """
        for credential in self.credentials:
            if credential.label == label:
                return credential
        labels = ", ".join(credential.label for credential in self.credentials) or "none"
        raise LookupError(f"{self.name} has no credential {label!r}; it has: {labels}")


def masker(providers: Iterable[Provider]) -> Masker:
    """What masks the secrets of all of ``providers``: any of them may echo another's."""
    return Masker(secret for provider in providers for secret in provider.secrets())
