"""The bytes of a request."""

from __future__ import annotations

import string
from functools import lru_cache

from orchestrator.connections.errors import UnsendableRequest
from orchestrator.http_messages import OutgoingRequest

_PRINTABLE = bytes([*b"\t", *range(0x20, 0x7F), *range(0x80, 0x100)])
"""What may stand in a header: RFC 9110, section 5.5."""

_SHOWN = bytes(each if each in _PRINTABLE or each in b"\r\n" else 0xFF for each in range(256))
"""A table that changes what may not stand in a head; to delete what may takes twice as long."""

_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
"""What a header's name is made of: section 5.6.2."""


def request_bytes(request: OutgoingRequest, proxy_authorization: str | None = None) -> bytes:
    """``request`` as it goes over a connection.

    Args:
        request: What to send.
        proxy_authorization: The header for a proxy that passes it on (RFC 9112, 3.2.2), which
            may be empty; ``None`` where the connection leads to the server.

    Raises:
        UnsendableRequest: The address or a header holds what HTTP cannot say.
    """
    url, lines = request.url, request.headers
    target = url.target if proxy_authorization is None else str(url)
    # Unsaid, any coding is welcome (RFC 9110, 12.5.3), and we read what was asked for alone.
    added = {"host": url.authority, "accept-encoding": "identity", **lines}
    if proxy_authorization:
        added["proxy-authorization"] = proxy_authorization
    if request.content or request.method == "POST":
        added["content-length"] = str(len(request.content))
    line = f"{request.method} {target} HTTP/1.1"
    template = _template((request.method, *added))
    if template is None:
        raise UnsendableRequest("illegal header name")
    head = template % (line, *added.values())
    raw = head.encode("latin-1", "ignore")  # its error would hold the head, and so the key
    if len(raw) != len(head):
        raise UnsendableRequest("illegal header value: a character that is not latin-1")
    # A line break in a value would begin a header, or a request, of somebody else's.
    breaks = len(added) + 1
    if raw.translate(_SHOWN) != raw or not (
        raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n") == breaks
    ):
        raise UnsendableRequest("illegal header value: a line break or a control character")
    words = line.split(" ")
    if len(words) != 3 or words != line.split() or not target.isascii():
        raise UnsendableRequest("illegal address: a space, or a character that is not ASCII")
    return raw + b"\r\n" + request.content


@lru_cache(maxsize=64)  # requests to one provider have the same headers
def _template(names: tuple[str, ...]) -> str | None:
    """The first line and those of headers, with a place for each value.

    Args:
        names: The method's, which is a token too, and those of the headers.

    Returns:
        ``None`` where one of them is no token.
    """
    headers = names[1:]
    if "" in headers or not all(map(_TOKEN.issuperset, names)):
        return None
    return "".join(["%s\r\n", *(f"{name.replace('%', '%%')}: %s\r\n" for name in headers)])
