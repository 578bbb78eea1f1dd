"""``orchestrator demo``: a call meets a 402 and takes its fallback, on real sockets.

The incident is made through the public API, against scripted providers in a process of their
own: nothing in it is played.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self

import attrs
from cyclopts import Parameter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.api.client import Orchestrator
from orchestrator.api.response import Response
from orchestrator.cli.context import program_name
from orchestrator.cli.exit_codes import DONE, FAILED, exit_on_error
from orchestrator.cli.format import count
from orchestrator.cli.render_call import LiveLines
from orchestrator.cli.screen import Screen
from orchestrator.config.loading import loads
from orchestrator.lab.diagrams.drawing import Drawing
from orchestrator.lab.diagrams.overlay import along
from orchestrator.lab.diagrams.render import MissingDiagramExtra, RenderFailed
from orchestrator.ledger import Entry
from orchestrator.sim import SimProcess, replies

PRIMARY = "deepseek"
FALLBACK = "openrouter"

_TALK = (
    ("Why did the night's job die?", "It did not: another provider took over."),
    ("And the next one?", "Comes here at once: that the account is empty is known."),
)
"""What is asked, and what the fallback answers."""

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


LEDGER = "calls.jsonl"
PICTURE = "path.svg"


def demo(
    *,
    keep: Path | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Watch a call meet a 402 and take its fallback: no key, no network, no config.

    Parameters
    ----------
    keep
        A folder for the ledger of the calls and a drawing of the path; otherwise nothing
        is left behind.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        shown = _ShownDemo(screen, told=not json)
        with _Incident(keep) as incident:
            shown.opening()
            first, second = (
                shown.answer(incident.ask(question, shown.call(number, question)))
                for number, (question, _) in enumerate(_TALK, 1)
            )
            arrived = incident.arrived()
        wrong = _wrong(arrived, first, second)
        if json:
            screen.json(_object(arrived, first, second, wrong))
        else:
            shown.received(arrived)
            shown.path(first, keep)
            shown.ending(wrong)
        return FAILED if wrong else DONE


@attrs.frozen
class _ShownDemo:
    """The story on the screen; silent where JSON was asked for.

    Attributes:
        screen: Where it is shown.
        told: Whether it is.
    """

    screen: Screen
    told: bool

    def opening(self) -> None:
        """Who takes part."""
        self._line(Text("An account runs dry, and nobody is awake", style="bold cyan"), 0)
        words = " is asked first: it has three keys, and no money."
        self._line(Text.assemble((PRIMARY, "bold"), words))
        words = " is its fallback. Both run on this machine, on real sockets."
        self._line(Text.assemble((FALLBACK, "bold"), words))

    def call(self, number: int, question: str) -> LiveLines:
        """Begin a call; what it returns shows the attempts as they happen."""
        self._heading(f"{number}  ", f"“{question}”")
        return LiveLines(self._line)

    def answer(self, response: Response) -> Response:
        """What the program that called has in hand."""
        self._line(Text.assemble(("answer  ", "dim"), (f"“{response.text}”", "bold")))
        return response

    def received(self, arrived: tuple[ReceivedRequests, ...]) -> None:
        """What the providers counted."""
        self._heading("3  ", "What each provider really received")
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
        for each in arrived:
            words = _WORDS[each.provider]
            keys = f"{each.keys} of {count(each.pool, 'key')}"
            table.add_row(each.provider, count(each.requests, "request"), keys, words)
        self.screen.show(Padding(table, (0, 0, 0, 2)))

    def path(self, response: Response, keep: Path | None) -> None:
        """The way of the first call through the machine."""
        moves = response.ledger.transitions
        states = " → ".join([moves[0].state, *(move.to for move in moves)])
        self._heading("4  ", "The first call's way through the state machine")
        self._line(Text(states))
        if keep is not None:
            self._kept(keep, response.ledger.rows)

    def ending(self, wrong: list[str]) -> None:
        """What to do next, or what went wrong."""
        self.screen.result("")
        for line in wrong:
            self.screen.say(f"failed: {line}")
        if not wrong:
            words = "  writes a config from the keys you have"
            self._line(Text.assemble("next: ", (f"{program_name()} init", "bold"), words), 0)

    def _kept(self, keep: Path, path: tuple[str, ...]) -> None:
        try:
            (keep / PICTURE).write_text(Drawing(overlay=along(path)).svg(), encoding="utf-8")
        except (MissingDiagramExtra, RenderFailed) as error:
            self.screen.say(f"note: no {PICTURE}: {error}")
            self._line(Text(f"kept: {keep / LEDGER}"))
        else:
            self._line(Text(f"kept: {keep / LEDGER}, {keep / PICTURE}"))

    def _heading(self, number: str, text: str) -> None:
        if self.told:
            self.screen.result("")
            self.screen.result(Text(f"{number}{text}", style="bold cyan"))

    def _line(self, line: Text, margin: int = 2) -> None:
        if self.told:
            self.screen.result(line, margin=margin)


_WORDS = {
    PRIMARY: "no money: its other keys cannot help",
    FALLBACK: "answered both calls",
}


def _wrong(arrived: tuple[ReceivedRequests, ...], first: Response, second: Response) -> list[str]:
    """What is not as this project promises; empty where all is well."""
    counts = {each.provider: each for each in arrived}
    promised = {PRIMARY: (1, 1), FALLBACK: (2, 1)}
    wrong = [
        f"{name} received {count(counts[name].requests, 'request')} with "
        f"{count(counts[name].keys, 'key')}; promised: {count(requests, 'request')}"
        for name, (requests, keys) in promised.items()
        if (counts[name].requests, counts[name].keys) != (requests, keys)
    ]
    numbers = [attempt.number for attempt in first.attempts]
    if numbers != [1, 2]:
        wrong.append(f"the attempts of the first call were {numbers}; promised: [1, 2]")
    if [skipped.target.partition("/")[0] for skipped in second.skipped] != [PRIMARY]:
        wrong.append(f"the second call did not skip {PRIMARY}")
    return wrong


def _object(
    arrived: tuple[ReceivedRequests, ...], first: Response, second: Response, wrong: list[str]
) -> dict[str, Any]:
    return {
        "ok": not wrong,
        "wrong": wrong,
        "question": _TALK[0][0],
        "calls": [
            {"question": question, **_call(response)}
            for (question, _), response in zip(_TALK, (first, second), strict=True)
        ],
        "received": {each.provider: attrs.asdict(each) for each in arrived},
    }


def _call(response: Response) -> dict[str, Any]:
    return {
        "answer": response.text,
        "provider": response.provider,
        "model": response.model,
        "attempts": [attrs.asdict(attempt) for attempt in response.attempts],
        "skipped": [attrs.asdict(skipped) for skipped in response.skipped],
        "path": list(response.ledger.rows),
    }


@attrs.frozen
class ReceivedRequests:
    """The requests that one provider really received.

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


