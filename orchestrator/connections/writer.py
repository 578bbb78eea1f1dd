"""The bytes of a request."""

from __future__ import annotations

from orchestrator.connections.errors import UnsendableRequest
from orchestrator.http_messages import OutgoingRequest


def request_bytes(request: OutgoingRequest, proxy_authorization: str | None = None) -> bytes:
    """``request`` as it goes over a connection.

    Args:
        request: What to send.
        proxy_authorization: The header for a proxy that passes it on (RFC 9112, 3.2.2), which
            may be empty; ``None`` where the connection leads to the server.

    Raises:
        UnsendableRequest: A header holds what HTTP cannot say.
    """
    url, lines = request.url, request.headers
    target = url.target if proxy_authorization is None else str(url)
    added = {"host": url.authority, **lines}
    if proxy_authorization:
        added["proxy-authorization"] = proxy_authorization
    if request.content or request.method == "POST":
        added["content-length"] = str(len(request.content))
    head = f"{request.method} {target} HTTP/1.1\r\n"
    head += "".join([f"{name}: {value}\r\n" for name, value in added.items()])
    # A line break in a value would begin a header, or a request, of somebody else's.
    if head.count("\n") != len(added) + 1 or head.count("\r") != len(added) + 1 or "\0" in head:
        raise UnsendableRequest("illegal header value: a line break or a NUL")
    try:
        return head.encode("latin-1") + b"\r\n" + request.content
    except UnicodeEncodeError:
        raise UnsendableRequest("illegal header value: a character that is not latin-1") from None
