"""What is read of a page: its blocks, what is said of them, and what they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.blocks import Block, Command, blocks, is_as_shown

PAGE = """\
# Title

```toml
# orchestrator.toml
health = "memory"
```

<!-- a remark -->

<!-- ends with status 1 -->
```console
$ orchestrator check
a line
…

$ orchestrator run "x"   # as it is
```

```python
print("a")
```

<!-- printed by the block above -->
```text
a
```

```json
{}
```

<!-- not run: it is long -->
```python
nothing
```
"""


@pytest.fixture
def read(tmp_path: Path) -> list[Block]:
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    return list(blocks(tmp_path / "page.md"))


def test_blocks_that_can_be_run_are_found_in_order_with_where_they_stand(read: list[Block]) -> None:
    assert [(one.kind, one.line) for one in read] == [
        ("toml", 3),
        ("console", 11),
        ("python", 19),
        ("python", 33),
    ]


def test_a_config_holds_for_what_follows_on_its_page(read: list[Block]) -> None:
    config = '# orchestrator.toml\nhealth = "memory"\n'

    assert [one.config for one in read] == [None, config, config, config]


def test_comments_say_how_a_block_ends_what_it_prints_and_why_it_is_left_out(
    read: list[Block],
) -> None:
    assert [one.status for one in read] == [0, 1, 0, 0]
    assert [one.prints for one in read] == [None, None, "a\n", None]
    assert [one.left_out for one in read] == [None, None, None, "it is long"]


def test_what_is_typed_has_what_is_shown_below_it(read: list[Block]) -> None:
    assert list(read[1].commands) == [
        Command("orchestrator check", ("a line", "…")),
        Command('orchestrator run "x"   # as it is', ()),
    ]


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("took 0.3 s\n", "took 12 s", True),
        ("took 0.3 s\n", "took long", False),
        ("a  b\n", "a b\n", True),
        ("a\nb\nc\n", "a\n…\n", True),
        ("a\nb\nc\n", "a\n…\nc", True),
        ("a\nb\nc\n", "a\nb", False),
        ("attempt 2\n", "attempt 1", False),
        ("at 127.0.0.1:8080", "at 127.0.0.1:9", True),
        ("", "…", True),
    ],
)
def test_what_is_shown_is_what_was_printed_but_for_what_changes(
    printed: str, shown: str, *, same: bool
) -> None:
    assert is_as_shown(printed, shown) is same


def test_a_file_of_another_tool_is_given_to_the_blocks_below_it(tmp_path: Path) -> None:
    page, file = tmp_path / "page.md", "# other.yaml\na: 1\n"
    block = "```console\n$ ls\n```\n"
    page.write_text(f"{block}\n```yaml\n{file}```\n\n{block}", encoding="utf-8")
    before, after = blocks(page)

    assert (before.files, after.files) == ({}, {"other.yaml": file})
