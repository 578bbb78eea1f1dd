"""`orchestrator serve` exports its traces as the environment says, and ends without a collector."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from orchestrator.gateway import trace_export
from orchestrator.gateway.json_logs import JsonLogFormatter
from orchestrator.gateway.log_writer import TextLogFormatter
from orchestrator.gateway.trace_export import (
    ExportRefused,
    asking,
    exporter_class,
    exporter_names,
    has_sampler,
    resource_attributes,
    secrets_of,
    traces_exported,
)
from orchestrator.secrets import Masker, guard_logs, masked_for_logs
from tests.orchestrator.gateway.collector import collecting, values
from tests.orchestrator.gateway.serving_processes import CHAT, MESSAGES, WORDS, Serving, serving
from tests.slow import slow
from tests.waiting import AMPLE, eventually

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SAMPLED = {"OTEL_TRACES_SAMPLER": "parentbased_always_on"}
ROUTE = ["broke/m", "up/m"]


def ask(gateway: Serving, model: str = "default", **headers: str) -> str:
    answer = httpx.post(
        f"{gateway.url}{CHAT}", json={"messages": MESSAGES, "model": model},
        headers=headers, trust_env=False, timeout=AMPLE,
    )  # fmt: skip
    assert answer.json()["choices"][0]["message"]["content"] == WORDS
    return answer.headers["x-orchestrator-call-id"]


def stopped(gateway: Serving) -> str:
    """The log, once it has ended as it is told to."""
    os.kill(gateway.pid, signal.SIGTERM)
    assert gateway.first.wait(AMPLE) == 0
    return gateway.log.read_text()


def test_a_rescued_call_arrives_at_a_collector_as_a_child_of_its_client(tmp_path: Path) -> None:
    with (
        collecting() as collector,
        serving(tmp_path, ROUTE, variables={ENDPOINT: collector.url, **SAMPLED}) as gateway,
    ):
        instance = gateway.id
        call = ask(gateway, traceparent=f"00-{TRACE}-{SPAN}-01")
        ask(gateway, traceparent="nonsense")
        ask(gateway, "up/m")  # answered at once, and traced as the sampler says
        log = stopped(gateway)  # before a batch is due: what waits is taken at the end

    ours = [one for one in collector.spans if one.trace_id.hex() == TRACE]
    (root,) = (one for one in ours if one.parent_span_id.hex() == SPAN)
    attempts = [one for one in ours if one.parent_span_id == root.span_id]
    assert values(root.attributes)["orchestrator.call.id"] == call
    assert values(root.attributes)["orchestrator.rescued"] == "billing"
    assert [values(one.attributes).get("error.type") for one in attempts] == ["billing", None]
    assert len(ours) == 3
    assert len({one.trace_id for one in collector.spans}) == 3
    assert collector.resource["service.name"] == "llm-request-orchestrator"
    assert collector.resource["service.instance.id"] == instance
    assert f"calls are traced, for {ENDPOINT} is set" in log


def test_who_names_a_sampler_chooses_by_it() -> None:
    assert has_sampler(SAMPLED)
    assert not has_sampler({"OTEL_TRACES_SAMPLER": " "})
    assert not has_sampler({})


@slow("three seconds for a collector that hangs; the quick one hangs in this process")
def test_a_collector_that_hangs_holds_neither_a_restart_nor_the_end(tmp_path: Path) -> None:
    # Sent at once, and waited for longer than anything else here.
    variables = {"OTEL_BSP_SCHEDULE_DELAY": "1", "OTEL_EXPORTER_OTLP_TIMEOUT": "600"}
    with collecting(hangs=True) as collector:
        variables[ENDPOINT] = collector.url
        with serving(tmp_path, ROUTE, variables=variables) as gateway:
            ask(gateway)
            assert collector.came.wait(AMPLE)
            before = gateway.id
            ended = gateway.restart()
            assert ended.status == 0, ended
            assert gateway.id != before
            ask(gateway)
            os.kill(gateway.pid, signal.SIGTERM)
            assert eventually(lambda: not gateway.running)
            assert eventually(lambda: gateway.log.read_text().count("given up") == 2)


WITHOUT = """
import logging, sys
from orchestrator.gateway.trace_export import traces_exported
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
sys.modules["opentelemetry"] = None  # as where it is not installed
with traces_exported({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "one"):
    print("served")
"""


def test_without_the_extra_it_serves_and_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, check=True, text=True
    )

    warned, served = done.stdout.splitlines()
    assert warned.startswith(f"WARNING {ENDPOINT} is set, and nothing is traced")
    assert "that needs an extra (opentelemetry is missing): " in warned
    assert "pip install '.[otel]'" in warned
    assert served == "served"


class Hanging(SpanExporter):
    """An exporter whose collector never answers."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        self.over.wait(2 * AMPLE)
        return SpanExportResult.SUCCESS


def test_the_end_waits_for_so_long_and_says_what_it_gives_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exporter = Hanging()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    provider.get_tracer("one").start_span("a span").end()

    trace_export.close(provider, 0.05)
    exporter.over.set()

    assert "the last spans were not taken within 0.05 s, and are given up" in caplog.text


# What the environment asks for.


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, None),
        ({ENDPOINT: " "}, None),
        ({ENDPOINT: "http://c:4318"}, ENDPOINT),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "x"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_TRACES_EXPORTER": " , "}, None),
        ({"OTEL_TRACES_EXPORTER": "none", ENDPOINT: "x"}, None),
        ({"OTEL_SDK_DISABLED": "True", ENDPOINT: "x"}, None),
    ],
)
def test_a_variable_asks_for_traces(environ: Mapping[str, str], variable: str | None) -> None:
    assert asking(environ) == variable


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({}, ["otlp_proto_http"]),
        ({"OTEL_TRACES_EXPORTER": " , "}, ["otlp_proto_http"]),
        ({"OTEL_TRACES_EXPORTER": "console, otlp"}, ["console", "otlp_proto_http"]),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, ["otlp_proto_grpc"]),
    ],
)
def test_exporters_are_known_by_the_names_of_their_packages(
    environ: Mapping[str, str], names: list[str]
) -> None:
    assert list(exporter_names(environ)) == names


