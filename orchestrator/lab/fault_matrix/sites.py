"""What of a route can fail: its addresses, accounts, keys, targets, and the request itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from orchestrator.config.accounts import credential_identity, shared_accounts, shared_addresses
from orchestrator.config.config import Config
from orchestrator.config.weaknesses import listed
from orchestrator.lab.fault_matrix.faults import (
    TOO_LONG,
    FaultScope,
    FaultSite,
    SiteFault,
    faults_of,
)
from orchestrator.provider import Provider
from orchestrator.states import Target

EVERY_TARGET = "every target"
"""The name of the site of a request that nobody can answer."""


def single_faults(config: Config, route: Sequence[Target]) -> tuple[SiteFault, ...]:
    """Every fault of the route, in the order in which a call would come to what fails.

    Entries of one account, or at one address, fail together.
    """
    names = tuple(dict.fromkeys(target.provider for target in route))
    used = {name: config.providers[name] for name in names}
    sites = [
        *_shared(used, route, shared_addresses(used), FaultScope.ADDRESS),
        *_shared(used, route, shared_accounts(used), FaultScope.ACCOUNT),
        *_keys(used, route),
        *_targets(used, route),
    ]
    everywhere = _reach(used, route, names)
    sites.append(FaultSite(EVERY_TARGET, FaultScope.REQUEST, everywhere, EVERY_TARGET))
    order = {target.provider: place for place, target in reversed(tuple(enumerate(route)))}
    sites.sort(key=lambda site: min(order[name.partition("/")[0]] for name, _ in site.hits))
    found = (each for site in sites for each in faults_of(site, keyless=_keyless(used, site)))
    # Of a route of one target it is the request, which no config can help, that is too long.
    return tuple(
        each for each in found if each.kind is not TOO_LONG or each.site.hits != everywhere
    )


def _shared(
    providers: Mapping[str, Provider],
    route: Sequence[Target],
    groups: Iterable[tuple[str, ...]],
    scope: FaultScope,
) -> Iterator[FaultSite]:
    for names in groups:
        shared = names if len(names) > 1 else ()
        title = listed(names)
        yield FaultSite(title, scope, _reach(providers, route, names), title, shared)


def _keys(providers: Mapping[str, Provider], route: Sequence[Target]) -> Iterator[FaultSite]:
    """Each key of an account with several; the only key of one is all of its account."""
    for names in shared_accounts(providers):
        hits: dict[str, set[tuple[str, str]]] = {}
        titles: dict[str, str] = {}
        for name in names:
            for credential in providers[name].credentials:
                identity = credential_identity(credential) or f"{name} {credential.label}"
                titles.setdefault(identity, f"{credential.label} of {name}")
                hits.setdefault(identity, set()).update(
                    (target.name, credential.label) for target in route if target.provider == name
                )
        if len(hits) > 1:
            for identity, found in hits.items():
                yield FaultSite(
                    titles[identity], FaultScope.KEY, frozenset(found), _owner(providers, names[0])
                )


def _targets(providers: Mapping[str, Provider], route: Sequence[Target]) -> Iterator[FaultSite]:
    for name, target in {target.name: target for target in route}.items():
        labels = [one.label for one in providers[target.provider].credentials]
        hits = frozenset((name, label) for label in labels)
        owner = _owner(providers, target.provider)
        yield FaultSite(name, FaultScope.TARGET, hits, owner)


def _reach(
    providers: Mapping[str, Provider], route: Sequence[Target], names: Iterable[str]
) -> frozenset[tuple[str, str]]:
    among = frozenset(names)
    return frozenset(
        (target.name, credential.label)
        for target in route
        if target.provider in among
        for credential in providers[target.provider].credentials
    )


def _owner(providers: Mapping[str, Provider], name: str) -> str:
    """The entries at the address of ``name``, in words."""
    return next(listed(names) for names in shared_addresses(providers) if name in names)


def _keyless(providers: Mapping[str, Provider], site: FaultSite) -> bool:
    return all(providers[name.partition("/")[0]].keyless for name, _ in site.hits)
