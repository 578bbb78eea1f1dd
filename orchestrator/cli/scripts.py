"""What ``simulate`` is asked to play: a script, a file of one, or a ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import attrs

from orchestrator.cli.endings import UsageError
from orchestrator.cli.played import Turn
from orchestrator.cli.reading import STANDARD_INPUT, file_text
from orchestrator.cli.screen import Screen
from orchestrator.config import loading as configuration
from orchestrator.config.config import Config
from orchestrator.lab.simulation import BadScript, Playing, read_script
from orchestrator.lab.simulation.loading import Loaded, load
from orchestrator.lab.simulation.reading import BrokenLedger, Recording, recordings
from orchestrator.lab.simulation.replaying import nearest
from orchestrator.lab.simulation.retelling import left_early, own_config, retold
from orchestrator.lab.simulation.script import Script, check_names

_FILE = re.compile(r"[^\s,;()*]*[^\s,;()*/]\.[a-z]+|[^\s,;()*@]*/[^\s,;()*]*")
"""What is meant as a file's name: no item has a dot or a slash, but in what it is bound to."""


@attrs.frozen
class Asked:
    """What the command line asks of each call.

    Attributes:
        calls: How many times a script is played.
        every: Seconds from the start of one call to that of the next.
        timeout: Their deadline in seconds.
        stream: Whether they are streamed, whatever the script says.
        route: Their route.
    """

    calls: int = 1
    every: float = 0.0
    timeout: float | None = None
    stream: bool = False
    route: str | None = None


@attrs.frozen
class Source:
    """Something to play: the name it is called by, and either of the two."""

    name: str
    script: Script | None = None
    recorded: tuple[Recording, ...] = ()


def source(script: str, call: str | None = None) -> Source:
    """What ``script`` is: a script, or the name of a file of one, or of a ledger.

    Args:
        script: As it was typed; ``-`` is standard input.
        call: Of a ledger, the id of the one call that is wanted.

    Raises:
        UsageError: It cannot be read.
    """
    named = script == STANDARD_INPUT or _is_file(script)
    text = file_text(script) if named else script
    if text.lstrip()[:1] == "{":
        return Source(script, recorded=_recorded(text, script, call))
    if call is not None:
        raise UsageError("--id names a call of a ledger, and this is a script")
    try:
        return Source(script, read_script(text))
    except BadScript as error:
        if not named and _FILE.fullmatch(script):
            raise UsageError(f"{script}: no such file") from None
        raise UsageError(f"script: {error}") from None


def config_for(screen: Screen, path: Path | None, found: Source) -> tuple[Loaded, bool]:
    """The config to play on, and whether it is the ledger's own.

    Raises:
        ConfigError: There is none, or it cannot be used.
    """
    if found.recorded and configuration.find(path) is None:
        screen.say("note: no config is found: the route, keys and policy are the ledger's own")
        return Loaded(own_config(found.recorded), ()), True
    return load(path), False


def turns(found: Source, config: Config, asked: Asked, *, own: bool) -> list[Turn]:
    """The calls to play.

    Args:
        found: What to play.
        config: The config to play on.
        asked: What the command line asks of each call.
        own: Whether the config is the ledger's own, so that each call has its deadline.

    Raises:
        UsageError: The script is bound to what is nothing of the route.
        UnknownRoute: There is no such route.
    """
    if found.script is None:
        if asked.calls > 1:
            raise UsageError("--calls repeats a script; a ledger is played once")
        return _retold(found.recorded, config, asked, own=own)
    try:
        check_names(found.script.items, _names(config, asked.route))
    except BadScript as error:
        raise UsageError(f"script: {error}") from None
    playing = Playing(found.script.items)
    streamed = asked.stream or found.script.stream
    return [Turn(playing, asked.every, streamed, asked.timeout)] * asked.calls


def _retold(calls: Sequence[Recording], config: Config, asked: Asked, *, own: bool) -> list[Turn]:
    began = [call.opened.time for call in calls]
    pauses = [0.0, *(later - earlier for earlier, later in pairwise(began))]
    made = []
    for call, pause in zip(calls, pauses, strict=True):
        script = retold(call, config)
        limit = call.opened.policy.deadline if own else None
        made.append(
            Turn(
                Playing(script.items),
                pause,
                asked.stream or script.stream,
                limit if asked.timeout is None else asked.timeout,
                nearest(config, call) if asked.route is None else asked.route,
                call,
            )
        )
    return made


def groups(turns: Sequence[Turn]) -> list[list[Turn]]:
    """The turns that share a health board.

    Calls of a ledger that began at the same instant are no history of each other: whoever
    wrote them, such as ``verify``, put sequences side by side.
    """
    found: list[list[Turn]] = []
    for turn in turns:
        if found and (turn.recording is None or turn.pause > 0):
            found[-1].append(turn)
        else:
            found.append([turn])
    return found


def notes(screen: Screen, found: Source) -> None:
    """Say what a ledger holds that cannot be played."""
    for call in found.recorded:
        if left_early(call):
            screen.say(f"note: call {call.call}: the caller went away then; here it stays")


def _recorded(text: str, name: str, call: str | None) -> tuple[Recording, ...]:
    try:
        calls = recordings(text.encode().splitlines(keepends=True), name)
    except BrokenLedger as error:
        raise UsageError(str(error)) from None
    chosen = [each for each in calls if call in (None, each.call)]
    if not chosen:
        known = ", ".join(each.call for each in calls[-3:]) or "none"
        raise UsageError(f"{name}: no call {call or ''} begins there; the last that do: {known}")
    return tuple(sorted(chosen, key=lambda each: each.opened.time))


def _is_file(script: str) -> bool:
    try:
        return Path(script).is_file()
    except OSError:  # a long script is no file's name
        return False


def _names(config: Config, route: str | None) -> list[str]:
    targets = config.route(route)
    providers = list(dict.fromkeys(target.provider for target in targets))
    labels = (
        credential.label for name in providers for credential in config.providers[name].credentials
    )
    return [*providers, *(target.name for target in targets), *labels]
