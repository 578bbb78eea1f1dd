"""Every example, as a user runs it, where the first provider of the route has no money."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.sim import Reply, ScriptedProviders, replies
from tests.slow import slow_but

ROOT = Path(__file__).parents[2]

CALL = replies.ok(None, finish_reason="tool_calls", tool_calls=[("get_weather", '{"city":"Oslo"}')])
AGENT = [CALL, replies.ok("Sunny in Oslo.")]
SAW = "looking at the sky over Oslo\nSunny in Oslo.\n"

EXAMPLES: dict[str, tuple[list[Reply], str]] = {
    "openai_sdk": (
        [replies.ok("Hi there!")],
        "Hi there!\nanswered by spare/model\nleft the first target for billing\nHi there!\n",
    ),
    "anthropic_sdk": ([replies.ok("Hi there!")], "Hi there!\nstopped by end_turn\n"),
    "langchain_model": ([replies.ok("Hi there!")], "Hi there!\nHi there!\n"),
    "pydantic_ai_agent": (AGENT, SAW),
    "openai_agents": (AGENT, SAW),
}
"""What the fallback answers, and what the example prints."""


def test_every_example_is_run() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(EXAMPLES)


@pytest.mark.parametrize("name", slow_but({"openai_sdk"}, EXAMPLES, "loads the whole of a client"))
def test_an_example_gets_its_answer_from_the_fallback(name: str, tmp_path: Path) -> None:
    answers, printed = EXAMPLES[name]
    with ScriptedProviders({"broke": replies.billing_402(), "spare": answers}) as providers:
        lines = ['health = "memory"', "[routes]", 'default = ["broke/model", "spare/model"]']
        for provider in ("broke", "spare"):
            lines += [f"[providers.{provider}]", f'base_url = "{providers.url(provider)}"']
            lines += ['credentials = ["unused"]']
        config = tmp_path / "orchestrator.toml"
        config.write_text("\n".join(lines))
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", ROOT / "examples" / f"{name}.py"],
            env={**os.environ, "ORCHESTRATOR_CONFIG": str(config)},
            capture_output=True,
            check=False,
            text=True,
        )
        asked = len(providers.received("broke"))

    assert (done.stdout, done.returncode) == (printed, 0)
    assert done.stderr.startswith("broke is benched for 5 min: billing"), done.stderr
    assert done.stderr.count("\n") == 1  # what a person must know, and nothing else
    assert asked == 1
