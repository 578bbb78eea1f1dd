"""The incident that ``demo`` runs: a primary whose account is empty, and a fallback.

It is made through the public API, over real sockets, against scripted providers in a
process of their own: nothing in it is played.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.api.response import Response
from orchestrator.config import loading as configuration
from orchestrator.ledger import Entry
from orchestrator.sim import SimProcess, replies

PRIMARY = "deepseek"
FALLBACK = "openrouter"

QUESTION = "Why did the night's job die?"
_ANSWERS = ("It did not: another provider took over.", "Still here.")

_KEYS = {
    "DEMO_DEEPSEEK_1": "sk-demo-deepseek-1",
    "DEMO_DEEPSEEK_2": "sk-demo-deepseek-2",
    "DEMO_DEEPSEEK_3": "sk-demo-deepseek-3",
    "DEMO_OPENROUTER": "sk-demo-openrouter",
}
"""Made up, and only ever sent to this machine."""

_PAUSE = 0.25
"""Seconds that a scripted provider thinks, so that the lines can be seen to appear."""

_CONFIG = """\
health = "memory"
{ledger}
[providers.deepseek]
base_url = "{primary}"
credentials = ["env:DEMO_DEEPSEEK_1", "env:DEMO_DEEPSEEK_2", "env:DEMO_DEEPSEEK_3"]

[providers.openrouter]
base_url = "{fallback}"
credentials = ["env:DEMO_OPENROUTER"]

[routes]
default = ["deepseek/deepseek-v4-pro", "openrouter/openai/gpt-oss-120b:free"]
"""


@attrs.frozen
class Arrived:
    """What one provider really received.

    Attributes:
        provider: Its name.
        requests: How many requests reached its socket.
        keys: How many different keys they bore.
        pool: How many keys the config gives it.
    """

    provider: str
    requests: int
    keys: int
    pool: int


class Incident:
    """The providers, and the orchestrator that is set on them. A context manager.

    Args:
        keep: Where the ledger is written; ``None`` for nowhere.
    """

    def __init__(self, keep: Path | None = None) -> None:
        answers = [attrs.evolve(replies.ok(text), delay=_PAUSE) for text in _ANSWERS]
        broke = attrs.evolve(replies.billing_402(), delay=_PAUSE)
        self._providers = SimProcess({PRIMARY: broke, FALLBACK: answers})
        self._keep = keep
        self._orchestrator: Orchestrator | None = None

    def __enter__(self) -> Self:
        self._providers.__enter__()
        return self

    def __exit__(self, *exit_: object) -> None:
        if self._orchestrator is not None:
            self._orchestrator.close()
        self._providers.__exit__(None, None, None)

    def ask(self, observe: Callable[[Entry], None]) -> Response:
        """Make one call, as any program would.

        Raises:
            CallFailed: It found no answer.
        """
        request = {"messages": [{"role": "user", "content": QUESTION}]}
        return self._opened().run(request, observe=observe)

    def arrived(self) -> tuple[Arrived, ...]:
        """What each provider really received, by its own count."""
        providers = self._opened().config.providers
        return tuple(
            Arrived(
                name,
                len(received := self._providers.received(name)),
                len({request.credential for request in received}),
                len(provider.credentials),
            )
            for name, provider in providers.items()
        )

    def _opened(self) -> Orchestrator:
        if self._orchestrator is None:
            text = _CONFIG.format(
                primary=self._providers.url(PRIMARY),
                fallback=self._providers.url(FALLBACK),
                ledger='ledger = "calls.jsonl"' if self._keep is not None else "",
            )
            source = self._keep / "demo.toml" if self._keep is not None else "demo.toml"
            self._orchestrator = Orchestrator(configuration.loads(text, _KEYS, source))
        return self._orchestrator
