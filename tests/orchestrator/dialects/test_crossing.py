"""What differs is told: thoughts, best efforts, what the policy lets go, other words."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.dialects import crossing, dialect
from orchestrator.dialects.neutral import Conversation

HI = {"role": "user", "content": "hi"}
FILM = {"type": "video_url", "video_url": {}}


def asked(*messages: dict[str, Any], **fields: Any) -> Conversation:
    return dialect("openai-chat").read_request({"messages": list(messages or [HI]), **fields})


@pytest.mark.parametrize(
    ("there", "conversation", "notes"),
    [
        ("gemini", asked(), ()),
        (
            "anthropic-messages",
            asked(seed=1, store=True, metadata={"a": "b"}),
            ("left out, for it asks for best effort only: seed, metadata, store",),
        ),
        (
            "gemini",
            asked({"role": "user", "content": [FILM]}, n=2),
            ("left out, as the policy allows: n, messages[0].content[0] video_url",),
        ),
        ("openai-responses", asked(stop="x"), ("stop is cut here, for it cannot be sent",)),
        (
            "openai-responses",
            asked(HI, {"role": "assistant", "content": "a", "reasoning_content": "hm"}),
            ("1 thought of another vendor left out",),
        ),
        (
            "anthropic-messages",
            asked(response_format={"type": "json_object"}),
            ("response_format json_object is asked for by an instruction",),
        ),
    ],
)
def test_each_difference_has_a_note(
    there: str, conversation: Conversation, notes: tuple[str, ...]
) -> None:
    assert crossing.notes(conversation, dialect(there)) == notes
