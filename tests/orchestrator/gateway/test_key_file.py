"""The file of keys: what stands in it, what is said of a damaged one, and many writers at once."""

from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.errors import ConfigError
from orchestrator.gateway.key_file import FORMAT, GatewayKey, KeyFile, digest_of
from orchestrator.secrets import mask
from tests.orchestrator.gateway.key_workers import run_at_once, spawn

counts = st.none() | st.integers(1, 10**6)
routes = st.none() | st.lists(st.sampled_from(["default", "openai/*", "*", "a/b"]), min_size=1).map(
    tuple
)
keys = st.builds(
    GatewayKey,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
    routes=routes,
    rpm=counts,
    concurrency=counts,
    tokens_per_day=counts,
    expires=st.none() | st.floats(0, 1e11),
    admin=st.booleans(),
    created=st.floats(0, 1e11),
)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


@given(st.lists(keys, unique_by=lambda key: key.name, max_size=5))
def test_what_is_added_is_what_is_listed(
    tmp_path_factory: pytest.TempPathFactory, added: list[GatewayKey]
) -> None:
    file = KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    tokens = [file.add(key) for key in added]

    listed = file.list() if added else ()
    assert [one.key for one in listed] == added
    assert [one.digest for one in listed] == [digest_of(token) for token in tokens]
    assert [one.ends for one in listed] == [token[-4:] for token in tokens]
    for key in added:
        assert file.remove(key.name) == key
    assert not added or file.list() == ()


def test_the_file_is_its_owner_s_and_holds_no_key(file: KeyFile) -> None:
    token = file.add(GatewayKey("ci"))

    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert token.startswith("ork-")
    assert len(token) >= 4 + 43
    assert token[:-4] not in file.path.read_text()
    assert token not in repr(file.list())
    assert token[4:] not in mask(f"a log that says {token}")
    assert {path.name for path in file.path.parent.iterdir()} == {"keys.json", "keys.json.lock"}


def test_a_link_stays_a_link(file: KeyFile, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file.path.symlink_to(tmp_path / "real" / "k.json")
    file.add(GatewayKey("ci"))
    file.add(GatewayKey("laptop"))

    assert file.path.is_symlink()
    assert [one.key.name for one in file.list()] == ["ci", "laptop"]


def test_a_name_is_taken_once_and_a_misspelled_one_is_told(file: KeyFile) -> None:
    file.add(GatewayKey("laptop"))

    with pytest.raises(ConfigError, match="there is a key 'laptop' already"):
        file.add(GatewayKey("laptop"))
    with pytest.raises(ConfigError, match=r"no key 'lapto' \(did you mean 'laptop'\?\); known"):
        file.remove("lapto")


ROW = {"name": "ci", "sha256": "0" * 64, "ends": "abcd", "created": 0.0}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "keys.json:1?.*is no JSON"),
        ('{\n"format": 1,\n"keys": [}', "keys.json:3: is no JSON"),
        ("\xff", "keys.json:.*is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no file of keys; allowed"),
        ({"keys": []}, "is no file of keys"),
        ({"format": FORMAT + 1, "keys": [], "more": 1}, "has the format 2, .*known here: 1"),
        ({"format": FORMAT}, "missing required field `keys`"),
        ({"format": FORMAT, "keys": [{**ROW, "rpn": 3}]}, r"keys\[0\]: .*`rpn` .*mean 'rpm'"),
        ({"format": FORMAT, "keys": [{**ROW, "rpm": 0}]}, r"keys\[0\]\.rpm: expected .*>= 1"),
        ({"format": FORMAT, "keys": [{**ROW, "rpm": "9"}]}, r"keys\[0\]\.rpm: expected"),
        ({"format": FORMAT, "keys": [{**ROW, "routes": []}]}, r"keys\[0\]\.routes: expected"),
        ({"format": FORMAT, "keys": [{**ROW, "routes": ["*/m"]}]}, r"keys\[0\]\.routes: found"),
        ({"format": FORMAT, "keys": [ROW, ROW]}, r"keys\[1\]: the same key stands above"),
        ({"format": FORMAT, "keys": [{**ROW, "sha256": "x"}]}, r"keys\[0\]\.sha256: "),
        ({"format": FORMAT, "keys": [{**ROW, "name": "ci\n"}]}, r"keys\[0\]\.name: "),
    ],
)
def test_a_damaged_file_is_told_with_its_place(file: KeyFile, content: Any, told: str) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    file.path.write_bytes(text.encode("latin-1"))

    for use in (file.list, lambda: file.add(GatewayKey("x")), lambda: file.remove("x")):
        with pytest.raises(ConfigError, match=told) as refused:
            use()
        assert str(refused.value).startswith(str(file.path))
        assert len(str(refused.value).splitlines()) == 1
    assert file.path.read_bytes() == text.encode("latin-1")


@given(st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["format", "keys", *ROW]), inner, max_size=4),
).map(lambda value: json.dumps(value, allow_nan=True).encode()))  # fmt: skip
def test_whatever_stands_there_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    file.path.write_bytes(content)
    with contextlib.suppress(ConfigError):
        file.list()


def test_a_file_that_is_not_there_and_one_that_is_a_folder(file: KeyFile) -> None:
    with pytest.raises(ConfigError, match="no such file; `orchestrator key new NAME` makes it"):
        file.list()
    file.path.mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        file.list()


def test_of_many_that_write_at_once_none_loses_a_key(file: KeyFile) -> None:
    each = 20
    run_at_once([spawn("add_keys", file.path, number, each) for number in range(3)])

    assert {one.key.name for one in file.list()} == {
        f"w{worker}-{number}" for worker in range(3) for number in range(0, each, 2)
    }
