"""``orchestrator run``: ask a model, and show each attempt as it happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.api.request import Request
from orchestrator.cli.asking import Asking
from orchestrator.cli.endings import UsageError, told
from orchestrator.cli.opening import opened
from orchestrator.cli.reading import duration, payload
from orchestrator.cli.screen import Screen

_SWITCH = Parameter(negative="", show_default=False)


def run(  # noqa: PLR0913 - one argument for each option of the command
    *prompt: str,
    file: Annotated[str | None, Parameter(name=["--file", "-f"], allow_leading_hyphen=True)] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
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
        A route of the config, or provider/model. Default: the request's model, else "default".
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
    with told(screen, json=json):
        request = Request(
            payload(prompt, file),
            route=route,
            timeout=duration(timeout, "--timeout"),
            require_complete=require_complete,
            stream=_streams(screen, asked=stream, json=json),
        )
        with opened(config, screen) as orchestrator:
            asking = Asking(screen, orchestrator, request, json=json, explain=explain, quiet=quiet)
            return asking.run()


def _streams(screen: Screen, *, asked: bool | None, json: bool) -> bool:
    """Whether the answer is shown as it comes: to a person, or where it is asked for."""
    if json and asked:
        raise UsageError("--json prints the whole answer as one object; leave --stream out")
    return not json and screen.out.is_terminal if asked is None else asked
