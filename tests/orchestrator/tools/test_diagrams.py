"""The command: what it writes it finds unchanged, and what differs it names."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import pytest

from orchestrator.tools import diagrams, pages
from states.table import TABLE

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("diagrams") / "new" / "folder"
    assert diagrams.main(["--out", str(out)]) == 0
    return out


@pytest.fixture
def copy(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "copy"))


@pytest.fixture(scope="module")
def made(drawn: Path) -> dict[str, bytes]:
    """What the folder should hold, drawn once: drawing is what takes the time."""
    return {file.name: file.read_bytes() for file in drawn.iterdir()}


def check(out: Path) -> int:
    return diagrams.main(["--check", "--out", str(out)])


def test_what_was_written_is_as_it_should_be(
    drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(drawn) == 0
    assert capsys.readouterr() == ("", "")


def test_the_committed_diagrams_are_those_of_the_table() -> None:
    assert diagrams.differing(ROOT / "docs" / "diagrams", pages.files()) == []


def tamper(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-20] + b"?" + content[-19:])


def test_any_file_that_was_tampered_with_is_named(copy: Path, made: dict[str, bytes]) -> None:
    for place, name in enumerate(sorted(made), 1):
        tamper(copy / name)
        wrong = [f"{copy / each}: differs from the table" for each in sorted(made)[:place]]
        assert diagrams.differing(copy, made) == wrong


def test_a_file_that_was_tampered_with_is_named_with_the_mend(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(copy / "machine.dot")

    assert check(copy) == 1
    said = capsys.readouterr().err
    assert said.splitlines() == [
        f"{copy / 'machine.dot'}: differs from the table",
        f"mend it with: {pages.COMMAND} --out {copy}",
    ]
    assert diagrams.main(["--out", str(copy)]) == 0
    assert check(copy) == 0


def test_a_missing_file_and_one_too_many_are_named(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "machine.png").unlink()
    (copy / "old.svg").write_text("<svg/>")
    (copy / "notes.txt").write_text("not ours")

    assert check(copy) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        f"{copy / 'machine.png'}: missing",
        f"{copy / 'old.svg'}: not one of the diagrams, delete it",
    ]


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    assert check(tmp_path / "none") == 1
    assert not (tmp_path / "none").exists()


def test_a_row_renamed_in_the_table_is_drift(drawn: Path) -> None:
    renamed = tuple(
        attrs.evolve(row, name="billing_stay") if row.name == "billing_terminal" else row
        for row in TABLE
    )
    wrong = diagrams.differing(drawn, pages.files(renamed))

    named = {Path(line.split(": ")[0]).name for line in wrong}
    assert {"machine.dot", "machine.mmd", "classify.svg", "classify.png", "README.md"} <= named
    assert not any(name.startswith("arrivals") for name in named)


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    assert diagrams.main(["--out", str(tmp_path / "file")]) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err
