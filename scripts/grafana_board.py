"""Write docs/grafana/orchestrator.json: the Grafana board of the gateway's metrics.

    python -m scripts.grafana_board [--check]

With ``--check`` nothing is written, and the exit status is 1 where the file is another one. The
board is a few tables of panels, which stand below in the order in which somebody who was just
woken up reads them. The data source is a variable and the board has no numeric id: it is imported
into any Grafana from 10 on without an edit, and again as a new version of itself.
"""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.grafana_panel import ALL, Panel, increase, of, quantile, rate, some
from scripts.pages import write_or_check

FILE = Path(__file__).parent.parent / "docs" / "grafana" / "orchestrator.json"

Json = dict[str, Any]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
"""Of Grafana's grid."""

HEIGHTS = {"stat": 4, "row": 1}
HEIGHT = 8

# Colours, by what they mean; names of Grafana's palette.
GOOD, FAIR, BAD, WORST = "green", "yellow", "orange", "red"

# Which series a query takes: of the gateways, routes and providers that are chosen above the board.
ROUTE = f'{ALL}, route=~"$route"'
PROVIDER = f'{ALL}, provider=~"$provider"'
MODEL_TOKENS = f'{PROVIDER}, kind=~"prompt|completion"'
"""The other kinds of tokens are parts of these two."""

CALLS, ATTEMPTS = "orchestrator_calls_total", "orchestrator_attempts_total"
RESCUES, TOKENS = "orchestrator_rescues_total", "orchestrator_tokens_total"
RESCUE_TIME = "orchestrator_time_to_rescue_seconds"
FIRST_CHUNK, OVERHEAD = "orchestrator_time_to_first_chunk_seconds", "orchestrator_overhead_seconds"
BENCHED, TRANSITIONS = "orchestrator_benched", "orchestrator_transitions_total"

ANSWERED = f'{ROUTE}, outcome="succeed"'
WANTED = f'{ROUTE}, stopped_by!="cancelled"'
FAILED = f'{ROUTE}, outcome="fail_terminal"'
UNANSWERED = f'{PROVIDER}, reason!="none"'
WASTED = f'{MODEL_TOKENS}, billed=~"failed|abandoned"'

MARKS = ("cooldown", "circuit", "bench", "dead")
"""From the least to the worst."""

NOW = (
    Panel(
        "Gateways that answer",
        "Gateways whose metrics could be read just now. One that is missing here is down, or "
        "Prometheus does not reach it.",
        {"": f"sum(up{{{ALL}}})"},
        "stat", width=4, steps={0: WORST, 1: GOOD},
    ),
    Panel(
        "Calls answered",
        "Of all calls in the time shown, how many got an answer. Calls that their own caller gave "
        "up are left out.",
        {"": of(increase(CALLS, ANSWERED), increase(CALLS, WANTED))},
        "stat", "percentunit", 4, {0: WORST, 0.95: BAD, 0.99: GOOD}, is_total=True, decimals=2,
    ),
    Panel(
        "Calls rescued",
        "Of all calls in the time shown, how many were answered by another target or key, or after "
        "a wait, where the first attempt would have failed them. Of all routes.",
        {"": of(increase(RESCUES, ALL), increase(CALLS, ALL))},
        "stat", "percentunit", 4, {0: GOOD, 0.2: FAIR, 0.5: BAD}, is_total=True, decimals=2,
    ),
    Panel(
        "Providers out",
        "Providers of which the account, a key or a model is benched or out now.",
        {"": f'count(max by (provider) ({BENCHED}{{{PROVIDER}, mark=~"bench|dead"}}) > 0) '
         "or vector(0)"},
        "stat", width=4, steps={0: GOOD, 1: BAD},
    ),
    Panel(
        "Tokens paid for nothing",
        "Of all tokens in the time shown, those of answers that came to nothing or that nobody "
        "waited for, which are on the bill all the same.",
        {"": of(increase(TOKENS, WASTED), increase(TOKENS, MODEL_TOKENS))},
        "stat", "percentunit", 4, {0: GOOD, 0.05: FAIR, 0.2: BAD}, is_total=True, decimals=2,
    ),
    Panel(
        "Lowest balance",
        "The least money left at one of the providers that tell it, in its own currency. At 5 a "
        "gateway begins to warn, unless its `warn_below` says otherwise.",
        {"": f"min(orchestrator_balance{{{PROVIDER}}})"},
        "stat", width=4, steps={-1e9: WORST, 1: BAD, 5: GOOD}, decimals=2,
    ),
)  # fmt: skip

