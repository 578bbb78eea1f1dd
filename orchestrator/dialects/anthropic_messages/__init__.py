"""The Messages dialect of Anthropic, and of everybody who serves it: ``anthropic-messages``.

The rules of the room: names and shapes are those of
https://platform.claude.com/docs/en/api/messages and of version 2.11 of the vendor's Python
package (both looked up 2026-11-21). ``vocabulary`` holds the words that both directions
share; a reader never raises for what a provider sent.
"""

from __future__ import annotations

from orchestrator.dialects.anthropic_messages import (
    answer,
    http,
    reasoning,
    request_reader,
    request_writer,
    shape,
)
from orchestrator.dialects.anthropic_messages.serving import SERVING
from orchestrator.dialects.anthropic_messages.stream_reader import AnthropicStreamReader
from orchestrator.dialects.anthropic_messages.stream_writer import AnthropicStreamWriter
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.operations import Operation
from orchestrator.dialects.record import Dialect
from orchestrator.dialects.token_counts import token_count

__all__ = ["MESSAGES"]

MESSAGES = Dialect(
    name=NAME,
    keys=http.KEYS,
    encode=http.encode,
    read_request=request_reader.read_request,
    losses=request_writer.losses,
    reworded=request_writer.reworded,
    write_request=request_writer.write_request,
    read_whole=answer.read_whole,
    read_answer=answer.read_answer,
    write_answer=answer.write_answer,
    complete_answer=answer.complete_answer,
    stream_reader=AnthropicStreamReader,
    stream_writer=AnthropicStreamWriter,
    shape=shape.SHAPE,
    serving=SERVING,
    shown_path="/messages",
    wants_reasoning=shape.wants_reasoning,
    takes_prefill=reasoning.takes_prefill,
    unsupported_keywords=request_writer.UNSUPPORTED,
    operations={
        Operation.COUNT_TOKENS: token_count(
            NAME,
            "/messages/count_tokens",
            http.encode_count,
            "input_tokens",
            check_request=shape.check_count,
        )
    },
)
"""``POST {base_url}/messages``."""
