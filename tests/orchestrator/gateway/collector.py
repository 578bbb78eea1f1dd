"""A collector of traces on a loopback socket, which reads OTLP by its own definition."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.waiting import AMPLE


def values(pairs: Any) -> dict[str, Any]:
    """Attributes as a mapping."""
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in pairs}


@attrs.define
class Collector:
    """What was exported.

    Attributes:
        url: The value for ``OTEL_EXPORTER_OTLP_ENDPOINT``.
        requests: Each that came, decoded.
        came: Set once one has come.
    """

    url: str
    requests: list[ExportTraceServiceRequest] = attrs.field(factory=list)
    came: threading.Event = attrs.field(factory=threading.Event)

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> dict[str, Any]:
        return values(self.requests[0].resource_spans[0].resource.attributes)


@contextlib.contextmanager
def collecting(*, hangs: bool = False) -> Iterator[Collector]:
    """A collector until the block ends.

    Args:
        hangs: It takes requests, and never answers.
    """
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            collector.requests.append(ExportTraceServiceRequest.FromString(body))
            collector.came.set()
            if hangs:
                over.wait(2 * AMPLE)
                return
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        over.set()
        server.shutdown()
        thread.join(AMPLE)
        server.server_close()
