"""The same batch by async-batch-llm, as its page says: one provider, a checkpoint, its retries.

    python -m benchmarks.batches.peer BASE_URL CONCURRENCY

Reads ``in.jsonl`` and writes ``peer.jsonl`` (its checkpoint) and ``results.json`` in this folder.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from async_batch_llm import (
    ArtifactIdentity,
    JsonlArtifactStore,
    ProcessorConfig,
    RateLimitConfig,
    ResumePolicy,
    llm,
    process_prompts,
)

CHECKPOINT, RESULTS = "peer.jsonl", "results.json"

Result = dict[str, Any]


async def ask(base_url: str, concurrency: int, prompts: list[tuple[str, str]]) -> list[Result]:
    """Run it, or go on with it."""
    strategy = llm("openai-compatible:m", base_url=base_url, api_key="none")
    identity = ArtifactIdentity(
        provider="alpha",
        model="m",
        prompt_version="1",
        parser_version="1",
        application_version="1",
    )
    batch = await process_prompts(
        strategy,
        prompts,
        # By default a 429 makes it pause for minutes, and go on slowly; these providers want less.
        config=ProcessorConfig(
            concurrency=concurrency,
            rate_limit=RateLimitConfig(cooldown_seconds=1.0, slow_start_items=0),
        ),
        artifact_store=JsonlArtifactStore(CHECKPOINT, identity=identity, fsync=True),
        resume=ResumePolicy.REUSE_SUCCESSES,
    )
    return [
        {"id": one.item_id, "ok": one.success, "error": str(one.error) if one.error else None}
        for one in batch.results
    ]


def main(base_url: str, concurrency: int) -> None:
    """Ask the lines of the input."""
    lines = [json.loads(line) for line in Path("in.jsonl").read_text().splitlines()]
    prompts = [(line["custom_id"], line["body"]["messages"][0]["content"]) for line in lines]
    found = asyncio.run(ask(base_url, concurrency, prompts))
    Path(RESULTS).write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
