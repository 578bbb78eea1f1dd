from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.batch.lines import InputError, check_input, read_lines
from orchestrator.config.errors import UnknownRoute

IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
BODY = {"model": "default", "messages": [{"role": "user", "content": "hi"}]}


def line(custom_id: str = "a", url: str = "/v1/chat/completions", **others: Any) -> str:
    return json.dumps({"custom_id": custom_id, "url": url, "body": BODY} | others)


def problems(folder: Path, *lines: str | bytes) -> list[str]:
    """What is found wrong with a file of these lines."""
    path = folder / "in.jsonl"
    raw = [one.encode() if isinstance(one, str) else one for one in lines]
    path.write_bytes(b"\n".join(raw))
    try:
        check_input(path, None)
    except InputError as error:
        return list(error.problems)
    return []


def known_route(name: str) -> None:
    if name != "default":
        raise UnknownRoute(name, ("default",))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("{", "it is no JSON"),
        ("[1]", "it is no object; allowed: {custom_id, method, url, body}"),
        (b'{"custom_id": "\xff"}', "it is no JSON"),
        ('{"url": "/v1/messages", "body": {}}', "it has no custom_id"),
        ('{"customid": "a", "url": "x", "body": {}}', "did you mean 'customid'?"),
        ('{"custom_id": 7, "url": "x", "body": {}}', "Expected `str`, got `int`"),
        (line(custom_id=""), "custom_id has 0 characters"),
        (line(custom_id="a\0"), "custom_id has a NUL"),
        (line(custom_id="x" * 600), "custom_id has 600 characters"),
        (line(url="/v1/chat/completion"), "did you mean '/v1/chat/completions'?"),
        (line(url="/v1/files"), "allowed: "),
        (line(method="GET"), "method is 'GET'; allowed: 'POST'"),
        (line(body=[]), "body is no object"),
        (line(body={}), "body: "),
        (line(body={**BODY, "messages": "hi"}), "messages"),
        (line(body={**BODY, "stream": True}), "body asks for a stream"),
        (line(url="/v1/embeddings", body={"model": "m"}), "input"),
    ],
)
def test_a_line_that_cannot_be_asked_is_told_with_its_number(
    found: str | bytes, words: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, line("before"), found, line("behind"))

    assert problem.startswith("line 2: ")
    assert words in problem


def test_all_lines_are_looked_at_and_ten_are_told(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(["nonsense"] * 25))

    with pytest.raises(InputError) as raised:
        check_input(path, None)

    assert len(raised.value.problems) == 10
    assert raised.value.count == 25
    assert str(raised.value).endswith("; and 15 more")


def test_a_custom_id_stands_for_one_line(tmp_path: Path) -> None:
    assert problems(tmp_path, line("a"), line("b"), line("a")) == [
        "line 3: custom_id 'a' is that of line 1 too"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it has no line"),
        (b"\n \r\n", "it has no line"),
        (b"\x1f\x8b\x08", "it is compressed"),
        (b"\xff\xfe{\x00", "it is UTF-16"),
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, content)

    assert words in problem


def test_a_mark_of_byte_order_and_windows_line_ends_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{line('a')}\r\n\r\n{line('b')}".encode())

    assert check_input(path, known_route).count == 2
    assert [(one.number, one.custom_id) for one in read_lines(path)] == [(1, "a"), (3, "b")]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("/v1/responses", {"model": "default", "input": "hi"}),
        ("/v1/embeddings", {"model": "default", "input": ["hi"]}),
        ("/v1/messages", {**BODY, "max_tokens": 9}),
        (
            "/v1beta/models/default:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        ),
    ],
)
def test_what_a_gateway_serves_a_line_may_ask(
    url: str, body: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(line(url=url, body=body))

    found = check_input(path, known_route)

    assert found.wanted == {"default"}


def test_a_model_that_nobody_has_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(line(body={**BODY, "model": "defualt"}))

    with pytest.raises(InputError, match="near: default") as raised:
        check_input(path, known_route)

    assert "--route NAME" in str(raised.value)


@given(
    ids=st.lists(IDS, min_size=1, max_size=20, unique=True),
    words=st.text(max_size=40),
)
def test_a_line_is_read_as_it_was_written(
    ids: list[str], words: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("in") / "in.jsonl"
    body = {**BODY, "messages": [{"role": "user", "content": words}]}
    path.write_text("".join(line(one, body=body) + "\n" for one in ids), encoding="utf-8")

    assert check_input(path, None).count == len(ids)
    read = list(read_lines(path))
    assert [one.custom_id for one in read] == ids
    assert all(one.request(("r",), 5.0).payload["messages"] == body["messages"] for one in read)
    assert all(one.request(("r",), 5.0).wants == "r" for one in read)
