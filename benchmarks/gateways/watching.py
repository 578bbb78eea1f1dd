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
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import attrs

from benchmarks.gateways.contenders import KEY
from benchmarks.gateways.served import free_port

SCRAPED_EVERY = 5.0
"""Seconds from one look at the metrics to the next: three times as often as is usual."""
PATIENCE = 30.0
"""Seconds within which each has looked once; balances and traces take 5 to 10."""

KINDS = ("scrapes", "inspector", "balances", "traces")

BALANCE = """
[providers.deepseek]
base_url = "{url}"
credentials = ["{key}"]
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
    """Who looks at one gateway, and how often each has.

    Attributes:
        url: Of its vendor and its collector.
        collector: Where its traces go, to somebody or not.
        seen: Looks, by kind.
        kinds: Those that there are to be.
        over: Set when they are to end.
    """

    url: str
    collector: str
    seen: Counter[str]
    kinds: Collection[str] = KINDS
    over: threading.Event = attrs.field(factory=threading.Event)

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells the gateway where its traces go."""
        if "traces" not in self.kinds:
            return {}
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.collector,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        }

    @property
    def config(self) -> str:
        """What the gateway's config has besides."""
        if "balances" not in self.kinds:
            return ""
        url, _, gateway = self.url.rpartition("/")
        return BALANCE.format(url=url, key=f"{KEY}-{gateway}")

    @contextlib.contextmanager
    def watch(self, url: str) -> Iterator[None]:
        """Look at the gateway at ``url`` until the block ends."""
        self.over.clear()
        looks = {"scrapes": self._scrape, "inspector": self._read}
        threads = [
            threading.Thread(target=look, args=(url,))
            for kind, look in looks.items()
            if kind in self.kinds
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
        is_collector_up = self.collector == self.url
        wanted = (kind for kind in self.kinds if kind != "traces" or is_collector_up)
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


@attrs.define
class Watchers:
    """Vendors and collectors for any number of gateways, at one address.

    Attributes:
        url: The address.
        is_collector_up: Whether anybody takes the traces.
        seen: Looks, by gateway and kind.
    """

    url: str
    is_collector_up: bool
    seen: defaultdict[str, Counter[str]]

    def of(self, gateway: str, kinds: Collection[str] = KINDS) -> Watching:
        """Who looks at one gateway.

        Args:
            gateway: Any name.
            kinds: In which ways.
        """
        url = f"{self.url}/{gateway}"
        collector = url if self.is_collector_up else f"http://127.0.0.1:{free_port()}"
        return Watching(url, collector, self.seen[gateway], kinds)


@contextlib.contextmanager
def watchers(*, is_collector_up: bool = True) -> Iterator[Watchers]:
    """Vendors and collectors that are there until the block ends.

    Raises:
        Missing: No gateway here exports traces.
    """
    if importlib.util.find_spec("opentelemetry.exporter") is None:
        raise Missing("traces need the extra otel: pip install '.[otel]'")
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            # Whose it is, is told by its key: where a vendor is asked is not below its base URL.
            seen[str(self.headers["authorization"]).rpartition("-")[2]]["balances"] += 1
            self._answer(TOLD, "application/json")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            seen[self.path.split("/")[1]]["traces"] += 1
            self._answer(b"", "application/x-protobuf")

        def _answer(self, body: bytes, content_type: str) -> None:
            self.send_response(http.client.OK)
            self.send_header("content-type", content_type)
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
            yield Watchers(url, is_collector_up, seen)
        finally:
            server.shutdown()
            thread.join()