ROWS: Mapping[str, Sequence[Panel]] = {
    "Now": NOW,
    "Calls": (
        Panel(
            "Calls by outcome",
            "Calls that ended, each second. `fail_terminal` reached the caller as an error.",
            {"{{outcome}}": rate(CALLS, ROUTE, "outcome")},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "Failed calls by what stopped them",
            "exhausted: nobody was left to ask. attempts: the policy's `max_attempts` were sent. "
            "deadline: the time was over. cancelled: the caller went away. committed: a stream "
            "broke after its first words.",
            {"{{stopped_by}}": rate(CALLS, FAILED, "stopped_by")},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "Calls by route",
            "Calls that ended, each second. `other`: names that the config does not have.",
            {"{{route}}": rate(CALLS, ROUTE, "route")},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "Share of calls rescued",
            "Of all calls, those that another target or key, or a wait, rescued. High for long: "
            "the first target of a route is out, and should be mended or no longer be the first.",
            {"rescued": of(rate(RESCUES, ALL), rate(CALLS, ALL))},
            unit="percentunit", most=1,
        ),
        Panel(
            "Rescues by reason",
            "What the first target was not to be had for. Empty where nothing was rescued.",
            {"{{reason}}": some(rate(RESCUES, ALL, "reason"))},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "In flight",
            "Calls that are not over. Beyond `max_in_flight` new ones are refused with 503.",
            {"{{instance}}": f"sum by (instance) (orchestrator_in_flight{{{ALL}}})"},
        ),
    ),
    "Time": (
        Panel(
            "Seconds lost to failures",
            "Of rescued calls: from their beginning until the attempt that answered was sent. Next "
            "to nothing where a bench was known, the time limit where a target was silent.",
            {"half of them": quantile(0.5, RESCUE_TIME), "95 %": quantile(0.95, RESCUE_TIME)},
            unit="s",
        ),
        Panel(
            "Seconds until the first words of a stream",
            "Of streamed calls, failures included that came before.",
            {"half of them": quantile(0.5, FIRST_CHUNK), "95 %": quantile(0.95, FIRST_CHUNK)},
            unit="s",
        ),
        Panel(
            "Seconds of the gateway's own",
            "What was neither a provider's time nor a wait's. More than 20 ms: the process has too "
            "much to do, or large requests.",
            {"half of them": quantile(0.5, OVERHEAD), "99 %": quantile(0.99, OVERHEAD)},
            unit="s", steps={0: GOOD, 0.02: BAD},
        ),
    ),
    "Providers": (
        Panel(
            "State of each provider",
            "The worst mark that stands on the provider, one of its keys or one of its models. It "
            "ends by itself or by a probe; `orchestrator status --reset` ends it at once.",
            {
                "{{provider}}": "max by (provider) ("
                + " or ".join(
                    f'{worth} * ({BENCHED}{{{PROVIDER}, mark="{mark}"}} > bool 0)'
                    for worth, mark in enumerate(MARKS, 1)
                )
                + ")"
            },
            "state-timeline", width=16,
            texts=(
                ("in service", GOOD),
                ("cooling down", "blue"),
                ("circuit open", FAIR),
                ("benched", BAD),
                ("out", WORST),
            ),
        ),
        Panel(
            "Marks that stand now",
            "Each kind of mark on each provider: on the whole of it, a key, or a model.",
            {"": f"sum by (provider, mark) ({BENCHED}{{{PROVIDER}}}) > 0"},
            "table", is_total=True,
        ),
        Panel(
            "Attempts by provider",
            "Requests sent, each second; a call may have several.",
            {"{{provider}}": rate(ATTEMPTS, PROVIDER, "provider")},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "Failed attempts by provider and reason",
            "billing: top up. auth: the key is wrong. rate_limit: too much at once. overloaded, "
            "server_error, timeout, connection: theirs to mend. Empty where none failed.",
            {"{{provider}}: {{reason}}": some(rate(ATTEMPTS, UNANSWERED, "provider, reason"))},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "Failed attempts by model",
            "The same by model, to tell a model that is gone from a provider that is down.",
            {"{{provider}}/{{model}}": some(rate(ATTEMPTS, UNANSWERED, "provider, model"))},
            unit="reqps", is_stacked=True,
        ),
        Panel(
            "Probes by result",
            "Attempts that tested a bench or circuit that had ended, each minute. answered: the "
            "provider is back. failed: the mark goes on, for longer.",
            {"{{result}}": f"60 * {rate('orchestrator_probes_total', ALL, 'result')}"},
            unit="cpm", is_stacked=True,
        ),
        Panel(
            "Money left",
            "At providers that tell it, in their own currency. Below 5 (`warn_below` in the "
            "config) the gateway warns; an account without money is benched.",
            {"{{provider}}": f"min by (provider) (orchestrator_balance{{{PROVIDER}}})"},
            width=16, steps={-1e9: WORST, 5: GOOD}, decimals=2,
        ),
        Panel(
            "Retries refused",
            "Failures each minute after which no retry was made, since too many of them had come "
            "to nothing there. The provider fails for everybody; fallbacks go on.",
            {"{{provider}}": "60 * "
             + rate("orchestrator_retries_refused_total", PROVIDER, "provider")},
            unit="cpm", is_stacked=True,
        ),
        Panel(
            "Budget of retries left",
            "Tokens, 500 unless `retry_budget` in the config says otherwise: a retry that fails "
            "takes 14, an answer brings 1. Below 14 none is made.",
            {"{{provider}}": f"min by (provider) (orchestrator_retry_tokens{{{PROVIDER}}})"},
            width=16, steps={0: BAD, 14: GOOD},
        ),
        Panel("Board that hosts share", "alone: the store of the marks cannot be used; `/readyz` "
              "says why. No call fails of that: each gateway goes by what it finds out itself.",
              {"{{instance}}": f"min by (instance) (orchestrator_board_shared{{{ALL}}})"},
              "state-timeline", width=COLUMNS, texts=(("alone", BAD), ("shared", GOOD))),
    ),
    "Tokens": (
        Panel(
            "Tokens by what became of them",
            "served: the answer reached the caller. failed: a model ran, and its answer came to "
            "nothing. abandoned: the caller went away, or the time was over. The last two are "
            "money spent for nothing.",
            {"{{billed}}": rate(TOKENS, MODEL_TOKENS, "billed")},
            is_stacked=True,
        ),
        Panel(
            "Tokens by provider and model",
            "Tokens each second, of prompts and of answers.",
            {"{{provider}}/{{model}}": some(rate(TOKENS, MODEL_TOKENS, "provider, model"))},
            is_stacked=True,
        ),
        Panel(
            "Tokens by kind",
            "Tokens each second. cached ones are also in prompt, reasoning ones in completion.",
            {"{{kind}}": rate(TOKENS, PROVIDER, "kind")},
        ),
    ),
    "Machine": (
        Panel(
            "Rows most taken",
            "The moves of the calls in the time shown, by row of the table in "
            "docs/diagrams/states.md: what failures lead to.",
            {"{{row}}": f"topk(20, {some(increase(TRANSITIONS, ALL, 'row'))})"},
            "bargauge", width=12, is_total=True, decimals=0,
        ),
        Panel(
            "Nested retries",
            "Requests that the client's own retry loop sent again, each minute. Set its "
            "`max_retries` to 0: the gateway retries already, and knows more.",
            {"retries": f"60 * {rate('orchestrator_nested_retries_total', ALL)}"},
            unit="cpm", width=4,
        ),
        Panel("Memory", "Of each gateway's process. It is flat once a gateway is warm.",
              {"{{instance}}": f"process_resident_memory_bytes{{{ALL}}}"}, unit="bytes", width=4),
        Panel("Cores used", "By each gateway's process, which uses one at most.",
              {"{{instance}}": f"rate(process_cpu_seconds_total{{{ALL}}}[$__rate_interval])"},
              width=4),
        Panel("Audited calls by result", "With `serve --audit`, calls each minute that were "
            "held against the table. failed: the "
            "log has each at ERROR, and docs/audit.md says what to do. left_out: too many ended at "
            "once. Nothing here: audit is off, or nothing was called.",
            {"{{result}}": some(f"60 * {rate('orchestrator_audit_calls_total', ALL, 'result')}")},
            unit="cpm", width=COLUMNS, is_stacked=True,
        ),
    ),
}  # fmt: skip


