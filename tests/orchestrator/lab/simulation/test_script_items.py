"""Items as a script writes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.simulation.script import AttemptScript, read_script
from orchestrator.lab.simulation.script_items import CONTENTS, WITHOUT_PIECES, WORDS, Item, written

_texts = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"], blacklist_characters="\"'"))


@st.composite
def items(draw: st.DrawFn) -> Item:
    word = draw(st.sampled_from((*WORDS, "402", "503")))
    pieces = st.none() | st.integers(1, 50)
    return Item(
        word,
        tuple(draw(st.lists(st.sampled_from(("a", "a/m:free", "key#1", "a/m@2024")), max_size=2))),
        seconds=draw(st.floats(0, 1e6)),
        retry_after=draw(st.none() | st.floats(0, 1e6)),
        message=draw(st.none() | _texts.filter(bool)),
        pieces=None if word in WITHOUT_PIECES else draw(pieces),
        pace=draw(st.floats(0, 1e6)),
        content=draw(st.sampled_from(CONTENTS)),
    )


@given(
    st.builds(AttemptScript, st.lists(items(), min_size=1, max_size=5).map(tuple), st.booleans())
)
def test_what_is_written_is_read_as_it_was(script: AttemptScript) -> None:
    assert read_script(written(script.items, stream=script.stream)) == script


def test_what_repeats_is_counted_and_what_is_usual_is_left_out() -> None:
    assert written([Item("503")] * 3 + [Item("ok", ("a",))], stream=True) == "stream: 503*3, ok@a"
