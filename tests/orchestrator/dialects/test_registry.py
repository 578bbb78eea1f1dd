"""The registry of dialects."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestrator.dialects import DEFAULT_DIALECT, DIALECTS, dialect, register


def test_every_record_has_the_name_by_which_it_is_asked_for() -> None:
    assert [dialect(name).name for name in DIALECTS] == list(DIALECTS)
    assert next(iter(DIALECTS)) == DEFAULT_DIALECT


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(LookupError, match="did you mean 'openai-chat'"):
        dialect("openai_chat")


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'gemini' is there already"):
        register("gemini", "nowhere:RECORD")


LOADED = """
import sys
import orchestrator
from orchestrator.config.loading import loads
names = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
def loaded(): return [one for one in names if f"orchestrator.dialects.{one}" in sys.modules]
first = loaded()
text = 'health = "memory"\\nroutes.default = ["gemini/x"]'
orc = orchestrator.Orchestrator(loads(text, {"GEMINI_API_KEY": "k"}))
second = loaded()
orchestrator.transport(orc)
print(first, second, loaded() == list(names))
"""


def test_dialects_are_loaded_by_who_will_speak_them_and_not_in_the_middle_of_a_call() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, check=True, text=True
    )

    assert done.stdout == "[] ['openai_chat', 'gemini'] True\n"