# How Grafana wants it.


def board() -> Json:
    """The whole board."""
    return {
        "uid": "orchestrator-gateway",
        "title": "Orchestrator gateway",
        "description": "Calls, failures, rescues, providers and money of a gateway, as "
        "docs/metrics.md describes its metrics. Written by scripts/grafana_board.py.",
        "tags": ["llm", "orchestrator"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # the same instant is pointed at in all panels
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": list(_variables())},
        "annotations": {"list": []},
        "panels": list(_placed()),
    }


def _variables() -> Iterator[Json]:
    yield {
        "type": "datasource", "name": "datasource", "label": "Data source",
        "query": "prometheus", "refresh": 1,
    }  # fmt: skip
    labels = {
        "instance": ("Gateway", "orchestrator_in_flight"),
        "route": ("Route", CALLS),
        "provider": ("Provider", BENCHED),
    }
    for label, (words, family) in labels.items():
        yield {
            "type": "query", "name": label, "label": words, "datasource": SOURCE,
            "query": f"label_values({family}, {label})",
            "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
            "current": {"text": ["All"], "value": ["$__all"]},
        }  # fmt: skip


def _placed() -> Iterator[Json]:
    """Every panel from left to right and from top to bottom, with a heading above each row."""
    top, number = 0, 0
    for words, panels in ROWS.items():
        number, left, tall = number + 1, 0, HEIGHTS["row"]
        place = {"x": 0, "y": top, "w": COLUMNS, "h": tall}
        yield {"id": number, "type": "row", "title": words, "collapsed": False,
               "gridPos": place, "panels": []}  # fmt: skip
        top += tall
        for panel in panels:
            if left + panel.width > COLUMNS:
                left, top = 0, top + tall
            number, tall = number + 1, HEIGHTS.get(panel.kind, HEIGHT)
            place = {"x": left, "y": top, "w": panel.width, "h": tall}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left += panel.width
        top += tall


def _panel(panel: Panel) -> Json:
    shown: Json = {"unit": panel.unit, "min": 0}
    if panel.decimals is not None:
        shown["decimals"] = panel.decimals
    if panel.most is not None:
        shown["max"] = panel.most
    if panel.steps:
        first, *rest = panel.steps.items()
        steps = [{"value": None, "color": first[1]}, *({"value": v, "color": c} for v, c in rest)]
        shown["thresholds"] = {"mode": "absolute", "steps": steps}
        del shown["min"]
    if panel.texts:
        said = {str(n): {"text": t, "color": c, "index": n} for n, (t, c) in enumerate(panel.texts)}
        shown["mappings"] = [{"type": "value", "options": said}]
    drawn, options = _kind(panel)
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "targets": list(_targets(panel)),
        "fieldConfig": {"defaults": {**shown, **drawn}, "overrides": []},
        "options": options,
        **({"transformations": [_TABLE_COLUMNS]} if panel.kind == "table" else {}),
    }


