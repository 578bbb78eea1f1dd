"""``orchestrator demo``: a call meets a 402 and takes its fallback, on real sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.api.response import Response
from orchestrator.cli.endings import DONE, FAILED, told
from orchestrator.cli.incident import FALLBACK, PRIMARY, QUESTION, Arrived, Incident
from orchestrator.cli.live import Live
from orchestrator.cli.program import called
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count
from orchestrator.lab.diagrams import diagram

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
    with told(screen, json=json):
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        shown = _Shown(screen, told=not json)
        with Incident(keep) as incident:
            shown.opening()
            first = incident.ask(shown.call("1  The first call"))
            shown.answer(first)
            second = incident.ask(shown.call("2  The next call, a moment later"))
            shown.answer(second)
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
class _Shown:
    """The story on the screen; silent where JSON was asked for.

    Attributes:
        screen: Where it is shown.
        told: Whether it is.
    """

    screen: Screen
    told: bool

    def opening(self) -> None:
        """Who takes part."""
        self._heading("An account runs dry, and nobody is awake")
        self._line(
            Text.assemble(
                (PRIMARY, "bold"), " is asked first. It has three keys, and no money.", "\n",
                (FALLBACK, "bold"), " is its fallback. Both run on this machine, on real sockets.",
            )
        )  # fmt: skip

    def call(self, heading: str) -> Live:
        """Begin a call; what it returns shows the attempts as they happen."""
        self._heading(heading)
        return Live(self._line)

    def answer(self, response: Response) -> None:
        """What the program that called has in hand."""
        self._line(Text.assemble(("answer   ", "dim"), (response.text, "bold")))

    def received(self, arrived: tuple[Arrived, ...]) -> None:
        """What the providers counted."""
        self._heading("3  What each provider really received")
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
        for name in ("provider", "requests", "keys tried", ""):
            table.add_column(name)
        for each in arrived:
            words = _WORDS[each.provider]
            table.add_row(each.provider, str(each.requests), f"{each.keys} of {each.pool}", words)
        self.screen.show(Padding(table, (0, 0, 0, 2)))

    def path(self, response: Response, keep: Path | None) -> None:
        """The way of the first call through the machine."""
        self._heading("4  The way of the first call through the state machine")
        path = response.ledger.rows
        self.screen.out.print(diagram.terminal(path), soft_wrap=True)
        if keep is not None:
            self._kept(keep, path)

    def ending(self, wrong: list[str]) -> None:
        """What to do next, or what went wrong."""
        self.screen.result("")
        for line in wrong:
            self.screen.say(f"failed: {line}")
        if not wrong:
            program = called()
            self._line(Text.assemble("next: ", (f"{program} init", "bold"),
                                     " writes a config from the keys you have"))  # fmt: skip
            self._line(Text.assemble("      ", (f"{program} diagram", "bold"),
                                     " draws the whole machine"))  # fmt: skip

    def _kept(self, keep: Path, path: tuple[str, ...]) -> None:
        try:
            (keep / PICTURE).write_text(diagram.svg(path), encoding="utf-8")
        except (diagram.MissingExtra, diagram.RenderFailed) as error:
            self.screen.say(f"note: no {PICTURE}: {error}")
            self._line(Text(f"kept: {keep / LEDGER}"))
        else:
            self._line(Text(f"kept: {keep / LEDGER}, {keep / PICTURE}"))

    def _heading(self, text: str) -> None:
        if self.told:
            self.screen.result("")
            self.screen.result(Text(text, style="bold cyan"))

    def _line(self, line: Text) -> None:
        if self.told:
            self.screen.result(line, margin=2)


_WORDS = {
    PRIMARY: "no money: its other keys cannot help",
    FALLBACK: "answered both calls",
}


def _wrong(arrived: tuple[Arrived, ...], first: Response, second: Response) -> list[str]:
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
    arrived: tuple[Arrived, ...], first: Response, second: Response, wrong: list[str]
) -> dict[str, Any]:
    return {
        "ok": not wrong,
        "wrong": wrong,
        "question": QUESTION,
        "calls": [_call(response) for response in (first, second)],
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
