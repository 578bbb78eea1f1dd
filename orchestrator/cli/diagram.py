"""``orchestrator diagram``: the machine, and what calls and configs make of it."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator.cli.context import name_config, show_warnings
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.format import count
from orchestrator.cli.inputs import STANDARD_INPUT, check_writable, read_bytes
from orchestrator.cli.live import working
from orchestrator.cli.screen import Screen
from orchestrator.lab.diagrams import bounds, lists, terminal
from orchestrator.lab.diagrams.bounds import BoundSetup
from orchestrator.lab.diagrams.config_changes import ConfiguredMachine, config_changes
from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.lists import ListSection
from orchestrator.lab.diagrams.overlay import Overlay, along, heated, under
from orchestrator.lab.diagrams.plain_table import UnknownState, plain, rows_around
from orchestrator.lab.diagrams.recorded_rows import RowCounter, RowCounts, path_of
from orchestrator.lab.diagrams.render import MissingDiagramExtra, RenderFailed
from orchestrator.ledger import BrokenLedger

Format = Literal["table", "mermaid", "dot", "svg", "png", "json"]

_MANY = Parameter(consume_multiple=True, negative="", show_default=False)
_PICTURES = ("svg", "png")
_SUFFIXES = {
    ".svg": "svg",
    ".png": "png",
    ".mmd": "mermaid",
    ".md": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".json": "json",
}


@attrs.frozen
class _DiagramOptions:
    """The options that say what is drawn, as they stand on the command line.

    Attributes:
        call, id: A ledger, and a call of it.
        heat: Ledgers to count.
        compare: A config to be compared with.
        config, route: The config to draw the machine under.
    """

    call: str | None = None
    id: str | None = None
    heat: Sequence[str] = ()
    compare: Path | None = None
    config: Path | None = None
    route: str | None = None

    def __attrs_post_init__(self) -> None:
        ways = {"--call": self.call, "--heat": self.heat, "--compare": self.compare}
        given = [name for name, value in ways.items() if value]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} are given; allowed: one of them")
        if self.id is not None and self.call is None:
            raise UsageError("--id names a call of a ledger; give the ledger with --call")
        configs = {"--config": self.config, "--route": self.route}
        configured = [name for name, value in configs.items() if value is not None]
        if configured and given and given != ["--compare"]:
            raise UsageError(f"{configured[0]} and {given[0]} are given; allowed: one of them")


@attrs.frozen
class _Subject:
    """An overlay of the machine's rows, and the lists that go with it.

    Attributes:
        overlay: In the drawing.
        lists: In words.
        path: The rows that a call took; empty where no call is drawn.
        which: Which call it is.
    """

    overlay: Overlay = attrs.field(factory=Overlay)
    lists: tuple[ListSection, ...] = ()
    path: tuple[str, ...] = ()
    which: str = ""


def diagram(  # noqa: PLR0913 - each is an option of the command
    *,
    format: Annotated[Format | None, Parameter(name=["--format", "-f"])] = None,  # noqa: A002
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    call: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    id: str | None = None,  # noqa: A002
    heat: Annotated[tuple[str, ...], _MANY] = (),
    compare: Path | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    picture: View = View.MACHINE,
    state: str | None = None,
) -> int:
    """Draw the state machine: alone, under a config, as calls took it, or as configs differ.

    The drawing is made from the table that runs. On a terminal it is a table of 80 columns;
    SVG and PNG need --output, or stdout led to a file.

    Parameters
    ----------
    format
        What to write. Default: what the name of --output says; without one a table on a
        terminal, else mermaid.
    config
        Draw under this config: what bounds each row, and rows that no call can take dimmed.
    route
        The route of the config that is found, or of --config. Default: "default".
    call
        A ledger (JSON lines; - is standard input) whose last call's path is highlighted.
    id
        Another call of that ledger.
    heat
        Ledgers (--heat=- is standard input): how often their calls took each row, and which
        rows none of them took.
    compare
        What changed since an older config (FILE.toml), against --config or the one that is
        found.
    output
        The file to write.
    picture
        The whole machine, the rows out of classify, or the rows of the arrivals.
    state
        Draw the rows that lead to this state, and those that leave it.
    """
    screen = Screen()
    with exit_on_error(screen):
        wanted = format or _by_name(output)
        _check_delivery(wanted, output)
        if picture is not View.MACHINE and call is not None and wanted == "table":
            raise UsageError("--picture is of a drawing, and this is a list; --format draws")
        found = _subject(screen, _DiagramOptions(call, id, heat, compare, config, route))
        if state is not None:
            _check_state(state, picture)
        _deliver(
            screen, found, Drawing(overlay=found.overlay, view=picture, state=state), wanted, output
        )
    return DONE


def _subject(screen: Screen, options: _DiagramOptions) -> _Subject:
    """What ``options`` are about.

    Raises:
        UsageError: A file is not what was asked for.
        ConfigError: A config cannot be used.
        OSError: A file cannot be read.
    """
    try:
        if options.call is not None:
            return _recorded(options.call, options.id)
        if options.heat:
            return _counted(options.heat)
    except BrokenLedger as error:
        raise UsageError(str(error)) from None
    if options.compare is not None:
        return _compared(screen, options, options.compare)
    if options.config is not None or options.route is not None:
        return _configured(screen, options)
    return _Subject()


def _recorded(ledger: str, call: str | None) -> _Subject:
    path = path_of(read_bytes(ledger).splitlines(keepends=True), call, source=ledger)
    title = f"{_named(ledger)}, call {path.call}"
    number = 1 + len(path.others)
    others = call is None and number > 1
    which = f"{title}, the last of {number}; --id draws another" if others else title
    return _Subject(along(path.rows, title), path=path.rows, which=which)


def _named(ledger: str) -> str:
    """A ledger in a title, where its folder is nobody's business."""
    return "standard input" if ledger == STANDARD_INPUT else Path(ledger).name


