"""The command: what it writes it finds unchanged, and what differs it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from orchestrator.lab.diagrams.plain_table import plain
from scripts.diagrams import __main__ as diagrams
from scripts.diagrams import index_page

ROOT = Path(__file__).parents[3]
SMALL = {"README.md": b"# Index", "machine.svg": b"<svg/>", "states/retry.png": b"\x89PNG"}


def run(out: Path, *options: str) -> int:
    return diagrams.main([*options, "--out", str(out)], draw=lambda: SMALL)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    out = tmp_path / "new" / "folder"
    assert run(out) == 0
    return out


def test_what_was_written_is_as_it_should_be(
    drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(drawn, "--check") == 0
    assert capsys.readouterr() == ("", "")
    assert (drawn / "states" / "retry.png").read_bytes() == SMALL["states/retry.png"]


def test_the_committed_diagrams_are_those_of_the_table(gallery: Mapping[str, bytes]) -> None:
    assert diagrams.differing(ROOT / "docs" / "diagrams", gallery) == []


def test_any_file_that_was_tampered_with_is_named(drawn: Path) -> None:
    for place, name in enumerate(sorted(SMALL), 1):
        (drawn / name).write_bytes(SMALL[name] + b"?")
        wrong = [f"{drawn / each}: differs from the table" for each in sorted(SMALL)[:place]]
        assert diagrams.differing(drawn, SMALL) == wrong


def test_a_file_that_was_tampered_with_is_named_with_the_mend(
    drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (drawn / "machine.svg").write_bytes(b"?")

    assert run(drawn, "--check") == 1
    said = capsys.readouterr().err
    assert said.splitlines() == [
        f"{drawn / 'machine.svg'}: differs from the table",
        f"mend it with: python -m scripts.diagrams --out {drawn}",
    ]
    assert run(drawn) == 0
    assert run(drawn, "--check") == 0


def test_a_missing_file_and_one_too_many_are_named(
    drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (drawn / "states" / "retry.png").unlink()
    (drawn / "states" / "old.svg").write_text("<svg/>")
    (drawn / "notes.txt").write_text("not ours")

    assert run(drawn, "--check") == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        f"{drawn / 'states' / 'old.svg'}: not one of the diagrams, delete it",
        f"{drawn / 'states' / 'retry.png'}: missing",
    ]


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "--check") == 1
    assert not (tmp_path / "none").exists()


def test_a_row_renamed_in_the_table_is_drift() -> None:
    table = plain()
    renamed = attrs.evolve(
        table,
        rows=tuple(
            attrs.evolve(row, name="repaired_stay") if row.name == "repaired_terminal" else row
            for row in table.rows
        ),
    )
    before, after = index_page.texts(table), index_page.texts(renamed)

    changed = {name for name, text in after.items() if before[name] != text}
    assert {"README.md", "machine.dot", "machine.mmd", "states.md"} <= changed
    assert not any(name.startswith("incidents/") for name in changed if name.endswith(".svg"))


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    assert run(tmp_path / "file") == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "file") in said
    assert len(said.splitlines()) == 1
