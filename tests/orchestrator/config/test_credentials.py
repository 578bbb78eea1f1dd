"""Credentials: every source, every mistake, and never a secret in a text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import credentials
from orchestrator.config.errors import UnsetVariable

QUIET = "sk-quiet-0123456789"


def resolve(
    *entries: Any, environ: dict[str, str] | None = None, folder: Path = Path()
) -> credentials.CredentialPool:
    return credentials.resolve(entries, "here", environ or {}, folder)


def values(pool: Any) -> list[str]:
    return [one.secret.reveal() for one in pool.credentials]


def test_labels_follow_the_order_of_the_file() -> None:
    pool = resolve("env:A", "env:GONE", {"label": "spare", "value": "env:B"}, "env:C",
                   environ={"A": "a", "B": "b", "C": "c"})  # fmt: skip

    assert [one.label for one in pool.credentials] == ["key#1", "spare", "key#4"]
    assert [one.source for one in pool.credentials] == ["env:A", "env:B", "env:C"]
    assert values(pool) == ["a", "b", "c"]
    assert pool.warnings == (
        UnsetVariable(
            "here[1]",
            "the environment variable GONE is not set",
            "set it, or take the entry out",
            variable="GONE",
        ),
    )


def test_a_file_is_read_beside_the_config_and_stripped(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"\ufeff{QUIET}\r\n\n", "utf-8")

    assert values(resolve("file:key", folder=tmp_path)) == [QUIET]
    assert values(resolve(f"file:{tmp_path / 'key'}")) == [QUIET]


@pytest.mark.parametrize("path", ["gone", ".", "key/inside"])
def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path, path: str) -> None:
    (tmp_path / "key").write_text(QUIET)
    pool = resolve(f"file:{path}", folder=tmp_path)

    assert not pool.credentials
    assert not pool.problems
    assert f"file:{path} cannot be read" in pool.warnings[0].what


def test_a_literal_is_a_credential_that_names_no_source() -> None:
    (one,) = resolve(QUIET).credentials

    assert one.secret.reveal() == QUIET
    assert one.source == "literal"
    assert QUIET not in repr(one)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("evn:A", "did you mean 'env'"),
        ("keyrings:a/b", "did you mean 'keyring'"),
        ("$A", 'write "env:NAME"'),
        ("${A}", 'write "env:NAME"'),
        ("A", 'write "env:NAME"'),  # it is set
        ("CORP_KEY", 'write "env:NAME"'),
        ("CORP_API_KEY_2", 'write "env:NAME"'),
        ("os.environ/CORP_KEY", 'write "env:NAME"'),
        ("env:", "no name"),
        ("keyring:service", "SERVICE/NAME"),
        ("", "is empty"),
        ("  ", "is empty"),
        ("quiet word", "holds a space"),
        ("quiet\nword", "line break"),
        ("quiet\u4e2d", "outside ASCII"),
        ("quiet\x00", "line break"),
        (3, "found a number"),
        (["quiet"], "found a list"),
        ({"label": "a"}, "allowed: label and value"),
        ({"value": "env:A", "lable": "a"}, "allowed: label and value"),
        ({"value": "env:A", "label": "two words"}, "label is not fit"),
        ({"value": 3, "label": "a"}, "found a number"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_its_value(entry: Any, why: str) -> None:
    pool = resolve("env:A", entry, environ={"A": "a"})

    assert [problem.where for problem in pool.problems] == ["here[1]"]
    assert why in pool.problems[0].what
    assert "quiet" not in pool.problems[0].what
    assert len(pool.credentials) == 1


def test_two_credentials_may_not_share_a_label() -> None:
    pool = resolve("env:A", {"label": "key#1", "value": "env:B"}, environ={"A": "a", "B": "b"})

    assert "'key#1' is taken" in pool.problems[0].what


def test_the_same_key_twice_counts_once() -> None:
    pool = resolve("env:A", "env:B", environ={"A": QUIET, "B": f" {QUIET} "})

    assert [one.label for one in pool.credentials] == ["key#1"]
    assert "key#2 is the same key as key#1" in pool.warnings[0].what


@pytest.mark.parametrize(
    ("environ", "entries"),
    [
        ({"K": "a"}, ("env:K",)),
        ({"K_10": "c", "K": "a", "K_2": "b"}, ("env:K", "env:K_2", "env:K_10")),
        ({"K_2": "b", "K": " "}, ("env:K_2",)),
        ({"OLD_K": "z"}, ("env:OLD_K",)),
        ({"OLD_K": "z", "K": "a"}, ("env:K",)),
        ({"K_ID": "a", "K_0": "b", "K_02": "c", "K_2X": "d"}, ()),
        ({}, ()),
    ],
)
def test_key_variables_are_picked_up_in_order(environ: dict[str, str], entries: Any) -> None:
    assert credentials.implied(("K", "OLD_K"), environ) == entries


def test_a_keyless_provider_has_one_anonymous_credential() -> None:
    (one,) = credentials.anonymous().credentials

    assert (one.label, one.secret.reveal(), one.source) == ("anonymous", "", "none")


texts = st.text(max_size=20)
anything = texts | st.integers() | st.dictionaries(st.sampled_from(["label", "value"]), texts)


@given(st.lists(anything | texts.map("env:{}".format), max_size=4), texts.map("quiet{}".format))
def test_no_list_of_entries_raises_or_shows_a_secret(entries: Any, secret: str) -> None:
    pool = resolve(*entries, {"label": "last", "value": secret})

    for text in (*map(str, pool.problems), *map(str, pool.warnings), repr(pool)):
        assert secret not in text


def run(script: str, *, keyring_installed: bool) -> str:
    """The problems and warnings of ``keyring:service/me``, in a process of its own."""
    hidden = "" if keyring_installed else "import sys; sys.modules['keyring'] = None\n"
    ask = (
        "from orchestrator.config import credentials\n"
        "from pathlib import Path\n"
        "pool = credentials.resolve(['keyring:service/me'], 'here', {}, Path())\n"
        "print(*pool.problems, *pool.warnings, *(one.secret.reveal() for one in pool.credentials))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden + script + ask], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_without_the_keyring_package_the_extra_is_named() -> None:
    said = run("", keyring_installed=False)

    assert said.startswith("here[0]: ")
    assert "-m pip install '.[keyring]' in the clone" in said


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({("service", "me"): "sk-ringed"}, "sk-ringed"),
        ({}, "here[0]: the keyring has no entry service/me"),
    ],
)
def test_a_keyring_is_asked_for_service_and_name(entries: Any, said: str) -> None:
    backend = (
        "import keyring, keyring.backend\n"
        "class Held(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        f"    def get_password(self, *asked): return {entries}.get(asked)\n"
        "    def set_password(self, *asked): raise AssertionError(asked)\n"
        "keyring.set_keyring(Held())\n"
    )

    assert run(backend, keyring_installed=True) == said
