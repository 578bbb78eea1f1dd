"""The file as it is written: one record a table, before names and secrets are resolved."""

from __future__ import annotations

from typing import Any, NewType

import attrs

from orchestrator.config.records import StreamEnd
from orchestrator.health import Accounts, Strategy
from orchestrator.states.policy import Policy, Timeouts

BaseUrl = NewType("BaseUrl", str)
Headers = NewType("Headers", dict[str, str])
Entries = NewType("Entries", tuple[Any, ...])
Count = NewType("Count", int)
Table = NewType("Table", dict[str, Any])
Fields = NewType("Fields", frozenset[str])
KeyHeader = NewType("KeyHeader", str)
StreamMode = NewType("StreamMode", str)
HeaderNames = NewType("HeaderNames", frozenset[str])

OFTEN_MEANT = {
    "api_key": "credentials",
    "key": "credentials",
    "keys": "credentials",
    "url": "base_url",
    "api_base": "base_url",
    "endpoint": "base_url",
    "drop_params": "drop",
    "auth_header": "key_header",
    "max_retries": "attempts_per_target",
    "context_window": "context",
}
"""What other tools call the keys of this file."""


@attrs.frozen
class ProviderTable:
    """``[providers.NAME]``; ``None`` is what the file does not say."""

    vendor: str | None = None
    dialect: str | None = None
    base_url: BaseUrl | None = None
    key_header: KeyHeader | None = None
    credentials: Entries | None = None
    headers: Headers = attrs.field(factory=lambda: Headers({}))
    stream: StreamMode = StreamMode("true")
    end: StreamEnd = StreamEnd.FINISH
    public_headers: HeaderNames = HeaderNames(frozenset())
    strategy: Strategy = Strategy.FILL_FIRST
    accounts: Accounts = Accounts.SEPARATE
    rules: tuple[Table, ...] = ()


@attrs.frozen
class TargetTable:
    """``[targets."provider/model"]``; which timeouts were given is asked of the document."""

    context: Count | None = None
    overrides: Table = attrs.field(factory=lambda: Table({}))
    timeouts: Timeouts = Timeouts()
    reasoning: bool | None = None


@attrs.frozen
class PolicyTable(Policy):
    """``[policy]``: what the machine may do, and which fields may be left out."""

    drop: Fields = Fields(frozenset())

    def policy(self) -> Policy:
        """What of it is the machine's."""
        return Policy(**{field.name: getattr(self, field.name) for field in attrs.fields(Policy)})


@attrs.frozen
class Document:
    """The whole file."""

    health: str = "file"
    ledger: str | None = None
    policy: PolicyTable = PolicyTable()
    timeouts: Timeouts = Timeouts()
    providers: dict[str, ProviderTable] = attrs.field(factory=dict)
    targets: dict[str, TargetTable] = attrs.field(factory=dict)
    routes: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
