"""Endpoints of the inspector: who may ask what, and who answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import msgspec

from orchestrator.config.errors import ConfigError, nearest
from orchestrator.gateway.browser_guard import ANY_ORIGIN, check_origin
from orchestrator.gateway.inspector.board_page import board_page
from orchestrator.gateway.inspector.edge_calls import check_edge, edge_calls
from orchestrator.gateway.inspector.minute_figures import STEP
from orchestrator.gateway.inspector.policy_text import config_policy, own_policy
from orchestrator.gateway.machine_calls import UNBUFFERED
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.ledger import FORMAT, Ledger, Opened
from orchestrator.serving.refusals import NotServed, RequestRefused
from orchestrator.serving.respond import HttpReply, json
from orchestrator.states import Reason

MOST_BODY = 64 * 1024
"""Bytes of what the page sends: a policy, and the id of a call."""

REPLAY_SECONDS = 10.0
"""What a replay may take; most take some ms, and the first loads what plays them (2026-11)."""

_OWN_PAGE = ("same-origin", "none")
"""What a browser says in ``Sec-Fetch-Site`` of the page's own requests, and of an address that
somebody typed."""

_log = logging.getLogger("orchestrator")

_NEVER_KEPT = {"cache-control": "no-store"}


def check_page(gateway: Gateway, handling: Handling) -> None:
    """Refuse pages other than its own: what it shows and does is more than a call's answer.

    ``cors = ["*"]`` lets every page make calls, and none of them in here.

    Raises:
        RequestRefused: Another page asks, which the config's ``cors`` does not name.
    """
    headers = handling.incoming.headers
    named = [one for one in gateway.settings.cors if one != ANY_ORIGIN]
    origin = headers.get("origin")
    check_origin(origin, headers.get("host"), named)
    site = headers.get("sec-fetch-site")
    if origin is None and site is not None and site not in _OWN_PAGE:
        what = f"Sec-Fetch-Site is {site[:20]!r}, the page of somebody else; allowed: its own page"
        raise RequestRefused(403, Reason.FORBIDDEN.value, what)


async def answer(gateway: Gateway, handling: Handling) -> HttpReply:
    """Answer a request of the page.

    Raises:
        RequestRefused: It is not for this key, or asks for what is none.
    """
    return await ENDPOINTS[handling.incoming.path](gateway, handling)


def _check_admin(handling: Handling) -> None:
    if not handling.is_admin:
        what = (
            f"the key {handling.key_name!r} may see its own calls alone; `orchestrator key new "
            "NAME --admin` makes one that sees all"
        )
        raise RequestRefused(403, Reason.FORBIDDEN.value, what)


async def _events(gateway: Gateway, handling: Handling) -> HttpReply:
    incoming, key = handling.incoming, handling.key

    def is_welcome() -> bool:
        # A key may be removed, or its rights changed, while its owner watches.
        if gateway.keys is None:
            return key is None
        try:
            return gateway.keys.ring.authenticate(incoming.headers, {}) == key
        except RequestRefused:
            return False

    reader = gateway.feed.reader(
        handling.key_name, is_admin=handling.is_admin, is_welcome=is_welcome
    )
    if reader is None:
        what = "as many pages as may watch already, or the gateway is to stop"
        raise RequestRefused(503, Reason.OVERLOADED.value, what, retry_after=5)
    # The connection ends with the stream: a drain waits for connections, and for none of these.
    told = {"content-type": "text/event-stream; charset=utf-8", "connection": "close"}
    return HttpReply(200, {**UNBUFFERED, **_NEVER_KEPT, **told}, reader)


async def _board(gateway: Gateway, handling: Handling) -> HttpReply:
    _check_admin(handling)
    config, now = gateway.config, gateway.clock.time()
    targets = dict.fromkeys(target for route in config.routes.values() for target in route)
    board = gateway.orchestrator.board
    rows = board.snapshot(targets)
    return _json(board_page(rows, config.providers, now, board.store.trouble))


@attrs.frozen
class Reset:
    """What ``/inspector/reset`` asks for.

    Attributes:
        provider: Whose marks are removed; ``None``: those of all.
    """

    provider: str | None


async def _reset(gateway: Gateway, handling: Handling) -> HttpReply:
    _check_admin(handling)
    asked, known = _read(handling, Reset), gateway.config.providers
    name = asked.provider
    if name is not None and name not in known:
        shown = name[:60]
        what = f"no provider {shown!r} is configured{nearest(shown, known)}"
        raise NotServed(f"{what}; known: {', '.join(known)}")
    # Beside the loop: a file of health may be locked by another process.
    removed = await asyncio.to_thread(gateway.orchestrator.board.reset, name)
    marks = "1 mark" if removed == 1 else f"{removed:,} marks"
    _log.info("the inspector removed %s of %s", marks, name or "all providers")
    return _json({"format": FORMAT, "removed": removed})


async def _edges(gateway: Gateway, handling: Handling) -> HttpReply:
    params = handling.incoming.params
    start, end = check_edge(params.get("from"), params.get("to"))
    kept = gateway.calls.newest(handling.key_name, is_admin=handling.is_admin)
    return _json({"format": FORMAT, "calls": edge_calls(kept, start, end)})


async def _figures(gateway: Gateway, handling: Handling) -> HttpReply:
    _check_admin(handling)
    buckets = gateway.figures.last_day(gateway.clock.time())
    return _json({"format": FORMAT, "step": STEP, "buckets": buckets})


async def _policy(gateway: Gateway, handling: Handling) -> HttpReply:
    call = handling.incoming.params.get("call")
    if call is None:
        _check_admin(handling)
        return _json({"format": FORMAT, "policy": config_policy(gateway.config)})
    opened = _finished(gateway, handling, call)[0]
    if not isinstance(opened, Opened):
        raise TypeError("a record begins with what was asked")
    return _json({"format": FORMAT, "policy": own_policy(opened.policy, opened.route)})


@attrs.frozen
class ReplayAsked:
    """What ``/inspector/replay`` asks for.

    Attributes:
        call: The id of a finished call.
        policy: The policy to try, as TOML.
    """

    call: str
    policy: str


async def _replay(gateway: Gateway, handling: Handling) -> HttpReply:
    asked = _read(handling, ReplayAsked)
    ledger = _finished(gateway, handling, asked.call)
    if gateway.is_replaying:
        what = "a call is being played already, and one is played at a time"
        raise RequestRefused(503, Reason.OVERLOADED.value, what, retry_after=1)
    gateway.is_replaying = True
    work = asyncio.ensure_future(asyncio.to_thread(_replayed, ledger, asked.policy))

    def end(work: asyncio.Future[dict[str, Any]]) -> None:
        gateway.is_replaying = False
        if not work.cancelled():
            work.exception()  # whoever asked may have left, and nobody else looks at it

    work.add_done_callback(end)
    try:
        async with asyncio.timeout(REPLAY_SECONDS):
            return _json(await asyncio.shield(work))
    except ConfigError as error:
        raise RequestRefused(422, Reason.BAD_REQUEST.value, str(error)) from None
    except TimeoutError:
        what = f"the replay did not end within {REPLAY_SECONDS:g} s; try fewer max_attempts"
        raise RequestRefused(503, Reason.TIMEOUT.value, what) from None


def _replayed(ledger: Ledger, policy: str) -> dict[str, Any]:
    # In the thread: to load what plays calls takes longer than a call may wait.
    from orchestrator.gateway.inspector.replayed_call import replayed_call

    return replayed_call(ledger, policy)


def _finished(gateway: Gateway, handling: Handling, call: str) -> Ledger:
    """The record of a finished call.

    Raises:
        RequestRefused: There is none, or it is not over.
    """
    kept = gateway.calls.find(call, handling.key_name, is_admin=handling.is_admin)
    if kept is None:
        raise RequestRefused(404, "not_found", "no call of that id is known here")
    if not kept.facts.is_over:
        raise RequestRefused(409, "conflict", "the call is not over; it may be played then")
    return kept.ledger


def _json(value: Any) -> HttpReply:
    return json(200, value, dict(_NEVER_KEPT))


def _read(handling: Handling, kind: type[Any]) -> Any:
    """The body as a record of ``kind``.

    Raises:
        RequestRefused: It is none.
    """
    try:
        return msgspec.json.decode(handling.incoming.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        names = ", ".join(field.name for field in attrs.fields(kind))
        what = f"the body is not what is asked for ({error}); allowed: an object with {names}"
        raise RequestRefused(400, Reason.BAD_REQUEST.value, what) from None


_Endpoint = Callable[[Gateway, Handling], Awaitable[HttpReply]]

ENDPOINTS: dict[str, _Endpoint] = {
    "/inspector/events": _events,
    "/inspector/board": _board,
    "/inspector/reset": _reset,
    "/inspector/edges": _edges,
    "/inspector/figures": _figures,
    "/inspector/policy": _policy,
    "/inspector/replay": _replay,
}
"""Who answers, by path; the same paths as in :data:`.served_paths.OWN`."""
