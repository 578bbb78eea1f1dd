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


def operation_body(received: Received) -> dict[str, Any] | None:
    """The body for a request that asks for vectors or a count; ``None`` for any other."""
    path = received.path.partition("?")[0]
    body = received.body if isinstance(received.body, Mapping) else {}
    if path.endswith("/embeddings"):
        return _embeddings(body, received.model or "sim")
    if path.endswith(":batchEmbedContents"):
        return {"embeddings": [{"values": _of_gemini(one)} for one in body.get("requests", ())]}
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
    size = body.get("dimensions") or SIZE
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


def _of_gemini(request: Mapping[str, Any]) -> list[float]:
    model = str(request.get("model", "")).removeprefix("models/")
    text = "".join(part.get("text", "") for part in request["content"]["parts"])
    return vector(model, text, request.get("outputDimensionality") or SIZE)


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
