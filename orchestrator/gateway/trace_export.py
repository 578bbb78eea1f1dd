"""Export of the gateway's traces, as the ``OTEL_*`` variables of OpenTelemetry say.

Only here is the SDK touched, and only where one of the variables is set: nobody else waits for it.
What cannot be set up is a warning, and the gateway serves all the same.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from orchestrator.config.errors import nearest
from orchestrator.extras import how_to_install
from orchestrator.secrets import (
    Masker,
    guard_logs,
    mask,
    values_of_header,
    values_of_query,
    values_of_userinfo,
)
from orchestrator.tracing import activation

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_log = logging.getLogger("orchestrator")

EXPORTER = "OTEL_TRACES_EXPORTER"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
VARIABLES = (*ENDPOINTS, EXPORTER)
"""Any of them asks for traces
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/, 2026-11-30)."""

HEADERS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
"""What is sent to a collector, its key among them."""

_LEAST = 8
"""Characters of a part of a header that is taken for a secret."""

DISABLED = "OTEL_SDK_DISABLED"

PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_BY_PROTOCOL = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
"""What the packages of exporters call themselves, by the protocols of the variables."""

SERVICE = "llm-request-orchestrator"
"""The service's name, unless the environment has another."""

SAMPLER = "OTEL_TRACES_SAMPLER"
"""Who sets it chooses by it among all calls."""

FLUSH_SECONDS = 3.0
"""How long the end of the process waits for spans to be taken: a collector that is down may not
hold a restart."""

_CHOSEN = "; of those that are answered at once as many as [otel] clean_ratio says"

_GROUP = "opentelemetry_traces_exporter"
_DISTRIBUTION = "llm-request-orchestrator"


class ExportRefused(Exception):
    """Traces cannot be exported; the text says why."""


def asking(environ: Mapping[str, str]) -> str | None:
    """The variable that asks for traces; ``None`` where none does, or they are turned off."""
    if environ.get(DISABLED, "").strip().lower() == "true":
        return None
    if environ.get(EXPORTER, "").strip() == "none":
        return None
    return next((name for name in VARIABLES if environ.get(name, "").strip(" ,")), None)


def has_sampler(environ: Mapping[str, str]) -> bool:
    """Whether the environment says which calls are to be traced."""
    return bool(environ.get(SAMPLER, "").strip())


@contextlib.contextmanager
def traces_exported(environ: Mapping[str, str], instance: str) -> Iterator[None]:
    """Within this block calls are traced, if the environment asks for it.

    Args:
        environ: The environment.
        instance: The id of this start.
    """
    provider, variable = None, asking(environ)
    secret = Masker(secrets_of(environ))  # for as long as it lives
    if variable is not None:
        guard_logs(secret)
        provider = _set_up(environ, instance, variable)
    try:
        yield
    finally:
        if provider is not None:
            close(provider)


def secrets_of(environ: Mapping[str, str]) -> Iterator[str]:
    """What of the variables the SDK may quote in the log and nobody may see there."""
    for variable in HEADERS:
        for pair in environ.get(variable, "").split(","):
            name, _, value = pair.partition("=" if "=" in pair else ":")
            for said in dict.fromkeys((value.strip(), unquote(value).strip())):
                # An error quotes it with what stands around it, and by its parts.
                yield from values_of_header(name.strip(), said)
                yield from (each for each in said.split() if len(each) >= _LEAST)
    for variable in ENDPOINTS:
        address = environ.get(variable, "")
        yield from values_of_userinfo(address)
        yield from values_of_query(address)


def close(provider: TracerProvider, seconds: float = FLUSH_SECONDS) -> None:
    """Let what waits be exported, for so many seconds at most."""
    # The SDK's own limit is 30 s, and its flush knows none: it is left to itself.
    done = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    done.start()
    done.join(seconds)
    if done.is_alive():
        _log.warning("the last spans were not taken within %g s, and are given up", seconds)


def _set_up(environ: Mapping[str, str], instance: str, variable: str) -> TracerProvider | None:
    """The provider of the process, from now on; ``None`` where there is none of ours."""
    try:
        from opentelemetry import trace

        if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            activation.prepare()
            return None  # whoever started this process has set one
        provider = _provider(environ, instance)
    except ImportError as error:
        said = "%s is set, and nothing is traced: that needs an extra (%s is missing): %s"
        _log.warning(said, variable, error.name, how_to_install("otel"))
        return None
    except ExportRefused as error:
        _log.warning("nothing is traced: %s", mask(str(error)))
        return None
    except Exception as error:  # noqa: BLE001 - the SDK reads many variables, and raises for some
        words = mask(f"{type(error).__name__}: {error}")
        _log.warning("nothing is traced, for the OTEL_* variables cannot be used: %s", words)
        return None
    trace.set_tracer_provider(provider)
    activation.prepare()
    chosen = "" if has_sampler(environ) else _CHOSEN
    _log.info("calls are traced, for %s is set%s", variable, chosen)
    return provider


def _provider(environ: Mapping[str, str], instance: str) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporters = [exporter_class(name)() for name in exporter_names(environ)]
    # Its own hook at the end of the process waits for half a minute.
    provider = TracerProvider(
        resource=Resource.create(dict(resource_attributes(environ, instance))),
        shutdown_on_exit=False,
    )
    for each in exporters:
        provider.add_span_processor(BatchSpanProcessor(each))
    return provider


def resource_attributes(environ: Mapping[str, str], instance: str) -> Iterator[tuple[str, str]]:
    """What the gateway says of itself, where the environment does not."""
    pairs = environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(",")
    given = {pair.partition("=")[0].strip() for pair in pairs}
    if not environ.get("OTEL_SERVICE_NAME", "").strip() and "service.name" not in given:
        yield "service.name", SERVICE
    if "service.instance.id" not in given:
        yield "service.instance.id", instance
    if "service.version" not in given:
        with contextlib.suppress(PackageNotFoundError):  # a checkout on the path
            yield "service.version", version(_DISTRIBUTION)


def exporter_names(environ: Mapping[str, str]) -> Iterator[str]:
    """The names of exporters that the environment asks for, as their packages have them.

    Raises:
        ExportRefused: It asks for a protocol that there is none for.
    """
    asked = list(filter(None, map(str.strip, environ.get(EXPORTER, "").split(","))))
    for name in asked or ["otlp"]:
        yield _otlp(environ) if name == "otlp" else name


def _otlp(environ: Mapping[str, str]) -> str:
    set_ones = (name for name in PROTOCOLS if environ.get(name, "").strip())
    variable = next(set_ones, None)
    protocol = "http/protobuf" if variable is None else environ[variable].strip()
    if protocol not in _BY_PROTOCOL:
        allowed = ", ".join(_BY_PROTOCOL)
        near = nearest(protocol, _BY_PROTOCOL)
        raise ExportRefused(f"{variable} is {protocol!r}{near}; allowed: {allowed}")
    return _BY_PROTOCOL[protocol]


def exporter_class(name: str) -> Any:
    """The class of that exporter, whichever package brings it.

    Raises:
        ExportRefused: None does.
    """
    for found in entry_points(group=_GROUP, name=name):
        return found.load()
    known = sorted({each.name for each in entry_points(group=_GROUP)})
    if name == _BY_PROTOCOL["grpc"]:
        raise ExportRefused(
            'the protocol grpc needs one package more: pip install "opentelemetry-exporter-otlp-'
            'proto-grpc"; or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, and the port 4318'
        )
    allowed = ", ".join(["otlp", *known, "none"])
    raise ExportRefused(f"{EXPORTER} names {name!r}{nearest(name, known)}; allowed: {allowed}")
