"""Authentication: the headers that carry a provider's key, put into a request that is made."""

from __future__ import annotations

import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects import dialect
from orchestrator.dialects.encoding import KeyForm
from orchestrator.secrets import Secret


def apply_key(request: httpx.Request, provider: Provider, secret: Secret) -> None:
    """Put ``secret`` into ``request``; nothing is put where it is empty.

    It goes into the provider's own ``key_header``, else where its dialect has it. Headers that
    the config sets or removes stay as the config has them.
    """
    if not secret:
        return
    key = secret.reveal()
    # A header that the config names is its own, also where it is set to nothing.
    configured = {name.lower() for name in provider.headers}
    added = key_form(provider, key).headers(key).items()
    # Latin-1 is what HTTP/1.1 carries; httpx would take ASCII alone.
    request.headers.update(
        [(n.encode(), value.encode("latin-1")) for n, value in added if n not in configured]
    )


def key_form(provider: Provider, key: str = "") -> KeyForm:
    """In which header ``key`` is sent to ``provider``, and how."""
    form = dialect(provider.dialect).key_form(key)
    if provider.key_header and not form.prefix:
        return KeyForm.in_header(provider.key_header)
    return form
