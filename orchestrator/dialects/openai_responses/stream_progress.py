"""What a reader has told of a stream so far, in a few bytes an item."""

from __future__ import annotations

import zlib

import attrs

Key = int | str
"""An item of the stream: its ``output_index``, else its id."""

Channel = tuple[str, Key, int]
"""One run of content: its kind (``text``, ``thought``, ``call``), its item, its part."""

WHOLE: Channel = ("whole", 0, 0)
"""All texts of the answer, in the order in which they were told."""

LARGEST = 10_000
"""Runs of content in one stream; a hostile server could name new ones for ever."""


@attrs.define
class StreamProgress:
    """What was told, as lengths and checksums."""

    _said: dict[Channel, tuple[int, int]] = attrs.field(factory=dict)
    _calls: dict[Key, int] = attrs.field(factory=dict)
    _signed: set[Key] = attrs.field(factory=set)
    _raw: dict[Key, bool] = attrs.field(factory=dict)
    _parts: dict[Key, int] = attrs.field(factory=dict)

    @property
    def nothing(self) -> bool:
        """True where no content was told yet."""
        return not (self._said or self._calls or self._signed)

    @property
    def full(self) -> bool:
        """True where there is no room for another run of content."""
        return len(self._said) + len(self._calls) + len(self._signed) >= LARGEST

    # Content.

    def add(self, channel: Channel, text: str) -> None:
        """``text`` was told."""
        for where in (channel, WHOLE) if channel[0] == "text" else (channel,):
            length, checksum = self._said.get(where, (0, 0))
            self._said[where] = (length + len(text), zlib.crc32(_bytes(text), checksum))

    def length(self, channel: Channel) -> int:
        """How many characters were told."""
        return self._said.get(channel, (0, 0))[0]

    def rest(self, channel: Channel, whole: str) -> str | None:
        """What of ``whole`` was not told yet; ``None`` where something else was told."""
        length, checksum = self._said.get(channel, (0, 0))
        same = length <= len(whole) and zlib.crc32(_bytes(whole[:length])) == checksum
        return whole[length:] if same else None

    # Calls.

    @property
    def calls(self) -> int:
        """How many calls have begun."""
        return len(self._calls)

    def call(self, key: Key) -> int | None:
        """The number of the call in that item; ``None`` where none has begun."""
        return self._calls.get(key)

    def begin_call(self, key: Key) -> int:
        """A call begins in that item; its number."""
        return self._calls.setdefault(key, len(self._calls))

    def bare_calls(self) -> list[Key]:
        """The items of calls of which no arguments were told."""
        return [key for key in self._calls if not self.length(("call", key, 0))]

    # Thoughts.

    def sign(self, key: Key) -> bool:
        """The thoughts of that item are finished; False where they were before."""
        first = key not in self._signed
        self._signed.add(key)
        return first

    def choose(self, key: Key, *, raw: bool) -> bool:
        """Whether thoughts in this form are to be told: the form that came first is."""
        return self._raw.setdefault(key, raw) is raw

    def turn(self, key: Key, part: int) -> bool:
        """Whether another part of the thoughts begins with ``part``, the first apart."""
        last = self._parts.get(key, part)
        self._parts[key] = part
        return last != part


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
