"""The responses dialect of OpenAI and of those who serve its models.

The rules of the room: what was looked up comes from the API reference at
https://platform.openai.com/docs/api-reference/responses and from the types of the openai
package 3.52.0 (2026-11-21); departures of other servers are named where they are read.
A request is a flat list of items; ``request_reader`` gathers them into turns and
``request_writer`` lays the turns out again, so that each knows the other's order.
"""

from __future__ import annotations

from orchestrator.dialects.embeddings import EMBEDDINGS
from orchestrator.dialects.encoding import KeyForm
from orchestrator.dialects.json_schema import UNSUPPORTED_AT_OPENAI
from orchestrator.dialects.openai_responses import (
    answer,
    http,
    request_reader,
    request_writer,
    shape,
)
from orchestrator.dialects.openai_responses.serving import SERVING
from orchestrator.dialects.openai_responses.stream_reader import ResponsesStreamReader
from orchestrator.dialects.openai_responses.stream_writer import ResponsesStreamWriter
from orchestrator.dialects.openai_responses.vocabulary import NAME
from orchestrator.dialects.operations import Operation
from orchestrator.dialects.record import Dialect
from orchestrator.dialects.token_counts import token_count

__all__ = ["RESPONSES"]

RESPONSES = Dialect(
    name=NAME,
    keys=(KeyForm("authorization", "Bearer"),),
    encode=http.encode,
    read_request=request_reader.read_request,
    losses=request_writer.losses,
    reworded=request_writer.reworded,
    write_request=request_writer.write_request,
    read_whole=answer.read_whole,
    read_answer=answer.read_answer,
    write_answer=answer.write_answer,
    complete_answer=answer.complete_answer,
    stream_reader=ResponsesStreamReader,
    stream_writer=ResponsesStreamWriter,
    shape=shape.SHAPE,
    serving=SERVING,
    shown_path="/responses",
    wants_reasoning=shape.wants_reasoning,
    unsupported_keywords=UNSUPPORTED_AT_OPENAI,
    operations={
        Operation.EMBED: EMBEDDINGS,
        Operation.COUNT_TOKENS: token_count(
            NAME,
            "/responses/input_tokens",
            http.encode_count,
            "input_tokens",
            {"object": "response.input_tokens"},
        ),
    },
)
"""``POST {base_url}/responses``."""
