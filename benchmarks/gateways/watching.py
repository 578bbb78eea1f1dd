"""All that may look at a gateway at once: a scraper, an inspector, traces, and a vendor's balance.

A vendor that tells balances and a collector of traces, which may be one that is down, are served
by a thread of this process; the scraper and the inspector are threads of it too. What a gateway
does not have, or does not do, is an error that names it: a soak that looked at nothing must not
pass for one that looked at all.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import attrs

from benchmarks.gateways.contenders import KEY
from benchmarks.gateways.served import free_port

SCRAPED_EVERY = 5.0
"""Seconds from one look at the metrics to the next: three times as often as is usual."""
PATIENCE = 30.0
"""Seconds within which each has looked once; balances and traces take 5 to 10."""

BALANCE = """
[providers.deepseek]
base_url = "{url}"
credentials = ["{key}-deepseek"]
balance = "10s"
"""
"""A provider that no route leads to, asked as often as the config allows."""

TOLD = (
    b'{"is_available": true, "balance_infos": [{"currency": "USD", "total_balance": "100.00", '
    b'"granted_balance": "0.00", "topped_up_balance": "100.00"}]}'
)


class Missing(Exception):
    """This gateway cannot be looked at in one of the ways."""


@attrs.define
class Watching:
    """Who looks, and how often each has.

    Attributes:
        url: Of the vendor and the collector.
        is_collector_up: Whether anybody takes the traces.
        seen: Looks, by kind.
        over: Set when they are to end.
    """

    url: str
    is_collector_up: bool
    seen: Counter[str] = attrs.field(factory=Counter)
    over: threading.Event = attrs.field(factory=threading.Event)

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells a gateway where its traces go."""
        url = self.url if self.is_collector_up else f"http://127.0.0.1:{free_port()}"
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}

    @property
    def config(self) -> str:
        """What a gateway's config has besides."""
        return BALANCE.format(url=self.url, key=KEY)

    @contextlib.contextmanager
    def watch(self, url: str) -> Iterator[None]:
        """Look at the gateway at ``url`` until the block ends."""
        self.over.clear()
        threads = [
            threading.Thread(target=each, args=(url,)) for each in (self._scrape, self._read)
        ]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self.over.set()
            for each in threads:
                each.join(PATIENCE)

    def wait(self) -> None:
        """Wait until each has looked once.

        Raises:
            Missing: One never did.
        """
        ends_at = time.monotonic() + PATIENCE
        while (missing := self.missing()) and time.monotonic() < ends_at:
            time.sleep(0.1)
        if missing:
            raise Missing(f"nothing was seen of: {', '.join(missing)} (seen: {dict(self.seen)})")

    def missing(self) -> list[str]:
        """Who has not looked yet."""
        wanted = ["scrapes", "inspector", "balances", *(["traces"] * self.is_collector_up)]
        return [kind for kind in wanted if not self.seen[kind]]

    def _scrape(self, url: str) -> None:
        while not self.over.is_set():
            with contextlib.closing(_connection(url)) as one, contextlib.suppress(OSError):
                one.request("GET", "/metrics")
                answer = one.getresponse()
                answer.read()
                self.seen["scrapes" if answer.status == http.client.OK else "refused scrapes"] += 1
            self.over.wait(SCRAPED_EVERY)

    def _read(self, url: str) -> None:
        """Hold the inspector's events open, and read them as they come."""
        with contextlib.closing(_connection(url)) as one, contextlib.suppress(OSError):
            one.request("GET", "/inspector/events", headers={"accept": "text/event-stream"})
            answer = one.getresponse()
            if answer.status != http.client.OK:
                self.seen[f"inspector refused with {answer.status}"] += 1
                return
            while not self.over.is_set() and (data := answer.read1(65_536)):
                self.seen["inspector"] += data.count(b"data:")


def _connection(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)


@contextlib.contextmanager
def watching(*, is_collector_up: bool = True) -> Iterator[Watching]:
    """A vendor and a collector that are there until the block ends.

    Raises:
        Missing: The gateway of this tree makes no traces.
    """
    if importlib.util.find_spec("opentelemetry.exporter") is None:
        raise Missing("traces need the extra otel: pip install '.[otel]'")
    seen: Counter[str] = Counter()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen["balances"] += 1
            self._answer(TOLD, "application/json")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            seen["traces"] += 1
            self._answer(b"", "application/x-protobuf")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            yield Watching(url, is_collector_up, seen)
        finally:
            server.shutdown()
            thread.join()