def test_the_usual_exporter_is_installed_with_the_extra() -> None:
    (found,) = entry_points(group="opentelemetry_traces_exporter", name="otlp_proto_http")

    assert exporter_class("otlp_proto_http") is found.load()


def test_what_cannot_be_exported_is_said_with_what_can() -> None:
    with pytest.raises(ExportRefused, match=r"names 'consle'.*'console'.*allowed: otlp, console"):
        exporter_class("consle")
    with pytest.raises(ExportRefused, match=r"http/json.*allowed: http/protobuf, grpc"):
        list(exporter_names({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}))


def test_the_environment_names_the_service() -> None:
    assert dict(resource_attributes({}, "one"))["service.name"] == "llm-request-orchestrator"
    assert "service.name" not in dict(resource_attributes({"OTEL_SERVICE_NAME": "mine"}, "one"))
    given = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=mine,service.instance.id=two"}
    assert set(dict(resource_attributes(given, "one"))) <= {"service.version"}


KEY = "Zx81-made-up-9942-of-a-collector"


@pytest.mark.parametrize(
    ("environ", "quoted"),
    [
        # As the SDK and requests quote them.
        ({"OTEL_EXPORTER_OTLP_HEADERS": f"a=1,x-api-key={KEY}%0Afoo"}, f"'{KEY}\\nfoo'"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{KEY}"}, f"is not valid: {KEY}"),
        ({"OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"x-team: {KEY}"}, f"invalid! x-team: {KEY}"),
        ({ENDPOINT: f"http://me:{KEY}@collector:4318"}, f"cannot reach me:{KEY}@collector"),
        ({ENDPOINT: f"http://collector/?of={KEY}"}, f"exceeded with url: /?of={KEY}"),
    ],
)
@pytest.mark.parametrize("formatter", [TextLogFormatter, JsonLogFormatter])
def test_the_key_of_a_collector_is_in_no_line_of_the_log(
    environ: Mapping[str, str], quoted: str, formatter: type[logging.Formatter]
) -> None:
    masker = Masker(secrets_of(environ))
    guard_logs(masker)
    said = {"name": "opentelemetry.exporter", "msg": "not taken: %s", "args": (quoted,)}

    line = formatter().format(logging.makeLogRecord(said))

    assert "not taken: " in line
    assert KEY not in line


def test_a_gateway_guards_the_key_of_its_collector() -> None:
    environ = {"OTEL_TRACES_EXPORTER": "otpl", "OTEL_EXPORTER_OTLP_HEADERS": f"key={KEY}"}
    with traces_exported(environ, "one"):
        assert KEY not in masked_for_logs(f"no {KEY}")
