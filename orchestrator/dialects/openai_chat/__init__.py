"""The chat-completions dialect, which most providers speak.

The field names are those of https://platform.openai.com/docs/api-reference/chat and of
the openai package 3.52.0 (looked up 2026-11-21); departures of other providers are named
where they are read.
"""

from __future__ import annotations

from orchestrator.dialects.embeddings import EMBEDDINGS
from orchestrator.dialects.encoding import KeyForm
from orchestrator.dialects.json_schema import UNSUPPORTED_AT_OPENAI
from orchestrator.dialects.openai_chat import (
    answer,
    http,
    request_reader,
    request_writer,
    shape,
)
from orchestrator.dialects.openai_chat.serving import SERVING
from orchestrator.dialects.openai_chat.stream_reader import ChatStreamReader
from orchestrator.dialects.openai_chat.stream_writer import ChatStreamWriter, chunk
from orchestrator.dialects.openai_chat.vocabulary import NAME
from orchestrator.dialects.operations import Operation
from orchestrator.dialects.record import Dialect

__all__ = ["CHAT", "chunk"]

CHAT = Dialect(
    name=NAME,
    keys=(KeyForm("authorization", "Bearer"),),
    encode=http.encode,
    read_request=request_reader.read_request,
    losses=request_writer.losses,
    reworded=request_writer.reworded,
    write_request=request_writer.write_request,
    read_whole=answer.read_whole,
    read_plain=answer.read_plain,
    read_answer=answer.read_answer,
    write_answer=answer.write_answer,
    complete_answer=answer.complete_answer,
    stream_reader=ChatStreamReader,
    stream_writer=ChatStreamWriter,
    shape=shape.SHAPE,
    serving=SERVING,
    shown_path="/chat/completions",
    wants_reasoning=shape.wants_reasoning,
    ask_for_usage=shape.ask_for_usage,
    check_request=shape.check_request,
    unsupported_keywords=UNSUPPORTED_AT_OPENAI,
    operations={Operation.EMBED: EMBEDDINGS},
)
"""``POST {base_url}/chat/completions``."""
