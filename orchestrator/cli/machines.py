"""What ``orchestrator diagram`` draws: the machine, and what is said of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from orchestrator.cli.endings import UsageError
from orchestrator.cli.progress import progress
from orchestrator.cli.reading import STANDARD_INPUT, file_text
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count
from orchestrator.config.config import Config
from orchestrator.lab.diagrams import bounds, lists, saved
from orchestrator.lab.diagrams.bounds import Setup
from orchestrator.lab.diagrams.config_changes import Under, config_changes
from orchestrator.lab.diagrams.diagram import BrokenLedger, UnknownRow, path_of
from orchestrator.lab.diagrams.heat import Counting, Heat
from orchestrator.lab.diagrams.lists import Section
from orchestrator.lab.diagrams.overlay import Overlay, along, heated, under
from orchestrator.lab.diagrams.plain import PlainTable, plain
from orchestrator.lab.diagrams.table_changes import table_changes
from orchestrator.lab.diagrams.trace import calls_of


@attrs.frozen
class Asked:
    """What a user asked to see, as it stands on the command line.

    Attributes:
        call, id: A ledger, and a call of it.
        heat: Ledgers to count.
        compare: A config or a saved table, to be compared with.
        config, route: The config to draw the machine under.
        table: A saved table to draw in place of the one that runs.
    """

    call: str | None = None
    id: str | None = None
    heat: Sequence[str] = ()
    compare: Path | None = None
    config: Path | None = None
    route: str | None = None
    table: Path | None = None

    def __attrs_post_init__(self) -> None:
        ways = {"--call": self.call, "--heat": self.heat, "--compare": self.compare}
        given = [name for name, value in ways.items() if value]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} are given; allowed: one of them")
        if self.id is not None and self.call is None:
            raise UsageError("--id names a call of a ledger; give the ledger with --call")
        configured = [
            name
            for name, value in (("--config", self.config), ("--route", self.route))
            if value is not None
        ]
        other = given if given != ["--compare"] else []
        if configured and (other or self.table is not None):
            against = (other or ["--table"])[0]
            raise UsageError(f"{configured[0]} and {against} are given; allowed: one of them")


@attrs.frozen
class Subject:
    """What is drawn.

    Attributes:
        table: The machine; in a comparison with the rows that were removed.
        overlay: What is said of its rows.
        lists: The same in words.
        present: The machine without what was removed.
        path: The rows that a call took; empty where no call is drawn.
        which: Which call it is.
    """

    table: PlainTable
    overlay: Overlay = attrs.field(factory=Overlay)
    lists: tuple[Section, ...] = ()
    present: PlainTable = attrs.Factory(lambda self: self.table, takes_self=True)
    path: tuple[str, ...] = ()
    which: str = ""


def subject(screen: Screen, asked: Asked) -> Subject:
    """What ``asked`` is about.

    Raises:
        UsageError: A file is not what was asked for.
        ConfigError: A config cannot be used.
        OSError: A file cannot be read.
    """
    table = _table(asked.table)
    if asked.call is not None:
        return _recorded(asked.call, asked.id, table)
    if asked.heat:
        return _heated(asked.heat, table)
    if asked.compare is not None:
        return _compared(screen, asked, asked.compare, table)
    if asked.config is not None or asked.route is not None:
        return _configured(screen, asked, table)
    return Subject(table)


def _table(path: Path | None) -> PlainTable:
    if path is None:
        return plain(codes=True)
    try:
        return saved.read(file_text(str(path)))
    except saved.BadTable as error:
        raise UsageError(f"{path}: {error}") from None


def _recorded(ledger: str, call: str | None, table: PlainTable) -> Subject:
    lines = file_text(ledger).splitlines()
    try:
        path = path_of(lines, call, table=table)
        calls = calls_of(lines)
    except (BrokenLedger, UnknownRow) as error:
        raise UsageError(f"{ledger}: {error}") from None
    title = f"{_named(ledger)}, call {call or calls[-1]}"
    others = call is None and len(calls) > 1
    which = f"{title}, the last of {len(calls)}; --id draws another" if others else title
    return Subject(table, along(path, title), path=path, which=which)


def _named(ledger: str) -> str:
    """A ledger in a title, where its folder is nobody's business."""
    return "standard input" if ledger == STANDARD_INPUT else Path(ledger).name


