"""Faults: what can be wrong with an address, an account, a key, a target or a request, and how.

A fault lasts: whatever it hits fails in its way for as long as the calls of one run go on.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator

import attrs

from orchestrator.lab.simulation.script_items import CONNECT, CUT, EMPTY, STALL, TIMEOUT, Item
from orchestrator.states import Policy, Reason, Send

JUST_UNDER = 0.1
"""Seconds before a limit at which what fails "just under" it does so."""

PROXY_GIVES_UP = 100.0
"""Seconds after which a proxy of the kind of Cloudflare's answers 524 in an origin's place
(https://developers.cloudflare.com/support/troubleshooting/http-status-codes/, 2026-11-30)."""

LONG_THROTTLE = 3600.0
"""Seconds that a Retry-After of an hour names: a plan's window rather than a minute's."""

BROKEN_AFTER = 2
"""Pieces of a slow stream that arrive before it breaks."""


class FaultScope(enum.StrEnum):
    """What a kind of fault befalls."""

    ADDRESS = "address"
    """Whatever is asked at one base URL."""

    ACCOUNT = "account"
    """Whatever one account pays for."""

    KEY = "key"
    """One key."""

    TARGET = "target"
    """One model of one provider."""

    REQUEST = "request"
    """The call itself, wherever it is sent."""


@attrs.frozen
class FaultKind:
    """One way in which something fails.

    Attributes:
        name: What a table calls it.
        words: What a sentence calls it; ``{site}`` stands for what fails.
        scope: What it befalls.
        item: What a ``Send`` that it hits meets under a policy, as an item of a script.
        streamed: True where only an answer that is asked for as a stream can fail so.
    """

    name: str
    words: str
    scope: FaultScope
    item: Callable[[Send, Policy], Item] = attrs.field(eq=False, repr=False)
    streamed: bool = False


@attrs.frozen
class FaultSite:
    """Something that can fail.

    Attributes:
        name: What people call it: a provider's name, a target's, a key's.
        scope: What it is.
        hits: The (``provider/model``, label of a credential) of whatever is sent through it.
        owner: Whose it is: the provider's entry, or those at one address.
        shared: Of an account or an address under several providers' entries: their names.
    """

    name: str
    scope: FaultScope
    hits: frozenset[tuple[str, str]]
    owner: str
    shared: tuple[str, ...] = ()


@attrs.frozen
class SiteFault:
    """Something that fails, and how.

    Attributes:
        site: What fails.
        kind: How.
    """

    site: FaultSite
    kind: FaultKind

    def hits(self, send: Send) -> bool:
        """Whether ``send`` meets it."""
        return (send.target.name, send.credential) in self.site.hits

    @property
    def name(self) -> str:
        """``acme: out of money``."""
        return f"{self.site.name}: {self.kind.name}"

    @property
    def words(self) -> str:
        """``acme out of money``."""
        return self.kind.words.format(site=self.site.name)


def _always(item: Item) -> Callable[[Send, Policy], Item]:
    return lambda _send, _policy: item


def _just_under(seconds: float) -> float:
    """The last tenth of a second before a limit."""
    return max(0.0, round(seconds - JUST_UNDER, 1))


def _slow_connect(send: Send, _policy: Policy) -> Item:
    return Item(CONNECT, seconds=_just_under(send.timeouts.connect))


def _slow_failure(send: Send, _policy: Policy) -> Item:
    limits = send.timeouts
    limit = limits.first_token if send.streamed and limits.first_token else limits.total
    return Item("500", seconds=_just_under(limit))


def _slow_stream(send: Send, _policy: Policy) -> Item:
    return Item(CUT, pieces=BROKEN_AFTER, pace=_just_under(send.timeouts.idle))


def _patient_throttle(_send: Send, policy: Policy) -> Item:
    return Item("429", retry_after=policy.patience)


_ADDRESS, _ACCOUNT = FaultScope.ADDRESS, FaultScope.ACCOUNT

BILLING = FaultKind("402", "{site} out of money", _ACCOUNT, _always(Item("402")))
REVOKED = FaultKind("401", "a 401 of every key at {site}", _ACCOUNT, _always(Item("401")))
KEY_REVOKED = FaultKind("401", "a 401 of {site}", FaultScope.KEY, _always(Item("401")))
TOO_LONG = FaultKind(
    *("request too long", "a request too long for {site}", FaultScope.TARGET),
    _always(Item(Reason.CONTEXT_OVERFLOW.value)),
)
TOO_LONG_FOR_ALL = FaultKind(
    *("request too long", "a request too long for {site}", FaultScope.REQUEST),
    _always(Item(Reason.CONTEXT_OVERFLOW.value)),
)

KINDS = (
    FaultKind("refused", "{site} down", _ADDRESS, _always(Item(CONNECT))),
    FaultKind("refused slowly", "{site} slow to refuse", _ADDRESS, _slow_connect),
    FaultKind("503", "{site} answering 503", _ADDRESS, _always(Item("503"))),
    FaultKind("500 just under the limit", "{site} failing slowly", _ADDRESS, _slow_failure),
    FaultKind(
        *("524 after 100 s", "{site} failing after 100 s", _ADDRESS),
        _always(Item("524", seconds=PROXY_GIVES_UP)),
    ),
    FaultKind("silent", "{site} silent", _ADDRESS, _always(Item(TIMEOUT))),
    FaultKind("cut", "{site} cutting answers off", _ADDRESS, _always(Item(CUT, pieces=0))),
    FaultKind(
        *("cut after content", "{site} cutting streams off after content", _ADDRESS),
        _always(Item(CUT)),
        streamed=True,
    ),
    FaultKind(
        *("silent after content", "{site} silent after content", _ADDRESS),
        _always(Item(STALL)),
        streamed=True,
    ),
    FaultKind(
        *("cut after a slow start", "{site} cutting slow streams off", _ADDRESS),
        _slow_stream,
        streamed=True,
    ),
    FaultKind("empty answer", "{site} answering nothing", _ADDRESS, _always(Item(EMPTY))),
    BILLING,
    REVOKED,
    FaultKind("429", "{site} throttled", _ACCOUNT, _always(Item("429"))),
    FaultKind(
        *("429 up to patience", "{site} throttled", _ACCOUNT),
        _patient_throttle,
    ),
    FaultKind(
        *("429 for 1 h", "{site} throttled for an hour", _ACCOUNT),
        _always(Item("429", retry_after=LONG_THROTTLE)),
    ),
    KEY_REVOKED,
    TOO_LONG,
    FaultKind(
        *("model not found", "{site} gone", FaultScope.TARGET),
        _always(Item(Reason.MODEL_NOT_FOUND.value)),
    ),
    TOO_LONG_FOR_ALL,
)
"""Every way in which something fails."""

_OF_AN_ACCOUNT = frozenset({BILLING, REVOKED})
"""What befalls nobody who has no account: a server without keys."""


def faults_of(site: FaultSite, *, keyless: bool = False) -> Iterator[SiteFault]:
    """Every fault of ``site``.

    Args:
        site: What fails.
        keyless: True where no key is asked for there, so that none can be refused.
    """
    for kind in KINDS:
        if kind.scope is site.scope and not (keyless and kind in _OF_AN_ACCOUNT):
            yield SiteFault(site, kind)


def are_two(one: SiteFault, other: SiteFault) -> bool:
    """Whether both can be met: neither is a part of what the other is."""
    mine, theirs = one.site.hits, other.site.hits
    return not (mine <= theirs or theirs <= mine)


def met_by(send: Send, faults: tuple[SiteFault, ...]) -> SiteFault | None:
    """The one of ``faults`` that ``send`` meets: of a key before that of its target."""
    hit = [fault for fault in faults if fault.hits(send)]
    return min(hit, key=lambda fault: _PRECEDENCE[fault.site.scope], default=None)


_PRECEDENCE = {
    scope: place
    for place, scope in enumerate(
        (
            FaultScope.ADDRESS,  # who cannot be reached looks at no key
            FaultScope.KEY,
            FaultScope.ACCOUNT,
            FaultScope.TARGET,
            FaultScope.REQUEST,
        )
    )
}
