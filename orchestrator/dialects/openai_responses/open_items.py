"""Items of a stream that is being written: how each opens, grows and closes."""

from __future__ import annotations

import abc
from typing import Any

import attrs

from orchestrator.dialects.openai_responses import items

Events = list[dict[str, Any]]
"""Events without their number, which the writer gives."""


@attrs.define
class OpenItem(abc.ABC):
    """What all items share.

    Attributes:
        index: The item's place in the output, from 0.
        said: The content so far, in pieces.
        closed: True once its last event was made.
    """

    index: int
    said: list[str] = attrs.field(factory=list, kw_only=True)
    closed: bool = attrs.field(default=False, kw_only=True)

    @property
    def text(self) -> str:
        """The content so far."""
        return "".join(self.said)

    @abc.abstractmethod
    def made(self) -> dict[str, Any]:
        """The finished item."""

    @abc.abstractmethod
    def began(self) -> dict[str, Any]:
        """The item as it opens, empty."""

    @abc.abstractmethod
    def finished(self) -> Events:
        """What closes the content, before the item itself is closed."""

    @abc.abstractmethod
    def add(self, text: str) -> Events:
        """What says more of the content."""

    def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """An event about the content of this item."""
        item_id = self.began()["id"]
        return {"type": kind, "item_id": item_id, "output_index": self.index, **fields}

    def open(self) -> Events:
        """The item's first event."""
        kind = "response.output_item.added"
        return [{"type": kind, "output_index": self.index, "item": self.began()}]

    def close(self) -> Events:
        """The item's last events; nothing where it is closed."""
        if self.closed:
            return []
        self.closed = True
        kind = "response.output_item.done"
        return [*self.finished(), {"type": kind, "output_index": self.index, "item": self.made()}]


@attrs.define
class OpenMessage(OpenItem):
    """A message of the model, with one part."""

    def began(self) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        return items.message_item(self.index, [], "in_progress")

    def made(self) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        return items.message_item(self.index, [items.output_text(self.text)])

    def open(self) -> Events:
        """See :class:`OpenItem`."""
        part = items.output_text("")
        kind = "response.content_part.added"
        return [*OpenItem.open(self), self.event(kind, content_index=0, part=part)]

    def add(self, text: str) -> Events:
        """See :class:`OpenItem`."""
        self.said.append(text)
        kind = "response.output_text.delta"
        return [self.event(kind, content_index=0, delta=text, logprobs=[])]

    def finished(self) -> Events:
        """See :class:`OpenItem`."""
        text, part = self.text, items.output_text(self.text)
        return [
            self.event("response.output_text.done", content_index=0, text=text, logprobs=[]),
            self.event("response.content_part.done", content_index=0, part=part),
        ]


@attrs.define
class OpenReasoning(OpenItem):
    """Thoughts, written as a summary with one part; hidden ones have none."""

    signature: str | None = None

    def began(self) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        return items.reasoning_item(self.index, "", None)

    def made(self) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        return items.reasoning_item(self.index, self.text, self.signature)

    def add(self, text: str) -> Events:
        """See :class:`OpenItem`."""
        first = not self.said
        self.said.append(text)
        delta = self.event("response.reasoning_summary_text.delta", summary_index=0, delta=text)
        return [self._part("added", ""), delta] if first else [delta]

    def finished(self) -> Events:
        """See :class:`OpenItem`."""
        if not self.said:
            return []
        kind, text = "response.reasoning_summary_text.done", self.text
        return [self.event(kind, summary_index=0, text=text), self._part("done", text)]

    def _part(self, what: str, text: str) -> dict[str, Any]:
        part = {"type": "summary_text", "text": text}
        return self.event(f"response.reasoning_summary_part.{what}", summary_index=0, part=part)


@attrs.define
class OpenCall(OpenItem):
    """A call of a tool."""

    call_id: str = ""
    name: str = ""

    def began(self) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        return items.call_item(self.index, self.call_id, self.name, "", "in_progress")

    def made(self) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        return items.call_item(self.index, self.call_id, self.name, self.text)

    def add(self, text: str) -> Events:
        """See :class:`OpenItem`."""
        self.said.append(text)
        return [self.event("response.function_call_arguments.delta", delta=text)]

    def finished(self) -> Events:
        """See :class:`OpenItem`."""
        kind = "response.function_call_arguments.done"
        return [self.event(kind, arguments=self.text, name=self.name)]
