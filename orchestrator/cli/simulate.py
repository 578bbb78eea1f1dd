"""``orchestrator simulate``: a call against a script, in virtual time, without a network."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from orchestrator.cli import render_simulation as render
from orchestrator.cli.context import load_or_example, show_warnings
from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, exit_on_error
from orchestrator.cli.inputs import (
    STANDARD_INPUT,
    check_writable,
    read_duration,
    read_payload,
    read_text,
)
from orchestrator.cli.live import working
from orchestrator.cli.render_simulation import PlayedTurn, Turn
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.config.loading import find
from orchestrator.lab.simulation import BadScript, ScriptPlayer, Simulation, read_script
from orchestrator.lab.simulation.replay_config import nearest, remember
from orchestrator.lab.simulation.script import AttemptScript, check_names
from orchestrator.lab.simulation.script_from_ledger import left_early, own_config, script_of
from orchestrator.lab.simulation.workloads import Mix, survey
from orchestrator.ledger import BrokenLedger, Ledger, Recording, append, recorded_calls

_FILE = re.compile(r"[^\s,;()*]*[^\s,;()*/]\.[a-z]+|[^\s,;()*@]*/[^\s,;()*]*")
"""What is meant as a file's name: no item has a dot or a slash, but in what it is bound to."""

_SWITCH = Parameter(negative="", show_default=False)


@attrs.frozen
class _PlayOptions:
    """The options of the calls that are played.

    Attributes:
        calls: How many times a script is played.
        every: Seconds from the start of one call to that of the next.
        timeout: Their deadline in seconds.
        stream: Whether they are streamed, whatever the script says.
        route: Their route.
        request: What they ask, in chat-completions shape.
        seed: Draws jitter and the choice of keys.
        keep_ledger: The file that their ledgers are appended to.
        json: Print one JSON object.
    """

    calls: int = 1
    every: float = 0.0
    timeout: float | None = None
    stream: bool = False
    route: str | None = None
    request: Mapping[str, Any] | None = None
    seed: int = 0
    keep_ledger: Path | None = None
    json: bool = False

    def keep(self, ledger: Ledger) -> None:
        """Append the ledger of a call, where that is asked for.

        Raises:
            OSError: It cannot be written.
        """
        if self.keep_ledger is not None:
            append(self.keep_ledger, b"".join(ledger.lines()))


@attrs.frozen
class _Source:
    """Something to play: the name it is called by, and either of the two."""

    name: str
    script: AttemptScript | None = None
    recorded: tuple[Recording, ...] = ()


