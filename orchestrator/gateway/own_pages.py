"""Pages about the gateway itself: whether it lives, whether it is ready, what it serves."""

from __future__ import annotations

import math
from typing import Any

from orchestrator.gateway.state import Gateway, Handling
from orchestrator.serving.model_list import model_list
from orchestrator.serving.parse import client_dialect
from orchestrator.serving.respond import HttpReply, json
from orchestrator.states import Mark


def alive(gateway: Gateway) -> HttpReply:
    """That the process answers."""
    return json(200, {"status": "alive", "instance": gateway.instance}, {})


def ready(gateway: Gateway, *, may_see: bool) -> HttpReply:
    """Whether it takes calls; to those who may see it with the config and what is degraded."""
    status = "draining" if gateway.is_draining else "ready"
    said: dict[str, Any] = {"status": status, "instance": gateway.instance}
    if may_see:
        said |= {"config": gateway.config.digest, "degraded": _degraded(gateway)}
    return json(503 if gateway.is_draining else 200, said, {})


def _degraded(gateway: Gateway) -> list[dict[str, Any]]:
    """What cannot be asked now, and why; no request is sent to find out."""
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
    """The routes and targets, or one of them."""
    incoming = handling.incoming
    spoken = client_dialect(incoming)
    return json(200, model_list(incoming.path, gateway.config, spoken, int(gateway.started)), {})
