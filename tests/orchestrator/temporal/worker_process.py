"""A worker in a process of its own, until it is killed: ADDRESS CONFIG."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from temporalio.client import Client

from orchestrator import Orchestrator
from tests.orchestrator.temporal.server import worker_of


async def main(address: str, config: str) -> None:
    async with Orchestrator.from_file(Path(config)) as made:
        await worker_of(await Client.connect(address), made).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
