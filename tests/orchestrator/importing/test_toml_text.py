"""The TOML that is written is read back as what it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.importing.toml_text import write_toml

texts = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(texts, scalars | st.lists(values, max_size=3), max_size=3)
documents = st.fixed_dictionaries(
    {},
    optional={
        "health": texts,
        "policy": st.fixed_dictionaries({}, optional={"drop": st.lists(texts), "on": tables}),
        "providers": st.dictionaries(
            texts,
            st.fixed_dictionaries({"base_url": texts}, optional={"headers": tables}),
            min_size=1,  # one without any is not written
        ),
        "targets": st.dictionaries(
            texts,
            st.fixed_dictionaries({}, optional={"overrides": st.dictionaries(texts, values)}),
            min_size=1,
        ),
        "routes": st.dictionaries(texts, st.lists(texts)),
    },
)


@settings(max_examples=60)
@given(documents, texts, texts)
def test_a_document_is_read_as_it_was_written(
    document: dict[str, Any], head: str, comment: str
) -> None:
    comments = {"routes": comment, "policy.drop": comment, "health": comment}

    assert tomllib.loads(write_toml(document, head, comments)) == document


def test_nothing_is_written_that_a_terminal_obeys_or_nobody_sees() -> None:
    text = "a\x1b\x9b\u202e\U000e0041é"
    written = write_toml({"health": text}, "", {})

    assert written == 'health = "a\\u001b\\u009b\\u202e\\U000e0041é"\n'
    assert tomllib.loads(written) == {"health": text}


def test_what_toml_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="TOML has no NoneType"):
        write_toml({"a": None}, "", {})
