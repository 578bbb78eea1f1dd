"""Single values as a file writes them: durations, names, addresses, headers."""

from __future__ import annotations

import enum
import ipaddress
import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from orchestrator import header_rules
from orchestrator.config.errors import NotAllowed, nearest
from orchestrator.http_messages import Address
from orchestrator.secrets import mask

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h)\s*", re.ASCII)
_DURATIONS = 'a duration such as "300s", "500ms", "5m", "1h", or a number of seconds'

_SIZE_UNITS = {"KB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
_SIZE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,3})?)\s*([KMG]i?B)\s*", re.ASCII)
_ORIGIN = re.compile(
    r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?", re.IGNORECASE
)
_SMALLEST, _LARGEST = 2**20, 2**30
"""Bytes that an answer may be limited to: a long one of text with its usage fits into the least
(128 k tokens are about half a MiB), and the most is what a process may well hold in memory once
(our own choice, 2026-11)."""

_SMALLEST_LEDGER, _LARGEST_LEDGER = 10**6, 10**12
"""Bytes that a ledger may be limited to: a call takes 3 to 10 kB of it, so the least holds some
hundred (our own choice, 2026-11)."""

SHORTEST_INTERVAL = 10.0
"""Seconds from one question for a balance to the next at least (our own choice, 2026-11)."""

_MOST_MONEY = 1e12
"""An amount beyond which nobody's account is (our own choice, 2026-11)."""

_LABEL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
"""A part of a host's name; underscores are none of DNS, but of what containers are called."""

_LONGEST_LABEL, _LONGEST_HOST = 63, 254
"""Characters (RFC 1035, 2.3.4), the dot at the end counted: a resolver refuses more."""

_SHOWN = 60
_KINDS = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}

Member = TypeVar("Member", bound=enum.Enum)


def kind(value: Any) -> str:
    """What a value is, in words, without the value."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def found(value: Any) -> str:
    """A value for an error's text: short, and masked."""
    shown = mask(repr(value))
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
    return f"found {shown}" if isinstance(value, str) else f"found {kind(value)}, {shown}"


def seconds(value: Any) -> float:
    """A duration above 0, in seconds.

    Raises:
        NotAllowed: It is none.
    """
    amount = seconds_or_zero(value)
    if amount <= 0:
        raise NotAllowed(f"{found(value)}; allowed: {_DURATIONS}, above 0")
    return amount


def seconds_or_zero(value: Any) -> float:
    """A duration of 0 or more, in seconds.

    Raises:
        NotAllowed: It is none.
    """
    amount = _amount(value)
    if amount is None or not math.isfinite(amount) or amount < 0:
        raise NotAllowed(f"{found(value)}; allowed: {_DURATIONS}")
    return amount


def question_interval(value: Any) -> float:
    """How often a vendor is asked for its balance, in seconds; 0 for never.

    Raises:
        NotAllowed: It is no duration, or so short that a vendor may take it for an attack.
    """
    try:
        amount = seconds_or_zero(value)
    except NotAllowed:
        raise NotAllowed(f"{found(value)}; allowed: {_DURATIONS}, and 0 for never") from None
    if 0 < amount < SHORTEST_INTERVAL:
        least = f"{SHORTEST_INTERVAL:g} s or more, and 0 for never"
        raise NotAllowed(f"{found(value)}; allowed: {least}")
    return amount


def money(value: Any) -> float:
    """An amount of money, 0 or more.

    Raises:
        NotAllowed: It is none.
    """
    if not _is_number(value) or not 0 <= value < _MOST_MONEY:
        raise NotAllowed(
            f"{found(value)}; allowed: an amount such as 5.0, in the account's currency, and 0 "
            "for no warning"
        )
    return float(value)