def _counted(ledgers: Sequence[str]) -> _Subject:
    counter = RowCounter()
    for ledger in ledgers:
        counter.read(ledger, _lines(ledger))
    table, total = plain(), counter.total
    drawn = heated(table, total.counts, _counts_title(ledgers, total))
    return _Subject(drawn, lists.of_counts(total, table))


def _counts_title(ledgers: Sequence[str], total: RowCounts) -> str:
    files = _named(ledgers[0]) if len(ledgers) == 1 else count(len(ledgers), "ledger")
    return f"{files}: {count(total.calls, 'call')}" if total.calls else files


def _lines(ledger: str) -> Iterable[bytes]:
    """The lines of a ledger, one by one where it is a file: it may be larger than memory."""
    if ledger == STANDARD_INPUT:
        yield from read_bytes(ledger).splitlines(keepends=True)
        return
    with Path(ledger).open("rb") as file:
        yield from file


def _configured(screen: Screen, options: _DiagramOptions) -> _Subject:
    name, found = _under(screen, options.config, options.route)
    table = plain()
    dead = [row.name for row in table.rows if row.name in found.dead]
    title = f"{name}, route {options.route or 'default'}"
    drawn = under(table, dead, bounds.notes(found.setup, table), title)
    return _Subject(drawn, lists.under_config(found.setup, dead, table))


def _compared(screen: Screen, options: _DiagramOptions, old: Path) -> _Subject:
    before, was = _under(screen, old, options.route)
    after, now = _under(screen, options.config, options.route)
    differences = config_changes(was, now)
    title = f"from {before} to {after}, route {options.route or 'default'}"
    return _Subject(differences.overlay(title), lists.of_configs(differences))


