"""``run --explain``: the request as a curl command, and why each move was made."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.api.request import Request
from orchestrator.config.config import Config
from orchestrator.config.loading import providers_named, with_implied
from orchestrator.connections.proxies import UnusableProxy, proxy_of
from orchestrator.dialects import dialect
from orchestrator.dialects.lone_surrogates import without_lone_surrogates
from orchestrator.execution.auth import auth_of
from orchestrator.execution.move_reasons import MoveReason
from orchestrator.http_messages import Address, OutgoingRequest
from orchestrator.provider import Credential, Provider, masker
from orchestrator.secrets import MASK, Secret, mask
from orchestrator.vendors import CATALOGUE

_STAND_IN = "SECRET-GOES-HERE"
"""Stands where the secret would, so that the secret itself is never put in."""

_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)


def curl(config: Config, request: Request) -> str:
    """The first attempt as a curl command, over several lines; the secret is masked.

    Empty where the route has no target.

    Raises:
        UnknownRoute: There is no such route or target.
        RequestError: The payload holds something that JSON cannot say.
    """
    config = _with_known(config, request.wants)
    # As the call itself: a stream is asked for its tokens too.
    request = request.asking_for_usage() if request.stream else request
    target = next(iter(config.route(request.wants)), None)
    if target is None:
        return ""
    provider = config.providers[target.provider]
    credential = provider.credentials[0] if provider.credentials else Credential("none")
    outgoing = dialect(provider.dialect).encode(
        _in_dialect(request, provider),
        provider=provider,
        model=target.model,
        overrides=config.settings(target).overrides,
        stream=provider.always_streams or (request.stream and provider.stream),
    )
    auth_of(provider, Secret(_STAND_IN if credential.secret else "")).sign(outgoing)
    known = masker(config.providers.values()).known
    address = shlex.quote(mask(known(str(outgoing.url))))
    headers = (known(header) for header in _headers(outgoing, provider, credential))
    body = shlex.quote(known(outgoing.content.decode()))
    way = _connection(provider, outgoing.url)
    return " \\\n  ".join([f"curl -sS -i {address}", *way, *headers, f"-d {body}"])


def _with_known(config: Config, wanted: str | Sequence[str] | None) -> Config:
    """``config`` with the known providers that a call names besides, as the call itself has it."""
    named = () if wanted is None else providers_named(config, wanted)
    more = [one for one in named if one in CATALOGUE and one not in config.providers]
    return with_implied(config, more) if more else config


def _connection(provider: Provider, url: Address) -> Iterator[str]:
    """What curl must be told of proxies and certificates to go the same way."""
    options = provider.connection
    try:
        proxy = proxy_of(url, options)
    except UnusableProxy:  # the call says so
        return
    if proxy is not None:
        login = f"{MASK}@" if proxy.authorization else ""
        host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
        yield f"-x {shlex.quote(f'{proxy.scheme}://{login}{host}:{proxy.port}')}"
    elif options.proxy is not None:
        yield "--noproxy '*'"
    if options.verify is False:
        yield "--insecure"
    elif options.verify:
        folder = Path(options.verify).is_dir()
        yield f"--{'capath' if folder else 'cacert'} {shlex.quote(options.verify)}"


def move_lines(number: int, why: MoveReason) -> Iterator[tuple[int, str]]:
    """The lines that tell one move, each with its margin."""
    yield 2, f"{number}. {why.state} → {why.to}: {why.event}{f', {why.facts}' if why.facts else ''}"
    yield 5, f"row {why.row}{f': {why.because}' if why.because else ''}"


def _in_dialect(request: Request, provider: Provider) -> Mapping[str, Any]:
    """The payload in the provider's dialect."""
    payload, _ = without_lone_surrogates(request.payload)
    if request.dialect == provider.dialect:
        return payload
    conversation = dialect(request.dialect).read_request(payload)
    return dialect(provider.dialect).write_request(conversation)


def _headers(
    outgoing: OutgoingRequest, provider: Provider, credential: Credential
) -> Iterator[str]:
    for name, value in outgoing.headers.items():
        if name in provider.public_headers:
            yield f"-H {shlex.quote(f'{name}: {value}')}"
        elif name not in ("host", "content-length"):
            yield f"-H {_header(name, value, credential)}"


def _header(name: str, value: str, credential: Credential) -> str:
    if _STAND_IN in value:
        kind, _, variable = credential.source.partition(":")
        shown = f"${variable}" if kind == "env" else MASK
        # In double quotes, so that the shell puts the variable's value in.
        return f'"{name}: {value.replace(_STAND_IN, shown)}"'
    shown = MASK if _SECRET_HEADER.search(name) else mask(value)
    return shlex.quote(f"{name}: {shown}")
