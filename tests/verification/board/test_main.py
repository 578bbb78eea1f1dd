"""What cannot be searched is refused in words."""

from __future__ import annotations

import pytest

from verification.board.__main__ import main


@pytest.mark.parametrize("words", [("--depth", "-1"), ("--depth", "0"), ("--processes", "0")])
def test_nothing_to_search_is_no_search(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)

    assert refused.value.code == 2
    assert f"{words[0]} is {words[1]}; allowed: 1 and more" in capsys.readouterr().err
