"""A stream of JSON objects gives the same objects however it is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.json_stream import JsonFrame, JsonStream

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\{}[],\n\u00e9\U0001f600'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('k"{\\'), inner, max_size=3)
    ),
    max_leaves=8,
)
_OBJECTS = st.lists(st.dictionaries(st.text("ab}"), _VALUES, max_size=3), max_size=5)
_BREAKS = st.sampled_from([",", ",\n", "\n,\r\n", " , "])


def _pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [
        data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True) if a < b or not a
    ]


def _read(data: bytes, cuts: list[int], limit: int | None = None) -> list[JsonFrame]:
    stream = JsonStream() if limit is None else JsonStream(limit)
    frames = [frame for piece in _pieces(data, cuts) for frame in stream.feed(piece)]
    return frames + stream.close()


@given(
    objects=_OBJECTS,
    between=_BREAKS,
    cuts=st.lists(st.integers(0, 2000), max_size=12),
    ascii_only=st.booleans(),
    listed=st.booleans(),
)
def test_objects_survive_any_cut(
    objects: list[object], between: str, cuts: list[int], *, ascii_only: bool, listed: bool
) -> None:
    texts = [json.dumps(item, ensure_ascii=ascii_only) for item in objects]
    text = f"[{between.join(texts)}\n]" if listed else "\n".join(texts)

    frames = _read(text.encode(), cuts)

    assert [json.loads(frame.value) for frame in frames if frame.value] == objects
    assert b"".join(frame.raw for frame in frames) == text.encode()
    assert [frame.last for frame in frames].count(True) == (1 if listed else 0)
    assert not any(frame.junk or frame.oversized for frame in frames)


@given(
    data=st.binary(max_size=60) | st.text('[{}],"\\ a1\n', max_size=60).map(str.encode),
    cuts=st.lists(st.integers(0, 60), max_size=8),
    limit=st.sampled_from([1, 5, 1000]),
)
def test_no_bytes_raise_and_none_are_lost(data: bytes, cuts: list[int], limit: int) -> None:
    assert b"".join(frame.raw for frame in _read(data, cuts, limit)) == data


@given(
    data=st.text('[{}],"\\ a1\n', max_size=60).map(str.encode), cuts=st.lists(st.integers(0, 60))
)
def test_frames_do_not_depend_on_the_cuts(data: bytes, cuts: list[int]) -> None:
    assert _read(data, cuts) == _read(data, [])


def test_an_unfinished_object_gives_no_value() -> None:
    frames = _read(b'[{"a": 1},\n{"b": "}', [])

    assert [frame.value for frame in frames] == [b'{"a": 1}', b""]


@pytest.mark.parametrize("cuts", [[], list(range(200)), [9], [40]])
def test_a_large_object_is_passed_on_unread_and_the_next_one_is_read(cuts: list[int]) -> None:
    data = b'[{"a": 1},{"big": "' + b"x" * 100 + b'"},{"c": 3}]'

    frames = _read(data, cuts, limit=32)

    assert [frame.value for frame in frames if frame.value] == [b'{"a": 1}', b'{"c": 3}']
    assert [frame.oversized for frame in frames].count(True) == 1
    assert b"".join(frame.raw for frame in frames) == data


def test_memory_stays_bounded() -> None:
    stream = JsonStream(limit=1000)
    raw = sum(len(f.raw) for _ in range(100) for f in stream.feed(b'[{"a": "' + b"x" * 500))

    assert raw >= 100 * 508 - 2000


def test_what_is_no_object_is_told() -> None:
    frames = _read(b'[1,{"a":1}]', [])

    assert next((frame.junk, frame.value) for frame in frames) == (b"1", b'{"a":1}')
