"""A coding agent of others' making, told a gateway's address, over providers of every dialect.

It runs without an account: its network ends at this machine. Chat completions lack some of what
it sends, which the policy of a user who lets it go there says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.sim import replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.served import Served, served
from tests.acceptance.spoken import DIALECTS, TEXT, streamed
from tests.slow import slow

ROOT = Path(__file__).parents[2]
AGENT = ROOT / "build/codex/node_modules/@openai/codex/bin/codex.js"
POLICY = {"drop": ["namespace", "web_search"]}

pytestmark = [
    slow("an agent that takes a second to start; test_gateway_sdks.py has its client's package"),
    pytest.mark.skipif(
        not (AGENT.exists() and shutil.which("node")),
        reason="NOT CHECKED by a coding agent: scripts/install_codex.sh installs it (420 MB)",
    ),
]


def ask(gateway: Served, home: Path) -> subprocess.CompletedProcess[str]:
    """What the agent does with a small task."""
    config = home / ".codex/config.toml"
    config.parent.mkdir()
    config.write_text(
        f"""
        model = "default"
        model_provider = "gateway"
        [model_providers.gateway]
        name = "gateway"
        base_url = "{gateway.url}/openai/v1"
        env_key = "GATEWAY_KEY"
        wire_api = "responses"
        """
    )
    nowhere = "http://127.0.0.1:9"
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "GATEWAY_KEY": "unused"}
    environ |= {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
    (folder := home / "project").mkdir()
    return subprocess.run(
        ["node", str(AGENT), "exec", "--skip-git-repo-check", "say hello"],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_agent_is_answered_by_a_fallback_of_every_dialect(dialect: str, tmp_path: Path) -> None:
    scripts: dict[str, tuple[str, AnyScript]] = {
        "broke": ("openai-responses", replies.billing_402()),
        "spare": (dialect, streamed(dialect)),
    }
    with served(scripts, policy=POLICY) as gateway:
        done = ask(gateway, tmp_path)
        asked = gateway.asked("broke", "spare")

    assert (done.returncode, done.stdout.strip()) == (0, TEXT), done.stderr
    assert asked == (1, 1)


def test_an_agent_runs_the_tool_that_a_model_calls_and_tells_it_what_came(tmp_path: Path) -> None:
    called = [("exec_command", json.dumps({"cmd": "echo said by a tool"}))]
    script = [replies.ok(None, tool_calls=called, finish_reason="tool_calls"), replies.ok("done")]
    with served({"only": ("openai-chat", script)}, policy=POLICY) as gateway:
        done = ask(gateway, tmp_path)
        _, second = gateway.running.providers.received("only")

    assert done.stdout.strip() == "done", done.stderr
    assert second.body["messages"][-1]["role"] == "tool"
    assert "said by a tool" in second.body["messages"][-1]["content"]


def test_an_agent_is_told_the_cause_and_does_not_ask_again(tmp_path: Path) -> None:
    # Of a status that may end by itself (402, 429, 500) it asks again, after `retry-after`.
    with served({"only": ("openai-responses", replies.context_overflow())}) as gateway:
        done = ask(gateway, tmp_path)
        asked, requests = gateway.asked("only"), gateway.requests

    assert done.returncode != 0
    assert "maximum context length is 8192 tokens" in done.stderr
    assert asked == (1,)
    assert sum(one.endswith("/responses") for one in requests) == 1
