"""``orchestrator simulate``: a call against a script, in virtual time, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli import played, scripts, surveys
from orchestrator.cli.endings import DONE, FAILED, UsageError, told
from orchestrator.cli.reading import duration
from orchestrator.cli.screen import Screen
from orchestrator.lab.simulation import Simulation
from orchestrator.lab.simulation.loading import Loaded, load
from orchestrator.lab.simulation.mixes import Mix
from orchestrator.lab.simulation.replaying import remember
from orchestrator.lab.simulation.survey import survey
from orchestrator.ledger import Ledger, append

_SWITCH = Parameter(negative="", show_default=False)


def simulate(  # noqa: PLR0913 - each is an option of the command
    script: str | None = None,
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    seed: int = 0,
    calls: int | None = None,
    every: str | None = None,
    timeout: str | None = None,
    stream: Annotated[bool, _SWITCH] = False,
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
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
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
    with told(screen, json=json):
        limit = duration(timeout, "--timeout")
        if script is None:
            _refuse_of_scripts(calls=calls, every=every, id=id, random=random)
            _check_files(picture, keep_ledger)
            loaded = load(config)
            _warn(screen, loaded)
            day, number = mix or Mix.OUTAGE, random or 0
            found_day = survey(
                *(loaded.config, day, number),
                seed=seed,
                route=route,
                stream=stream,
                timeout=limit,
                keep=None if keep_ledger is None else partial(keep, path=keep_ledger),
            )
            surveys.show(screen, found_day, day, seed, json=json)
            if picture is not None:
                picture.write_text(surveys.picture(found_day, day, seed), "utf-8")
                screen.say(f"wrote {picture}")
            return DONE
        _refuse_of_days(random=random, mix=mix, picture=picture)
        _check_calls(calls, every)
        _check_files(keep_ledger)
        asked = scripts.Asked(
            calls or 1,
            duration(every or "60s", "--every") or 0.0,
            limit,
            stream,
            route,
        )
        found = scripts.source(script, id)
        loaded, own = scripts.config_for(screen, config, found)
        _warn(screen, loaded)
        turns = scripts.turns(found, loaded.config, asked, own=own)
        scripts.notes(screen, found)
        done: list[played.Played] = []
        for group in scripts.groups(turns):
            with Simulation(loaded.config, group[0].playing, seed=seed, route=route) as simulation:
                _go_back(simulation, group)
                done += played.play(screen, simulation, group, turns, json=json)
        if not json:
            played.note_left(screen, done)
        if keep_ledger is not None:
            for each in done:
                keep(each.done.ledger, keep_ledger)
        if json:
            screen.json(played.as_object(done, loaded.config.route(route)))
        return DONE if all(each.done.answered for each in done) else FAILED


def keep(ledger: Ledger, path: Path) -> None:
    """Append a ledger to a file.

    Raises:
        OSError: It cannot be written.
    """
    append(path, b"".join(ledger.lines()))


def _refuse_of_scripts(*, random: int | None, **options: object) -> None:
    """Refuse, for a day, what only a script has."""
    if random is None:
        raise UsageError("allowed: a script, or --random N; not neither")
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


def _check_files(*paths: Path | None) -> None:
    """Notice before the work what cannot be written after it."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}")
    picture = paths[0] if len(paths) > 1 else None
    if picture is not None and picture.suffix.lower() != ".svg":
        raise UsageError(f"--picture {picture}: allowed: a name that ends in .svg")


def _warn(screen: Screen, loaded: Loaded) -> None:
    for warning in loaded.config.warnings:
        screen.say(f"warning: {loaded.config.path}: {warning}")
    if loaded.stand_ins:
        names = ", ".join(loaded.stand_ins)
        screen.say(f"note: not set, so made-up keys stand in; nothing is sent: {names}")


def _go_back(simulation: Simulation, turns: Sequence[played.Turn]) -> None:
    """To the time at which a ledger begins, and to what was known then."""
    calls = [turn.recording for turn in turns if turn.recording is not None]
    if calls:
        simulation.clock.now = calls[0].opened.time
        routes = [simulation.config.route(turn.route) for turn in turns]
        remember(simulation.board, calls, routes)
