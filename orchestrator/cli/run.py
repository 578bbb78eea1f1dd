"""``orchestrator run``: ask a model, and show each attempt as it happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from orchestrator.cli import explain as explaining
from orchestrator.cli.endings import DONE, FAILED, call_failed, told
from orchestrator.cli.live import Live
from orchestrator.cli.opening import opened
from orchestrator.cli.reading import duration, payload
from orchestrator.cli.screen import Screen
from orchestrator.errors import CallFailed
from orchestrator.front_door import Orchestrator
from orchestrator.ledger import Ledger
from orchestrator.request import Request
from orchestrator.response import Response

_SWITCH = Parameter(negative="", show_default=False)


def run(
    *prompt: str,
    file: Annotated[str | None, Parameter(name=["--file", "-f"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    timeout: str | None = None,
    require_complete: Annotated[bool, _SWITCH] = False,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, _SWITCH] = False,
    explain: Annotated[bool, _SWITCH] = False,
    quiet: Annotated[
        bool, Parameter(name=["--quiet", "-q"], negative="", show_default=False)
    ] = False,
) -> int:
    """Ask a model, and show each attempt as it happens.

    The answer goes to stdout and the attempts to stderr, so `orchestrator run hi > file`
    holds the answer alone.

    Parameters
    ----------
    prompt
        What to ask. Without it, --file or standard input is read.
    file
        A request in chat-completions shape (JSON); - is standard input.
    route
        A route of the config, or provider/model. Default: the request's model, else "default".
    timeout
        The call's deadline: 30, 30s, 5m. Default: the config's.
    require_complete
        Make an answer that stopped at its length limit a failure.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print the answer as one JSON object (chat.completion), or {"error": ...}.
    explain
        Print the first attempt as a curl command, and why each move was made.
    quiet
        Do not show the attempts.
    """
    screen = Screen()
    with told(screen, json=json):
        request = Request(
            payload(prompt, file),
            route=route,
            timeout=duration(timeout, "--timeout"),
            require_complete=require_complete,
        )
        with opened(config, screen) as orchestrator:
            asked = _Asked(screen, orchestrator, request, json=json, explain=explain)
            return asked.run(Live(_silent if quiet else screen.say))


@attrs.frozen
class _Asked:
    """One run of the command.

    Attributes:
        screen: Where output goes.
        orchestrator: Who is asked.
        request: What is asked.
        json: Print JSON.
        explain: Say why.
    """

    screen: Screen
    orchestrator: Orchestrator
    request: Request
    json: bool
    explain: bool

    def run(self, live: Live) -> int:
        """Run the call; the exit status."""
        curl = explaining.curl(self.orchestrator.config, self.request) if self.explain else ""
        if curl and not self.json:
            for line in ("the first attempt as a curl command:", *curl.splitlines()):
                self.screen.say(line)
        try:
            response = self.orchestrator.run(self.request, observe=live)
        except CallFailed as failed:
            self._explained(failed.ledger)
            if not self.json:
                raise
            self.screen.json({"error": {**call_failed(failed), **self._why(curl, failed.ledger)}})
            return FAILED
        self._explained(response.ledger)
        if self.json:
            self.screen.json(_object(response, self._why(curl, response.ledger)))
        else:
            self._answer(response)
        return DONE

    def _answer(self, response: Response) -> None:
        if response.text or not response.tool_calls:
            self.screen.text(response.text)
        for call in response.tool_calls:
            self.screen.text(f"{call.name}({call.arguments})")
        if response.finish_reason == "length":
            self.screen.say("note: the model stopped at its length limit")

    def _explained(self, ledger: Ledger) -> None:
        if not self.explain or self.json:
            return
        self.screen.say("why each move was made:")
        for number, why in enumerate(explaining.moves(ledger), 1):
            for line in explaining.told(number, why):
                self.screen.say(line)

    def _why(self, curl: str, ledger: Ledger) -> dict[str, Any]:
        if not self.explain:
            return {}
        moves = [attrs.asdict(why) for why in explaining.moves(ledger)]
        return {"explain": {"curl": curl, "moves": moves}}


def _object(response: Response, why: dict[str, Any]) -> dict[str, Any]:
    return {
        **response.to_dict(),
        "orchestrator": {
            "provider": response.provider,
            "model": response.model,
            "credential": response.credential,
            "attempts": [attrs.asdict(attempt) for attempt in response.attempts],
            "skipped": [attrs.asdict(skipped) for skipped in response.skipped],
            **why,
        },
    }


def _silent(line: object) -> None:
    """Show nothing."""
