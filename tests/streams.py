"""What a client reads of a stream of server-sent events."""

from __future__ import annotations

import json
from typing import Any


def events_of(data: bytes | str) -> list[Any]:
    """The data of every event, without end marks of chat completions."""
    text = data.decode() if isinstance(data, bytes) else data
    lines = text.replace("\r\n", "\n").split("\n")
    found = (line[5:].strip() for line in lines if line.startswith("data:"))
    return [json.loads(one) for one in found if one != "[DONE]"]
