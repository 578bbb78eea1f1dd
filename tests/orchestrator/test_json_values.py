"""What JSON can say goes through untouched; the rest is refused with its place, or made legible."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import itertools
import json
import threading
import types
import uuid
from collections import UserDict, UserList
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.json_values import DEEPEST, NotJson, checked, legible

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)

unsayable = st.sampled_from(
    [
        *(b"hi", bytearray(b"hi"), {"a"}, frozenset(), decimal.Decimal("0.5"), 1j, 2**64, object()),
        *(float("nan"), float("inf"), uuid.UUID(int=1), dt.date(2026, 11, 29), threading),
        *(iter([1]), range, {5: "five"}, {None: 1}, {("a",): 1}, -(2**63) - 1),
    ]
)


class Role(enum.StrEnum):
    USER = "user"


class Level(enum.IntEnum):
    HIGH = 3


@attrs.frozen
class Dumps:
    """As the classes of clients are: it says what was set, and nothing else."""

    fields: dict[str, Any]

    def model_dump(self, *, exclude_unset: bool = False) -> dict[str, Any]:
        return self.fields if exclude_unset else {**self.fields, "audio": None}


class OldDumps:
    def model_dump(self) -> dict[str, Any]:
        return {"role": "user"}


class BadDumps:
    def model_dump(self, **_: Any) -> dict[str, Any]:
        raise RuntimeError("no")


@given(plain)
def test_what_json_can_say_is_the_very_same(value: Any) -> None:
    assert checked(value) is value


@given(st.data(), plain, unsayable)
def test_what_it_cannot_say_is_refused_with_its_place(
    data: st.DataObject, around: Any, bad: Any
) -> None:
    steps = data.draw(st.lists(st.sampled_from(["messages", "content", 0, 2]), max_size=4))
    value = bad
    for step in reversed(steps):
        value = [around] * step + [value] if isinstance(step, int) else {"a": around, step: value}
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)

    with pytest.raises(NotJson) as raised:
        checked(value)

    assert raised.value.place("all") == (place.removeprefix(".") or "all")
    assert raised.value.what


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ((1, ("a",)), [1, ["a"]]),
        (types.MappingProxyType({"a": (1,)}), {"a": [1]}),
        (UserDict({"a": UserList([1])}), {"a": [1]}),
        ({"role": Role.USER, "n": Level.HIGH}, {"role": "user", "n": 3}),
        ([Dumps({"role": "user"}), 5], [{"role": "user"}, 5]),
        ({"t": [Dumps({"inner": OldDumps()})]}, {"t": [{"inner": {"role": "user"}}]}),
    ],
)  # fmt: skip
def test_what_is_alike_becomes_what_json_has(value: Any, made: Any) -> None:
    before = repr(value)
    found = checked(value)

    assert found == made
    assert json.loads(json.dumps(found)) == found
    assert type(found) in (dict, list)
    assert repr(value) == before


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        ({"m": [Dumps({"content": b"x"})]}, "m[0].content", "type bytes"),
        ({"m": [BadDumps()]}, "m[0]", "whose model_dump() raised RuntimeError"),
        ({"m": Dumps(5)}, "m", "whose model_dump() gave a int"),  # type: ignore[arg-type]
        ({"a b": {"x-y": 1j}}, "['a b'].x-y", "type complex"),
        ({"a": {7: 1}}, "a", "has the key 7"),
    ],
)
def test_the_place_and_what_is_there_are_named(value: Any, place: str, words: str) -> None:
    with pytest.raises(NotJson) as raised:
        checked(value)

    assert raised.value.place("").lstrip(".") == place
    assert words in raised.value.what


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


def doubled(depth: int) -> Any:
    value: list[Any] = []
    for _ in range(depth):
        value = [value, value]
    return value


def looped() -> Any:
    value: dict[str, Any] = {}
    value["a"] = value["b"] = value
    return value


def test_what_is_deep_is_refused_from_a_level_on() -> None:
    assert checked(nested(DEEPEST)) == nested(DEEPEST)
    with pytest.raises(NotJson, match="100 levels deep"):
        checked(nested(DEEPEST + 1))


@pytest.mark.parametrize(
    ("value", "words"), [(looped(), "holds itself"), (doubled(40), "many times over")]
)
def test_what_has_no_end_is_refused(value: Any, words: str) -> None:
    with pytest.raises(NotJson, match=words):
        checked(value)


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Endless(UserDict[str, int]):
    def items(self) -> Any:
        return ((str(number), 1) for number in itertools.count())


odd = st.recursive(
    plain | unsayable | st.builds(Mute) | st.text(st.characters(codec=None, categories=None)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.builds(Mute), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(odd)
def test_anything_is_legible(value: Any) -> None:
    text = json.dumps(legible(value), allow_nan=False)

    assert text.encode()
    assert json.loads(text) == legible(value)


@given(plain.filter(lambda value: len(repr(value)) < 500))
def test_what_json_can_say_is_legible_as_it_is(value: Any) -> None:
    assert legible(value) == value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"when": dt.date(2026, 11, 29)}, {"when": "datetime.date(2026, 11, 29)"}),
        ([float("inf"), 2**70, b"x"], ["inf", str(2**70), "b'x'"]),
        ({5: "five", ("a",): 1}, {"5": "five", "('a',)": 1}),
        (Mute(), "<Mute>"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_it_cannot_say_is_text(value: Any, told: Any) -> None:
    assert legible(value) == told


@pytest.mark.parametrize("value", [nested(3_000), looped(), doubled(60), Endless()])
def test_what_is_deep_or_endless_is_cut(value: Any) -> None:
    text = json.dumps(legible(value), ensure_ascii=False)

    assert len(text) < 1_000_000
    assert "…" in text or text.count(": 1") < 10_000
