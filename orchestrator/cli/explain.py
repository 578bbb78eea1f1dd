"""``run --explain``: the request as a curl command, and why each move was made."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import attrs
import httpx

from orchestrator.config.records import Config, Credential
from orchestrator.dialects import dialect
from orchestrator.ledger import Ledger, Transition
from orchestrator.request import Request
from orchestrator.secrets import MASK, mask
from states import TABLE

_STAND_IN = "SECRET-GOES-HERE"
"""Stands where the secret would, so that the secret itself is never put in."""

_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_GUARDS = {row.name: row.guard for row in TABLE}


@attrs.frozen
class Why:
    """Why one move was made.

    Attributes:
        state, event, to: Where the call was, what happened, and where it went.
        row: The row of the table that was taken.
        guard: Its condition; ``None`` where the row holds whenever those above do not.
        because: The condition in words.
    """

    state: str
    event: str
    row: str
    guard: str | None
    to: str
    because: str


def curl(config: Config, request: Request) -> str:
    """The first attempt as a curl command, over several lines; the secret is masked.

    Raises:
        UnknownRoute: There is no such route or target.
        RequestError: The payload holds something that JSON cannot say.
    """
    target = config.route(request.wants)[0]
    provider = config.providers[target.provider]
    credential = provider.credentials[0] if provider.credentials else Credential("none")
    outgoing = dialect(provider.dialect).encode(
        request.payload,
        provider=provider,
        model=target.model,
        overrides=config.settings(target).overrides,
        secret=_STAND_IN if credential.secret else "",
    )
    parts = [f"curl -sS -i {shlex.quote(mask(str(outgoing.url)))}", *_headers(outgoing, credential)]
    return " \\\n  ".join([*parts, f"-d {shlex.quote(outgoing.content.decode())}"])


def moves(ledger: Ledger) -> tuple[Why, ...]:
    """Why each move of a call was made, in order."""
    return tuple(_why(transition) for transition in ledger.transitions)


def told(number: int, why: Why) -> Iterator[str]:
    """The lines that tell one move."""
    yield f"  {number}. {why.state} → {why.to}: {why.event}, row {why.row}"
    condition = f"{why.guard}: " if why.guard else ""
    yield f"     {condition}{why.because}"


def _headers(outgoing: httpx.Request, credential: Credential) -> Iterator[str]:
    for name, value in outgoing.headers.items():
        if name not in ("host", "content-length"):
            yield f"-H {_header(name, value, credential)}"


def _header(name: str, value: str, credential: Credential) -> str:
    if _STAND_IN in value:
        kind, _, variable = credential.source.partition(":")
        shown = f"${variable}" if kind == "env" else MASK
        # In double quotes, so that the shell puts the variable's value in.
        return f'"{name}: {value.replace(_STAND_IN, shown)}"'
    shown = MASK if _SECRET_HEADER.search(name) else mask(value)
    return shlex.quote(f"{name}: {shown}")


def _why(transition: Transition) -> Why:
    guard = _GUARDS.get(transition.row)
    words = (guard.__doc__ or "").partition("\n\n")[0] if guard else ""
    return Why(
        transition.state,
        transition.event,
        transition.row,
        transition.guard,
        transition.to,
        " ".join(words.split()) or "always, or none of the rows above holds",
    )
