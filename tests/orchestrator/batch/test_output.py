from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.batch.output import OutputFile, failures_path, interruptions_path

ids = st.lists(st.text("abc", min_size=1, max_size=5), max_size=8)


def text(custom_id: str) -> bytes:
    return b'{"custom_id":"%s","response":{}}' % custom_id.encode()


@given(names=ids, cut=st.integers(0, 40))
def test_a_torn_last_line_is_cut_off_and_whole_ones_stay(
    names: list[str], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("out") / "out.jsonl"
    file = OutputFile(path)
    file.append(map(text, names))
    torn = text("torn")[:cut]
    with path.open("ab") as raw:
        raw.write(torn)

    file.heal()
    assert list(file.ids()) == names
    file.append([text("next")])
    assert list(file.ids()) == [*names, "next"]


def test_a_file_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    file = OutputFile(tmp_path / "out.jsonl")

    file.heal()
    assert file.path.read_bytes() == b""


def test_what_is_no_line_of_ours_has_no_id(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'nonsense\n{"x": 1}\n' + text("a") + b"\n")

    assert list(OutputFile(path).ids()) == ["", "", "a"]


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    file = OutputFile(tmp_path / "out.jsonl")
    file.append([text("old")])
    file.replace([text("new")])

    assert list(file.ids()) == ["new"]
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_disk_that_is_full_leaves_no_part_of_a_line(tmp_path: Path) -> None:
    file = OutputFile(tmp_path / "out.jsonl")
    file.append([text("a")])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel's own way to let a write fail in its middle; Python ignores the signal that it
    # sends besides.
    resource.setrlimit(resource.RLIMIT_FSIZE, (60, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            file.append([text("b"), text("c")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert list(file.ids()) == ["a"]
    assert file.path.read_bytes().endswith(b"\n")


def test_the_other_files_stand_beside_the_answers() -> None:
    assert failures_path(Path("x/out.jsonl")) == Path("x/out.jsonl.failures.jsonl")
    assert interruptions_path(Path("out.jsonl")) == Path("out.jsonl.interrupted.jsonl")
