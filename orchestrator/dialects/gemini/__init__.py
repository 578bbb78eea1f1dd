"""The dialect of Google's Gemini API, ``generateContent`` and ``streamGenerateContent``.

The rules of the room: ``parts``, ``tools``, ``generation`` and ``schema`` each say one piece of
a request both ways; ``http`` alone knows addresses and headers. Every fact of the API has its
source beside it.

Calls may come without an id: they get one that depends on nothing but the answer's bytes
(:func:`~orchestrator.dialects.wire.call_id`). Results are matched by id, else by name in the
order of calls.
"""

from __future__ import annotations

from orchestrator.dialects.encoding import KeyForm
from orchestrator.dialects.framing import StreamFraming
from orchestrator.dialects.gemini import answer, http, request_reader, request_writer, schema, shape
from orchestrator.dialects.gemini.embeddings import EMBEDDINGS
from orchestrator.dialects.gemini.serving import SERVING
from orchestrator.dialects.gemini.stream_reader import GeminiStreamReader
from orchestrator.dialects.gemini.stream_writer import GeminiStreamWriter
from orchestrator.dialects.gemini.vocabulary import NAME
from orchestrator.dialects.operations import Operation
from orchestrator.dialects.record import Dialect
from orchestrator.dialects.token_counts import token_count

__all__ = ["GEMINI"]

GEMINI = Dialect(
    name=NAME,
    keys=(KeyForm("x-goog-api-key"),),
    encode=http.encode,
    read_request=request_reader.read_request,
    losses=request_writer.losses,
    reworded=request_writer.reworded,
    write_request=request_writer.write_request,
    read_whole=answer.read_whole,
    read_answer=answer.read_answer,
    write_answer=answer.write_answer,
    complete_answer=answer.complete_answer,
    stream_reader=GeminiStreamReader,
    stream_writer=GeminiStreamWriter,
    shape=shape.SHAPE,
    serving=SERVING,
    shown_path="/models/MODEL:generateContent",
    framing=StreamFraming(is_listed=True),
    wants_reasoning=shape.wants_reasoning,
    unsupported_keywords=schema.UNSUPPORTED,
    operations={
        Operation.EMBED: EMBEDDINGS,
        Operation.COUNT_TOKENS: token_count(NAME, ":countTokens", http.encode_count, "totalTokens"),
    },
)
"""``POST {base_url}/models/{model}:generateContent``; ``base_url`` is such as
``https://generativelanguage.googleapis.com/v1beta``."""
