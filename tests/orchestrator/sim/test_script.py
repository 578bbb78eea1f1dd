"""Which reply a request gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.sim import Received, Reply, Script, ScriptError
from orchestrator.sim.book import Book
from orchestrator.sim.script import RunningScript, as_script


def received(
    path: str = "/v1/chat/completions", credential: str | None = None, model: str | None = None
) -> Received:
    body = None if model is None else {"model": model}
    return Received(1, 0.0, "POST", path, {}, body, credential)


def said(playing: RunningScript, request: Received) -> int:
    return playing.next(request).status


@given(st.lists(st.integers(200, 599), min_size=1, max_size=6), st.integers(0, 4))
def test_replies_come_in_order_and_the_last_one_repeats(statuses: list[int], more: int) -> None:
    playing = RunningScript(as_script([Reply(status=status) for status in statuses]))

    heard = [said(playing, received()) for _ in range(len(statuses) + more)]

    assert heard == statuses + statuses[-1:] * more


def test_the_path_is_asked_first_then_the_credential_then_the_model() -> None:
    playing = RunningScript(
        Script(
            (Reply(status=204),),
            by_path={"/user/balance": as_script(Reply(status=205))},
            by_credential={
                "k": Script((Reply(status=206),), by_model={"m": as_script(Reply(207))})
            },
            by_model={"m": as_script(Reply(status=208))},
        )
    )

    assert said(playing, received()) == 204
    assert said(playing, received("/user/balance?verbose=1", "k", "m")) == 205
    assert said(playing, received(credential="k")) == 206
    assert said(playing, received(credential="k", model="m")) == 207
    assert said(playing, received(credential="other", model="m")) == 208


def test_each_key_has_a_place_of_its_own() -> None:
    steps = as_script([Reply(status=429), Reply(status=200)])
    playing = RunningScript(Script(by_credential={"a": steps, "b": steps}))

    heard = [said(playing, received(credential=key)) for key in ("a", "b", "a", "b")]

    assert heard == [429, 429, 200, 200]


def test_a_request_that_nothing_fits_is_told_so() -> None:
    reply = RunningScript(Script(by_credential={"a": as_script(Reply())})).next(
        received(credential="b")
    )

    assert reply.status == 501
    assert "no reply for POST /v1/chat/completions" in str(reply.body)


@pytest.mark.parametrize("name", ["", "a/b", "_sim"])
def test_a_name_that_cannot_be_a_part_of_a_url_is_refused(name: str) -> None:
    with pytest.raises(ScriptError, match="cannot name a provider"):
        Book({name: Reply()})


def test_a_repr_holds_no_credential() -> None:
    request = Received(1, 0.0, "POST", "/", {"authorization": "Bearer sk-1"}, {"k": "sk-1"}, "sk-1")

    assert "sk-1" not in repr(request)
    assert "sk-1" not in repr(Script(by_credential={"sk-1": Script()}))
