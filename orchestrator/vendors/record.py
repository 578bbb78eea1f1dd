"""What is known of a vendor: where it is, which key it wants, and what its errors mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import attrs

from orchestrator.classification.rule import Rule, unreachable


@attrs.frozen
class Endpoint:
    """Where requests go.

    Attributes:
        base_urls: Below which the dialect's paths lie, the preferred one first; where there
            are several, all but the last are probed (:mod:`orchestrator.execution.addresses`).
        path: What replaces the dialect's own path, ``{model}`` standing for the target's
            model; empty where the dialect's holds.
        key_header: The header that carries the key, in lower case; empty for the dialect's.
    """

    base_urls: tuple[str, ...]
    path: str = ""
    key_header: str = ""


class EndpointUnknown(LookupError):
    """The environment does not say where the endpoint is; the text says what is missing."""


@attrs.frozen
class AmountPlace:
    """Where an amount of money stands in a vendor's answer.

    A place is the names that lead to it, with a dot between them.

    Attributes:
        place: Of the amount, within its row (:attr:`BalanceEndpoint.rows`) where there are rows.
        currency: Its currency, where the vendor's page says it and the answer does not.
        currency_place: Of its currency, where the answer says it.
        used: Of what is used up of it; empty where it is what is left.
        divisor: How many of its units make one of the currency.
    """

    place: str
    currency: str = ""
    currency_place: str = ""
    used: str = ""
    divisor: float = 1.0


@attrs.frozen
class BalanceEndpoint:
    """An endpoint at which a vendor says how much money is left.

    Asked by GET, with the key and the headers of calls. Amounts of one currency add up;
    where one of them is not told, neither is their sum.

    Attributes:
        path: At the origin of the provider's address, so that no key leaves that.
        source: The vendor's page and the day on which it was read.
        amounts: Where the amounts stand.
        rows: The place of a list of which each member has its own; empty where there is none.
        available: The place of the vendor's explicit word that calls can be paid, a boolean;
            empty where it gives none.
        empty_at_zero: True where the vendor's page says that calls are refused once nothing is
            left. Without that, and without a word, no amount ever counts as empty.
        key: The kind of key that it wants, with its article, where that is none that calls are
            made with.
        of_key: True where it tells of the limit of this one key, and not of the account: shown,
            and never a reason to ask nobody. There no amount is no limit.
        hosts: The only hosts that have it; empty where all of the vendor's have.
    """

    path: str
    source: str
    amounts: tuple[AmountPlace, ...]
    rows: str = ""
    available: str = ""
    empty_at_zero: bool = False
    key: str = ""
    of_key: bool = False
    hosts: tuple[str, ...] = ()


Derive = Callable[[Mapping[str, str], str, str], Endpoint]
"""From the environment, the dialect and the configured ``base_url`` (empty where there is
none) to the endpoint. Raises :class:`EndpointUnknown`, and ``ValueError`` for what is there
and makes no sense."""

ExplainNotFound = Callable[[str, str, Any], str | None]
"""From the base URL that was asked, the dialect and the body of a 404 to the path that would
have been right, in one sentence; ``None`` where nothing is known."""


@attrs.frozen
class Vendor:
    """A vendor, all of it: a module of this room holds one, under the name ``VENDOR``.

    Attributes:
        name: The name that configs use, which is the module's with ``-`` for ``_``.
        base_url: Where the paths of its own dialect begin; empty where the environment says.
        keys: The environment variables that hold its key, the usual one first. Without any, a
            config has to say where it is, and only its rules are known.
        documentation: The vendor's page about this endpoint.
        checked: The day on which address and variables were compared with that page, or with
            one that quotes it, ``YYYY-MM-DD``; empty where they are those that the vendor's
            packages and other clients use.
        dialect: The dialect that is spoken there unless a config names another.
        keyless: True where no key is needed; one is sent if its variable is set.
        limits_by_model: True where rate limits are counted for each model, so that a throttled
            key may serve another.
        others: Where the paths of other dialects begin, where that is elsewhere.
        domains: Further hosts that are this vendor's; ``.NAME`` means every host below.
        omitted: Fields of a request that are not passed on, unless a target's ``overrides``
            name them.
        derive: Finds the endpoint where that takes more than data.
        explain_not_found: Says what a 404 means where that takes more than data.
        retired: The day on which the vendor ended the service, ``YYYY-MM-DD``; else empty.
        aliases: Other names by which its providers go.
        dialects: Dialects that it made, whose other speakers use its words.
        runs_models: True where it serves models of its own, or on its own machines: what it
            quotes is its own failure.
        utc_offset: Hours by which its timestamps are ahead of UTC where they name no zone.
        starter: A model to start from, for the config that ``init`` writes; empty where it is
            not to be found in one.
        balances: Where it says how much money is left, asked in order until one answers.
        top_up: What a person is told where it calls the account empty, with the address where
            money is added; empty for the words of all.
        free_models: How the names of models end that cost nothing.
        telemetry_name: What OpenTelemetry's conventions call it (``gen_ai.provider.name``), where
            that is not its name.
        rules: What its errors mean, in the order in which they are asked.

    Raises:
        ValueError: No failure can bring one of the rules.
    """

    name: str
    base_url: str = ""
    keys: tuple[str, ...] = ()
    documentation: str = ""
    checked: str = ""
    dialect: str = "openai-chat"
    keyless: bool = False
    limits_by_model: bool = False
    others: Mapping[str, str] = attrs.field(factory=lambda: MappingProxyType({}), hash=False)
    domains: tuple[str, ...] = ()
    omitted: frozenset[str] = frozenset()
    derive: Derive | None = None
    explain_not_found: ExplainNotFound | None = None
    retired: str = ""
    aliases: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    runs_models: bool = False
    utc_offset: int = 0
    starter: str = ""
    balances: tuple[BalanceEndpoint, ...] = attrs.field(default=(), repr=False)
    top_up: str = ""
    free_models: tuple[str, ...] = ()
    telemetry_name: str = ""
    rules: tuple[Rule, ...] = attrs.field(default=(), repr=False)

    def __attrs_post_init__(self) -> None:
        for rule in self.rules:
            why = unreachable(rule, filed=True)
            if why is not None:
                raise ValueError(f"the rule {rule.id} of {self.name} never matches: {why}")

    def endpoint(
        self, environ: Mapping[str, str], dialect: str = "", base_url: str = ""
    ) -> Endpoint:
        """Where ``dialect`` is spoken.

        Args:
            environ: The environment.
            dialect: Its name; the vendor's own where empty.
            base_url: What a config names, which goes before what is known.

        Raises:
            EndpointUnknown: A variable that is needed is not set.
            ValueError: A variable makes no sense, or the dialect is not spoken there.
        """
        dialect = dialect or self.dialect
        if self.derive is not None:
            return self.derive(environ, dialect, base_url)
        return Endpoint((base_url or self.others.get(dialect, self.base_url),))

    def balances_at(self, base_url: str) -> tuple[BalanceEndpoint, ...]:
        """Where it says how much money is left, for a provider at ``base_url``."""
        host = urlsplit(base_url).hostname or ""
        return tuple(one for one in self.balances if not one.hosts or host in one.hosts)