def _amount(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e15 else None
    matched = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(matched[1]) * _UNITS[matched[2]] if matched else None


def size(value: Any) -> int:
    """The bytes of an answer, 1 MiB to 1 GiB.

    Raises:
        NotAllowed: It is no size, or outside of that.
    """
    return _bytes(value, _SMALLEST, _LARGEST, '"64 MiB"', "1 MiB to 1 GiB")


def ledger_size(value: Any) -> int:
    """The bytes of a ledger, 1 MB to 1000 GB.

    Raises:
        NotAllowed: It is no size, or outside of that.
    """
    return _bytes(value, _SMALLEST_LEDGER, _LARGEST_LEDGER, '"100MB"', "1 MB to 1000 GB")


def _bytes(value: Any, least: int, most: int, example: str, limits: str) -> int:
    matched = _SIZE.fullmatch(value) if isinstance(value, str) else None
    amount = float(matched[1]) * _SIZE_UNITS[matched[2]] if matched else value
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        amount = 0
    if not least <= amount <= most:
        raise NotAllowed(
            f"{found(value)}; allowed: a size such as {example}, or a number of bytes, {limits}"
        )
    return int(amount)


def origins(value: Any) -> tuple[str, ...]:
    """Origins of web pages, such as ``https://chat.corp``; ``"*"`` alone is any.

    Raises:
        NotAllowed: One is none.
    """
    example = 'allowed: a list of origins such as ["https://chat.corp"]'
    if not isinstance(value, list):
        raise NotAllowed(f"{found(value)}; {example}")
    for one in value:
        if not (isinstance(one, str) and (one == "*" or _ORIGIN.fullmatch(one))):
            raise NotAllowed(f"{found(one)}; {example}: a scheme and a host, and no path")
    return tuple(one.lower() for one in value)


def first_token(value: Any) -> float | None:
    """A duration, or ``None`` for ``"auto"``.

    Raises:
        NotAllowed: It is neither.
    """
    if value == "auto":
        return None
    try:
        return seconds(value)
    except NotAllowed:
        raise NotAllowed(f'{found(value)}; allowed: "auto", or {_DURATIONS}, above 0') from None


def count(value: Any) -> int:
    """A whole number of 1 or more.

    Raises:
        NotAllowed: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise NotAllowed(f"{found(value)}; allowed: a whole number, 1 or more")
    return value


MOST_TOKENS = 1_000_000
"""Tokens of the largest budget of retries: a fleet of any size has less under way at once."""


def retry_tokens(value: Any) -> int:
    """A budget of retries, in tokens."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise NotAllowed(
            f"{found(value)}; allowed: a whole number from 0 (no limit) to {MOST_TOKENS:_}"
        )
    return value


def ratio(value: Any) -> float:
    """A number from 0 to 1.

    Raises:
        NotAllowed: It is none.
    """
    if not _is_number(value) or not 0 <= value <= 1:
        raise NotAllowed(f"{found(value)}; allowed: a number from 0 to 1")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def member(value: Any, members: type[Member]) -> Member:
    """The member that a text names.

    Raises:
        NotAllowed: There is none.
    """
    allowed = [str(one.value) for one in members]
    if value not in allowed:
        near = nearest(value, allowed) if isinstance(value, str) else ""
        raise NotAllowed(f"{found(value)}{near}; allowed: {', '.join(allowed)}")
    return members(value)


def base_url(value: Any) -> str:
    """An address below which a dialect's paths lie, without the slash at the end.

    Raises:
        NotAllowed: It is none, ends in a dialect's path, or holds a password.
    """
    wanted = 'allowed: an address such as "https://llm.corp/v1"'
    if not isinstance(value, str):
        raise NotAllowed(f"{found(value)}; {wanted}")
    shown = found(value.partition("?")[0])  # its query may hold a token
    try:
        parts = urlsplit(value.strip())
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        url = Address.parse(value.strip()) if is_web else None
    except ValueError:
        raise NotAllowed(f"{shown}, which is no address; {wanted}") from None
    if url is None:
        raise NotAllowed(f"{shown}; {wanted}, http or https")
    if why := _impossible(url):
        raise NotAllowed(f"{shown}, whose {why}; {wanted}")
    if "@" in parts.netloc:
        raise NotAllowed("the address holds a name or password; put the secret in credentials")
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise NotAllowed(f"{shown}; the dialect adds /chat/completions itself: leave it out")
    return value.strip().rstrip("/")