class _Incident:
    """The providers, and the orchestrator that is set on them. A context manager.

    Args:
        keep: Where the ledger is written; ``None`` for nowhere.
    """

    def __init__(self, keep: Path | None = None) -> None:
        answers = [attrs.evolve(replies.ok(text), delay=_PAUSE) for _, text in _TALK]
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

    def ask(self, question: str, observe: Callable[[Entry], None]) -> Response:
        """Make one call, as any program would.

        Raises:
            CallFailed: It found no answer.
        """
        request = {"messages": [{"role": "user", "content": question}]}
        return self._caller().run(request, observe=observe)

    def arrived(self) -> tuple[ReceivedRequests, ...]:
        """What each provider really received, by its own count."""
        providers = self._caller().config.providers
        return tuple(
            ReceivedRequests(
                name,
                len(received := self._providers.received(name)),
                len({request.credential for request in received}),
                len(provider.credentials),
            )
            for name, provider in providers.items()
        )

    def _caller(self) -> Orchestrator:
        if self._orchestrator is None:
            text = _CONFIG.format(
                primary=self._providers.url(PRIMARY),
                fallback=self._providers.url(FALLBACK),
                ledger='ledger = "calls.jsonl"' if self._keep is not None else "",
            )
            source = self._keep / "demo.toml" if self._keep is not None else "demo.toml"
            self._orchestrator = Orchestrator(loads(text, _KEYS, source))
            self._orchestrator.runtime.log.mute()  # the demo tells it all itself
        return self._orchestrator
