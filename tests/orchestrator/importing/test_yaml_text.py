"""YAML of strangers: what is read, with its lines, and what is refused, in a word."""

from __future__ import annotations

import codecs
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.importing.yaml_text import DEEPEST, LARGEST, UnreadableYaml, read_yaml
from tests.waiting import AMPLE

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, min_size=1, max_size=4))
def test_what_was_written_is_read(value: dict[str, Any]) -> None:
    for flow in (True, False):
        text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)

        assert read_yaml(text.encode()).plain() == value


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_comes_is_read_or_refused_in_a_line(data: bytes) -> None:
    said = ""
    try:
        read_yaml(data)
    except UnreadableYaml as error:
        said = str(error)

    assert said == "" or said.isprintable()


def test_each_value_has_its_place() -> None:
    root = read_yaml(b"a:\n  - b: 1\n    c: x\n  - d\n")
    first, second = root.table["a"].entries

    assert [(one.where, one.line) for one in root.leaves()] == [
        ("a[0].b", 2),
        ("a[0].c", 3),
        ("a[1]", 4),
    ]
    assert (first.table["c"].text, second.text) == ("x", "d")


def test_anchors_aliases_and_merges_are_unfolded_and_stay_one_value() -> None:
    root = read_yaml(
        b"base: &base {key: k, model: m}\n"
        b"one: {<<: *base, model: own}\n"
        b"two: {<<: [*base, {more: 1}]}\n"
        b"three: *base\n"
    )

    assert root.plain() == {
        "base": {"key": "k", "model": "m"},
        "one": {"key": "k", "model": "own"},
        "two": {"key": "k", "model": "m", "more": 1},
        "three": {"key": "k", "model": "m"},
    }
    assert root.table["three"].table["key"].line == 1
    assert len({leaf.origin for leaf in root.leaves()}) == 4


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30)
)

REFUSED = {
    "a tag that runs code": (
        "a: 1\nb: !!python/object/apply:os.system [id]\n",
        "line 2: the tag !!python/object/apply:os.system makes something else than a plain value",
    ),
    "a tag on a value": ("a: !!python/name:os.system x", "line 1: the tag !!python/name"),
    "a tag of one's own": ("a: !vault secret-words", "line 1: the tag !vault makes"),
    "laughs": (BOMB, "unfold into more than 50,000 values"),
    "merges without end": (MERGES, "unfold into more than 50,000 values"),
    "an anchor in itself": ("a: &a [1, *a]", "line 1: an anchor holds an alias of itself"),
    "a merge of itself": ("a: &a {<<: *a}", "line 1: an anchor holds an alias of itself"),
    "depth": ("a: " + "[" * 2000 + "]" * 2000, "nest"),
    "some depth": ("a: " + "[" * 50 + "]" * 50, f"nested deeper than {DEEPEST} levels"),
    "depth by anchors": (
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60)),
        "unfold deeper than",
    ),
    "too many values": ("a: [" + "x," * 60_000 + "]", "more than 50,000 values"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' stands twice, at line 1 too"),
    "a tab": ("a:\n\tb: 1\n", "line 2: not YAML: a tab where only blanks may stand"),
    "no alias": ("a: *gone", "line 1: not YAML: found undefined alias"),
    "no end": ("a: 'x", "not YAML: found unexpected end of stream"),
    "a control character": ("a: \x07", "not YAML: "),
    "nothing": ("", "it is empty"),
    "a comment": ("# to do\n", "it is empty"),
    "a list": ("- a\n- b\n", "line 1: it holds a list; allowed: keys and values"),
    "a text": ("hello", "line 1: it holds one value"),
    "a second document": ("a: 1\n---\nb: 2\n", "line 2: a second document begins"),
    "a key that is a list": ("? [a, b]\n: 1\n", "line 1: a key is a list or a mapping"),
    "half a character": ('a: "\\ud800"', "line 1: "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_at_once_and_in_words(name: str) -> None:
    text, words = REFUSED[name]
    began = time.monotonic()
    with pytest.raises(UnreadableYaml) as raised:
        read_yaml(text.encode())

    assert words in str(raised.value)
    assert "secret-words" not in str(raised.value)
    assert time.monotonic() - began < AMPLE


def test_what_is_too_large_is_not_even_decoded() -> None:
    with pytest.raises(UnreadableYaml, match=r"it is larger than 1,048,576 bytes"):
        read_yaml(b"\xff" * (LARGEST + 1))


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "a: ü".encode(),
        codecs.BOM_UTF16_LE + "a: ü".encode("utf-16-le"),
        "a: ü\r\n".encode(),
        '{"a": "ü"}'.encode(),
        "%YAML 1.1\n---\na: ü\n...\n".encode(),
    ],
)
def test_other_spellings_of_a_text_are_read(data: bytes) -> None:
    assert read_yaml(data).plain() == {"a": "ü"}


def test_what_is_no_text_is_refused_with_its_place() -> None:
    with pytest.raises(UnreadableYaml, match=r"it is no UTF-8 text \(at byte 3\)"):
        read_yaml(b"a: \xff")


def test_a_date_stays_the_text_that_it_was() -> None:
    """The version of an API looks like one."""
    assert read_yaml(b"api_version: 2024-10-21").plain() == {"api_version": "2024-10-21"}
