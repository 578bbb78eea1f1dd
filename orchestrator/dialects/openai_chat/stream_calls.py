"""The tool calls of a stream, which no two servers number alike.

The standard gives each call an index, its id and name in the first piece, and arguments
in all. Seen too: no index; index 0 for every call; no id; id and name in every piece; the
name after the id, or after some arguments; ``null`` for no arguments.

Theory of operation: a piece is of the call that has its id, else of the one that has its
index, else of the last one. A call is told once its name is known, since every client wants
it at the beginning, and its arguments once they are some.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from orchestrator.dialects.finish_reasons import LENGTH
from orchestrator.dialects.neutral import ToolCallDelta
from orchestrator.dialects.openai_chat.messages import function_of, signature_of
from orchestrator.dialects.wire import argument_text, call_id, mapping, parsed_object, string

_NONE = "null"


@attrs.define(eq=False)
class _Begun:
    """A call that has begun.

    Attributes:
        id: What the server calls it, empty where it has not said.
        name: Its name, empty until it is known.
        signature: Its vendor's proof that its model made the call.
        arguments: The pieces of its arguments so far.
        index: Its place among the calls that were told; ``None`` before it is told.
        told: True once some of its arguments were told.
    """

    id: str
    name: str = ""
    signature: str | None = None
    arguments: list[str] = attrs.field(factory=list)
    index: int | None = None
    told: bool = False

    @property
    def whole(self) -> bool:
        """True where its arguments are whole: what follows is another call."""
        ends = bool(self.arguments) and self.arguments[-1].rstrip().endswith("}")
        return ends and parsed_object("".join(self.arguments)) is not None

    def tell(self, more: str) -> str:
        """What can be told now of ``more`` and what waits; nothing that may still be ``null``."""
        # `nul` may become `null`, which stands for no arguments; once anything else was told,
        # pieces go out as they come.
        said = more if self.told else "".join(self.arguments)
        self.told = self.told or not _NONE.startswith(said.strip())
        return said if self.told else ""

    def is_left_by(self, name: str, more: str, *, alone: bool) -> bool:
        """True where a piece that seems to be of this call begins another.

        Args:
            name: The name in the piece.
            more: The arguments in it.
            alone: True where neither an id nor a number says whose it is.
        """
        if not (name and self.name):
            return False
        return (alone and name != self.name) or (bool(more) and self.whole)


@attrs.define
class StreamCalls:
    """Numbers the calls of one stream in the order in which they are told.

    Attributes:
        answer_id: The id of the answer, from which missing ids are made.
        irregular: True once pieces say less, or more, than what was told of them: clients put
            pieces together as they come, so they must be shown the latter.
    """

    answer_id: str = ""
    irregular: bool = False
    _calls: list[_Begun] = attrs.field(factory=list)
    _by_index: dict[int, _Begun] = attrs.field(factory=dict)
    _by_id: dict[str, _Begun] = attrs.field(factory=dict)
    _ids: set[str] = attrs.field(factory=set)  # those that were told

    @property
    def begun(self) -> bool:
        """True once a call has begun."""
        return bool(self._calls)

    def read(self, pieces: Iterable[Mapping[str, Any]]) -> list[ToolCallDelta]:
        """The pieces of one chunk; a piece that adds nothing gives nothing."""
        found: list[ToolCallDelta] = []
        for piece in pieces:
            told = self._read(piece)
            self.irregular = self.irregular or not _is_said(piece, told)
            found += told
        return found

    def end(self, finish: str | None) -> list[ToolCallDelta]:
        """What is left to tell once the model has stopped: no arguments are empty ones.

        Where it stopped at its limit, arguments that did not come are missing. A call whose
        name never came is told without one.
        """
        left: list[ToolCallDelta] = []
        for call in self._calls:
            index = call.index
            if index is None:
                left.append(attrs.evolve(self._begin(call), arguments=call.tell("")))
                index = left[-1].index
            if not call.told and finish != LENGTH:
                call.told = True
                left.append(ToolCallDelta(index, arguments="{}"))
        self.irregular = self.irregular or bool(left)
        return left

    def _read(self, piece: Mapping[str, Any]) -> list[ToolCallDelta]:
        function = function_of(piece)
        more = argument_text(function.get("arguments", function.get("input")))
        call = self._call(piece, string(function.get("name")), more)
        call.arguments += [more] if more else []
        if not call.name:
            return []
        rest = call.tell(more)
        if call.index is None:
            return [attrs.evolve(self._begin(call), arguments=rest)]
        return [ToolCallDelta(call.index, arguments=rest)] if rest else []

    def _call(self, piece: Mapping[str, Any], name: str, more: str) -> _Begun:
        """The call that ``piece`` is of, which it may begin."""
        given, number = string(piece.get("id")), _number(piece)
        call = self._known(given, number, name)
        alone = not given and number is None
        if call is None or call.is_left_by(name, more, alone=alone):
            call = _Begun(given)
            self._calls.append(call)
        call.id, call.name = call.id or given, call.name or name
        call.signature = call.signature or signature_of(piece)
        if number is not None:
            self._by_index[number] = call
        if given:
            self._by_id[given] = call
        return call

    def _known(self, given: str, number: int | None, name: str) -> _Begun | None:
        last, by_id = self._calls[-1] if self._calls else None, self._by_id.get(given)
        if number is None:
            if by_id is not None or not given or last is None:
                return by_id or last
            # An id may come late, too; but beside a second name it is another call's.
            return None if last.id or (name and last.name) else last
        # A number is the strongest sign but for servers that give 0 to every call: there an id
        # that differs from the known one begins another.
        known = self._by_index.get(number)
        if known is None and by_id is None:
            # Another number is another call, unless nothing in the piece begins one.
            return None if given or name else last
        if known is None or (given and known.id and given != known.id):
            return by_id if by_id is not None or name else known
        return known

    def _begin(self, call: _Begun) -> ToolCallDelta:
        call.index = len(self._ids)
        # Two calls with one id would get each other's results.
        id_ = call.id
        if not id_ or id_ in self._ids:
            id_ = call_id(self.answer_id, call.index, call.name)
        self._ids.add(id_)
        return ToolCallDelta(call.index, id_, call.name, signature=call.signature)


def _is_said(piece: Mapping[str, Any], told: list[ToolCallDelta]) -> bool:
    """True where a client that reads ``piece`` learns what was told of it, and nothing twice."""
    if "custom" in piece:
        return True
    function = mapping(piece.get("function"))
    given, name = string(piece.get("id")), string(function.get("name"))
    if not told:
        return not (given or name or function.get("arguments"))
    (delta,) = told
    said = (piece.get("index"), given, name, function.get("arguments") or "")
    return said == (delta.index, delta.id, delta.name, delta.arguments)


def _number(piece: Mapping[str, Any]) -> int | None:
    number = piece.get("index")
    return number if isinstance(number, int) and not isinstance(number, bool) else None
