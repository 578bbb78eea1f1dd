"""What a header may be, and which headers are ours alone.

Names and values: RFC 9110, sections 5.1 and 5.5.
"""

from __future__ import annotations

import re

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
"""On one line, of latin-1, without control characters."""

LARGEST = 16_384
"""Characters of all headers of a caller together: what common servers take (Node.js 16 kB,
nginx four lines of 8 kB, 2026-11). Some answer more with a reset, which would look like a
fault of their own."""

LENGTH = frozenset({"content-length", "transfer-encoding"})
"""They say where a request ends; a second word on it lets a request be smuggled in."""

FRAMING = LENGTH | {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"),
    *("host", "content-type", "content-encoding", "accept-encoding"),
}
"""They frame a request, or say how its bytes are to be read: the transport's."""

AUTHENTICATING = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"),
        *("x-goog-api-key", "x-auth-token", "x-amz-security-token"),
    }
)
"""They say who asks, which the credential does."""
