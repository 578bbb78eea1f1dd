"""What the inspector's page asks for, who may ask it, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.gateway.inspector.endpoints import ENDPOINTS, MOST_BODY
from orchestrator.gateway.key_file import GatewayKey, KeyFile
from orchestrator.gateway.served_paths import OWN, Kind
from orchestrator.sim import replies
from tests.orchestrator.gateway.inspector.watching import hanging_call
from tests.orchestrator.gateway.running import Running, running

RESET, REPLAY = "/inspector/reset", "/inspector/replay"
ADMINS = ("/inspector/board", "/inspector/figures", "/inspector/policy")


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    scripts = {"a": replies.billing_402(), "b": replies.ok()}
    with running(scripts, gateway={"cors": ["*"]}) as one:
        yield one


@pytest.fixture(scope="module")
def call(served: Running) -> str:
    """The id of a call that was rescued."""
    served.gateway.orchestrator.board.reset()
    return str(served.post().headers["x-orchestrator-call-id"])


def test_every_path_of_the_inspector_has_somebody_who_answers() -> None:
    assert {path for path, served in OWN.items() if served.kind is Kind.INSPECTOR} == {*ENDPOINTS}


# Who may ask.


FOREIGN = [
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"host": "rebound.example"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_the_page_of_somebody_else_is_refused(served: Running, headers: dict[str, str]) -> None:
    """Also where every page may make calls."""
    for path in (*ADMINS, "/inspector/events", "/inspector/edges?from=ready&to=attempt"):
        assert served.get(path, headers=headers).status_code == 403
    assert served.post(RESET, {"provider": None}, headers=headers).status_code == 403
    assert served.post(REPLAY, {"call": "x", "policy": ""}, headers=headers).status_code == 403


def test_its_own_page_is_served(served: Running) -> None:
    headers = {"origin": served.url, "sec-fetch-site": "same-origin"}

    assert served.get("/inspector/board", headers=headers).status_code == 200
    assert served.post(RESET, {"provider": None}, headers=headers).status_code == 200


def test_a_page_that_the_config_names_is_served() -> None:
    headers = {"origin": "https://gateway.example", "sec-fetch-site": "cross-site"}
    with running(gateway={"cors": [headers["origin"]]}) as served:
        assert served.post(RESET, {"provider": None}, headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", [RESET, REPLAY])
def test_what_is_no_json_is_refused(served: Running, path: str, kind: str) -> None:
    with served.client() as client:
        answer = client.post(path, content='{"provider": null}', headers={"content-type": kind})

    assert answer.status_code == 415


def test_keys_are_asked_for_and_others_calls_are_for_admins(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    mine, boss = file.add(GatewayKey("mine")), file.add(GatewayKey("boss", admin=True))
    with running(is_loopback=False, gateway={"keys": str(file.path)}) as served:
        page = served.get("/")
        bare = [served.get(path).status_code for path in (*ADMINS, "/inspector/events")]
        bare.append(served.post(RESET, {"provider": None}).status_code)
        in_query = served.get(f"/inspector/board?key={boss}").status_code
        told = {name: {"authorization": f"Bearer {key}"} for name, key in
                (("mine", mine), ("boss", boss))}  # fmt: skip
        refused = [served.get(path, headers=told["mine"]) for path in ADMINS]
        refused.append(served.post(RESET, {"provider": None}, headers=told["mine"]))
        allowed = [served.get(path, headers=told["boss"]).status_code for path in ADMINS]
        ids = [served.post(headers=told[name]).headers["x-orchestrator-call-id"] for name in told]
        asked = {"policy": ""}
        own = [served.post(REPLAY, {"call": one, **asked}, headers=told["mine"]) for one in ids]
        edge = "/inspector/edges?from=ready&to=attempt"
        edges = served.get(edge, headers=told["mine"]).json()["calls"]
        policies = [
            served.get(f"/inspector/policy?call={one}", headers=told["mine"]) for one in ids
        ]

    assert page.status_code == 200
    assert set(bare) == {401}
    assert in_query == 401
    assert {answer.status_code for answer in refused} == {403}
    assert "--admin" in refused[0].json()["error"]["message"]
    assert set(allowed) == {200}
    assert [answer.status_code for answer in own] == [200, 404]
    assert [answer.status_code for answer in policies] == [200, 404]
    assert [each["call"] for each in edges] == ids[:1]


# What is told.


def test_a_reset_ends_a_bench(served: Running, caplog: pytest.LogCaptureFixture) -> None:
    served.gateway.orchestrator.board.reset()
    served.post()
    benched = {one["provider"]: one for one in served.get("/inspector/board").json()["providers"]}
    asked = len(served.providers.received("a"))
    with caplog.at_level("INFO", "orchestrator"):
        answer = served.post(RESET, {"provider": "a"}).json()
    board = served.get("/inspector/board").json()
    served.post()

    assert (benched["a"]["mark"], benched["a"]["reason"]) == ("bench", "billing")
    assert benched["a"]["until"] > benched["a"]["since"]
    assert benched["b"]["mark"] is None
    assert benched["a"]["credentials"][0]["label"] == "key#1"
    assert benched["a"]["targets"][0]["target"] == "a/m"
    assert answer["removed"] == 1
    assert "the inspector removed 1 mark of a" in caplog.text
    assert [one["mark"] for one in board["providers"]] == [None, None]
    assert len(served.providers.received("a")) == asked + 1  # it is asked again at once


def test_an_unknown_provider_is_told_the_nearest() -> None:
    with running({"deepseek": replies.ok()}) as served:
        answer = served.post(RESET, {"provider": "deepsek"})

    assert answer.status_code == 404
    assert "did you mean 'deepseek'?" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [[], {}, {"provider": 3}, "x"])
def test_a_body_that_is_none_is_refused(served: Running, body: Any) -> None:
    answer = served.post(RESET, body)

    assert answer.status_code == 400
    assert "provider" in answer.json()["error"]["message"]


def test_a_body_is_bounded(served: Running) -> None:
    answer = served.post(REPLAY, {"call": "x", "policy": "#" * MOST_BODY})

    assert answer.status_code == 413
    assert "max_body" not in answer.text


def test_an_arrow_lists_its_calls_with_the_rule_and_the_words(served: Running, call: str) -> None:
    listed = served.get("/inspector/edges?from=classify&to=eager_fallback").json()["calls"]
    (one,) = [each for each in listed if each["call"] == call]

    assert one["row"] == "billing_fallback"
    assert (one["target"], one["status"], one["reason"]) == ("a/m", 402, "billing")
    assert one["message"] == "Insufficient Balance"
    assert one["rule"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "from is missing; allowed: ready"),
        ("from=ready&to=atempt", "did you mean 'attempt'?"),
        ("from=succeed&to=ready", "nowhere"),
        ("from=attempt&to=ready", "no row leads from attempt to ready"),
    ],
)
def test_an_arrow_that_is_none_is_refused(served: Running, query: str, said: str) -> None:
    answer = served.get(f"/inspector/edges?{query}")

    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_figures_are_those_of_the_calls() -> None:
    with running({"a": replies.billing_402(), "b": replies.ok()}) as served:
        for _ in range(3):
            served.post()
        served.post(json={"model": "a/m", "messages": []})
        told = served.get("/inspector/figures").json()

    sums = {name: sum(one[name] for one in told["buckets"]) for name in ("calls", "rescued")}
    assert told["step"] == 60
    assert sums["rescued"] == 3
    assert sums["calls"] >= 3
    assert sum(one["seconds_lost"] for one in told["buckets"]) > 0


def test_a_call_is_played_again_and_nothing_is_sent(served: Running, call: str) -> None:
    policy = served.get(f"/inspector/policy?call={call}").json()["policy"]
    asked = [len(served.providers.received(name)) for name in "ab"]
    board = served.get("/inspector/board").json()["providers"]
    same = served.post(REPLAY, {"call": call, "policy": policy})
    other = served.post(REPLAY, {"call": call, "policy": "[policy.on]\nbilling = []"})
    short = served.post(REPLAY, {"call": call[:8], "policy": policy})

    assert same.json()["difference"] == []
    assert same.json()["changes"] == []
    assert same.json()["before"] == same.json()["after"]
    assert other.json()["changes"] == ["on billing: fallback → nothing"]
    assert other.json()["after"]["outcome"] == "fail_terminal"
    assert "answered by b/m" in other.json()["difference"][0]
    assert short.json() == same.json()
    assert [len(served.providers.received(name)) for name in "ab"] == asked
    assert served.get("/inspector/board").json()["providers"] == board
    assert served.gateway.is_replaying is False


def test_a_policy_that_is_none_is_told_what_is_wrong(served: Running, call: str) -> None:
    answer = served.post(REPLAY, {"call": call, "policy": "[policy]\nmax_atempts = 3"})

    assert answer.status_code == 422
    said = answer.json()["error"]["message"]
    assert said.startswith("the policy:2: policy.max_atempts: unknown key")
    assert "did you mean 'max_attempts'?" in said


def test_a_call_that_is_not_known_cannot_be_played(served: Running) -> None:
    assert served.post(REPLAY, {"call": "0" * 32, "policy": ""}).status_code == 404


def test_a_call_that_is_not_over_cannot_be_played() -> None:
    with running({"up": replies.hang()}) as served, hanging_call(served):
        (call,) = served.get("/v1/calls").json()["calls"]
        answers = [
            served.post(REPLAY, {"call": call["call"], "policy": ""}),
            served.get(f"/inspector/policy?call={call['call']}"),
        ]

    assert [answer.status_code for answer in answers] == [409, 409]


def test_a_deadline_of_the_caller_is_told_and_kept() -> None:
    with running({"up": replies.hang()}) as served:
        late = served.post(headers={"x-orchestrator-deadline": "1s"})
        call = late.headers["x-orchestrator-call-id"]
        policy = served.get(f"/inspector/policy?call={call}").json()["policy"]
        answer = served.post(REPLAY, {"call": call, "policy": policy}).json()

    assert late.status_code == 504
    assert 'deadline = "1s"' in policy  # which no config may have
    assert (answer["changes"], answer["difference"]) == ([], [])


def test_the_policy_is_that_of_the_config() -> None:
    said = {"max_attempts": 7, "on": {"content_policy": ["fallback"]}}
    with running(policy=said, timeouts={"total": "20s"}) as served:
        text = served.get("/inspector/policy").json()["policy"]

    assert "max_attempts = 7" in text
    assert 'content_policy = ["fallback"]' in text
    assert 'total = "20s"' in text


@pytest.mark.parametrize("path", ["/inspector", "/inspector/", "/inspector/bord"])
def test_an_unknown_path_is_as_any_other(served: Running, path: str) -> None:
    answer = served.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_served"
