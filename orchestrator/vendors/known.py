"""What is known of a provider, so that a config need not say it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from orchestrator.vendors.endpoint import Derive, Endpoint


class Quirk(enum.StrEnum):
    """A departure from what chat-completions endpoints usually do."""

    LIMITS_BY_MODEL = "limits_by_model"
    """Rate limits are counted for each model, so a throttled key may serve another."""


@attrs.frozen
class KnownProvider:
    """A provider that needs no more than its name and a key.

    Attributes:
        name: The name that configs use.
        base_url: Where the paths of its own dialect begin; empty where the environment says.
        keys: The environment variables that hold its key, the usual one first.
        documentation: The vendor's page about this endpoint.
        dialect: The dialect that is spoken there unless a config names another.
        keyless: True where no key is needed; one is sent if its variable is set.
        quirks: Its departures from the usual.
        others: Where the paths of other dialects begin, where that is elsewhere.
        domains: Further hosts that are this vendor's; ``.NAME`` means every host below.
        omitted: Fields of a request that are not passed on, unless a target's ``overrides``
            name them.
        derive: Finds the endpoint where that takes more than data.
        retired: The day on which the vendor ended the service, ``YYYY-MM-DD``; else empty.
    """

    name: str
    base_url: str
    keys: tuple[str, ...]
    documentation: str
    dialect: str = "openai-chat"
    keyless: bool = False
    quirks: frozenset[Quirk] = frozenset()
    others: Mapping[str, str] = attrs.field(factory=lambda: MappingProxyType({}), hash=False)
    domains: tuple[str, ...] = ()
    omitted: frozenset[str] = frozenset()
    derive: Derive | None = None
    retired: str = ""

    def endpoint(
        self, environ: Mapping[str, str], dialect: str = "", base_url: str = ""
    ) -> Endpoint:
        """Where ``dialect`` is spoken.

        Args:
            environ: The environment.
            dialect: Its name; the provider's own where empty.
            base_url: What a config names, which goes before what is known.

        Raises:
            EndpointUnknown: A variable that is needed is not set.
            ValueError: A variable makes no sense, or the dialect is not spoken there.
        """
        dialect = dialect or self.dialect
        if self.derive is not None:
            return self.derive(environ, dialect, base_url)
        return Endpoint((base_url or self.others.get(dialect, self.base_url),))
