"""Counts of tokens: asked of a target that can count, else estimated, and marked as that."""

from __future__ import annotations

import asyncio

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.dialects import dialect
from orchestrator.dialects.token_estimate import estimate_tokens
from orchestrator.gateway.machine_calls import answer_call, headers, read_request
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.serving import call_headers
from orchestrator.serving.parse import Called
from orchestrator.serving.respond import HttpReply, json

MARK = {f"{call_headers.PREFIX}estimate": "true"}
"""What tells a count that nobody made."""


async def answer_count(gateway: Gateway, handling: Handling, called: Called) -> HttpReply:
    """The count that a client asks for, of the first target that can make it, else an estimate.

    Clients ask before each call how much of it fits: an error would keep them from a call that
    a target answers which merely cannot count.

    Raises:
        RequestError: The request makes no sense, or names what the config does not know.
    """
    try:
        return await answer_call(gateway, handling, called)
    except CallFailed as error:
        request = await read_request(handling, called)
        estimated = dialect(request.dialect).operations[request.operation].estimated
        if estimated is None:
            raise
        body = estimated(await asyncio.to_thread(_estimate, request))
        said = call_headers.estimated(error) | headers(gateway, handling, request) | MARK
        return json(200, body, said)


def _estimate(request: Request) -> int:
    return estimate_tokens(request.payload, dialect(request.dialect).shape.words)
