"""What a whole answer is where no answer of a model is asked for: vectors, or a count of tokens.

A text has the same vector whenever its model is asked, and another one in another model's space.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.sim.received import Received

SIZE = 8
"""Numbers of a vector where the request asks for none."""

MOST = 65_536
"""Numbers that may be asked for: far above any model's (4,096, OpenAI's and Qwen's, 2026-11)."""


class UnreadableRequest(ValueError):
    """A request that a real endpoint would refuse."""


def operation_body(received: Received) -> dict[str, Any] | None:
    """The body for a request that asks for vectors or a count; ``None`` for any other.

    Raises:
        UnreadableRequest: It asks for what there is not.
    """
    path = received.path.partition("?")[0]
    body = received.body if isinstance(received.body, Mapping) else {}
    if path.endswith("/embeddings"):
        return _embeddings(body, received.model or "sim")
    if path.endswith(":batchEmbedContents"):
        return {"embeddings": [{"values": _of_gemini(one)} for one in _batch(body)]}
    if path.endswith(("/count_tokens", "/input_tokens")):
        kind = {"object": "response.input_tokens"} if path.endswith("/input_tokens") else {}
        return {**kind, "input_tokens": _tokens(body)}
    return {"totalTokens": _tokens(body)} if path.endswith(":countTokens") else None


def vector(model: str, text: object, size: int = SIZE) -> list[float]:
    """Numbers from -1 to 1 that depend on the model and the text alone, exact in 4 bytes each."""
    seed = f"{model} {text}".encode(errors="replace")
    parts = hashlib.shake_128(seed).digest(2 * size)
    return [number / 32768 for number in struct.unpack(f"<{size}h", parts)]


def _embeddings(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    given = body.get("input", "")
    texts = given if isinstance(given, list) and not _is_tokens(given) else [given]
    in_base64 = body.get("encoding_format") == "base64"
    size = _size("dimensions", body)
    vectors = [vector(model, text, size) for text in texts]
    tokens = _tokens(texts)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _base64(one) if in_base64 else one}
            for index, one in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _batch(body: Mapping[str, Any]) -> list[Any]:
    requests = body.get("requests")
    if not isinstance(requests, list):
        raise UnreadableRequest("requests is no list of requests")
    return requests


def _of_gemini(request: Any) -> list[float]:
    match request:
        case {"content": {"parts": [*parts]}} if all(isinstance(part, Mapping) for part in parts):
            texts = [part.get("text", "") for part in parts]
        case _:
            raise UnreadableRequest("requests[] has no content.parts")
    if not all(isinstance(text, str) for text in texts):
        raise UnreadableRequest("content.parts[].text is no text")
    model = str(request.get("model", "")).removeprefix("models/")
    return vector(model, "".join(texts), _size("outputDimensionality", request))


def _size(name: str, request: Mapping[str, Any]) -> int:
    wanted = request.get(name)
    if wanted is None:
        return SIZE
    if type(wanted) is int and 1 <= wanted <= MOST:  # a bool is an int too
        return wanted
    raise UnreadableRequest(f"{name} is {wanted!r:.60}; allowed: whole numbers from 1 to {MOST:,}")


def _is_tokens(given: Sequence[Any]) -> bool:
    return all(isinstance(one, int) for one in given)


def _base64(numbers: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


_NAMES = ("model", "role", "type")
"""Fields that name something: no words of anybody."""


def _tokens(value: Any) -> int:
    """A count that grows with the texts: their words."""
    return sum(len(text.split()) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        said = (part for name, part in value.items() if name not in _NAMES)
        yield from (text for part in said for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))
