"""One conversation sent round through every crossing of dialects, there and back at each turn.

The first target fails at every other turn, so that the second, which speaks another dialect,
answers; then the first answers again. What the second received is the history less what is
declared to be left out: thoughts, which nobody but the vendor that wrote them reads.
"""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import attrs
import pytest

from orchestrator import Orchestrator, Request, Response
from orchestrator.sim import Reply, ScriptedProviders, replies
from tests.acceptance.crossings import (
    WRITTEN,
    Asked,
    Called,
    Gave,
    Said,
    Shown,
    Turn,
    answered,
    history_of,
    kept,
)
from tests.orchestrator.execution.streamed import ONCE, streams

FIRST = Called("call_1", "map", "I look.", thought="first")
SECOND = Called("call_2", "sea", thought="second")

TURNS: tuple[Turn, ...] = (
    Shown("What is here?"),
    FIRST,
    Gave("call_1", "a harbour"),
    SECOND,
    Gave("call_2", '{"waves": 3}'),
    Called("call_3", "sky", "And up.", thought="third"),
    Gave("call_3", "clouds"),
    Said("A harbour under clouds.", thought="fourth"),
    Asked("And now?"),
    Said("It rains.", thought="fifth"),
)
"""The model's turns are answered by the second target, the first, the second, and so on."""

each_crossing = pytest.mark.parametrize(("own", "other"), list(permutations(WRITTEN, 2)))


@attrs.define
class Agent:
    """Speaks one dialect, and sends back what it was answered."""

    dialect: str
    orchestrator: Orchestrator
    request: dict[str, Any] = attrs.field(factory=dict)
    sent: list[dict[str, Any]] = attrs.field(factory=list)

    def say(self, turn: Turn) -> Response:
        """Add what the user or the tool says, ask, and keep the answer."""
        written = WRITTEN[self.dialect]((turn,))
        field = history_of(self.dialect)
        # Chat has its system prompt among the messages.
        system = len(WRITTEN[self.dialect](())[field])
        history = self.request.get(field, written[field][:system])
        self.request = {**written, field: [*history, *written[field][system:]]}
        self.sent.append(self.request)
        response = self.orchestrator.run(Request(self.request, dialect=self.dialect))
        said = kept(self.dialect, response.in_dialect(self.dialect))
        self.request = {**self.request, field: [*self.request[field], *said]}
        return response


def plain(value: Any) -> Any:
    """Without what is a vendor's own state, and with arguments by what they say.

    Signatures are compared nowhere: whether one comes back to the vendor that gave it depends
    on whether the agent's dialect has a place for it.
    """
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: json.loads(one) if name == "arguments" else plain(one)
        for name, one in value.items()
        if name != "thoughtSignature" and not (name == "strict" and one is False)
    }


def received(providers: ScriptedProviders, name: str) -> list[dict[str, Any]]:
    return [one.body for one in providers.received(name)]


def turns_of(dialect: str) -> tuple[Turn, ...]:
    """The turns as a caller of that dialect can say them: Gemini gives files no names."""
    first = TURNS[0]
    assert isinstance(first, Shown)
    return (attrs.evolve(first, name="") if dialect == "gemini" else first, *TURNS[1:])


@each_crossing
def test_the_history_reaches_whoever_takes_over_and_comes_back(own: str, other: str) -> None:
    turns = turns_of(own)
    spoken = [turn for turn in turns if isinstance(turn, Called | Said)]
    broken = replies.server_error(500)
    by_first = [Reply(body=answered(own, turn)) for turn in spoken[1::2]]
    by_second = [Reply(body=answered(other, turn)) for turn in spoken[0::2]]
    scripts = {"a": [broken, by_first[0], broken, by_first[1], broken], "b": by_second}
    dialects = {"a": own, "b": other}
    with streams(scripts, dialects=dialects, extra=ONCE) as (providers, orchestrator):
        agent = Agent(own, orchestrator)
        heard = [turn for turn in turns if not isinstance(turn, Called | Said)]
        told = [agent.say(turn) for turn in heard]
        at_first, at_second = received(providers, "a"), received(providers, "b")

    assert [response.provider for response in told] == ["b", "a", "b", "a", "b"]
    assert [response.text for response in told] == [turn.text for turn in spoken]
    # The first target hears the agent itself, whoever answered before.
    for sent, got in zip(agent.sent, at_first, strict=True):
        assert {name: got[name] for name in sent} == json.loads(json.dumps(sent))
    # The second hears the same conversation in its own words.
    for until, got in zip((1, 5, 9), at_second, strict=True):
        wanted = WRITTEN[other](turns[:until])
        assert plain({name: got[name] for name in wanted}) == plain(wanted)
    for response in told[2::2]:
        assert any("of another vendor left out" in note for note in response.attempts[-1].notes)
        assert not any("as the policy allows" in note for note in response.attempts[-1].notes)


@each_crossing
def test_nobody_is_sent_the_thoughts_of_another_vendor(own: str, other: str) -> None:
    scripts = {
        "a": [Reply(body=answered(own, FIRST)), replies.server_error(500)],
        "b": [Reply(body=answered(other, SECOND))],
    }
    with streams(scripts, dialects={"a": own, "b": other}, extra=ONCE) as (providers, inner):
        agent = Agent(own, inner)
        agent.say(TURNS[0])
        agent.say(TURNS[2])
        sent = json.dumps(received(providers, "b"))

    assert not any(secret in sent for secret in ("sig:first", "enc:first", '"first"'))
