"""Embeddings of OpenAI's form, asked of this dialect: ``models/NAME:batchEmbedContents``.

https://ai.google.dev/api/embeddings (2026-11-30). Its answers may leave out the usage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import embeddings
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.embeddings import write_answer
from orchestrator.dialects.encoding import EndpointSettings, Payload, post
from orchestrator.dialects.gemini.answer import read_usage
from orchestrator.dialects.gemini.http import model_path
from orchestrator.dialects.gemini.vocabulary import field
from orchestrator.dialects.judgement import Flawed
from orchestrator.dialects.loss import Loss, Weight, effort, parameter
from orchestrator.dialects.operations import OperationSpec
from orchestrator.dialects.wire import decoded, mapping, mappings
from orchestrator.http_messages import OutgoingRequest

_SAID = frozenset({"model", "input", "dimensions", "encoding_format"})
"""What is said here too, or is done here: the vectors come as numbers, whatever is asked."""


def encode(
    payload: Payload, *, provider: EndpointSettings, model: str, overrides: Payload
) -> OutgoingRequest:
    """See :class:`orchestrator.dialects.encoding.EncodeOperation`."""
    named = model_path(model)
    own = {"dimensions": payload.get("dimensions"), **overrides}
    size = own.pop("dimensions")
    common = {"model": named, **own, **({} if size is None else {"outputDimensionality": size})}
    requests = [
        {**common, "content": {"parts": [{"text": text}]}} for text in embeddings.inputs(payload)
    ]
    return post(provider, f"{named}:batchEmbedContents", {"requests": requests}, stream=False)


def losses(payload: Payload) -> tuple[Loss, ...]:
    """See :class:`.OperationSpec`: a kind of vector that is asked for by another name is lost."""
    foreign = [name for name in payload if name not in _SAID]
    lost = [effort(name) if name == "user" else parameter(name) for name in foreign]
    if not all(isinstance(each, str) for each in embeddings.inputs(payload)):
        lost.append(Loss(("input",), Weight.NEEDED, ("an input that is no text",)))
    return tuple(lost)


def decode(
    asked: Payload, status: int, headers: Mapping[str, str], body: bytes
) -> Answer | Fault | Flawed:
    """See :data:`.DecodeFor`."""
    content = decoded(body)
    if 200 <= status < 300 and isinstance(content, dict):
        sizes = list(map(embeddings.size, _values(content)))
        if sizes and all(sizes):
            usage = read_usage(field(content, "usageMetadata"))
            answer = Answer("", usage=usage, raw=content)
            return embeddings.judge(asked, status, sizes, answer)
    return Fault(status, dict(headers.items()), content)


def complete_answer(body: Payload, asked: Payload, model: str) -> dict[str, Any]:
    """See :class:`.OperationSpec`: in OpenAI's form, in the format that was asked for."""
    return write_answer(
        [embeddings.floats(values) for values in _values(body)],
        model=model,
        usage=read_usage(field(body, "usageMetadata")),
        in_base64=asked.get("encoding_format") == "base64",
    )


def _values(body: Mapping[str, Any]) -> list[Any]:
    return [mapping(one).get("values") for one in mappings(body.get("embeddings"))]


EMBEDDINGS = OperationSpec(
    form=embeddings.FORM,
    encode=encode,
    decode=decode,
    check_request=embeddings.check_request,
    losses=losses,
    complete_answer=complete_answer,
)
