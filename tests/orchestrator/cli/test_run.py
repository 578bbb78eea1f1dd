"""``run`` on real sockets: the answer, the attempts, and one clear line for what goes wrong."""

from __future__ import annotations

import re
import signal
import ssl
import subprocess
import time
from pathlib import Path

import attrs
import pytest
import trustme

from orchestrator.sim import ClosedPort, Completion, Reply, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.orchestrator.cli.entry import CANARY, COLUMNS, Ended, Place, configured
from tests.waiting import AMPLE, eventually

ONCE = "attempts_per_target = 1"
ROUTE = ["deepseek/m", "openrouter/n"]


def failed(ended: Ended, status: int, kind: str) -> str:
    """The one line that tells the failure."""
    lines = [line for line in ended.said if line.startswith(kind)]
    assert (ended.status, ended.out, len(lines)) == (status, "", 1), ended
    return lines[0]


def alone(folder: Path, script: AnyScript, *arguments: str) -> Ended:
    with ScriptedProviders({"a": script}) as providers:
        place = configured(folder, {"a": providers.url("a")}, ["a/m"], extra=ONCE)
        return place.run("run", "hi", *arguments)


def test_the_answer_alone_is_on_stdout_and_the_attempts_are_on_stderr(tmp_path: Path) -> None:
    scripts: dict[str, AnyScript] = {
        "deepseek": replies.billing_402(),
        "openrouter": replies.ok("hello\nyou"),
    }
    with ScriptedProviders(scripts) as providers:
        place = configured(tmp_path, {name: providers.url(name) for name in scripts}, ROUTE)
        piped = place.run("run", "hi")
        shown = place.run_on_terminal("run", "hi")
        explained = place.run("run", "hi", "--explain", "--stream")
        asked = [one.body.get("stream") for one in providers.received("openrouter")]

    assert piped.status == 0
    assert piped.out == "hello\nyou\n"
    assert piped.said[0] == "config: orchestrator.toml"
    assert piped.said[1] == (
        "attempt 1/16 deepseek/m key#1 → 402 billing (deepseek.insufficient-balance) "
        "→ eager_fallback"
    )
    assert piped.said[2] == "note: deepseek is benched for 5 min; calls go to openrouter/n"
    assert re.fullmatch(
        r"attempt 2/16 openrouter/n key#1 → 200 → succeed \(\d\.\d s\)", piped.said[3]
    )
    # To a person the answer comes as it is written, elsewhere whole.
    assert asked == [None, True, True]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.out)
    assert "\nhello\nyou\n" in plain
    assert all(len(line) <= COLUMNS for line in plain.splitlines())
    assert explained.out == "hello\nyou\n"
    assert '-H "authorization: Bearer $DEEPSEEK_KEY"' in explained.err
    assert "row billing_fallback: Billing, and an unasked target" in explained.err


def test_a_known_provider_needs_no_config_and_its_curl_goes_the_same_way(tmp_path: Path) -> None:
    with ClosedPort() as closed:
        proxy = closed.url.replace("http://", "http://ann:quiet-word@").removesuffix("/v1")
        variables = {"OPENAI_API_KEY": CANARY.format("openai"), "HTTPS_PROXY": proxy}
        place = Place(tmp_path, {**variables, "NO_PROXY": ""})
        ended = place.run("run", "-r", "openai/m", "--explain", "--timeout", "1", "hi")
        nothing = place.run("run", "hi")

    host = proxy.partition("@")[2].rstrip("/")
    assert ended.status == 1
    assert ended.said[0] == (
        "config: none is found; known providers, with the keys of the environment"
    )
    assert f"  -x 'http://***@{host}' \\" in ended.said
    assert "quiet-word" not in ended.err
    assert "there is no config" in failed(nothing, 2, "error: ")


def test_the_curl_of_a_stream_asks_for_its_tokens_as_the_call_does(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok("hello")}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        said = place.run("run", "--stream", "--explain", "hi").said
        (received,) = providers.received("a")

    assert received.body["stream_options"] == {"include_usage": True}
    assert any('"stream_options":{"include_usage":true}' in line for line in said)


