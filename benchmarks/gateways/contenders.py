"""The gateways that are compared: how each is started, and how it is asked for the same call.

Each is given the routes of :data:`ROUTES`, by its own kind of config. None but ours is a
dependency of this project: they are looked for below a folder that is named, and installed so:

    python -m venv FOLDER/litellm && FOLDER/litellm/bin/pip install 'litellm[proxy]'
    python -m venv FOLDER/tensorzero && FOLDER/tensorzero/bin/pip install tensorzero
    npm install --prefix FOLDER/portkey @portkey-ai/gateway

TensorZero's server comes inside its Python package, which starts it; its program of its own is in
no registry.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs

from benchmarks.gateways.served import Served, free_port, served

ROUTES = ("long", "words", "dribble", "stall")
"""Models that a client may name; the provider's path of the same name answers."""
KEY = "made-up-key-of-the-benchmark"
QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    "RUST_LOG": "off",
    "NODE_ENV": "production",
}
"""What keeps them from asking hosts of theirs and from writing logs of each call, and lets them
start without a key for callers, as ours does on loopback."""


@attrs.frozen
class Ask:
    """How a call is asked for.

    Attributes:
        url: Where.
        model: What its body names.
        headers: Besides those that every request has.
    """

    url: str
    model: str
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def words(self) -> dict[str, object]:
        """The same for :mod:`.load`."""
        return attrs.asdict(self)


@attrs.frozen
class Running:
    """A gateway that serves.

    Attributes:
        process: It.
        ask: How to ask it for a route.
    """

    process: Served
    ask: Callable[[str], Ask]


@attrs.frozen
class Contender:
    """A gateway, as it is run here.

    Attributes:
        name: In tables.
        start: Serves the routes over a provider, until the block ends.
        version: What is installed of it.
    """

    name: str
    start: Callable[[str], contextlib.AbstractContextManager[Running]]
    version: str = ""


def direct(upstream: str, route: str) -> Ask:
    """The same call without a gateway."""
    return Ask(f"{upstream}/{route}/v1/chat/completions", "model")


# Ours.

OURS = """\
health = "{health}"
{ledger}
[timeouts]
idle = "3600s"
first_token = "3600s"
stream_total = "3600s"
[gateway]
max_in_flight = 20000
{providers}
[routes]
{routes}
rescued = ["broke/model", "quota/model", "long/model"]
"""


def configured(folder: Path, upstream: str, *, is_kept: bool = True) -> Path:
    """A config of ours with the routes; its board and its ledger lie in ``folder``."""
    file = folder / "orchestrator.toml"
    providers = (
        f'[providers.{name}]\nbase_url = "{upstream}/{name}/v1"\ncredentials = ["{KEY}-{name}"]'
        for name in (*ROUTES, "broke", "quota")
    )
    file.write_text(
        OURS.format(
            health="file" if is_kept else "memory",
            ledger='ledger = "calls.jsonl"' if is_kept else "",
            providers="\n".join(providers),
            routes="\n".join(f'{name} = ["{name}/model"]' for name in ROUTES),
        )
    )
    return file


@contextlib.contextmanager
def serving(file: Path, port: int = 0, environment: Mapping[str, str] = {}) -> Iterator[Running]:
    """Our gateway over a config, whose folder holds its state and its log too."""
    port = port or free_port()
    words = [sys.executable, "-m", "orchestrator", "serve", "--config", str(file)]
    words += ["--port", str(port)]
    state = {"XDG_STATE_HOME": str(file.parent), **environment}
    log = file.with_name("gateway.log")
    with served(words, port, state, "/readyz", log=log) as process:
        yield Running(process, lambda route: Ask(f"{process.url}/v1/chat/completions", route))


