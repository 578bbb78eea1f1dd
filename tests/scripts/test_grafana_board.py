"""The board and the alerts ask for metrics that are there, in words that their readers take."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.gateway.metrics import Metrics
from orchestrator.states import Mark, StoppedBy
from scripts.grafana_board import FILE, MARKS, board
from tests.orchestrator.gateway.played import Player
from tests.orchestrator.gateway.test_metrics import FAMILIES

ALERTS = FILE.with_name("alerts.yml")
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="NOT CHECKED by promtool: it is not installed here"
)

OF_PROMETHEUS = {"up": {"instance", "job"}}
"""What Prometheus adds, and the labels of it."""

Json = dict[str, Any]
PANELS: list[Json] = [one for one in board()["panels"] if one["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every query of the board, as Grafana sends it, and its legend."""
    for panel in PANELS:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "2m").replace("$__range", "3h")
            yield re.sub(r"\$(instance|route|provider)\b", ".+", query), target["legendFormat"]


def alerts() -> list[Json]:
    return list(yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"])


def asked_for() -> Iterator[str]:
    yield from (query for query, _ in expressions())
    yield from (alert["expr"] for alert in alerts())


def exposed() -> dict[str, set[str]]:
    """The labels of each name that a gateway writes, of families without samples none."""
    player = Player()
    text, _ = Metrics(player.config, player.orchestrator.board, lambda: 0).exposition()
    found = {**OF_PROMETHEUS, "orchestrator_balance": {"provider", "instance"}}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {"instance", "job"}).update(sample.labels)
    return found


SELECTED = re.compile(r"\b((?:orchestrator|process|up)\w*)(?:\{([^}]*)\})?")


def test_it_is_what_is_committed() -> None:
    assert json.loads(FILE.read_text("utf-8")) == board(), "python -m scripts.grafana_board"


def test_grafanas_own_records_know_every_field() -> None:
    assert list(lost(board(), read_by_grafana(board()))) == []


def read_by_grafana(said: Json) -> Any:
    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(said)))


def lost(written: Any, again: Any, path: str = "") -> Iterator[str]:
    """What was written and is not there once it was read; defaults may come along."""
    if isinstance(written, dict) and isinstance(again, dict):
        for key, value in written.items():
            yield from lost(value, again.get(key, "nothing"), f"{path}.{key}")
    elif isinstance(written, list) and isinstance(again, list) and len(written) == len(again):
        for at, (one, other) in enumerate(zip(written, again, strict=True)):
            yield from lost(one, other, f"{path}[{at}]")
    elif written != again:
        yield f"{path}: {written!r} became {again!r}"


def test_a_field_that_grafana_does_not_know_would_be_noticed() -> None:
    said = board()
    said["panels"][1]["fieldConfig"]["defaults"]["units"] = "s"

    assert len(list(lost(said, read_by_grafana(said)))) == 1


def test_every_metric_and_label_is_one_that_a_gateway_has() -> None:
    there = exposed()
    for query in asked_for():
        for name, matchers in SELECTED.findall(query):
            assert name in there, f"{name} of {query}"
            labels = set(re.findall(r"(\w+)\s*[=!]~?", matchers))
            assert labels <= there[name] | {"instance"}, query


def test_what_is_added_up_by_a_label_has_it() -> None:
    there = exposed()
    for query, legend in expressions():
        of = set().union(*(there[name] for name, _ in SELECTED.findall(query)), {"instance"})
        by = {
            one.strip()
            for found in re.findall(r"by \(([^)]*)\)", query)
            for one in found.split(",")
        }
        assert by <= of, query
        assert set(re.findall(r"\{\{(\w+)}}", legend)) <= (by or of), legend


def test_every_family_is_on_it() -> None:
    text = "\n".join(query for query, _ in expressions())

    assert [name for name in FAMILIES if not re.search(rf"\b{name}\w*\b", text)] == []


def test_values_of_labels_that_it_names_are_those_of_the_enums() -> None:
    said = next(one["description"] for one in PANELS if "what stopped them" in one["title"])

    assert set(MARKS) == {mark.value for mark in Mark}
    assert [reason.value for reason in StoppedBy if f"{reason.value}:" not in said] == []


def test_a_panel_says_what_it_means_and_stands_by_itself() -> None:
    taken = set[tuple[int, int]]()
    for panel in board()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert all(panel["description"].endswith(".") for panel in PANELS)
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    sources = {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert sources == {"${datasource}"}


def promtool(*words: str, cwd: Path) -> None:
    assert PROMTOOL is not None
    told = subprocess.run([PROMTOOL, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@needs_promtool
def test_promtool_takes_every_query_and_alert(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{at}", "expr": query} for at, (query, _) in enumerate(expressions())
    ]
    groups = {"groups": [{"name": "board", "rules": rules}]}
    (tmp_path / "board.yml").write_text(yaml.safe_dump(groups))
    (tmp_path / "alerts.yml").write_text(ALERTS.read_text("utf-8"))

    promtool("check", "rules", "board.yml", "alerts.yml", cwd=tmp_path)


CALLS = 'orchestrator_calls_total{instance="g", route="default", outcome="%s", stopped_by="%s"}'
SERIES = {
    'up{job="orchestrator", instance="g"}': "1x60 0x30",
    CALLS % ("succeed", "none"): "0+10x30 300x60",
    CALLS % ("fail_terminal", "exhausted"): "0x30 0+10x60",
    CALLS % ("fail_terminal", "cancelled"): "0+90x90",
    'orchestrator_benched{instance="g", provider="deepseek", mark="bench"}': "0x10 1x80",
    'orchestrator_benched{instance="g", provider="corp", mark="cooldown"}': "1x90",
    'orchestrator_balance{instance="g", provider="deepseek"}': "6x40 4.5x50",
}
"""What is read each minute: 30 healthy ones, 30 in which all calls fail, then nobody answers."""

FIRING: dict[str, dict[str, list[Json]]] = {
    "25m": {},
    "50m": {
        "OrchestratorCallsFail": [{"severity": "critical", "instance": "g"}],
    },
    "80m": {
        "OrchestratorGatewayDown": [
            {"severity": "critical", "job": "orchestrator", "instance": "g"}
        ],
        "OrchestratorCallsFail": [{"severity": "critical", "instance": "g"}],
        "OrchestratorBenchedLong": [
            {"severity": "warning", "instance": "g", "provider": "deepseek", "mark": "bench"}
        ],
        "OrchestratorBalanceLow": [{"severity": "warning", "provider": "deepseek"}],
    },
}


@needs_promtool
def test_alerts_fire_when_they_should_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_text(bare(alerts()))
    checks = [
        {
            "eval_time": at,
            "alertname": alert["alert"],
            "exp_alerts": [{"exp_labels": labels} for labels in firing.get(alert["alert"], [])],
        }
        for at, firing in FIRING.items()
        for alert in alerts()
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    tests = {"interval": "1m", "input_series": series, "alert_rule_test": checks}
    told = {"rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": [tests]}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(told))

    promtool("test", "rules", "tests.yml", cwd=tmp_path)


def bare(rules: list[Json]) -> str:
    """The rules without their words, which promtool would want to be told again."""
    kept = [{k: v for k, v in rule.items() if k != "annotations"} for rule in rules]
    return yaml.safe_dump({"groups": [{"name": "orchestrator", "rules": kept}]})
