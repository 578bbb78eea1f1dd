"""One call of ``run``: whole or as it comes, with its reasons where they are asked for."""

from __future__ import annotations

from typing import Any

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.cli import explain as explaining
from orchestrator.cli.endings import DONE, FAILED, call_failed
from orchestrator.cli.live import Live, Say
from orchestrator.cli.screen import Screen
from orchestrator.ledger import Ledger


@attrs.frozen
class Asking:
    """One call and what is shown of it.

    Attributes:
        screen: Where output goes.
        orchestrator: Who is asked.
        request: What is asked; streamed where it says so.
        json: Print one JSON object.
        explain: Say why each move was made.
        quiet: Do not show the attempts.
    """

    screen: Screen
    orchestrator: Orchestrator
    request: Request
    json: bool
    explain: bool
    quiet: bool

    def run(self) -> int:
        """Run the call; the exit status.

        Raises:
            CallFailed: It failed, and JSON was not asked for.
        """
        curl = explaining.curl(self.orchestrator.config, self.request) if self.explain else ""
        if curl and not self.json:
            self.screen.say("a request to the route's first target, as a curl command:")
            self.screen.copyable(curl)
        try:
            response = self._streamed() if self.request.stream else self._whole()
        except CallFailed as failed:
            self._explained(failed.ledger)
            if not self.json:
                raise
            self.screen.json({"error": {**call_failed(failed), **self._why(curl, failed.ledger)}})
            return FAILED
        self._explained(response.ledger)
        if self.json:
            self.screen.json(_object(response, self._why(curl, response.ledger)))
        elif response.finish_reason == "length":
            self.screen.say("note: the model stopped at its length limit")
        return DONE

    def _whole(self) -> Response:
        response = self.orchestrator.run(self.request, observe=self._live(self.screen.say))
        if not self.json:
            if response.text or not response.tool_calls:
                self.screen.text(response.text)
            self._tool_calls(response)
        return response

    def _streamed(self) -> Response:
        line = self.screen.line()
        live = self._live(lambda text: line.interrupted_by(self.screen.say, text))
        try:
            with self.orchestrator.stream(self.request, observe=live) as chunks:
                for chunk in chunks:
                    line.write(chunk.text)
        finally:
            # Whatever follows, the shell's prompt included, begins on a line of its own.
            line.end()
        self._tool_calls(chunks.response)
        return chunks.response

    def _tool_calls(self, response: Response) -> None:
        for call in response.tool_calls:
            self.screen.text(f"{call.name}({call.arguments})")

    def _live(self, say: Say) -> Live:
        return Live(_silent if self.quiet else say)

    def _explained(self, ledger: Ledger) -> None:
        if not self.explain or self.json:
            return
        self.screen.say("why each move was made:")
        for number, why in enumerate(explaining.moves(ledger), 1):
            for margin, line in explaining.told(number, why):
                self.screen.say(line, margin=margin)

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
