"""The clients that are compared: each makes the same call, and reads the same text from it.

A client is made by a function of :data:`CLIENTS`, which imports what it needs: none of the peers
is a dependency of this project.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import attrs

MESSAGES = [{"role": "user", "content": "hi " * 150}]
REQUEST: dict[str, Any] = {"messages": MESSAGES}
KEY = "benchmark"


@attrs.frozen
class Client:
    """One way to make the call.

    Attributes:
        block: Make it, blocking the thread; ``None`` where the client cannot.
        suspend: Make it, suspending the task.
    """

    block: Callable[[], object] | None
    suspend: Callable[[], Awaitable[object]]


def _text(answered: Any) -> None:
    assert answered.choices[0].message.content == "ok"


async def ours(url: str, health: str = "memory", ledger: str = "") -> Client:
    """This library, with its board in memory or in a file, and a ledger where one is named."""
    orchestrator = importlib.import_module("orchestrator")
    stores = importlib.import_module("orchestrator.health.stores.file")
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    store = {"store": stores.FileStore(folder / "health.sqlite3")} if health == "file" else {}
    made = orchestrator.Orchestrator.from_dict(
        {
            "health": "memory",
            **({"ledger": str(folder / "calls.jsonl")} if ledger else {}),
            "routes": {"default": ["bench/model"]},
            "providers": {"bench": {"base_url": f"{url}/v1", "credentials": [KEY]}},
        },
        **store,
    )

    def block() -> None:
        assert made.run(REQUEST).text == "ok"

    async def suspend() -> None:
        assert (await made.arun(REQUEST)).text == "ok"

    return Client(block, suspend)


async def httpx(url: str) -> Client:
    """The client of the usual Python stack: one POST, and its JSON."""
    module = importlib.import_module("httpx")
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    # With its own limits, 100 connections and 20 of them kept. Without any it costs 1,400 to
    # 4,000 µs at 64 in flight, and 13,000 at 256: its pool goes through all for each request.
    options = {"headers": headers, "timeout": 60.0}
    one, many = module.Client(**options), module.AsyncClient(**options)
    address = f"{url}/v1/chat/completions"
    request = {"model": "model", **REQUEST}

    def block() -> None:
        answer = one.post(address, content=json.dumps(request))
        assert answer.json()["choices"][0]["message"]["content"] == "ok"

    async def suspend() -> None:
        answer = await many.post(address, content=json.dumps(request))
        assert answer.json()["choices"][0]["message"]["content"] == "ok"

    return Client(block, suspend)


async def openai(url: str) -> Client:
    """The SDK, without its retries."""
    module = importlib.import_module("openai")
    options = {"api_key": KEY, "base_url": f"{url}/v1", "max_retries": 0}
    one, many = module.OpenAI(**options), module.AsyncOpenAI(**options)

    def block() -> None:
        _text(one.chat.completions.create(model="model", messages=MESSAGES))

    async def suspend() -> None:
        _text(await many.chat.completions.create(model="model", messages=MESSAGES))

    return Client(block, suspend)


async def litellm(url: str) -> Client:
    """The Router, with one deployment and without its retries."""
    module: Any = importlib.import_module("litellm")
    module.telemetry = False
    deployment = {"model": "openai/model", "api_base": f"{url}/v1", "api_key": KEY}
    listed = [{"model_name": "model", "litellm_params": deployment}]
    router = module.Router(model_list=listed, num_retries=0)

    def block() -> None:
        _text(router.completion(model="model", messages=MESSAGES))

    async def suspend() -> None:
        _text(await router.acompletion(model="model", messages=MESSAGES))

    return Client(block, suspend)


async def tensorzero(url: str) -> Client:
    """The gateway written in Rust, embedded, without its observability."""
    module = importlib.import_module("tensorzero")
    settings = Path(tempfile.mkdtemp(prefix="benchmark-")) / "tensorzero.toml"
    settings.write_text(
        f"""
[gateway]
observability.enabled = false
[models.model]
routing = ["bench"]
[models.model.providers.bench]
type = "openai"
model_name = "model"
api_base = "{url}/v1/"
api_key_location = "none"
"""
    )
    request = {"model_name": "model", "input": {"messages": MESSAGES}}
    path = str(settings)
    one = await asyncio.to_thread(module.TensorZeroGateway.build_embedded, config_file=path)
    many = await module.AsyncTensorZeroGateway.build_embedded(config_file=path)

    def block() -> None:
        assert one.inference(**request).content[0].text == "ok"

    async def suspend() -> None:
        assert (await many.inference(**request)).content[0].text == "ok"

    return Client(block, suspend)


CLIENTS: dict[str, Callable[..., Coroutine[Any, Any, Client]]] = {
    "ours": ours,
    "httpx": httpx,
    "openai": openai,
    "litellm": litellm,
    "tensorzero": tensorzero,
}
DISTRIBUTIONS = {"ours": "llm-request-orchestrator"}
"""What a client is installed as, where that is not its name."""
