"""The tool calls of a stream, which no two servers number alike.

The standard gives each call an index, its id and name in the first piece, and arguments
in all. Seen too: no index; index 0 for every call; no id; id and name in every piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from orchestrator.dialects.neutral import ToolCallDelta
from orchestrator.dialects.openai_chat.answer import call_id
from orchestrator.dialects.openai_chat.messages_reader import arguments_of, signature_of
from orchestrator.dialects.wire import mapping, string


@attrs.define
class _Begun:
    """A call that has begun: where it is numbered, and what the server calls it."""

    index: int
    id: str
    name: str


@attrs.define
class StreamCalls:
    """Numbers the calls of one stream in the order of their beginning.

    Attributes:
        answer_id: The id of the answer, from which missing ids are made.
    """

    answer_id: str = ""
    _by_index: dict[int, _Begun] = attrs.field(factory=dict)
    _last: _Begun | None = None
    _count: int = 0

    def read(self, pieces: Iterable[Mapping[str, Any]]) -> Iterator[ToolCallDelta]:
        """The pieces of one chunk; a piece that adds nothing gives nothing."""
        for piece in pieces:
            function = mapping(piece.get("function"))
            arguments = arguments_of(function)
            call = self._continued(piece, function)
            if call is None:
                yield self._begin(piece, function, arguments)
            elif arguments:
                yield ToolCallDelta(call.index, arguments=arguments)

    def _continued(self, piece: Mapping[str, Any], function: Mapping[str, Any]) -> _Begun | None:
        """The call that ``piece`` goes on with; ``None`` where it begins one."""
        number = _number(piece)
        known = self._last if number is None else self._by_index.get(number)
        given, name = string(piece.get("id")), string(function.get("name"))
        if known is None:
            return None if given or name else self._last
        if given and name and given != known.id:
            return None
        # Without a number, another name is another call.
        return None if number is None and name not in ("", known.name) else known

    def _begin(
        self, piece: Mapping[str, Any], function: Mapping[str, Any], arguments: str
    ) -> ToolCallDelta:
        given, name, index = string(piece.get("id")), string(function.get("name")), self._count
        self._count += 1
        self._last = _Begun(index, given, name)
        if (number := _number(piece)) is not None:
            self._by_index[number] = self._last
        made = call_id(given, self.answer_id, index)
        return ToolCallDelta(index, made, name, arguments, signature_of(piece))


def _number(piece: Mapping[str, Any]) -> int | None:
    number = piece.get("index")
    return number if isinstance(number, int) else None
