"""Write docs/configuration.md from the records that hold the defaults.

    python scripts/configuration_page.py [--check]

With ``--check`` nothing is written, and the exit status is 1 where the page is not true.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from orchestrator.config.loading import APP, FILE, VARIABLE
from orchestrator.config.starter import DEFAULTS
from orchestrator.health import stores
from orchestrator.states.reasons import SPECS, Move
from orchestrator.vendors import CATALOGUE
from scripts.pages import write_or_check

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"

HEAD = """\
# Configuration

<!-- Written by scripts/configuration_page.py from the records; do not edit. -->

`orchestrator.toml` says who is asked, in which order, and within which limits. `orchestrator init`
writes one from the keys in the environment; `orchestrator check` says what is wrong with one.

- Durations are seconds (`10`) or text (`"500ms"`, `"10s"`, `"5m"`, `"1h"`).
- A credential is `"env:NAME"`, `"file:PATH"`, `"command:PROGRAM …"`, whose output is the token,
  `"keyring:SERVICE/NAME"` or, for local use, the value
  itself. A missing one is a warning; it is an error only where no target is left.
- A target is `provider/model`, split at the first slash; each has a model, overrides and limits of
  its own.
- `[policy.on]` replaces the moves of a reason: `rate_limit = ["rotate", "fallback"]`. Billing may
  list `fallback` alone: the account has no money, so neither its other keys nor a wait can help.
- `timeout=` of a call (or `run --timeout`) goes before `deadline`. Of either, each attempt keeps
  back what the targets that stand by need: 15 s for one that is streamed, 60 s where the whole
  answer must come, more where it was seen to need more, together at most half of what is left. So
  one that hangs leaves time for the others; after the first content nothing is kept back. A limit
  that this makes shorter says nothing about the target, and marks nothing.
- A target that fails slowly, after a silence or after the caller waited longer than the `patience`,
  is not asked again while another one stands by.
- `ORCHESTRATOR_HEADERS_<PROVIDER>='Name: value'` adds or replaces headers; an empty value removes
  one.

Everything else is refused with the file, the line, the key's path, what was found, what is allowed
and the nearest known name.
"""


FILES = f"""\

## Where files lie

| file | where |
|---|---|
| the config | the first of: `--config` or `from_file(path)`; `${VARIABLE}`; `./{FILE}`; `{FILE}` in the user's config folder |
| the user's config folder | Linux: `$XDG_CONFIG_HOME/{APP}`, where that is not set `~/.config/{APP}`; macOS: `~/Library/Application Support/{APP}`; Windows: `%LOCALAPPDATA%\\{APP}\\{APP}` |
| the health board, `health = "file"` | `{stores.FILE}` in the user's state folder, with `{stores.FILE}-changes` beside it. Linux: `$XDG_STATE_HOME/{stores.APP}`, where that is not set `~/.local/state/{stores.APP}`; macOS: `~/Library/Application Support/{stores.APP}`; Windows: `%LOCALAPPDATA%\\{stores.APP}\\{stores.APP}` |
| the health board that [hosts share](fleet.md) | on the server whose URL `health` is: `redis://`, `rediss://`, `unix://`; `"env:NAME"` takes the URL from a variable, where it holds a password |
| the ledger | where `ledger` says; there is none unless it does. With `ledger_max` the one before it lies beside it, as `NAME.1` |

A relative path in the config (`ledger`, `verify`, `"file:PATH"` of a credential) begins at the
config's own folder, wherever the program is run from, and a `"command:…"` runs there; `~` is the
user's home. A config that is made
in code or is a text begins in the working directory. Every command says
which config it reads, and `orchestrator stats` which ledger. Health file and ledger are made for
their owner alone. The health file may be removed at any time: it is begun anew, and providers are
asked as if nothing were known.
"""  # noqa: E501 - a table is read by its rows


def page() -> str:
    """The whole page."""
    parts = [HEAD, FILES, *_tables(), *_catalogue()]
    return "\n".join(parts)


def _tables() -> Iterator[str]:
    for table, entries in groupby(DEFAULTS, key=lambda entry: entry.table):
        yield f"\n## {f'`[{table}]`' if table else 'At the top'}\n"
        yield "| key | default (or an example) | meaning |\n|---|---|---|"
        yield from (
            f"| `{entry.key}` | `{_cell(entry.value)}` | {_cell(entry.meaning)} |"
            for entry in entries
        )
        if table == "policy.on":
            yield from _moves()
        if table == "gateway":
            yield "\nOf `orchestrator serve`, whose page is [gateway.md](gateway.md)."
        if table == "otel":
            yield "\nOf spans, whose page is [tracing.md](tracing.md)."


MOVES = """
A list replaces the whole default of its reason; its order has no meaning, and `[]` allows no move.
`rotate` goes on with another key of the provider, `retry` asks the same target again after a wait,
`fallback` goes to the next target. Billing may list `fallback` alone.

To switch at once, with no wait on a key that is throttled or a provider that is busy:

```toml
[policy.on]
rate_limit = ["rotate", "fallback"]
overloaded = ["fallback"]
```

| reasons | default |
|---|---|"""


def _moves() -> Iterator[str]:
    """What a policy allows for each reason that a config may name."""
    yield MOVES
    alike: dict[str, list[str]] = {}
    for reason, spec in SPECS.items():
        if not spec.ours:
            later = f"; `{_listed(spec.moves_later)}` at a later target" if spec.moves_later else ""
            alike.setdefault(f"`{_listed(spec.moves)}`{later}", []).append(f"`{reason}`")
    yield from (f"| {', '.join(reasons)} | {moves} |" for moves, reasons in alike.items())


def _listed(moves: frozenset[Move]) -> str:
    words = (f'"{move}"' for move in Move if move in moves)
    return f"[{', '.join(words)}]"


def _catalogue() -> Iterator[str]:
    yield "\n## Known providers\n"
    yield "A known name brings address, dialect and key variable; any other needs a `base_url`.\n"
    yield "| name | key variable | dialect | address |\n|---|---|---|---|"
    for entry in CATALOGUE.values():
        keys = ", ".join(f"`{key}`" for key in entry.keys)
        name = f"[{entry.name}]({entry.documentation})"
        yield f"| {name} | {keys} | {entry.dialect} | {entry.base_url or 'from the environment'} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Write, or check."""
    return write_or_check(PAGE, page(), "the records")


if __name__ == "__main__":
    sys.exit(main())
