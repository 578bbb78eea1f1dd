"""Embeddings in the one form that clients speak: OpenAI's ``POST /embeddings``.

https://platform.openai.com/docs/api-reference/embeddings, the openai package 3.57.0
(2026-11-30). Departures of other servers are named where they are read.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from orchestrator.dialects.answer import Answer, Fault, Usage
from orchestrator.dialects.completion import without_nulls
from orchestrator.dialects.encoding import EndpointSettings, Payload, post, with_model
from orchestrator.dialects.judgement import Flaw, Flawed
from orchestrator.dialects.operations import OperationSpec
from orchestrator.dialects.request_fields import RequestError, kind_of
from orchestrator.dialects.wire import count, decoded, mapping, string
from orchestrator.http_messages import OutgoingRequest

FORM = "embeddings"
_INPUT = "input"
_CHAT, _PATH = "chat/completions", "embeddings"

Vector = tuple[float, ...]


# Requests.


def check_request(payload: Payload) -> None:
    """Refuse what asks for the vectors of nothing.

    Raises:
        RequestError: The text names the place.
    """
    given = payload.get(_INPUT)
    if not isinstance(given, str | list):
        raise RequestError(f"'input' is {kind_of(given)}; allowed: a text or a list of texts")
    if not given:
        found = "an empty text" if given == "" else "an empty list"
        raise RequestError(f"'input' is {found}; at least one text is needed")
    model = payload.get("model")
    if model is not None and not isinstance(model, str):
        raise RequestError(f"'model' is {kind_of(model)}; allowed: a route or provider/model")


def inputs(payload: Payload) -> list[Any]:
    """What a vector each is asked of: texts, or lists of a text's tokens."""
    given = payload[_INPUT]
    # Numbers are the tokens of one text; lists of them are texts again.
    is_one = isinstance(given, str) or isinstance(given[0], int)
    return [given] if is_one else list(given)


def encode(
    payload: Payload, *, provider: EndpointSettings, model: str, overrides: Payload
) -> OutgoingRequest:
    """See :class:`orchestrator.dialects.encoding.EncodeOperation`."""
    passed = {name: value for name, value in payload.items() if name not in provider.omitted}
    # A relay with an address of its own for chats has its embeddings beside them.
    path = provider.path.replace(_CHAT, _PATH).replace("{model}", quote(model, safe="")) or _PATH
    body = with_model({**passed, **overrides}, model, stream=False)
    return post(provider, path, body, stream=False)


# Answers.


def decode(
    asked: Payload, status: int, headers: Mapping[str, str], body: bytes
) -> Answer | Fault | Flawed:
    """See :data:`.DecodeFor`."""
    content = decoded(body)
    if 200 <= status < 300 and isinstance(content, dict):
        data = _data(content)
        sizes = [size(mapping(item).get("embedding")) for item in data]
        if sizes and all(sizes):
            judged = judge(asked, status, sizes, _answer(content))
            if isinstance(judged, Answer) and _order(data) is None:
                return Flawed(status, Flaw.VECTOR_ORDER, judged)
            return judged
    return Fault(status, dict(headers.items()), content)


def _answer(content: dict[str, Any]) -> Answer:
    told = content.get("usage")
    # Voyage AI tells only the sum (https://docs.voyageai.com/reference/embeddings-api, 2026-11-30).
    total = count(told, "total_tokens")
    prompt = count(told, "prompt_tokens") or total
    usage = Usage(prompt_tokens=prompt, total_tokens=total or prompt)
    said = string(content.get("id")), string(content.get("model"))
    return Answer("", (), None, usage, *said, content)


def _data(content: Mapping[str, Any]) -> list[Any]:
    """What stands for vectors in an answer, as it came; empty where nothing does."""
    data = content.get("data")
    return [] if content.get("error") or not isinstance(data, list) else data


def _in_order(data: Sequence[Any]) -> list[dict[str, Any]]:
    """``data`` in the order of the inputs."""
    order = _order(data)
    return [mapping(data[place]) for place in (range(len(data)) if order is None else order)]


def _order(data: Sequence[Any]) -> Sequence[int] | None:
    """Where in ``data`` the vector of each input stands; ``None`` where that is contradictory."""
    count, told = len(data), [mapping(item).get("index") for item in data]
    numbers = [_whole(index) for index in told]
    # Some servers number none, or give each the number 0: then the order is the list's. One
    # vector has only one order.
    if count < 2 or told.count(None) == count or numbers.count(0) == count:
        return range(count)
    first = 0 if 0 in numbers else 1  # some count from 1
    placed = {number - first: place for place, number in enumerate(numbers)}
    return [placed[index] for index in range(count)] if placed.keys() == {*range(count)} else None