def simulate(  # noqa: PLR0913 - each is an option of the command
    script: str | None = None,
    /,
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    seed: int = 0,
    calls: int | None = None,
    every: str | None = None,
    timeout: str | None = None,
    stream: Annotated[bool, _SWITCH] = False,
    request: str | None = None,
    id: str | None = None,  # noqa: A002 - what the option is called
    random: int | None = None,
    mix: Mix | None = None,
    picture: Path | None = None,
    keep_ledger: Path | None = None,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Run the real machine against a script: no network, no keys, no waiting.

    Exit status: 0 answered, 1 a call failed, 2 usage or config.

    Parameters
    ----------
    script
        What the attempts meet, or a file of it (- is standard input): "402, ok",
        "429(retry_after=2)@key#1, 503*3, timeout, ok", "stream: silence, cut, ok". The last
        item repeats. Or a ledger, whose calls meet what they met then.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder;
        without any, a built-in example.
    route
        A route of the config, or provider/model. Default: "default".
    seed
        Makes jitter and the choice of keys repeat exactly.
    calls
        How many calls of the script, one after the other, over one health board. Default: 1.
    every
        With --calls: how much time passes from the start of one call to that of the next: 60,
        60s, 5m. Default: 60s.
    timeout
        The calls' deadline. Default: the config's.
    stream
        Ask for the answers in chunks, as a script does that begins with "stream:".
    request
        What is asked: a JSON file as `run --file` takes it (- is standard input), so that a
        repair of it can be shown, such as of max_tokens. Default: one message.
    id
        Of a ledger: play this call alone.
    random
        In place of a script: this many calls over a day on which providers fail.
    mix
        What fails on that day: one provider from 11:00 to 13:00 (the default), a quarter of
        everything, the first provider's keys for half of the hours, its account from noon to
        18:00.
    picture
        Write the day's table and plot to this file too, as SVG.
    keep_ledger
        Append the ledger to this file, for `diagram --call` and `replay`; of a day, every call.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        options = _PlayOptions(
            random or calls or 1,
            read_duration(every or "60s", "--every") or 0.0,
            read_duration(timeout, "--timeout"),
            stream=stream,
            **_asked(script, route, request),
            seed=seed,
            keep_ledger=keep_ledger,
            json=json,
        )
        _check_files(keep_ledger, picture)
        if script is None:
            _refuse_of_scripts(calls=calls, every=every, request=request, id=id, random=random)
            day = load_or_example(config, screen, named=not json)
            _simulate_day(screen, day, mix or Mix.OUTAGE, options, picture)
            return DONE
        _refuse_of_days(random=random, mix=mix, picture=picture)
        _check_calls(calls, every)
        return _simulate_calls(screen, config, _source(script, id), options)


def _asked(script: str | None, route: str | None, file: str | None) -> dict[str, Any]:
    """The options ``route`` and ``request``; a request may name its route itself.

    Raises:
        UsageError: The file holds no request.
        OSError: It cannot be read.
    """
    if file is None or script is None:
        return {"route": route}
    if file == script == STANDARD_INPUT:
        raise UsageError("both the script and --request are -; standard input can be read once")
    request = read_payload((), file)
    named = request.get("model")
    if route is None and isinstance(named, str):
        route = named
    asked = {name: value for name, value in request.items() if name != "model"}
    return {"route": route, "request": asked}


def _simulate_day(
    screen: Screen, config: Config, day: Mix, options: _PlayOptions, picture: Path | None
) -> None:
    with working(screen, "calls", options.calls) as work:

        def keep(ledger: Ledger) -> None:
            options.keep(ledger)
            work.step()

        found = survey(
            *(config, day, options.calls),
            seed=options.seed,
            route=options.route,
            stream=options.stream,
            timeout=options.timeout,
            keep=keep,
        )
    if options.json:
        screen.json(
            {"config": str(config.path), **render.survey_as_mapping(found, day, options.seed)}
        )
    else:
        render.show_survey(screen, found, day, options.seed)
    if picture is not None:
        picture.write_text(render.survey_svg(found, day, options.seed), "utf-8")
        screen.say(f"wrote {picture}")


def _simulate_calls(
    screen: Screen, path: Path | None, found: _Source, options: _PlayOptions
) -> int:
    config, own = _config_for(screen, path, found, named=not options.json)
    turns = _turns(found, config, options, own=own)
    _note_early_ends(screen, found)
    done: list[PlayedTurn] = []
    for group in _groups(turns):
        first = group[0].playing
        with Simulation(
            *(config, first), seed=options.seed, route=options.route, request=options.request
        ) as simulation:
            _go_back(simulation, group)
            done += render.play(screen, simulation, group, turns, json=options.json)
    for each in done:
        options.keep(each.done.ledger)
    if options.json:
        played = render.played_as_mapping(done, config.route(options.route))
        screen.json({"config": str(config.path), **played})
    else:
        render.note_left(screen, done)
    return DONE if all(each.done.answered for each in done) else FAILED


def _refuse_of_scripts(*, random: int | None, **options: object) -> None:
    """Refuse, for a day, what only a script has."""
    if random is None:
        raise UsageError(
            'there is nothing to play; allowed: a script, such as "402, ok", or --random 2000'
        )
    if random < 1:
        raise UsageError("--random: allowed: 1 or more")
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise UsageError(
            f"{given[0]} is for a script or a ledger; --random N spreads its N calls over a day"
        )


def _refuse_of_days(**options: object) -> None:
    """Refuse, for a script, what only a day has."""
    given = [name for name, value in options.items() if value is not None]
    if "random" in given:
        raise UsageError("allowed: a script, or --random N; not both")
    if given:
        raise UsageError(f"--{given[0]} is for --random N, and this is a script")


def _check_calls(calls: int | None, every: str | None) -> None:
    if calls is not None and calls < 1:
        raise UsageError("--calls: allowed: 1 or more")
    if every is not None and calls in (None, 1):
        raise UsageError("--every is the time between calls: give their number, --calls N")


def _check_files(keep_ledger: Path | None, picture: Path | None) -> None:
    """Notice before the work what cannot be written after it."""
    for path in (keep_ledger, picture):
        if path is not None:
            check_writable(path)
    if picture is not None and picture.suffix.lower() != ".svg":
        raise UsageError(f"--picture {picture}: allowed: a name that ends in .svg")


def _go_back(simulation: Simulation, turns: Sequence[Turn]) -> None:
    """To the time at which a ledger begins, and to what was known then."""
    calls = [turn.recording for turn in turns if turn.recording is not None]
    if calls:
        simulation.clock.now = calls[0].opened.time
        routes = [simulation.config.route(turn.route) for turn in turns]
        remember(simulation.board, calls, routes)


# What is played.


def _source(script: str, call: str | None = None) -> _Source:
    """What ``script`` is: a script, or the name of a file of one, or of a ledger.

    Args:
        script: As it was typed; ``-`` is standard input.
        call: Of a ledger, the id of the one call that is wanted.

    Raises:
        UsageError: It cannot be read.
    """
    named = script == STANDARD_INPUT or _is_file(script)
    text = read_text(script) if named else script
    if text.lstrip()[:1] == "{":
        return _Source(script, recorded=_recorded(text, script, call))
    if call is not None:
        raise UsageError("--id names a call of a ledger, and this is a script")
    try:
        return _Source(script, read_script(text))
    except BadScript as error:
        if not named and _FILE.fullmatch(script):
            raise UsageError(f"{script}: no such file") from None
        raise UsageError(f"script: {error}") from None


def _config_for(
    screen: Screen, path: Path | None, found: _Source, *, named: bool
) -> tuple[Config, bool]:
    """The config to play on, and whether it is the ledger's own.

    Args:
        screen: Where it is named.
        path: What ``--config`` says.
        found: What is played.
        named: False where the result names it.

    Raises:
        ConfigError: There is none, or it cannot be used.
    """
    if found.recorded and find(path) is None:
        if named:
            screen.say("config: none is found; the route, keys and policy are the ledger's own")
        own = own_config(found.recorded)
        show_warnings(own, screen)
        return own, True
    return load_or_example(path, screen, named=named), False


def _turns(found: _Source, config: Config, options: _PlayOptions, *, own: bool) -> list[Turn]:
    """The calls to play.

    Args:
        found: What to play.
        config: The config to play on.
        options: The options of the calls that are played.
        own: Whether the config is the ledger's own, so that each call has its deadline.

    Raises:
        UsageError: The script is bound to what is nothing of the route.
        UnknownRoute: There is no such route.
    """
    if found.script is None:
        if options.calls > 1:
            raise UsageError("--calls repeats a script; a ledger is played once")
        return _recorded_turns(found.recorded, config, options, own=own)
    try:
        check_names(found.script.items, _names(config, options.route))
    except BadScript as error:
        raise UsageError(f"script: {error}") from None
    playing = ScriptPlayer(found.script.items)
    streamed = options.stream or found.script.stream
    return [Turn(playing, options.every, streamed, options.timeout)] * options.calls


def _recorded_turns(
    calls: Sequence[Recording], config: Config, options: _PlayOptions, *, own: bool
) -> list[Turn]:
    began = [call.opened.time for call in calls]
    pauses = [0.0, *(later - earlier for earlier, later in pairwise(began))]
    made = []
    for call, pause in zip(calls, pauses, strict=True):
        script = script_of(call, config)
        limit = call.opened.policy.deadline if own else None
        made.append(
            Turn(
                ScriptPlayer(script.items),
                pause,
                options.stream or script.stream,
                limit if options.timeout is None else options.timeout,
                nearest(config, call) if options.route is None else options.route,
                call,
            )
        )
    return made


def _groups(turns: Sequence[Turn]) -> list[list[Turn]]:
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


def _note_early_ends(screen: Screen, found: _Source) -> None:
    """Say what a ledger holds that cannot be played."""
    for call in found.recorded:
        if left_early(call):
            screen.say(f"note: call {call.call}: the caller went away then; here it stays")


def _recorded(text: str, name: str, call: str | None) -> tuple[Recording, ...]:
    try:
        calls = recorded_calls(text.encode().splitlines(keepends=True), name)
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
