"""Answer of a request in one message: an extension of ASGI that our own connections offer.

ASGI has two messages for it, and headers as pairs of bytes, of which a server makes lines again
after it has looked at each. To write them as they stand in an answer, in one go with its body,
takes a fifth of the instructions (2026-11). A server that does not offer it gets the two.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

EXTENSION = "orchestrator.whole"
"""Its name in a scope's ``extensions``, and the type of its message.

The message has a ``status``, ``headers`` (a mapping of text, names in lower case, without a
``content-length``) and the ``body``.
"""

OFFERED: dict[str, dict[object, object]] = {EXTENSION: {}}
"""The ``extensions`` of a scope that offer it."""

_TOKEN = frozenset(string.ascii_lowercase + string.digits + "!#$%&'*+-.^_`|~")
"""What a header's name is made of: RFC 9110, section 5.6.2."""


def is_offered(scope: MutableMapping[str, Any]) -> bool:
    """Whether the server takes an answer in one message."""
    return EXTENSION in (scope.get("extensions") or ())


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The lines of ``headers``.

    Raises:
        ValueError: One of them holds what HTTP cannot say.
    """
    # A line break in a value would begin a header, or an answer, of somebody else's: section 5.5
    # names these three. That values are printable is seen to where each is made.
    values = "".join(headers.values())
    if "\r" in values or "\n" in values or "\0" in values:
        raise ValueError("a header of an answer has a line break")
    return (_template(tuple(headers)) % tuple(headers.values())).encode("latin-1")


@lru_cache(maxsize=64)  # answers of one kind have the same headers
def _template(names: tuple[str, ...]) -> str:
    """The lines of headers of these names, with a place for each value."""
    if not all(name and _TOKEN.issuperset(name) for name in names):
        raise ValueError("a header of an answer has an illegal name")
    return "".join(f"{name.replace('%', '%%')}: %s\r\n" for name in names)
