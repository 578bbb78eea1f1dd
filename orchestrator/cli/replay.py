"""``orchestrator replay``: recorded calls through a changed config, before it is in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.table import Table

from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, exit_on_error
from orchestrator.cli.format import count
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


def replay(
    *ledgers: Path,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    assume: Assume = Assume.FAIL,
    max_lost: int | None = None,
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
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        if not ledgers:
            raise UsageError("no ledger; allowed: one or more files of JSON lines")
        loaded = load(config)
        calls = _read(screen, ledgers)
        found = replay_calls(calls, loaded.config, route=route, assume=assume)
        if json:
            screen.json(_object(found, loaded.config, assume))
        else:
            _show(screen, found, loaded.config, assume)
        return FAILED if max_lost is not None and len(found.lost) > max_lost else DONE


def _read(screen: Screen, ledgers: tuple[Path, ...]) -> list[Recording]:
    try:
        calls = list(read_ledger(*ledgers))
    except BrokenLedger as error:
        raise UsageError(str(error)) from None
    if not calls:
        raise UsageError(f"{', '.join(map(str, ledgers))}: no call begins there")
    for each in calls:
        if other := find_difference(each):
            screen.say(f"warning: another version of the machine wrote {each.source}: {other}")
    return calls


def _show(screen: Screen, found: Comparison, config: Config, assume: Assume) -> None:
    for line in _changes(found, config):
        screen.result(line)
    screen.show(_totals(found))
    screen.show(_calls(found))
    answered = count(sum(each.answered for each in found.before.calls), "call")
    failed = count(found.before.lost, "call")
    _name(screen, f"lost by the change: {len(found.lost)} of {answered} answered then", found.lost)
    _name(screen, f"saved by the change: {len(found.saved)} of {failed} lost then", found.saved)
    same = f"{found.unchanged} of {count(len(found.replays), 'call')}"
    screen.result(f"as recorded, move by move: {same}")
    if found.assumed:
        screen.result(_assumption(found, assume))


def _changes(found: Comparison, config: Config) -> list[str]:
    found_changes = changes([each.recording for each in found.replays], config, found.routes)
    if not found_changes:
        return ["change: none that these calls can meet; this is their own policy"]
    return [f"change: {each}" for each in found_changes]


def _name(screen: Screen, line: str, calls: Sequence[Replay]) -> None:
    screen.result(line)
    for each in calls:
        screen.result(f"{each.recording.call}: {_path(each)}", margin=2)


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


def _calls(found: Comparison) -> Table:
    table = Table("call", "before", "after", "attempts", "seconds", "assumed")
    for each, before, after in zip(
        found.replays, found.before.calls, found.after.calls, strict=True
    ):
        table.add_row(
            each.recording.call[:8],
            _end(answered=before.answered, closed=each.recording.closed is not None),
            _end(answered=after.answered),
            f"{before.attempts} → {after.attempts}",
            f"{before.seconds:.1f} → {after.seconds:.1f}",
            str(each.assumed or ""),
        )
    return table


def _end(*, answered: bool, closed: bool = True) -> str:
    if not closed:
        return "breaks off"
    return "answered" if answered else "lost"


def _path(each: Replay) -> str:
    """``deepseek/v4 key#1 billing, corp/llama key#1 ok (assumed)``."""
    words = [
        f"{sent.target} {sent.credential} {sent.reason or 'ok'}{' (assumed)' * sent.assumed}"
        for sent in each.sent
    ]
    return ", ".join(words) or "nobody was asked"


def _object(found: Comparison, config: Config, assume: Assume) -> dict[str, Any]:
    pairs = {"before": found.before, "after": found.after}
    return {
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
