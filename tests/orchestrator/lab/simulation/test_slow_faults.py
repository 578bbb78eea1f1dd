"""Every single slow fault, at every target of every config that is shipped as an example.

One provider fails just under, or at, each limit of its targets, again and again; those before it
have no money, so that it is asked, and those behind it are healthy. The call is answered by one
of them in time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import attrs
import pytest

from orchestrator.config.config import Config
from orchestrator.config.starter import starter
from orchestrator.lab.simulation import Item, ScriptPlayer, SimulatedCall, Simulation
from orchestrator.lab.simulation.loading import loads
from orchestrator.lab.simulation.script_items import OK, WITHOUT_PIECES
from orchestrator.states import Target
from orchestrator.testing import RESCUABLE, assert_invariants
from orchestrator.testing.strategies import failing_seconds
from orchestrator.vendors import CATALOGUE
from tests.slow import slow_but

ROOT = Path(__file__).parents[4]
HEALTHY = 0.5
"""Seconds that a healthy target takes."""

LOCATED = {
    "DATABRICKS_HOST": "https://adb-123.4.azuredatabricks.net",
    "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com",
}


def examples() -> Iterator[tuple[str, str]]:
    """The configs that a reader may copy, and those that ``orchestrator init`` writes."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        blocks = re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
        for number, text in enumerate(blocks, 1):
            if "[routes]" in text:
                yield f"{path.name} {number}", text
    keys = [entry.keys[0] for entry in CATALOGUE.values() if entry.keys]
    for found in (keys[:1], keys[:2], keys[:3], keys[::5], keys):
        environ = {**LOCATED, **dict.fromkeys(found, "a key")}
        yield f"init with {len(found)} keys", starter(environ)


ALL = {name: loads(text, LOCATED).config for name, text in examples()}
CONFIGS = {name: config for name, config in ALL.items() if len(config.route()) > 1}
QUICK = {"init with 2 keys"}
NIGHT = CONFIGS.keys() - QUICK - {"README.md 1"}
"""Their routes are like one of the others."""


def slow_faults(config: Config, target: Target, *, stream: bool) -> Iterator[Item]:
    """Each word that may be met, slow; of a stream, before content came."""
    own = attrs.evolve(config, routes={"default": (target,)})
    slow = [seconds for seconds in failing_seconds(own) if seconds > 1]
    for word in RESCUABLE:
        if stream and word == "output_truncated":
            continue  # by then it was delivered
        pieces = 0 if stream and word not in WITHOUT_PIECES else None
        for seconds in slow:
            yield Item(word, (target.provider,), seconds=seconds, pieces=pieces)


def call(config: Config, item: Item, poor: Collection[str], *, stream: bool) -> SimulatedCall:
    """A call that meets ``item`` where it is bound to; those in ``poor`` have no money."""
    others = [name for name in config.providers if name not in item.names]
    items = [Item("402" if name in poor else OK, (name,), seconds=HEALTHY) for name in others]
    with Simulation(config, ScriptPlayer([item, *items])) as simulation:
        return simulation.call(stream=stream)


def test_the_config_of_the_readme_and_those_of_init_are_among_them() -> None:
    assert {"README.md 1", "init with 2 keys"} <= CONFIGS.keys()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    "name", slow_but(QUICK, CONFIGS, "every slow fault at every target", night=NIGHT)
)
def test_one_slow_target_costs_nobody_the_answer(name: str, *, stream: bool) -> None:
    config = CONFIGS[name]
    # Of a long route the first three show what the others would.
    route = [target.provider for target in config.routes["default"]][:4]
    for place, target in enumerate(config.routes["default"][: len(route) - 1]):
        for item in slow_faults(config, target, stream=stream):
            done = call(config, item, route[:place], stream=stream)

            met = [attempt.provider for attempt in done.ledger.attempts]
            assert done.answered, (str(item), done.outcome)
            assert met[place] == target.provider
            assert done.seconds < config.policy.deadline, str(item)
            if item.seconds > config.policy.patience:
                assert met[place + 1] == route[place + 1], str(item)
            assert_invariants(done.ledger)