_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_TABLE_COLUMNS = {"id": "organize", "options": {"excludeByName": {"Time": True}}}


def _kind(panel: Panel) -> tuple[Json, Json]:
    """What Grafana must be told of a kind of panel: of its fields, and of the whole of it."""
    match panel.kind:
        case "stat":
            shown = {"reduceOptions": _LAST, "colorMode": "value", "graphMode": "none"}
            return {"noValue": "–", "color": {"mode": "thresholds"}}, shown
        case "state-timeline":
            bars = {"fillOpacity": 80, "lineWidth": 0}
            return {"custom": bars}, {"showValue": "never", "rowHeight": 0.8, "mergeValues": True}
        case "table":
            return {"noValue": "no mark stands"}, {"showHeader": True, "cellHeight": "sm"}
        case "bargauge":
            return {}, {"reduceOptions": _LAST, "orientation": "horizontal", "displayMode": "basic"}
        case _:
            custom: Json = {
                "lineWidth": 1, "fillOpacity": 25 if panel.is_stacked else 5,
                "showPoints": "never", "spanNulls": False,
                "stacking": {"mode": "normal" if panel.is_stacked else "none", "group": "A"},
                "thresholdsStyle": {"mode": "line" if panel.steps else "off"},
            }  # fmt: skip
            legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
            tooltip = {"mode": "multi", "sort": "desc"}
            return {"custom": custom}, {"legend": legend, "tooltip": tooltip}


def _targets(panel: Panel) -> Iterator[Json]:
    is_instant = panel.is_total or panel.kind == "stat"
    for ref, (legend, query) in zip(string.ascii_uppercase, panel.queries.items(), strict=False):
        yield {
            "refId": ref, "datasource": SOURCE, "editorMode": "code", "expr": query,
            "legendFormat": legend or "__auto", "instant": is_instant, "range": not is_instant,
            "format": "table" if panel.kind == "table" else "time_series",
        }  # fmt: skip


def main() -> int:
    """Write, or check."""
    text = json.dumps(board(), indent=1, ensure_ascii=False) + "\n"
    return write_or_check(FILE, text, "scripts/grafana_board.py")


if __name__ == "__main__":
    sys.exit(main())
