"""An answer as a person has it at hand."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.inputs import HttpAnswer, read_answer, read_headers

_ends = st.sampled_from(["\n", "\r\n"])
_names = st.text("abcXYZ-", min_size=1).filter(lambda name: not name.startswith("-"))
_values = st.text("abc /=;", min_size=1).map(str.strip).filter(bool)
_before = st.lists(
    st.sampled_from(
        ["HTTP/1.1 100 Continue", "HTTP/1.1 200 Connection established", "HTTP/2 302 "]
    ),
    max_size=3,
)


@given(_before, st.integers(100, 599), st.dictionaries(_names, _values), st.text("{}ab\n"), _ends)
def test_the_last_of_several_blocks_is_the_answer(
    before: list[str], status: int, given: dict[str, str], body: str, end: str
) -> None:
    head = [f"HTTP/2 {status} ", *(f"{name}: {value}" for name, value in given.items())]
    blocks = [*([line] for line in before), head]
    text = "".join(end.join([*block, "", ""]) for block in blocks) + body

    found = read_answer(text)

    assert found.status == status
    assert found.body == body.lstrip("\n")
    assert found.headers == read_headers([f"{name}: {value}" for name, value in given.items()])


@given(st.text("{}abHT/12 \n"))
def test_a_body_alone_is_a_body(body: str) -> None:
    assert read_answer(f'{{"a": 1}}{body}') == HttpAnswer(None, {}, f'{{"a": 1}}{body}')


def test_a_closed_standard_input_is_said_to_be_closed() -> None:
    command = f"exec '{sys.executable}' -m orchestrator import litellm - <&-"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    said = "error: standard input is closed; allowed: a file, or text on stdin\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", said)
