"""Pages about the gateway itself: whether it is well, what it serves, what became of calls."""

from __future__ import annotations

import asyncio
import math
from typing import Any
from urllib.parse import parse_qsl

from orchestrator.gateway.call_filter import CallFilter
from orchestrator.gateway.call_store import SHORTEST
from orchestrator.gateway.keys import check_routes
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.serving.model_list import model_list, model_named
from orchestrator.serving.parse import client_dialect
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import HttpReply, json
from orchestrator.states import Mark

_JSON = {"content-type": "application/json"}


def alive(gateway: Gateway) -> HttpReply:
    """That the process answers."""
    return json(200, {"status": "alive", "instance": gateway.instance}, {})


def ready(gateway: Gateway, *, may_see: bool) -> HttpReply:
    """Whether it takes calls; to those who may see it with the config and what is degraded."""
    status = "draining" if gateway.is_draining else "ready"
    said: dict[str, Any] = {"status": status, "instance": gateway.instance}
    if may_see:
        # Where the shared board cannot be used no call fails: so it is told, and still ready.
        board = gateway.orchestrator.board.store.trouble or "ok"
        said |= {"config": gateway.config.digest, "board": board, "degraded": _degraded(gateway)}
    return json(503 if gateway.is_draining else 200, said, {})


def _degraded(gateway: Gateway) -> list[dict[str, Any]]:
    """What cannot be asked now, and until when; no request is sent to find out."""
    targets = dict.fromkeys(t for route in gateway.config.routes.values() for t in route)
    rows = gateway.orchestrator.board.snapshot(targets)
    return [
        {
            "provider": row.provider,
            "credential": row.credential,
            "model": row.model,
            "mark": row.mark.value,
            "until": row.until if row.until is not None and math.isfinite(row.until) else None,
        }
        for row in rows
        if row.mark in (Mark.BENCH, Mark.CIRCUIT, Mark.DEAD)
    ]


def models(gateway: Gateway, handling: Handling) -> HttpReply:
    """The routes and targets that the key may ask, or one of them.

    Raises:
        RequestRefused: The one is not for the key.
        UnknownRoute: There is none of that name.
    """
    incoming, key = handling.incoming, handling.key
    spoken, since = client_dialect(incoming), int(gateway.started)

    def allows(name: str) -> bool:
        return key is None or key.allows(name)

    if (named := model_named(incoming.path, gateway.config)) and key is not None:
        check_routes(key, named)
    return json(200, model_list(incoming.path, gateway.config, spoken, since, allows), {})


def calls(gateway: Gateway, handling: Handling, call: str) -> HttpReply:
    """What became of one call, or of the newest; of those that the key may see.

    Raises:
        RequestError: The query asks for what is none.
        RequestRefused: There is no such call.
    """
    who, is_admin = handling.key_name, handling.is_admin
    if call:
        found = gateway.calls.call(call, who, is_admin=is_admin)
        if found is None:
            kept = f"the newest {gateway.calls.calls_kept} are kept, and those in flight"
            what = f"no call of that id is known here; {kept}, by {SHORTEST} digits or more"
            raise RequestRefused(404, "not_found", what)
        return HttpReply(200, dict(_JSON), found)
    query = parse_qsl(handling.incoming.query.decode("latin-1"), keep_blank_values=True)
    wanted = CallFilter.parse(query, gateway.clock.time())
    return HttpReply(200, dict(_JSON), gateway.calls.calls(wanted, who, is_admin=is_admin))


async def metrics(gateway: Gateway, handling: Handling) -> HttpReply:
    """What calls came to, for Prometheus."""
    accept = handling.incoming.headers.get("accept", "")
    # Beside the loop: a hundred targets take 13 ms.
    text, kind = await asyncio.to_thread(gateway.metrics.exposition, accept)
    return HttpReply(200, {"content-type": kind}, text)
