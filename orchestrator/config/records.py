"""The values that a config becomes. Each field's default is its documented default.

They are frozen and hold no open file, no clock and no environment: reading those
is :mod:`orchestrator.config.loading`'s work.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from orchestrator.config.errors import Problem, UnknownRoute
from orchestrator.dialects import DEFAULT_DIALECT
from orchestrator.health import Accounts, Strategy
from orchestrator.secrets import (
    Masker,
    Secret,
    SecretAddress,
    SecretHeaders,
    is_public_name,
    values_of_header,
    values_of_query,
)
from orchestrator.secrets.sources import SecretSource
from orchestrator.states.facts import Target
from orchestrator.states.policy import Policy, Timeouts
from orchestrator.vendors.reasoning_models import always_reasons

if TYPE_CHECKING:
    from orchestrator.classification.rule import Rule

ANONYMOUS = "anonymous"
"""The label of the one credential of a keyless provider."""

DEFAULT_ROUTE = "default"
"""The route of a request that names none."""


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

    def secrets(self) -> Iterator[str | Secret]:
        """What nobody may see: keys, header values, and a query of the address.

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


@attrs.frozen
class TargetSettings:
    """What ``[targets."provider/model"]`` says.

    Attributes:
        context: The context window in tokens; ``None`` is unknown, which fits.
        overrides: Fields that replace those of the request at this target.
        timeouts: The limits of an attempt here, in seconds; those that the entry does
            not name are the config's.
        reasoning: Whether the model thinks before it speaks; ``None`` is what is known of it.
    """

    context: int | None = None
    overrides: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    timeouts: Timeouts = Timeouts()
    reasoning: bool | None = None

    def reasons(self, model: str) -> bool:
        """Whether ``model`` thinks before it speaks: what is said of it, or else known."""
        return always_reasons(model) if self.reasoning is None else self.reasoning

    def target(self, provider: Provider, model: str) -> Target:
        """The target ``provider/model``, as these settings make it."""
        stream = True if provider.always_streams else None if provider.stream else False
        return Target(
            provider.name, model, self.context, self.reasons(model), stream, self.timeouts
        )


@attrs.frozen
class Config:
    """A whole config: what ``orchestrator.toml`` and the environment say.

    Attributes:
        path: The file it was read from, or a name for text that came from nowhere.
        health: ``"file"``, ``"memory"`` or the URL of a shared store.
        ledger: Where every call's ledger is appended, ``None`` for nowhere.
        policy: What a call may do.
        timeouts: The limits of an attempt, unless the target has its own.
        providers: By name: those of the file, and those that a route implies.
        targets: What the file says of single targets, by ``provider/model``.
        routes: By name, each in order, without targets whose provider has no credential.
        drop: What of a request may be left out where a target's dialect cannot say it, by
            name; ``"*"`` is any parameter, never what somebody said. A target is passed over
            for the others.
        passed_over: By route, the names of its targets whose provider has no credential.
        warnings: What was passed over, and what to do about it.
    """

    path: Path | str = "orchestrator.toml"
    health: str = "file"
    ledger: Path | None = None
    policy: Policy = Policy()
    timeouts: Timeouts = Timeouts()
    providers: Mapping[str, Provider] = attrs.field(factory=dict, hash=False)
    targets: Mapping[str, TargetSettings] = attrs.field(factory=dict, hash=False)
    routes: Mapping[str, tuple[Target, ...]] = attrs.field(factory=dict, hash=False)
    passed_over: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    warnings: tuple[Problem, ...] = ()
    drop: frozenset[str] = frozenset()

    def settings(self, target: Target | str) -> TargetSettings:
        """What holds at ``target``: its own entry, or the config's timeouts."""
        known = self.targets.get(str(target))
        return known if known is not None else TargetSettings(timeouts=self.timeouts)

    def target(self, name: str) -> Target:
        """The target named ``provider/model``, split at the first slash.

        Raises:
            UnknownRoute: ``name`` has no slash, or its provider is not configured.
        """
        provider, slash, model = name.partition("/")
        if not (slash and model and provider in self.providers):
            raise UnknownRoute(name, self._near(name), tuple(self.routes))
        return self.settings(name).target(self.providers[provider], model)

    def route(self, name_or_target: str | None = None) -> tuple[Target, ...]:
        """The targets of a route, or the one target ``provider/model``; ``None``: ``default``.

        Raises:
            UnknownRoute: There is no such route, and no such provider. A LookupError.
        """
        name = DEFAULT_ROUTE if name_or_target is None else name_or_target
        if name in self.routes:
            return self.routes[name]
        return (self.target(name),)

    def _near(self, name: str) -> tuple[str, ...]:
        """Names that are close to ``name``."""
        known = [*self.routes, *sorted({str(t) for route in self.routes.values() for t in route})]
        provider, slash, model = name.partition("/")
        near = difflib.get_close_matches(provider, self.providers, 1, 0.6) if slash else []
        repaired = [f"{found}/{model}" for found in near if model and found != provider]
        return tuple(repaired or difflib.get_close_matches(name, known, 3, 0.6))