def _impossible(url: Address) -> str:
    """Why nobody can be asked at ``url``, by its host or port; empty where that is not so."""
    host = url.host
    if url.port == 0:
        return "port is 0"
    if ":" in host:  # an IPv6 address, which was read as one
        return ""
    labels = host.removesuffix(".").split(".")
    if not all(labels):
        return "host has an empty part between two dots"
    if max(map(len, labels)) > _LONGEST_LABEL or len(host) > _LONGEST_HOST:
        return f"host, or a part of it, is too long (a part holds {_LONGEST_LABEL} characters)"
    wrong = next((one for one in labels if not _LABEL.fullmatch(one)), None)
    return "" if wrong is None else f"host has a part that no name holds, {found(wrong)[6:]}"


def is_loopback(base_url: str) -> bool:
    """Whether what is at ``base_url``, an address that was read, is on this machine."""
    host = Address.parse(base_url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3


def proxy(value: Any) -> str:
    """The address of a proxy, which may hold a password and is never shown; empty for none.

    Raises:
        NotAllowed: It is no text.
    """
    if not isinstance(value, str):
        allowed = '"http://proxy.corp:3128", "env:NAME", or "" for none'
        raise NotAllowed(f"found {kind(value)}; allowed: {allowed}")
    return value.strip()


def verify(value: Any) -> str | bool:
    """The path of the certificates that are trusted; empty for the usual ones.

    Raises:
        NotAllowed: It is none, nor ``false``.
    """
    if isinstance(value, str):
        return value.strip()
    if value is False:
        return False
    raise NotAllowed(f'{found(value)}; allowed: a PEM file or a folder, such as "corp-ca.pem"')


def names(value: Any) -> frozenset[str]:
    """Names of a request's fields; ``"*"`` stands for any.

    Raises:
        NotAllowed: It is no list, or something in it is no name.
    """
    if not isinstance(value, list):
        raise NotAllowed(f'{found(value)}; allowed: a list such as ["seed"], or ["*"]')
    for name in value:
        if not isinstance(name, str) or not name.strip():
            raise NotAllowed(f'{found(name)}; allowed: the name of a field of a request, or "*"')
    return frozenset(value)


def header_name(value: Any) -> str:
    """The name of a header, in lower case.

    Raises:
        NotAllowed: It is none.
    """
    if isinstance(value, str) and _is_header_name(value):
        return value.lower()
    raise NotAllowed(f'{found(value)}; allowed: a header\'s name such as "api-key"')


def _is_header_name(value: str) -> bool:
    """Whether a config may name a header so."""
    is_name = header_rules.NAME.fullmatch(value) is not None
    return is_name and value.lower() not in header_rules.LENGTH


def header_names(value: Any) -> frozenset[str]:
    """Names of headers, in lower case.

    Raises:
        NotAllowed: It is no list, or something in it is no name of a header.
    """
    if not isinstance(value, list):
        raise NotAllowed(f'{found(value)}; allowed: a list such as ["X-Team"]')
    return frozenset(map(header_name, value))


def headers(value: Any) -> Mapping[str, str]:
    """Headers by name, in the spelling given; their values are never shown.

    Raises:
        NotAllowed: Something in it is no header.
    """
    if not isinstance(value, dict):
        raise NotAllowed(f"found {kind(value)}; allowed: a table of names and values")
    for name, one in value.items():
        if not _is_header_name(name):
            ours = ", ".join(sorted(header_rules.LENGTH))
            raise NotAllowed(f"{found(name)}; allowed: a header's name, not {ours}")
        if not isinstance(one, str) or not header_rules.VALUE.fullmatch(one):
            raise NotAllowed(
                f"the value of {name} is {kind(one)} that a header cannot hold; allowed: a text on "
                'one line of latin-1 characters, or "" to remove the header'
            )
    return {name: one.strip() for name, one in value.items()}