@contextlib.contextmanager
def ours(upstream: str, *, is_kept: bool = True) -> Iterator[Running]:
    """Our gateway.

    Args:
        upstream: The provider.
        is_kept: Whether its board is in a file, and a ledger is written, as is usual.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        file = configured(Path(folder), upstream, is_kept=is_kept)
        with serving(file) as running:
            yield running


OURS_KEPT = Contender("ours", ours)
OURS_BARE = Contender("ours, no ledger, board in memory", lambda url: ours(url, is_kept=False))

# The others.


@contextlib.contextmanager
def litellm(folder: Path, upstream: str) -> Iterator[Running]:
    """LiteLLM's proxy, with one worker and without a database."""
    listed = [
        {
            "model_name": name,
            "litellm_params": {
                "model": "openai/model",
                "api_base": f"{upstream}/{name}/v1",
                "api_key": KEY,
            },
        }
        for name in ROUTES
    ]
    config = {"model_list": listed, "litellm_settings": {"telemetry": False, "num_retries": 0}}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as made:
        file, port = Path(made) / "config.yaml", free_port()
        file.write_text(json.dumps(config))  # which is YAML too
        words = [str(folder / "bin/litellm"), "--config", str(file), "--host", "127.0.0.1"]
        words += ["--port", str(port), "--num_workers", "1", "--telemetry", "False"]
        with served(words, port, QUIET, "/health/liveliness") as process:
            yield Running(process, lambda route: Ask(f"{process.url}/v1/chat/completions", route))


TENSORZERO = """\
import sys, tensorzero
from http.server import BaseHTTPRequestHandler, HTTPServer
started = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None,
    async_setup=False)
class Told(BaseHTTPRequestHandler):
    def do_GET(self):
        url = started.base_url.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(url)))
        self.end_headers()
        self.wfile.write(url)
HTTPServer(("127.0.0.1", int(sys.argv[2])), Told).serve_forever()
"""
"""Starts the server that the package holds, and tells at a port of ours where it listens."""


@contextlib.contextmanager
def tensorzero(folder: Path, upstream: str) -> Iterator[Running]:
    """The server of TensorZero, without its observability."""
    models = (
        f'[models.{name}]\nrouting = ["bench"]\n[models.{name}.providers.bench]\ntype = "openai"\n'
        f'model_name = "model"\napi_base = "{upstream}/{name}/v1/"\napi_key_location = "none"'
        for name in ROUTES
    )
    with tempfile.TemporaryDirectory(prefix="benchmark-") as made:
        file, port = Path(made) / "tensorzero.toml", free_port()
        file.write_text("\n".join(["[gateway]", "observability.enabled = false", *models]))
        words = [str(folder / "bin/python"), "-c", TENSORZERO, str(file), str(port)]
        with served(words, port, QUIET, "/") as process:
            base = _read(process.url)
            yield Running(
                process,
                lambda route: Ask(f"{base}/chat/completions", f"tensorzero::model_name::{route}"),
            )


@contextlib.contextmanager
def portkey(folder: Path, upstream: str) -> Iterator[Running]:
    """Portkey's gateway, told by headers whom to ask."""
    port = free_port()
    program = folder / "node_modules/@portkey-ai/gateway/build/start-server.js"
    words = ["node", str(program), f"--port={port}", "--headless"]
    with served(words, port, {**QUIET, "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}, "/") as process:

        def ask(route: str) -> Ask:
            headers = {
                "x-portkey-provider": "openai",
                "x-portkey-custom-host": f"{upstream}/{route}/v1",
            }
            return Ask(f"{process.url}/v1/chat/completions", "model", headers)

        yield Running(process, ask)


def _read(url: str) -> str:
    import urllib.request

    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - an address of ours
        return str(answer.read().decode())


def installed(folder: Path) -> list[Contender]:
    """Those of the others that are installed below ``folder``; it says which are not."""
    found = []
    for name, start, program in (
        ("LiteLLM proxy", litellm, "litellm/bin/litellm"),
        ("TensorZero", tensorzero, "tensorzero/bin/python"),
        ("Portkey", portkey, "portkey/node_modules/@portkey-ai/gateway/package.json"),
    ):
        if not (folder / program).exists():
            print(f"!! LEFT OUT: {name} is not installed: there is no {folder / program}")
            continue
        home = folder / program.partition("/")[0]
        found.append(Contender(name, _started(start, home), _version(folder / program)))
    return found


def _started(
    start: Callable[[Path, str], contextlib.AbstractContextManager[Running]], home: Path
) -> Callable[[str], contextlib.AbstractContextManager[Running]]:
    return lambda upstream: start(home, upstream)


def _version(program: Path) -> str:
    if program.name == "package.json":
        return str(json.loads(program.read_text())["version"])
    name = program.parents[1].name
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    python = program.with_name("python")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
