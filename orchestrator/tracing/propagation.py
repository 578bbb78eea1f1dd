"""The trace in headers, as W3C's Trace Context writes it: from clients, and to providers.

``traceparent`` and ``tracestate`` alone (https://www.w3.org/TR/trace-context/): what else an
application propagates, such as baggage, is none of a provider's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping

from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()

_STATE_KEY = r"(?:[a-z][_0-9a-z\-*/]{0,255}|[a-z0-9][_0-9a-z\-*/]{0,240}@[a-z][_0-9a-z\-*/]{0,13})"
_STATE_VALUE = r"[ -+\--<>-~]{0,255}[!-+\--<>-~]"
_STATE_MEMBER = re.compile(rf"[ \t]*(?:{_STATE_KEY}={_STATE_VALUE}[ \t]*)?", re.ASCII)
"""One of the list in a ``tracestate`` (https://www.w3.org/TR/trace-context/#tracestate-header)."""

LONGEST = 512
"""Characters of a header that is read; of more the API writes a warning, at a client's will."""


def extracted(headers: Mapping[str, str]) -> Context | None:
    """The context that headers name; ``None`` where they name none that can be read."""
    given = {
        name: headers[name]
        for name in ("traceparent", "tracestate")
        if len(headers.get(name, "")) <= LONGEST and name in headers
    }
    # Of a member that is none the API writes a warning, with the client's own words in it.
    if not all(map(_STATE_MEMBER.fullmatch, given.get("tracestate", "").split(","))):
        del given["tracestate"]
    try:
        found = _PROPAGATOR.extract(given, Context())
    except Exception:  # noqa: BLE001 - whatever a client sends is no fault of a call
        return None
    return found or None


def inject(context: Context, headers: MutableMapping[str, str]) -> None:
    """Write into ``headers`` which span of ``context`` they belong to."""
    for name in ("traceparent", "tracestate"):
        headers.pop(name, None)  # a caller's own: one that names another trace would mix both
    _PROPAGATOR.inject(headers, context)
