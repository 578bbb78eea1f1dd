"""The registry of dialects."""

from __future__ import annotations

import pytest

from orchestrator.config.records import DIALECT_NAMES
from orchestrator.dialects import DIALECTS, dialect


def test_every_name_that_a_config_may_give_is_spoken() -> None:
    assert tuple(DIALECTS) == DIALECT_NAMES
    assert [dialect(name).name for name in DIALECT_NAMES] == list(DIALECT_NAMES)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(LookupError, match="did you mean 'openai-chat'"):
        dialect("openai_chat")
