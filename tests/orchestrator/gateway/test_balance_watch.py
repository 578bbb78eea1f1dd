"""A gateway's questions for money: from its start on, and over reloads."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.gateway.config_reload import reload
from tests.orchestrator.gateway.running import running_over
from tests.orchestrator.gateway.upstream import Asked, Told, upstream
from tests.waiting import eventually

KEY = "made-up-key-0123456789"


def answer(_: Asked, told: Told) -> None:
    infos = [{"currency": "USD", "total_balance": "7.00"}]
    told.whole(200, json.dumps({"is_available": True, "balance_infos": infos}).encode())


def test_it_asks_from_the_start_and_goes_on_with_the_config_that_was_read_anew(
    tmp_path: Path,
) -> None:
    file = tmp_path / "orchestrator.toml"
    with upstream(answer) as first, upstream(answer) as second:
        entry = {"credentials": [KEY], "proxy": ""}
        said = {
            "health": "memory",
            "providers": {"deepseek": {**entry, "base_url": first.url}},
            "routes": {"default": ["deepseek/m"]},
        }
        with running_over(said, source=file) as served:
            assert eventually(lambda: len(first.asked) == 1)
            known = served.gateway.orchestrator.balance_questions.known
            assert eventually(lambda: known()["deepseek"].said is not None)
            file.write_text(
                f'health = "memory"\n[providers.deepseek]\nbase_url = "{second.url}"\n'
                f'credentials = ["{KEY}"]\nproxy = ""\n[routes]\ndefault = ["deepseek/m"]\n'
            )
            assert served.call(reload(served.gateway)) == ""
            assert eventually(lambda: len(second.asked) == 1)
            assert len(first.asked) == 1