def _under(screen: Screen, path: Path | None, route: str | None) -> tuple[str, ConfiguredMachine]:
    """The machine under a config, and how to call it in a title."""
    # A machine without a config is drawn at once: these load the model checker.
    from orchestrator.lab.simulation.loading import load
    from orchestrator.lab.verify import Setting, verify

    config = load(path).config
    name_config(screen, config, path)
    show_warnings(config, screen)
    pool = {name: len(entry.credentials) for name, entry in config.providers.items()}
    name = route or "default"
    setting = Setting(config.route(route), pool, config.policy, name=name)
    with working(screen, f"route {name}", 1, talks=True) as work:
        # What no call takes, only a search knows.
        verdict = verify(setting, search=True, progress=work.tell)
    if not verdict.holds:
        screen.say(
            f"warning: {config.path}: a property is broken, so calls may take rows that are said "
            "to be dead; see: orchestrator verify"
        )
    on_route = {target.provider: pool[target.provider] for target in setting.route}
    shown = Path(config.path).name if config.path else "the config"
    setup = BoundSetup(config.policy, setting.route, on_route)
    return shown, ConfiguredMachine(setup, frozenset(verdict.dead))


def _list_lines(sections: Sequence[ListSection]) -> Iterator[tuple[int, str]]:
    """(margin, line) of lists, with an empty line between them."""
    for place, section in enumerate(sections):
        if place:
            yield 0, ""
        yield 0, section.heading
        yield from ((2, line) for line in section.lines)


def _by_name(output: Path | None) -> str:
    if output is None:
        return "table" if sys.stdout.isatty() else "mermaid"
    suffix = output.suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    near = difflib.get_close_matches(suffix, _SUFFIXES, n=1)
    nearest = f"; the nearest is {near[0]}" if near else ""
    what = f"{suffix} is" if suffix else "a name without a suffix says"
    raise UsageError(
        f"--output {output}: {what} no format of a diagram{nearest}; allowed: "
        f"{', '.join(_SUFFIXES)}, or any name with --format (table, mermaid, dot, svg, png, json)"
    )


def _check_state(state: str, picture: View) -> None:
    if picture is not View.MACHINE:
        raise UsageError("--state and --picture are given; allowed: one of them")
    try:
        rows_around(plain(), state)
    except UnknownState as error:
        raise UsageError(f"--state: {error}") from None


def _check_delivery(wanted: str, output: Path | None) -> None:
    """Notice before the work that nobody could see what comes of it."""
    if output is not None:
        check_writable(output)
    elif wanted in _PICTURES and sys.stdout.isatty():
        raise UsageError(
            f"{wanted} is not for a terminal; give --output FILE, or lead stdout to a file"
        )


def _deliver(
    screen: Screen, found: _Subject, drawn: Drawing, wanted: str, output: Path | None
) -> None:
    if wanted == "table" and output is None:
        screen.result(_listed(found, drawn))
        _tell(screen, found)
        return
    content = _content(found, drawn, wanted)
    if output is not None:
        output.write_bytes(content)
        screen.say(f"wrote {output}")
        _tell(screen, found, first=True)
        return
    ends = content.endswith(b"\n") or wanted == "png"
    sys.stdout.buffer.write(content if ends else content + b"\n")
    sys.stdout.buffer.flush()


def _content(found: _Subject, drawn: Drawing, wanted: str) -> bytes:
    draw: dict[str, Callable[[], str | bytes]] = {
        "table": lambda: _listed(found, drawn).plain + "\n",
        "mermaid": drawn.mermaid,
        "dot": drawn.dot,
        "svg": drawn.svg,
        "png": drawn.png,
        "json": lambda: json.dumps(drawn.as_mapping(), indent=2) + "\n",
    }
    try:
        content = draw[wanted]()
    except (MissingDiagramExtra, RenderFailed) as error:
        raise UsageError(str(error)) from None
    return content.encode() if isinstance(content, str) else content


def _listed(found: _Subject, drawn: Drawing) -> Text:
    """The path where a call is drawn, since that is an order in time; else the machine."""
    if found.path and drawn.state is None:
        path = terminal.path(found.path)
        return Text.assemble((f"{found.which}\n\n", "bold"), path)
    return drawn.listing()


def _tell(screen: Screen, found: _Subject, *, first: bool = False) -> None:
    """The lists beside a drawing."""
    if found.lists and not first:
        screen.result("")
    for margin, line in _list_lines(found.lists):
        screen.result(line, margin=margin)