def _heated(ledgers: Sequence[str], table: PlainTable) -> Subject:
    counting = Counting(table)
    for ledger in ledgers:
        try:
            counting.read(ledger, _lines(ledger))
        except BrokenLedger as error:
            raise UsageError(f"{ledger}: {error}") from None
    try:
        heat = counting.heat
    except BrokenLedger as error:
        raise UsageError(f"{', '.join(ledgers)}: {error}") from None
    title = _heat_title(ledgers, heat)
    return Subject(table, heated(table, heat.counts, title), lists.of_heat(heat, table))


def _heat_title(ledgers: Sequence[str], heat: Heat) -> str:
    files = _named(ledgers[0]) if len(ledgers) == 1 else count(len(ledgers), "ledger")
    return f"{files}: {count(heat.calls, 'call')}" if heat.calls else files


def _lines(ledger: str) -> Iterable[str]:
    """The lines of a ledger, one by one where it is a file: it may be larger than memory."""
    if ledger == STANDARD_INPUT:
        yield from file_text(ledger).splitlines()
        return
    with Path(ledger).open(encoding="utf-8", errors="replace") as file:
        yield from file


def _configured(screen: Screen, asked: Asked, table: PlainTable) -> Subject:
    name, found = _under(screen, asked.config, asked.route)
    dead = [row.name for row in table.rows if row.name in found.dead]
    title = f"{name}, route {asked.route or 'default'}"
    drawn = under(table, dead, bounds.notes(found.setup, table), title)
    return Subject(table, drawn, lists.under_config(found.setup, dead, table))


def _compared(screen: Screen, asked: Asked, old: Path, table: PlainTable) -> Subject:
    if old.suffix.lower() == ".json":
        if asked.config is not None or asked.route is not None:
            raise UsageError(
                f"{old} is compared as a table, which is the same under every config; allowed: "
                "--compare FILE.json without --config and --route"
            )
        changes = table_changes(_table(old), table)
        title = f"from {old.name} to {asked.table.name if asked.table else 'the table that runs'}"
        return Subject(changes.table, changes.overlay(title), lists.of_tables(changes), table)
    if old.suffix.lower() != ".toml":
        raise UsageError(
            f"--compare {old}: {old.suffix or 'no suffix'} is neither a config nor a table; "
            "allowed: FILE.toml, FILE.json"
        )
    before, was = _under(screen, old, asked.route)
    after, now = _under(screen, asked.config, asked.route)
    differences = config_changes(was, now, table)
    title = f"from {before} to {after}, route {asked.route or 'default'}"
    return Subject(table, differences.overlay(title), lists.of_configs(differences))


def _under(screen: Screen, path: Path | None, route: str | None) -> tuple[str, Under]:
    """The machine under a config, and how to call it in a title."""
    # A machine without a config is drawn at once: this loads the model checker.
    from orchestrator.lab.verify import Setting, verify

    config = _loaded(screen, path)
    pool = {name: len(entry.credentials) for name, entry in config.providers.items()}
    name = route or "default"
    setting = Setting(config.route(route), pool, config.policy, name=name)
    verdict = verify(setting, progress=progress(screen, name))
    if not verdict.holds:
        screen.say(
            f"warning: {config.path}: a property is broken, so calls may take rows that are said "
            "to be dead; see: orchestrator verify"
        )
    on_route = {target.provider: pool[target.provider] for target in setting.route}
    shown = Path(config.path).name if config.path else "the config"
    return shown, Under(Setup(config.policy, setting.route, on_route), frozenset(verdict.dead))


def _loaded(screen: Screen, path: Path | None) -> Config:
    """A config, with made-up keys for those that are not here: nothing is sent."""
    from orchestrator.lab.simulation.loading import load

    config = load(path).config
    for warning in config.warnings:
        screen.say(f"warning: {config.path}: {warning}")
    return config


def shown(sections: Sequence[Section]) -> Iterator[tuple[int, str]]:
    """(margin, line) of lists, with an empty line between them."""
    for place, section in enumerate(sections):
        if place:
            yield 0, ""
        yield 0, section.heading
        yield from ((2, line) for line in section.lines)
