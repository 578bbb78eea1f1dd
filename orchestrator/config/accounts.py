"""Which entries of a config are one account, or stand at one address, whatever they are called."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

from orchestrator.provider import Credential, Provider


def shared_accounts(providers: Mapping[str, Provider]) -> tuple[tuple[str, ...], ...]:
    """The names of the entries of each account: they ask one address with one key.

    Each entry is in one group, most of them alone, in the order of the config.
    """
    return _groups(providers, account_keys)


def shared_addresses(providers: Mapping[str, Provider]) -> tuple[tuple[str, ...], ...]:
    """The names of the entries at each address; one with several addresses is there by itself."""
    return _groups(providers, lambda one: [one.name if one.base_urls else one.base_url])


def account_keys(provider: Provider) -> Iterable[Hashable]:
    """What tells the accounts of an entry from others; equal where a key is the same."""
    for credential in provider.credentials:
        found = credential_identity(credential)
        yield (provider.base_url, found) if found else (provider.name, credential.label)


def credential_identity(credential: Credential) -> str:
    """What two credentials have in common that are one; empty where nothing is known.

    The secret, where it is known; else where it is read from.
    """
    if credential.secret:
        return credential.secret.reveal()
    return credential.source if ":" in credential.source else ""


def _groups(
    providers: Mapping[str, Provider], keys: Callable[[Provider], Iterable[Hashable]]
) -> tuple[tuple[str, ...], ...]:
    group_of: dict[str, list[str]] = {}
    owner: dict[Hashable, str] = {}
    for name, provider in providers.items():
        group_of[name] = [name]
        for key in keys(provider):
            other = group_of[owner.setdefault(key, name)]
            mine = group_of[name]
            if other is mine:
                continue
            other.extend(mine)
            group_of.update(dict.fromkeys(mine, other))
    return tuple(dict.fromkeys(tuple(group) for group in group_of.values()))
