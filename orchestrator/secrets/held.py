"""Secrets in memory: sent by the one place that asks for them, shown and pickled by none."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, ItemsView, Iterator, Mapping
from typing import Self
from urllib.parse import unquote, unquote_plus

from orchestrator.secrets.shapes import MASK

LEAST = 8
"""Characters of the shortest header, cookie or query value that is a secret (our own choice,
2026-11): a shorter one is a flag or a word, and masking it would eat ordinary text."""

_PUBLIC_NAMES = frozenset({"user-agent", "accept", "content-type"})
_PUBLIC_ENDINGS = ("-version", "-beta")
_COOKIES = frozenset({"cookie", "set-cookie"})


class Secret:
    """A key or token. Printing, formatting and pickling it never shows the value.

    It is no attrs class, so ``attrs.asdict`` of a record that holds one does not
    open it. A pickled copy has lost the value, and says so when it is asked.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | None = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that sends it.

        Raises:
            LookupError: This copy came out of a pickle, which never holds the value.
        """
        if self._value is None:
            raise LookupError("this secret was pickled, which drops its value: load it again")
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})" if self._value else "Secret('')"

    def __str__(self) -> str:
        return MASK if self._value else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _lost, ()


def _lost() -> Secret:
    """A secret whose value was left behind when it was pickled."""
    return Secret(None)


class SecretHeaders(Mapping[str, str]):
    """Configured headers: a mapping whose values are shown and pickled nowhere.

    It is no ``dict``, so ``attrs.asdict`` of a record that holds one does not open it. A
    pickled copy keeps the names; its values raise :class:`LookupError` when they are asked for.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str | Secret] | None = None) -> None:
        given = values if values is not None else {}
        self._values = {
            name: value if isinstance(value, Secret) else Secret(value)
            for name, value in given.items()
        }

    def __getitem__(self, name: str) -> str:
        return self._values[name].reveal()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def items(self) -> ItemsView[str, str]:
        """Names and values."""
        # A mapping's own goes through four calls before the first, and most have none.
        return {name: value.reveal() for name, value in self._values.items()}.items()

    def __repr__(self) -> str:
        return f"SecretHeaders({ {name: str(value) for name, value in self._values.items()}!r})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return SecretHeaders, (dict(self._values),)


class SecretAddress(str):
    """An address whose query is sent, and is shown and pickled nowhere.

    Gateways take a token in the query of ``base_url``. Where the text itself is asked for
    (``str``, ``format``), it is whole: that is what a request is made from.
    """

    __slots__ = ()

    @property
    def shown(self) -> str:
        """The address with ``***`` in place of each value of its query that may be secret."""
        head, mark, query = self.partition("?")
        return head + mark + "&".join(map(_shown, query.split("&")))

    def __repr__(self) -> str:
        return repr(self.shown)

    def __reduce__(self) -> tuple[object, ...]:
        return SecretAddress, (self.shown,)


def _shown(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return MASK if pair else ""
    return pair if is_public_name(name) else f"{name}={MASK if value else ''}"


def is_public_name(name: str, besides: Collection[str] = ()) -> bool:
    """Whether a header or query field of this name is no secret, whatever it holds.

    Args:
        name: Its name, in any case.
        besides: Names in lower case that a config's ``public_headers`` lists.
    """
    lowered = name.lower()
    return lowered in _PUBLIC_NAMES or lowered.endswith(_PUBLIC_ENDINGS) or lowered in besides


def values_of_header(name: str, value: str) -> Iterator[str]:
    """What is secret of a configured header: its value, and the parts that are echoed alone.

    A provider that echoes ``Authorization: Bearer X`` says ``X``, one that reads cookies the
    value of one, and one that knows its user the password that a Basic token decodes to.
    """
    yield from _long((value,))
    if name.lower() in _COOKIES:
        pairs = (pair.partition("=")[2].strip().strip('"') for pair in value.split(";"))
        yield from _long(pairs)
    scheme, _, rest = value.strip().partition(" ")
    if rest:
        yield from _long((rest.strip(),))
    if scheme.lower() == "basic":
        decoded = _decoded(rest.strip())
        yield from _long((decoded, decoded.partition(":")[2]))


def values_of_query(address: str) -> Iterator[str]:
    """What is secret of an address: the values in its query, as written and as decoded."""
    for pair in address.partition("?")[2].split("&"):
        name, equals, value = pair.partition("=")
        if not (equals and is_public_name(name)):
            said = value if equals else name
            yield from _long(dict.fromkeys((said, unquote_plus(said))))


def values_of_userinfo(address: str) -> Iterator[str]:
    """What is secret of an address: its name and password, as written, as decoded, as a token."""
    userinfo = address.partition("://")[2].partition("/")[0].rpartition("@")[0]
    name, _, password = userinfo.partition(":")
    said = unquote(name), unquote(password)
    token = base64.b64encode(":".join(said).encode()).decode() if userinfo else ""
    yield from _long(dict.fromkeys((userinfo, name, password, *said, token)))


def _long(values: Collection[str] | Iterator[str]) -> Iterator[str]:
    return (value for value in values if len(value) >= LEAST)


def _decoded(token: str) -> str:
    """What a Basic token says; empty where it is none."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def fingerprint(secret: str | Secret, salt: str | bytes) -> str:
    """A salted hash (32 hex digits) that tells two secrets apart and shows neither.

    The health board's identity of a credential, so that a changed key starts clean.
    """
    value = secret.reveal() if isinstance(secret, Secret) else secret
    key = salt if isinstance(salt, bytes) else salt.encode("utf-8", "surrogatepass")
    digest = hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return digest.hexdigest()[:32]
