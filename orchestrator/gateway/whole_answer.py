"""Answer of a request in one message: an extension of ASGI that our own connections offer.

ASGI has two messages for it, and headers as pairs of bytes, of which a server makes lines again
after it has looked at each. To write them as they stand in an answer, in one go with its body,
takes a fifth of the instructions (2026-11). A server that does not offer it gets the two.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, MutableMapping
from typing import Any

EXTENSION = "orchestrator.whole"
"""Its name in a scope's ``extensions``, and the type of its message.

The message has a ``status``, ``headers`` (a mapping of text, names in lower case, without a
``content-length``) and the ``body``.
"""

OFFERED: dict[str, dict[object, object]] = {EXTENSION: {}}
"""The ``extensions`` of a scope that offer it."""

_PRINTABLE = bytes([*b"\t", *range(0x20, 0x7F), *range(0x80, 0x100)])
"""What may stand in a header: RFC 9110, section 5.5."""

_TOKEN = (string.ascii_lowercase + string.digits + "!#$%&'*+-.^_`|~").encode()
"""What a header's name is made of: section 5.6.2."""


def is_offered(scope: MutableMapping[str, Any]) -> bool:
    """Whether the server takes an answer in one message."""
    return EXTENSION in (scope.get("extensions") or ())


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The lines of ``headers``.

    Raises:
        ValueError: One of them holds what HTTP cannot say.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("latin-1")
    # A line break in a value would begin a header, or an answer, of somebody else's.
    if lines.translate(None, _PRINTABLE) != b"\r\n" * len(headers):
        raise ValueError("a header of an answer has a line break or a control character")
    if "".join(headers).encode("latin-1").translate(None, _TOKEN) or "" in headers:
        raise ValueError("a header of an answer has an illegal name")
    return lines
