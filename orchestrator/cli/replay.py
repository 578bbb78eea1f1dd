"""``orchestrator replay``: recorded calls through a changed config, before it is in force."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from orchestrator.cli.context import name_config, show_warnings
from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, exit_on_error
from orchestrator.cli.format import count, one_line
from orchestrator.cli.live import LiveLine, working
from orchestrator.cli.render_simulation import percent
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.lab.simulation.check_replay import find_difference
from orchestrator.lab.simulation.loading import load
from orchestrator.lab.simulation.provider_model import Assume
from orchestrator.lab.simulation.replay_call import Replay
from orchestrator.lab.simulation.replay_changes import changes
from orchestrator.lab.simulation.replay_config import Comparison, requests
from orchestrator.lab.simulation.replay_config import replay as replay_calls
from orchestrator.ledger import BrokenLedger, Recording, read_ledger

_SWITCH = Parameter(negative="", show_default=False)
_VERBOSE = Parameter(name=["--verbose", "-v"], negative="", show_default=False)

_MOST_ROWS, _MOST_PATHS = 20, 5
"""Calls that are listed, and that are told of attempt by attempt: there may be thousands, and
what they came to must stay on the screen."""


def replay(
    *ledgers: Path,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    assume: Assume = Assume.FAIL,
    max_lost: int | None = None,
    verbose: Annotated[bool, _VERBOSE] = False,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Put recorded calls through a changed config: what would have been rescued or lost.

    Exit status: 0 done, 1 more calls lost than --max-lost allows, 2 usage or config.

    Parameters
    ----------
    ledgers
        Files of JSON lines, as `ledger = "calls.jsonl"` writes them.
    config
        The config to try. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    route
        The route for every call. Default: for each the one most like its own.
    assume
        What an attempt meets that the record cannot tell: fail (as that target failed last),
        or ok. Such attempts are counted apart.
    max_lost
        How many calls that were answered may be lost before the exit status is 1.
    verbose
        List every call and its attempts, not only those that end or cost otherwise.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        if not ledgers:
            raise UsageError("no ledger; allowed: one or more files of JSON lines")
        if verbose and json:
            raise UsageError("--verbose is for people: --json says all in any case")
        if max_lost is not None and max_lost < 0:
            raise UsageError(f"--max-lost: found {max_lost}; allowed: 0 or more")
        loaded = load(config)
        name_config(screen, loaded.config, config, named=not json)
        show_warnings(loaded.config, screen)
        calls = _read(screen, ledgers)
        with working(screen, "replaying", len(calls)) as work:
            found = replay_calls(
                calls, loaded.config, route=route, assume=assume, progress=work.step
            )
        if json:
            screen.json(_object(found, loaded.config, assume))
        else:
            _show(screen, found, loaded.config, assume, verbose=verbose)
        return FAILED if max_lost is not None and len(found.lost) > max_lost else DONE


def _read(screen: Screen, ledgers: tuple[Path, ...]) -> list[Recording]:
    try:
        with LiveLine(screen) as line:
            line.start(lambda: f"reading {', '.join(map(str, ledgers))} …")
            calls = list(read_ledger(*ledgers))
    except BrokenLedger as error:
        raise UsageError(str(error)) from None
    if not calls:
        raise UsageError(f"{', '.join(map(str, ledgers))}: no call begins there")
    with working(screen, "checking", len(calls)) as work:
        for each in calls:
            if other := find_difference(each):
                written = f"another version of the machine wrote {each.source}"
                screen.say(f"warning: {written}: {other}")
            work.step()
    return calls


def _show(
    screen: Screen, found: Comparison, config: Config, assume: Assume, *, verbose: bool
) -> None:
    rows, most = (len(found.replays),) * 2 if verbose else (_MOST_ROWS, _MOST_PATHS)
    for line in _changes(found, config):
        screen.result(line)
    _calls(screen, found, rows, verbose=verbose)
    screen.show(_totals(found))
    answered = count(sum(each.answered for each in found.before.calls), "call")
    lost = f"lost by the change: {len(found.lost)} of {answered} answered then"
    screen.result(Text(lost, "bold red" if found.lost else ""))
    _paths(screen, found.lost, most)
    if found.assumed:
        screen.result(_assumption(found, assume))
    same = f"{found.unchanged} of {count(len(found.replays), 'call')}"
    screen.result(f"as recorded, move by move: {same}")
    _paths(screen, found.saved, most, "saved ")
    failed = count(found.before.lost, "call")
    saved = f"saved by the change: {len(found.saved)} of {failed} lost then"
    screen.result(Text(saved, "bold green" if found.saved else ""))


def _changes(found: Comparison, config: Config) -> list[str]:
    found_changes = changes([each.recording for each in found.replays], config, found.routes)
    if not found_changes:
        return ["change: none that these calls can meet; this is their own policy"]
    return [f"change: {each}" for each in found_changes]


def _paths(screen: Screen, calls: Sequence[Replay], most: int, head: str = "") -> None:
    """What each of ``calls`` would have met, as far as ``most`` of them."""
    for each in calls[:most]:
        screen.result(f"{head}{each.recording.call}: {_path(each)}", margin=2)
    _rest(screen, len(calls) - most, "like these", margin=2)


def _rest(screen: Screen, number: int, what: str, margin: int = 0) -> None:
    """That more were not listed."""
    if number > 0:
        screen.result(Text(f"… and {number:,} more {what}; --verbose lists them", "dim"),
                      margin=margin)  # fmt: skip


def _assumption(found: Comparison, assume: Assume) -> str:
    other = Assume.OK if assume is Assume.FAIL else Assume.FAIL
    what = "failing, as that target did last" if assume is Assume.FAIL else "answering"
    return (
        f"assumed: {count(found.assumed, 'attempt')} of which no record tells; counted as "
        f"{what} (--assume {other} tells the other extreme)"
    )


def _totals(found: Comparison) -> Table:
    table = Table("", title=f"{count(len(found.replays), 'call')} replayed")
    for name in ("before", "after"):
        table.add_column(name, justify="right")
    pairs = (found.before, found.after)
    for name, attribute in (
        ("answered at once", "at_once"),
        ("rescued", "rescued"),
        ("lost", "lost"),
    ):
        table.add_row(name, *(str(getattr(each, attribute)) for each in pairs))
    table.add_row("rescue rate", *(percent(each.rescue_rate) for each in pairs))
    for name in ("attempts", "seconds"):
        sums = (sum(getattr(one, name) for one in each.calls) for each in pairs)
        table.add_row(
            name, *(f"{total:.1f}" if name == "seconds" else str(total) for total in sums)
        )
    for provider, (before, after) in requests(found).items():
        table.add_row(f"requests to {provider}", str(before), str(after))
    table.add_row("attempts assumed", "", str(found.assumed or "–"))
    return table


def _calls(screen: Screen, found: Comparison, most: int, *, verbose: bool) -> None:
    """The calls that go another way than they went, or all of them."""
    rows = [
        trio
        for trio in zip(found.replays, found.before.calls, found.after.calls, strict=True)
        if verbose or not trio[0].is_as_recorded
    ]
    if not rows:
        return
    table = Table("call", "before", "after", "attempts", "seconds", "assumed")
    for each, before, after in rows[:most]:
        table.add_row(
            each.recording.call[:8],
            _end(answered=before.answered, closed=each.recording.closed is not None),
            _end(answered=after.answered),
            f"{before.attempts} → {after.attempts}",
            f"{before.seconds:.1f} → {after.seconds:.1f}",
            str(each.assumed or ""),
        )
    screen.show(table)
    _rest(screen, len(rows) - most, "that go another way")


def _end(*, answered: bool, closed: bool = True) -> str:
    if not closed:
        return "breaks off"
    return "answered" if answered else "lost"


def _path(each: Replay) -> str:
    """``deepseek/v4 key#1 billing, corp/llama key#1 ok ×2 (assumed)``."""
    words = []
    for sent, alike in itertools.groupby(
        each.sent, lambda one: (one.target, one.credential, one.reason, one.assumed)
    ):
        target, credential, reason, assumed = sent
        times = len(list(alike))
        often = f" ×{times}" if times > 1 else ""
        who = f"{one_line(target)} {credential}"
        words.append(f"{who} {reason or 'ok'}{often}{' (assumed)' * assumed}")
    return ", ".join(words) or "nobody was asked"


def _object(found: Comparison, config: Config, assume: Assume) -> dict[str, Any]:
    pairs = {"before": found.before, "after": found.after}
    return {
        "config": str(config.path),
        "changes": changes([each.recording for each in found.replays], config, found.routes),
        "assume": assume,
        "assumed": found.assumed,
        "unchanged": found.unchanged,
        "lost": [each.recording.call for each in found.lost],
        "saved": [each.recording.call for each in found.saved],
        **{
            name: {
                **each.as_mapping(),
                "attempts": sum(one.attempts for one in each.calls),
                "seconds": sum(one.seconds for one in each.calls),
            }
            for name, each in pairs.items()
        },
        "calls": [
            {
                "call": each.recording.call,
                "before": _end(answered=before.answered, closed=each.recording.closed is not None),
                "after": _end(answered=after.answered),
                "attempts": [before.attempts, after.attempts],
                "seconds": [before.seconds, after.seconds],
                "assumed": each.assumed,
                "path": _path(each),
            }
            for each, before, after in zip(
                found.replays, found.before.calls, found.after.calls, strict=True
            )
        ],
    }