def test_several_routes_are_asked_in_that_order(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.billing_402(), "b": replies.ok("hello")}) as providers:
        urls = {name: providers.url(name) for name in "ab"}
        place = configured(tmp_path, urls, ["b/m"])
        ended = place.run("run", "hi", "-r", "a/one", "--route", "b/two")

    assert (ended.status, ended.out) == (0, "hello\n")
    assert [line.split()[2] for line in ended.said if line.startswith("attempt")] == [
        "a/one",
        "b/two",
    ]


def test_the_curl_trusts_whom_the_call_trusts(tmp_path: Path) -> None:
    bundle = tmp_path / "corp.pem"
    bundle.write_bytes(trustme.CA().cert_pem.bytes())
    place = configured(tmp_path, {"a": "https://127.0.0.1:9/v1"}, ["a/m"], extra=ONCE)
    config = tmp_path / "orchestrator.toml"
    config.write_text(f'{config.read_text()}\nverify = "corp.pem"\nproxy = ""')
    said = place.run("run", "hi", "--explain").said

    assert f"  --cacert {bundle} \\" in said
    assert "  --noproxy '*' \\" in said


def test_json_is_one_object_also_where_the_call_fails(tmp_path: Path) -> None:
    with ScriptedProviders({"a": [replies.ok("hello"), replies.billing_402()]}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        answered = place.run("run", "--json", "hi")
        broke = place.run("run", "--json", "--quiet", stdin="hi")
        misused = place.run("run", "--json", "--stream", "hi")

    assert answered.json["choices"][0]["message"]["content"] == "hello"
    assert answered.json["orchestrator"]["attempts"][0]["number"] == 1
    assert (broke.status, broke.err) == (1, "")
    assert broke.json["error"]["reason"] == "billing"
    assert (misused.status, misused.err) == (2, "")
    assert "leave --stream out" in misused.json["error"]["message"]


def test_where_everything_answers_402_the_line_says_who_said_what_and_who_must_act(
    tmp_path: Path,
) -> None:
    scripts: dict[str, AnyScript] = dict.fromkeys(("deepseek", "openrouter"), replies.billing_402())
    with ScriptedProviders(scripts) as providers:
        place = configured(tmp_path, {name: providers.url(name) for name in scripts}, ROUTE)
        line = failed(place.run("run", "hi"), 1, "failed: ")

    assert re.fullmatch(
        r"failed: billing exhausted on deepseek \(HTTP 402: Insufficient Balance\); fallback "
        r"openrouter/n rejected: billing \(HTTP 402: Insufficient Balance\); 2 attempts in "
        r"\d\.\d s\. Your DeepSeek balance is used up: top up at \S+",
        line,
    )


def test_a_truncated_fallback_is_never_put_in_the_place_of_the_cause(tmp_path: Path) -> None:
    scripts: dict[str, AnyScript] = {
        "deepseek": replies.billing_402(),
        "openrouter": replies.truncated_tool_call(),
    }
    with ScriptedProviders(scripts) as providers:
        place = configured(
            tmp_path, {name: providers.url(name) for name in scripts}, ROUTE, extra=ONCE
        )
        line = failed(place.run("run", "hi"), 1, "failed: ")

    assert line.startswith("failed: billing exhausted on deepseek (HTTP 402")
    assert "fallback openrouter/n rejected: output_truncated" in line


def test_a_server_that_closes_in_the_middle_of_its_answer_is_named(tmp_path: Path) -> None:
    line = failed(alone(tmp_path, replies.cut_after(20)), 1, "failed: ")

    assert line.startswith("failed: the stream of a/m broke (")


def test_a_key_that_the_provider_echoes_is_shown_nowhere(tmp_path: Path) -> None:
    line = failed(alone(tmp_path, replies.bad_key(), "--explain"), 1, "failed: ")

    assert "401" in line
    assert CANARY.format("a") not in line


def test_an_endpoint_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with ClosedPort() as closed:
        place = configured(tmp_path, {"a": closed.url}, ["a/m"], extra=ONCE)
        line = failed(place.run("run", "hi"), 1, "failed: ")

    assert line.startswith("failed: a could not be reached (")


def test_a_certificate_that_nobody_trusts_is_named(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedProviders({"a": replies.ok()}, ssl_context=context) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"], extra=ONCE)
        line = failed(place.run("run", "hi"), 1, "failed: ")

    assert "certificate" in line.lower()


def test_a_missing_key_is_a_warning_while_another_target_is_left(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok(), "b": replies.ok("from b")}) as providers:
        urls = {name: providers.url(name) for name in "ab"}
        place = configured(tmp_path, urls, ["a/m", "b/m"])
        place = attrs.evolve(place, variables={"B_KEY": place.variables["B_KEY"]})
        left = place.run("run", "hi", "--quiet")
        none = Place(tmp_path).run("run", "hi")

    assert (left.status, left.out) == (0, "from b\n")
    assert left.said
    assert all(line.startswith("warning: ") for line in left.said)
    assert any("A_KEY" in line for line in left.said)
    assert "A_KEY" in failed(none, 2, "error: ")


MISUSES = {
    ("--timeout", "soon", "hi"): "--timeout",
    ("--file", "missing.json", "--no-stream"): "missing.json: No such file",
    ("--route", "defualt", "hi"): "default",
    (): "standard input is empty",
    ("", " "): "the prompt is blank",
}


@pytest.mark.parametrize("arguments", MISUSES, ids=" ".join)
def test_what_cannot_be_asked_is_one_line_and_status_2(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    place = configured(tmp_path, {"a": "http://127.0.0.1:9/v1"}, ["a/m"])

    assert MISUSES[arguments] in failed(place.run("run", *arguments), 2, "error: ")


def test_a_broken_request_on_standard_input_is_not_sent_as_words(tmp_path: Path) -> None:
    place = configured(tmp_path, {"a": "http://127.0.0.1:9/v1"}, ["a/m"])

    assert "standard input" in failed(place.run("run", stdin='{"messages":[}'), 2, "error: ")


def test_a_store_that_is_not_there_is_a_config_error_to_check_too(tmp_path: Path) -> None:
    place = configured(
        tmp_path, {"a": "http://127.0.0.1:9/v1"}, ["a/m"], top='health = "mysql://x"'
    )

    assert place.run("check").status == 2


@pytest.mark.parametrize("options", [(), ("--stream",)], ids=["whole", "streamed"])
def test_an_interrupt_ends_a_hanging_call_at_once(tmp_path: Path, options: tuple[str, ...]) -> None:
    with ScriptedProviders({"a": replies.hang()}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        process = place.start("run", "hi", *options, stdin=subprocess.DEVNULL)
        assert eventually(lambda: bool(providers.received("a")))
        process.send_signal(signal.SIGINT)
        interrupted = time.monotonic()
        out, err = process.communicate(timeout=2 * AMPLE)
        took = time.monotonic() - interrupted
        assert eventually(lambda: providers.connections == 0)

    ended = place.sound(Ended(process.returncode, out, err))
    assert (ended.status, ended.out) == (130, "")
    assert ended.said[-1] == "interrupted"
    assert took < AMPLE


@pytest.mark.parametrize("options", [(), ("--stream",)])
def test_an_empty_answer_is_said_to_be_one(tmp_path: Path, options: tuple[str, ...]) -> None:
    nothing = Reply(completion=Completion(text="", usage={"completion_tokens": 0}))
    with ScriptedProviders({"a": nothing}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        ended = place.run("run", "hi", *options)
        checked = place.run("check", "--live")

    assert (ended.status, ended.out) == (0, "")
    assert ended.said[-1].startswith("note: the answer is empty")
    assert checked.status == 1
    assert "failed  a/m: 200 invalid_response (answer.no-output)" in checked.out
