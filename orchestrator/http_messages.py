"""HTTP messages as a call needs them: an address, a request to send, the head of an answer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Never
from urllib.parse import quote, urlsplit

import attrs
import msgspec

from orchestrator.secrets import Secret, SecretAddress

PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?[]|^`{}"
_BRACKETS = re.compile(r"([^\[\]]*@)?(\[[^\[\]]*\](:[0-9]*)?|[^\[\]]*)")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_IPV4 = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)


def _shown(target: str) -> str:
    return repr(SecretAddress(target))


@attrs.frozen
class Address:
    """Where a request goes.

    Attributes:
        scheme: ``http`` or ``https``, in lower case.
        host: A name in ASCII, an IPv4 address, or an IPv6 address without its brackets.
        port: That of the scheme where the address names none.
        target: Path and query, percent-encoded; a query may be a secret, and is not shown.
    """

    scheme: str
    host: str
    port: int
    target: str = attrs.field(repr=_shown)

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that ``text`` is.

        Raises:
            ValueError: It is none, or neither http nor https.
        """
        if _UNPRINTABLE.search(text):
            raise ValueError("a space or a control character")
        parts = urlsplit(text)  # a ValueError of its own for most brackets
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("no http:// or https:// with a host")
        if not _BRACKETS.fullmatch(parts.netloc):
            raise ValueError("brackets that hold no IPv6 address")
        port = PORTS[parts.scheme] if parts.port is None else parts.port
        target = quote(parts.path, safe=_PATH_SAFE) or "/"
        if parts.query:
            target += f"?{quote(parts.query, safe=_QUERY_SAFE)}"
        return cls(parts.scheme, ascii_host(parts.hostname), port, target)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who is asked, and never another for the same connection."""
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """The value of ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def ascii_host(host: str) -> str:
    """``host``, in lower case, as DNS knows it.

    Raises:
        ValueError: It is no host.
    """
    if ":" in host:
        ipaddress.IPv6Address(host)
        return host
    if _IPV4.fullmatch(host):
        ipaddress.IPv4Address(host)
        return host
    if host.isascii() and "xn--" not in host:
        return host
    import idna

    # An IDNAError is a ValueError. Decoded too, since not everything is IDNA that begins so.
    encoded = idna.encode(host).decode()
    idna.decode(encoded)
    return encoded


@attrs.frozen(cache_hash=True)
class ConnectionOptions:
    """What a provider's config says of its connections.

    Attributes:
        verify: Whom to trust: a PEM file or a folder; empty for what the environment says,
            ``False`` for anybody.
        proxy: The address of a proxy, empty for none whatever the environment says; ``None``
            for what that says.
        http2: Whether HTTP/2 is offered.
    """

    verify: str | Literal[False] = ""
    proxy: Secret | None = None
    http2: bool = False


DEFAULT_OPTIONS = ConnectionOptions()
"""Of a provider whose config says nothing of connections."""


@attrs.define(repr=False)  # its headers hold a key
class OutgoingRequest:
    """A request to send.

    Attributes:
        method: In capitals.
        url: Where it goes.
        headers: By name in lower case; latin-1, on one line each. ``content-length`` is the
            transport's, and ``host`` where it is not named here.
        content: The body.
        options: Of the connection that carries it.
        longest_silence: Seconds that a read of the answer may take, for transports that must
            know it beforehand.
        is_resent: True where a kept connection has failed it: a new one carries it now.
    """

    method: str
    url: Address
    headers: dict[str, str] = attrs.field(factory=dict)
    content: bytes = b""
    options: ConnectionOptions = DEFAULT_OPTIONS
    longest_silence: float = 0.0
    is_resent: bool = False

    def __reduce__(self) -> Never:
        raise TypeError("a request that is on its way holds a key, which nothing may keep")


class ResponseHeaders(Mapping[str, str]):
    """Headers of an answer by name, in whatever case; several of one name are joined by a comma.

    Args:
        raw: Names and values as they came, in order.
    """

    __slots__ = ("_by_name", "_raw")

    def __init__(self, raw: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._raw = raw
        self._by_name: dict[str, str] | None = None

    @classmethod
    def of(cls, pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> ResponseHeaders:
        """Headers of which name and value are texts."""
        items = pairs.items() if isinstance(pairs, Mapping) else pairs
        return cls([(name.encode("latin-1"), value.encode()) for name, value in items])

    def __getitem__(self, name: str) -> str:
        return self._read()[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of ``name``, else ``default``."""
        # A mapping's own raises and catches an error for each header that is not there.
        return self._read().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def items(self) -> ItemsView[str, str]:
        """Names in lower case, and values."""
        return self._read().items()  # a mapping's own would look each of them up

    def only(self, is_wanted: Callable[[bytes], bool]) -> ResponseHeaders:
        """Some of them alone, for who keeps them longer than the answer, or wants few.

        Args:
            is_wanted: Told a name as it came, in whatever case. Best one that remembers: the
                answers of a provider have the same two dozen names.
        """
        return ResponseHeaders([pair for pair in self._raw if is_wanted(pair[0])])

    def _read(self) -> dict[str, str]:
        # Not before somebody asks: most answers are read without their headers.
        if self._by_name is None:
            read: dict[str, str] = {}
            for raw_name, raw_value in self._raw:
                name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
                read[name] = f"{read[name]}, {value}" if name in read else value
            self._by_name = read
        return self._by_name


def _text(value: bytes) -> str:
    try:
        return value.decode()  # RFC 9110 knows no charset; servers that write others write UTF-8
    except UnicodeDecodeError:
        return value.decode("latin-1")


class ResponseHead(msgspec.Struct, frozen=True):
    """The head of an answer.

    Attributes:
        status: The HTTP status.
        headers: See :class:`ResponseHeaders`.
        length: Bytes of the body as it will be read; ``None`` where only its end tells.
    """

    status: int
    headers: ResponseHeaders = msgspec.field(default_factory=ResponseHeaders)
    length: int | None = None

    @property
    def is_success(self) -> bool:
        """True for a status of 2xx."""
        return 200 <= self.status < 300
