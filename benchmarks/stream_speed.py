"""What it costs to split and to read a stream: ``python benchmarks/stream_speed.py [--check]``.

The stream has 51 events: 50 chunks of words and the end mark. It arrives whole, in pieces
of 1 KB, and event by event; LF is how most servers end lines, CRLF how Google's do.
Microseconds a stream, the best of several rounds; another parser stands beside ours. With
``--check`` the exit status is 1 where splitting the whole stream takes more than 40.
"""

from __future__ import annotations

import argparse
import sys
import timeit
from collections.abc import Callable, Iterable

import httpx
import httpx_sse
import msgspec

from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import TextDelta
from orchestrator.dialects.openai_chat import chunk
from orchestrator.dialects.sse import ServerSentEvents

LIMIT = 40.0
WORDS = 50
ROUNDS, REPEATS = 15, 200


def events() -> list[bytes]:
    """The stream, one event an item."""
    bodies = (
        chunk(TextDelta(f"word{number} "), id="chatcmpl-1", model="model-1", created=1)
        for number in range(WORDS)
    )
    return [b"data: " + msgspec.json.encode(body) + b"\n\n" for body in bodies] + [
        b"data: [DONE]\n\n"
    ]


def split(pieces: Iterable[bytes]) -> int:
    """Split alone; the number of events."""
    parser = ServerSentEvents()
    return sum(len(parser.feed(piece)) for piece in pieces) + len(parser.close())


def read(pieces: Iterable[bytes]) -> int:
    """Split, decode and turn into deltas; the number of events."""
    reader = dialect("openai-chat").stream_reader()
    return sum(len(reader.feed(piece)) for piece in pieces) + len(reader.close())


def split_by_other(pieces: Iterable[bytes]) -> int:
    """The same by httpx-sse, which takes the response that brings the pieces."""
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=iter(pieces))
    return sum(1 for _ in httpx_sse.EventSource(response).iter_sse())


def microseconds(work: Callable[[Iterable[bytes]], int], pieces: list[bytes]) -> float:
    """The best round: the one that others disturbed least."""
    assert work(pieces) == WORDS + 1
    rounds = timeit.repeat(lambda: work(pieces), number=REPEATS, repeat=ROUNDS)
    return min(rounds) / REPEATS * 1e6


def main() -> int:
    """Measure, print the table, and say by the exit status whether the limit holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 above the limit")
    check = parser.parse_args().check
    each = events()
    whole = b"".join(each)
    arrivals = {
        "whole": [whole],
        "1 KB pieces": [whole[at : at + 1000] for at in range(0, len(whole), 1000)],
        "event by event": each,
        "whole, CRLF": [whole.replace(b"\n", b"\r\n")],
    }
    print(f"{'µs for 51 events':<18}{'split':>8}{'read':>8}{'httpx-sse':>11}")
    for name, pieces in arrivals.items():
        costs = [microseconds(work, pieces) for work in (split, read, split_by_other)]
        print(f"{name:<18}{costs[0]:>8.1f}{costs[1]:>8.1f}{costs[2]:>11.1f}")
    return int(check and microseconds(split, [whole]) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
