"""A page of the inspector that watches, without a browser."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

from tests.orchestrator.gateway.running import CHAT, HI, Running, ServedGateway
from tests.waiting import eventually

EVENTS = "/inspector/events"

Event = dict[str, Any]


def events_in(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream, without the pings."""
    return (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data:"))


@contextlib.contextmanager
def watching(served: ServedGateway, key: str = "") -> Iterator[Iterator[Event]]:
    """The events that are told until the block ends, as they come."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with served.client(headers=headers) as client, client.stream("GET", EVENTS) as answer:
        assert answer.status_code == 200, answer.read()
        yield events_in(answer.iter_lines())


@contextlib.contextmanager
def hanging_call(served: Running) -> Iterator[socket.socket]:
    """A call at the provider ``up``, which does not answer; its caller, who may hang up."""
    body = json.dumps(HI).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert eventually(lambda: bool(served.providers.received("up")))
        yield client


def until(events: Iterator[Event], is_last: Callable[[Event], bool]) -> list[Event]:
    """The events up to the first that is the last."""
    found: list[Event] = []
    for event in events:
        found.append(event)
        if is_last(event):
            return found
    raise AssertionError(f"the stream ended after {found}")


def until_over(events: Iterator[Event]) -> list[Event]:
    """The events up to the end of a call."""
    return until(events, lambda event: event["kind"] == "over")
