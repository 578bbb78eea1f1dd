"""``orchestrator run``: ask a model, and show each attempt as it happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.cli.context import open_orchestrator
from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, call_failed, exit_on_error
from orchestrator.cli.explain_call import curl, move_lines
from orchestrator.cli.inputs import read_duration, read_payload
from orchestrator.cli.live import LiveLine
from orchestrator.cli.render_call import LiveLines
from orchestrator.cli.screen import Screen
from orchestrator.execution.move_reasons import move_reasons
from orchestrator.ledger import Ledger

_SWITCH = Parameter(negative="", show_default=False)


def run(  # noqa: PLR0913 - one argument for each option of the command
    *prompt: str,
    file: Annotated[str | None, Parameter(name=["--file", "-f"], allow_leading_hyphen=True)] = None,
    route: Annotated[
        tuple[str, ...], Parameter(name=["--route", "-r"], negative="", show_default=False)
    ] = (),
    timeout: str | None = None,
    stream: Annotated[bool | None, Parameter(negative="--no-stream", show_default=False)] = None,
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
        A route of the config, or provider/model. Several are asked in that order: -r A -r B.
        Default: the request's model, else "default".
    timeout
        The call's deadline: 30, 30s, 5m. Default: the config's.
    stream
        Print the answer as it comes. Default: where stdout is a terminal.
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
    with exit_on_error(screen, json=json):
        request = Request(
            read_payload(prompt, file),
            route=route[0] if len(route) == 1 else route or None,
            timeout=read_duration(timeout, "--timeout"),
            require_complete=require_complete,
            stream=_streams(screen, asked=stream, json=json),
        )
        named = not (json or quiet)
        with open_orchestrator(config, screen, request.wants, named=named) as orchestrator:
            if quiet:
                orchestrator.runtime.log.mute()
            with LiveLine(screen) as live:
                shown = _ShownCall(
                    *(screen, orchestrator, request, live),
                    json=json,
                    explain=explain,
                    quiet=quiet,
                )
                return shown.run()


def _streams(screen: Screen, *, asked: bool | None, json: bool) -> bool:
    """Whether the answer is shown as it comes: to a person, or where it is asked for."""
    if json and asked:
        raise UsageError("--json prints the whole answer as one object; leave --stream out")
    return not json and screen.out.is_terminal if asked is None else asked


@attrs.frozen
class _ShownCall:
    """One call and what is shown of it.

    Attributes:
        screen: Where output goes.
        orchestrator: Who is asked.
        request: What is asked; streamed where it says so.
        live: Shows what lasts, where a person watches.
        json: Print one JSON object.
        explain: Say why each move was made.
        quiet: Do not show the attempts.
    """

    screen: Screen
    orchestrator: Orchestrator
    request: Request
    live: LiveLine
    json: bool
    explain: bool
    quiet: bool

    def run(self) -> int:
        """Run the call; the exit status.

        Raises:
            CallFailed: It failed, and JSON was not asked for.
        """
        command = curl(self.orchestrator.config, self.request) if self.explain else ""
        if command and not self.json:
            self.screen.say("a request to the route's first target, as a curl command:")
            self.screen.copyable(command)
        try:
            response = self._streamed() if self.request.stream else self._whole()
        except CallFailed as failed:
            self._explained(failed.ledger)
            if not self.json:
                raise
            self.screen.json(
                {"error": {**call_failed(failed), **self._why(command, failed.ledger)}}
            )
            return FAILED
        self._explained(response.ledger)
        if self.json:
            config = str(self.orchestrator.config.path)
            self.screen.json(_object(response, config, self._why(command, response.ledger)))
        else:
            self._note(response)
        return DONE

    def _note(self, response: Response) -> None:
        """What of an answer that came is worth a word."""
        if response.finish_reason == "length":
            self.screen.say("note: the model stopped at its length limit")
        if not response.text and not response.tool_calls:
            self.screen.say("note: the answer is empty: the model said nothing and called no tool")

    def _whole(self) -> Response:
        response = self.orchestrator.run(self.request, observe=self._lines())
        self.live.stop()
        if not self.json:
            if response.text:
                self.screen.text(response.text)
            self._tool_calls(response)
        return response

    def _streamed(self) -> Response:
        line = self.screen.line()
        lines = self._lines()
        try:
            with self.orchestrator.stream(self.request, observe=lines) as chunks:
                for chunk in chunks:
                    if chunk.text and self.screen.out.is_terminal:
                        self.live.stop()  # the text is where it was
                    line.write(chunk.text)
        finally:
            self.live.stop()
            # Whatever follows, the shell's prompt included, begins on a line of its own.
            line.end()
        self._tool_calls(chunks.response)
        return chunks.response

    def _tool_calls(self, response: Response) -> None:
        for call in response.tool_calls:
            self.screen.text(f"{call.name}({call.arguments})")

    def _lines(self) -> LiveLines:
        return LiveLines(_silent) if self.quiet else LiveLines(self.screen.say, self.live)

    def _explained(self, ledger: Ledger) -> None:
        if not self.explain or self.json:
            return
        self.screen.say("why each move was made:")
        for number, reason in enumerate(move_reasons(ledger), 1):
            for margin, line in move_lines(number, reason):
                self.screen.say(line, margin=margin)

    def _why(self, command: str, ledger: Ledger) -> dict[str, Any]:
        if not self.explain:
            return {}
        moves = [attrs.asdict(reason) for reason in move_reasons(ledger)]
        return {"explain": {"curl": command, "moves": moves}}


def _object(response: Response, config: str, why: dict[str, Any]) -> dict[str, Any]:
    return {
        **response.to_dict(),
        "orchestrator": {
            "config": config,
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
