"""``orchestrator simulate``: a call against a script, in virtual time, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from orchestrator.cli import surveys
from orchestrator.cli.endings import DONE, FAILED, UsageError, call_failed, told
from orchestrator.cli.live import Live
from orchestrator.cli.reading import STANDARD_INPUT, duration, file_text
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count
from orchestrator.errors import CallFailed
from orchestrator.ledger import Ledger
from orchestrator.simulation import BadScript, Playing, Simulated, Simulation, parse
from orchestrator.simulation.loading import Loaded, load
from orchestrator.simulation.mixes import Mix
from orchestrator.simulation.script import check_names
from orchestrator.simulation.survey import survey
from orchestrator.tools.diagram import terminal
from states import Target

_SWITCH = Parameter(negative="", show_default=False)


def simulate(  # noqa: PLR0913 - each is an option of the command
    script: str | None = None,
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    seed: int = 0,
    calls: int = 1,
    every: str = "60s",
    timeout: str | None = None,
    random: int | None = None,
    mix: Mix = Mix.OUTAGE,
    keep_ledger: Path | None = None,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Run the real machine against a script: no network, no keys, no waiting.

    Exit status: 0 answered, 1 a call failed, 2 usage or config.

    Parameters
    ----------
    script
        What the attempts meet, or a file of it (- is standard input): "402, ok",
        "429(retry_after=2)@key#1, 503*3, timeout, ok". The last item repeats.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    route
        A route of the config, or provider/model. Default: "default".
    seed
        Makes jitter and the choice of keys repeat exactly.
    calls
        How many calls, one after the other, over one health board.
    every
        How much time passes from the start of one call to that of the next: 60, 60s, 5m.
    timeout
        The calls' deadline. Default: the config's.
    random
        In place of a script: this many calls over a day on which providers fail.
    mix
        What fails on that day: one provider from 11:00 to 13:00, a quarter of everything,
        the first provider's keys for half of the hours, its account from noon to 18:00.
    keep_ledger
        Append the ledger to this file, for `diagram --call` and `replay`.
    json
        Print one JSON object.
    """
    screen = Screen()
    with told(screen, json=json):
        _check(script, calls, random)
        loaded = load(config)
        _warn(screen, loaded)
        if script is None:
            survey_of = survey(loaded.config, mix, random or 0, seed=seed, route=route)
            surveys.show(screen, survey_of, mix, seed, json=json)
            return DONE
        playing = _playing(script, loaded, route)
        limit, pause = duration(timeout, "--timeout"), duration(every, "--every") or 0.0
        with Simulation(loaded.config, playing, seed=seed, route=route) as simulation:
            played = _Played(screen, simulation, playing, json=json)
            done = played.run(calls, pause, limit)
        if keep_ledger is not None:
            keep([each.ledger for each in done], keep_ledger)
        played.show(done, loaded.config.route(route))
        return DONE if all(each.answered for each in done) else FAILED


def keep(ledgers: Sequence[Ledger], path: Path) -> None:
    """Append ledgers to a file.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("ab") as file:
        for ledger in ledgers:
            file.writelines(ledger.lines())


def _check(script: str | None, calls: int, random: int | None) -> None:
    if (script is None) == (random is None):
        raise UsageError("allowed: a script, or --random N; not both, not neither")
    if calls < 1 or (random is not None and random < 1):
        raise UsageError("--calls and --random: allowed: 1 or more")


def _warn(screen: Screen, loaded: Loaded) -> None:
    for warning in loaded.config.warnings:
        screen.say(f"warning: {loaded.config.path}: {warning}")
    if loaded.stand_ins:
        names = ", ".join(loaded.stand_ins)
        screen.say(f"note: not set, so made-up keys stand in; nothing is sent: {names}")


def _playing(script: str, loaded: Loaded, route: str | None) -> Playing:
    text = file_text(script) if script == STANDARD_INPUT or _is_file(script) else script
    try:
        items = parse(text)
        check_names(items, _names(loaded, loaded.config.route(route)))
    except BadScript as error:
        raise UsageError(f"script: {error}") from None
    return Playing(items)


def _is_file(script: str) -> bool:
    try:
        return Path(script).is_file()
    except OSError:  # a long script is no file's name
        return False


def _names(loaded: Loaded, targets: Sequence[Target]) -> list[str]:
    providers = list(dict.fromkeys(target.provider for target in targets))
    labels = (
        credential.label
        for name in providers
        for credential in loaded.config.providers[name].credentials
    )
    return [*providers, *(target.name for target in targets), *labels]


@attrs.frozen
class _Played:
    """One run of the command.

    Attributes:
        screen: Where output goes.
        simulation: What runs.
        playing: The script.
        json: Print JSON.
    """

    screen: Screen
    simulation: Simulation
    playing: Playing
    json: bool

    def run(self, calls: int, every: float, timeout: float | None) -> list[Simulated]:
        """Run the calls, and show each attempt as it happens."""
        done: list[Simulated] = []
        for number in range(1, calls + 1):
            if number > 1:
                self.simulation.clock.advance(every - done[-1].seconds)
            if calls > 1:
                self.screen.say(f"call {number} of {calls}")
            live = Live(_silent if self.json else self.screen.say)
            done.append(self.simulation.call(live, timeout=timeout))
            if not self.json and isinstance(failed := done[-1].outcome, CallFailed):
                self.screen.say(f"failed: {failed}")
        return done

    def show(self, done: Sequence[Simulated], route: Sequence[Target]) -> None:
        """Show the paths and the sums."""
        if self.json:
            self.screen.json(_object(done, self.playing, route))
            return
        for each in done:
            self.screen.result(terminal(each.ledger.rows))
            self.screen.result(_sums(each))
        if self.playing.left:
            left = ", ".join(item.word for item in self.playing.left)
            self.screen.say(f"note: the script went on, and nobody asked: {left}")


def _sums(each: Simulated) -> str:
    sent = count(len(each.ledger.attempts), "attempt")
    end = "answered" if each.answered else "failed"
    return f"{end}: {sent} in {each.seconds:.1f} virtual seconds"


def _object(done: Sequence[Simulated], playing: Playing, route: Sequence[Target]) -> dict[str, Any]:
    return {
        "route": [target.name for target in route],
        "calls": [_call(each) for each in done],
        "seconds": sum(each.seconds for each in done),
        "not_played": [item.word for item in playing.left],
    }


def _call(each: Simulated) -> dict[str, Any]:
    failed = each.outcome if isinstance(each.outcome, CallFailed) else None
    return {
        "answered": each.answered,
        "seconds": each.seconds,
        "attempts": [attrs.asdict(attempt) for attempt in each.ledger.attempts],
        "skipped": [attrs.asdict(skipped) for skipped in each.outcome.skipped],
        "rows": list(each.ledger.rows),
        "error": None if failed is None else call_failed(failed),
    }


def _silent(line: object) -> None:
    """Show nothing."""