def _whole(index: Any) -> int:
    """The number that an index means, also as ``1.0`` or ``"1"``; -1 where it means none."""
    if isinstance(index, str) and index.isascii() and index.isdigit() and len(index) < _DIGITS:
        return int(index)
    if isinstance(index, float) and index.is_integer():
        return int(index)
    return index if type(index) is int else -1  # a bool is an int too


_DIGITS = 20
"""More than any index has, and fewer than Python refuses to read."""


def size(value: Any) -> int:
    """How many numbers a vector has that is written as it came; 0 where it is none."""
    try:
        return len(floats(value))
    except ValueError:  # also what msgspec and base64 raise
        return 0


def floats(value: Any) -> Sequence[float]:
    """The numbers of a vector as it came.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, str):
        return msgspec.convert(value, list[float])  # its ValidationError is a ValueError
    numbers = array("f")  # 4 bytes each, the least significant first
    numbers.frombytes(base64.b64decode(value, validate=True))
    if sys.byteorder == "big":
        numbers.byteswap()
    # One step for all: 4 bytes each cannot add up to what 8 do not hold.
    if not math.isfinite(sum(numbers)):
        raise ValueError("a number that is not finite")
    return numbers


def judge(asked: Payload, status: int, sizes: Sequence[int], answer: Answer) -> Answer | Flawed:
    """``answer``, or what is wrong with its vectors: they must be those that were asked for."""
    if len(sizes) != len(inputs(asked)):
        return Flawed(status, Flaw.VECTOR_COUNT, answer)
    found, wanted = set(sizes), asked.get("dimensions")
    # A server that does not know the field sends its own size, which fits no index.
    if len(found) > 1 or (isinstance(wanted, int) and found != {wanted}):
        return Flawed(status, Flaw.VECTOR_SIZE, answer)
    return answer


def complete_answer(body: Payload, asked: Payload, model: str) -> dict[str, Any]:
    """See :class:`.OperationSpec`: base64 goes only to whoever asked for it.

    In the order of the inputs, and numbered from 0: most clients take the order of the list.
    """
    in_base64 = asked.get("encoding_format") == "base64"
    counted = _answer(dict(body)).usage
    return {
        **body,
        "object": _LIST,
        "model": string(body.get("model")) or model,
        "data": [
            {**item, **_vector(item, index, in_base64=in_base64)}
            for index, item in enumerate(_in_order(_data(body)))
        ],
        "usage": {**without_nulls(mapping(body.get("usage"))), **_written_usage(counted)},
    }


_LIST, _ITEM = "list", "embedding"


def _vector(item: Mapping[str, Any], index: int, *, in_base64: bool) -> dict[str, Any]:
    vector = item.get(_ITEM)
    readable = floats(vector) if isinstance(vector, str) and not in_base64 else vector
    # An array is none of the types that JSON is written of.
    return {"object": _ITEM, "index": index, _ITEM: _listed(readable)}


def _listed(vector: Any) -> Any:
    return list(vector) if isinstance(vector, array) else vector


def _written_usage(usage: Usage) -> dict[str, int]:
    return {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.total_tokens}


def write_answer(
    vectors: Sequence[Sequence[float]], *, model: str, usage: Usage, in_base64: bool = False
) -> dict[str, Any]:
    """Vectors in the order of the inputs as OpenAI's ``list``."""
    write = _base64 if in_base64 else list
    return {
        "object": _LIST,
        "data": [
            {"object": _ITEM, "index": index, _ITEM: write(vector)}
            for index, vector in enumerate(vectors)
        ],
        "model": model,
        "usage": _written_usage(usage),
    }


def _base64(vector: Sequence[float]) -> str:
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def vectors_of(body: Payload) -> tuple[Vector, ...]:
    """The vectors in ``body``, an answer in this form, in the order of the inputs."""
    return tuple(tuple(floats(item.get("embedding"))) for item in _in_order(_data(body)))


EMBEDDINGS = OperationSpec(
    form=FORM,
    paths=("/embeddings",),
    encode=encode,
    decode=decode,
    optional=frozenset({"encoding_format"}),  # the openai packages ask everybody for base64
    check_request=check_request,
    complete_answer=complete_answer,
)
"""``POST {base_url}/embeddings``, of every dialect that OpenAI's endpoints speak."""
