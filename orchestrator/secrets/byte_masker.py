"""Masks secrets in bytes that are passed on as they come, whatever they are."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.secrets.held import LEAST, Secret
from orchestrator.secrets.masker import LONGEST, Masker

_TAIL = 4096
"""Bytes of a text that are held back at most, until it is known how they go on: longer than any
secret in any spelling."""

_ENDS = (b"\n", b'"', b"}")
"""What no secret has in it: what comes before is not held back, as with each event of a stream."""


class ByteMasker:
    """Passes on the bytes of one body, without secrets.

    A text is read in all spellings, as far as what echoes a secret goes. Beyond that, and in
    sounds and pictures, a secret is looked for as it is: to read those takes too long, and an
    error is neither.

    Args:
        masker: Knows the secrets, and their spellings.
        secrets: Those that are looked for as they are.
        is_text: True where the body is one.
    """

    def __init__(self, masker: Masker, secrets: Iterable[str | Secret], *, is_text: bool) -> None:
        values = (each if isinstance(each, str) else each.reveal() for each in secrets)
        known = {value.encode("utf-8", "replace") for value in values}
        self._secrets = [value for value in known if len(value) >= LEAST]
        self._masker, self._is_text = masker, is_text
        self._seen, self._held = 0, b""

    def feed(self, data: bytes) -> bytes:
        """What may be passed on now that ``data`` is here; the rest is held back."""
        self._seen += len(data)
        whole = self._masked(self._held + data)
        end = self._end(whole)
        self._held = whole[end:]
        return whole[:end]

    def close(self) -> bytes:
        """What was held back, once nothing follows."""
        held, self._held = self._held, b""
        return held

    def _masked(self, data: bytes) -> bytes:
        if self._is_text and self._seen <= LONGEST:
            text = data.decode("latin-1")  # each byte a character, and back
            known = self._masker.known(text)
            return data if known is text else known.encode("latin-1")
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, b"*" * len(secret))
        return data

    def _end(self, data: bytes) -> int:
        """Where that begins which may be the beginning of a secret."""
        if self._is_text and self._seen <= LONGEST:
            after = max(map(data.rfind, _ENDS)) + 1
            return max(after, len(data) - _TAIL)
        return min((_begin(data, secret) for secret in self._secrets), default=len(data))


def _begin(data: bytes, secret: bytes) -> int:
    """Where ``data`` ends with the beginning of ``secret``; its length where it does not."""
    at = max(0, len(data) - len(secret) + 1)
    while (at := data.find(secret[:1], at)) >= 0:
        if secret.startswith(data[at:]):
            return at
        at += 1
    return len(data)
