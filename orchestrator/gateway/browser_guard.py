"""Guards against web pages that would use the gateway of whoever opens them.

A page can send requests to any address that its reader's machine reaches, a gateway on loopback
among them. Browsers tell where a request comes from, and ask first before they send JSON or let
a page read the answer. So what names a foreign origin is refused, what is no JSON is refused
(a form needs no leave), and on loopback so is a name that is not this machine's: a page may have
its own name lead here (DNS rebinding), and is of the same origin then.

Functions only, of what stands in the headers. Who has no browser, sends none of them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from orchestrator.http_messages import PORTS
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states.reasons import Reason

ANY_ORIGIN = "*"
"""In the config's ``cors``: pages from everywhere."""

JSON = "application/json"

EXPOSED = ("retry-after", "request-id", "x-request-id", "x-should-retry")
"""Headers of an answer that a page may read; more are given with the answer's own."""

PREFLIGHT_SECONDS = 600
"""How long a browser need not ask again; Chromium heeds up to 2 h (2026-11)."""

_METHODS = "GET, POST, OPTIONS"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)
_AUTHORITY = re.compile(
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\s\[\]:/?#@]{1,255})(?::([0-9]{1,5}))?", re.ASCII
)
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")
_SHOWN = 100


def is_this_machine(host: str) -> bool:
    """Whether a name or address is one by which a machine reaches itself, and nobody else it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_host(host: str | None, *, is_loopback: bool) -> None:
    """Refuse a name that is not this machine's, where only this machine can ask.

    Args:
        host: The header ``Host``.
        is_loopback: Whether the gateway listens on a loopback address.

    Raises:
        RequestRefused: It names another machine, or nobody.
    """
    if not is_loopback or _is_here(host or ""):
        return
    raise _forbidden(
        f"Host is {_shown(host)}, and the gateway listens on loopback; allowed: localhost, "
        "127.0.0.1, [::1], with any port. A proxy before it has to send one of these"
    )


def check_origin(origin: str | None, host: str | None, allowed: Sequence[str] = ()) -> str | None:
    """Refuse pages of others.

    Args:
        origin: The header ``Origin``; ``None`` where none came, as of whoever is no browser.
        host: The header ``Host``.
        allowed: Origins that the config's ``cors`` names.

    Returns:
        The origin whose page may read the answer, for :func:`cors_headers`; ``None`` where
        nobody has to be told.

    Raises:
        RequestRefused: It is the page of somebody else.
    """
    if origin is None:
        return None
    asking = _origin(origin)
    if ANY_ORIGIN in allowed or any(origin == one or _is_same(asking, one) for one in allowed):
        return origin if _is_plain(origin) else None
    if asking is not None and host and _authority(host, asking[0]) == asking[1:]:
        return None
    known = ", ".join(allowed) or "none"
    raise _forbidden(
        f"Origin is {_shown(origin)}, the page of somebody else; allowed by [gateway] cors: {known}"
    )


def cors_headers(origin: str | None, exposed: Sequence[str] = ()) -> dict[str, str]:
    """The headers that let a page read an answer; none where nobody has to be told.

    Args:
        origin: What :func:`check_origin` gave.
        exposed: Names of the answer's own headers that it may read too.
    """
    if origin is None:
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": ", ".join((*EXPOSED, *exposed)),
        "vary": "origin",
    }


def preflight_headers(
    origin: str | None, asked: str | None = None, *, is_private: bool = False
) -> dict[str, str]:
    """The answer (204) to a browser that asks first; none where its page may send nothing.

    Args:
        origin: What :func:`check_origin` gave.
        asked: The header ``Access-Control-Request-Headers``.
        is_private: Whether ``Access-Control-Request-Private-Network`` came: a page of the
            internet asks for a machine that is none of it.
    """
    if origin is None:
        return {}
    # Whatever it likes to send: what is passed on to a provider has a list of its own.
    names = [name.strip().lower() for name in (asked or "").split(",")]
    private = {"access-control-allow-private-network": "true"} if is_private else {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": _METHODS,
        "access-control-allow-headers": ", ".join(one for one in names if _TOKEN.fullmatch(one)),
        "access-control-max-age": str(PREFLIGHT_SECONDS),
        "vary": "origin, access-control-request-headers",
        **private,
    }


def check_content_type(content_type: str | None) -> None:
    """Refuse a body that does not say it is JSON: a browser sends that without asking first.

    One that says nothing is refused too, since a page can send such a one; and so are other kinds
    of JSON (``…+json``), which no client of a model sends.

    Raises:
        RequestRefused: It is something else, or JSON in letters that JSON has not.
    """
    if content_type == JSON:  # as nearly always
        return
    kind, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    charsets = [part.partition("=")[2].strip(' "') for part in parameters if "charset" in part]
    if kind == JSON and all(one in _CHARSETS for one in charsets):
        return
    raise RequestRefused(
        415,
        Reason.BAD_REQUEST.value,
        f"Content-Type is {_shown(content_type)}; allowed: {JSON}, in UTF-8",
    )


def check_content_encoding(encoding: str | None) -> None:
    """Refuse a body that is compressed: it would be told as JSON that makes no sense.

    Raises:
        RequestRefused: It is.
    """
    if encoding is not None and (encoding or "identity").strip().lower() != "identity":
        raise RequestRefused(
            415,
            Reason.BAD_REQUEST.value,
            f"Content-Encoding is {_shown(encoding)}; allowed: none, a body as it is",
        )


@lru_cache(maxsize=64)  # a client sends the same each time
def _is_here(host: str) -> bool:
    found = _AUTHORITY.fullmatch(host)
    return found is not None and is_this_machine(found[1])


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; ``None`` where it has none, as ``null``."""
    scheme, mark, rest = text.partition("://")
    found = _authority(rest.removesuffix("/"), scheme.lower()) if mark else None
    return None if found is None else (scheme.lower(), *found)


def _authority(text: str, scheme: str) -> tuple[str, int] | None:
    """Host and port of ``HOST[:PORT]``; the port of the scheme where none is named."""
    found = _AUTHORITY.fullmatch(text)
    port = PORTS.get(scheme)
    if found is None or port is None:
        return None
    return found[1].lower(), int(found[2] or port)


def _is_same(asking: tuple[str, str, int] | None, allowed: str) -> bool:
    return asking is not None and _origin(allowed) == asking


def _is_plain(text: str) -> bool:
    """Whether a header may repeat it."""
    return text.isascii() and text.isprintable()


def _shown(value: str | None) -> str:
    return "missing" if value is None else f"{value[:_SHOWN]!r}"


def _forbidden(message: str) -> RequestRefused:
    return RequestRefused(403, Reason.FORBIDDEN.value, message)
