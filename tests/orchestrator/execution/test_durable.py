"""Durable calls: each effect a recorded step, replayed in other processes to the same end."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator, RequestError, Response
from orchestrator.api.request import Request
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.execution.durable import NotDeterministic, StepLost, run_durable
from orchestrator.execution.durable_data import StepKind
from orchestrator.execution.step_performer import StepPerformer
from orchestrator.health import MemoryStore, SessionState, Store
from orchestrator.health.steps import CallClaims
from orchestrator.sim import Reply, Script, ScriptedProviders, replies
from tests.acceptance.world import HI, arun, canary, config_of, environment, outcome, text_of
from tests.orchestrator.execution.durable_engine import Journal, Killed, MemoryEngine, run_killed
from tests.orchestrator.execution.test_agreement import KEYS, POLICY, ROUTE, scripts

ASKED = Request({**HI, "max_tokens": 5})
NEVER = 10_000


@pytest.fixture(scope="module")
def providers() -> Iterator[ScriptedProviders]:
    with ScriptedProviders({"a": replies.ok(), "b": replies.ok()}) as providers:
        yield providers


class CancelledEngine(MemoryEngine):
    """Its workflow is cancelled when it first waits."""

    async def sleep(self, seconds: float) -> float:
        raise asyncio.CancelledError(seconds)


class CancelledInAttempt(MemoryEngine):
    """Its workflow is cancelled while a request is on its way."""

    async def step(self, kind: str, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        if kind == StepKind.ATTEMPT:
            raise asyncio.CancelledError
        return await super().step(kind, asked, seconds)


class LosingEngine(MemoryEngine):
    """Its first attempt goes away with the process that performs it."""

    is_lost = False

    async def step(self, kind: str, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        if kind == StepKind.ATTEMPT and not self.is_lost:
            self.is_lost = True
            raise StepLost("the worker went away", self._clock.time() + 1.0)
        return await super().step(kind, asked, seconds)


@attrs.define
class Place:
    """What the processes of a call share: providers, the board's store, a clock, the journal."""

    providers: ScriptedProviders
    store: Store = attrs.field(factory=MemoryStore)
    clock: VirtualClock = attrs.field(factory=VirtualClock)
    journal: Journal = attrs.field(factory=Journal)
    told: list[Any] = attrs.field(factory=list)
    policy: str = POLICY
    extra: str = ""
    query: str = ""
    is_observed: bool = True

    def orchestrator(self) -> Orchestrator:
        urls = {name: f"{self.providers.url(name)}{self.query}" for name in "ab"}
        text = text_of(urls, ROUTE, keys=KEYS, extra=self.policy)
        config = loads(f"{text}\n{self.extra}", environment("ab", KEYS))
        options: dict[str, Any] = {"clock": self.clock, "store": self.store}
        observe = self.told.append if self.is_observed else None
        return Orchestrator(config, observe=observe, **options)

    def run(self, every: float, request: Request = ASKED) -> Response:
        call = run_killed(self.orchestrator, request, self.clock, self.journal, every)
        return asyncio.run(call)

    def run_once(self, dies_at: float | None, kind: type[MemoryEngine] = MemoryEngine) -> Response:
        """In one process, which ends."""

        async def main() -> Response:
            async with self.orchestrator() as made:
                performer = StepPerformer(made)
                engine = kind(performer, self.clock, self.journal, dies_at)
                return await run_durable(made, ASKED, engine, "a-workflow")

        return asyncio.run(main())

    def received(self) -> int:
        return sum(len(self.providers.received(name)) for name in "ab")


def drawn(data: st.DataObject) -> dict[str, Script]:
    keyed = {
        canary("a", number): Script(tuple(data.draw(scripts, f"a, key#{number}")))
        for number in (1, 2)
    }
    return {"a": Script(by_credential=keyed), "b": Script(tuple(data.draw(scripts, "b")))}


def attempts(found: Response | CallFailed) -> list[Any]:
    """What tells attempts apart, but for how long they waited for jitter."""
    return [
        (each.number, each.target, each.credential, each.status, each.reason, each.message)
        for each in found.attempts
    ]


@settings(max_examples=6)
@given(st.data())
def test_a_call_that_is_killed_again_and_again_is_the_same_call(
    providers: ScriptedProviders, data: st.DataObject
) -> None:
    script = drawn(data)

    def played(every: int) -> tuple[Any, Place, int]:
        for name in "ab":
            providers.set(name, script[name])
        place = Place(providers)
        before = place.received()
        found = outcome(lambda: place.run(every))
        return found, place, place.received() - before

    torn, killed, asked = played(data.draw(st.integers(1, 3), "steps of a process"))
    performed = list(killed.journal.performed)
    replayed = outcome(lambda: killed.run(NEVER))

    assert [*torn.ledger] == [*replayed.ledger] == killed.told
    assert (str(torn), type(torn)) == (str(replayed), type(replayed))
    assert killed.journal.performed == performed
    assert asked == len(torn.attempts)

    whole, calm, asked = played(NEVER)
    assert asked == len(whole.attempts)
    assert calm.told == [*whole.ledger]
    if any(each.rule == "transport.stale-connection" for each in whole.attempts):
        return  # of a process that dies no connection is kept
    assert [*whole.ledger] == [*torn.ledger]

    for name in "ab":
        providers.set(name, script[name])
    with Orchestrator(
        config_of(providers, "ab", ROUTE, keys=KEYS, extra=POLICY), clock=VirtualClock()
    ) as plain:
        alive = outcome(arun, plain, ASKED)
    assert whole.ledger.rows == alive.ledger.rows
    assert attempts(whole) == attempts(alive)


ECHOES = (
    replies.error(500, "{credential} is the key"),
    replies.error(401, '{{"error": {{"message": "Incorrect key: {credential}"}}}}'),
    replies.error(429, "key {credential}, again {credential}", {"Retry-After": "3"}),
    replies.ok("your key is {credential}"),
    replies.cut_after(60, replies.error(402, "{credential} has no money: {credential}" * 9)),
)


@settings(max_examples=12)
@given(st.lists(st.sampled_from(ECHOES), min_size=1, max_size=4), st.sampled_from(ECHOES))
def test_no_secret_is_recorded(
    providers: ScriptedProviders, echoes: list[Reply], last: Reply
) -> None:
    providers.set("a", Script(tuple(echoes)))
    providers.set("b", Script((last,)))
    hidden = 'headers = {"x-gate" = "a-gate-that-nobody-knows"}'
    place = Place(providers, extra=hidden, query="?token=a-word-in-the-address")
    outcome(lambda: place.run(NEVER))

    recorded = repr(place.journal)
    secrets = [canary("a", 1), canary("a", 2), canary("b", 1)]
    assert StepKind.ATTEMPT.value in recorded
    for secret in (*secrets, "a-gate-that-nobody-knows", "a-word-in-the-address"):
        assert secret not in recorded
        assert secret[3:] not in recorded


def steps(place: Place, kind: StepKind) -> list[Any]:
    return [asked for name, asked in place.journal.performed if name == kind]


def test_what_was_in_flight_at_a_crash_is_asked_again_and_nothing_else(
    providers: ScriptedProviders,
) -> None:
    providers.set("a", Script((replies.server_error(), replies.billing_402())))
    providers.set("b", Script((replies.ok("saved"),)))
    place = Place(providers)
    # Each process records one step, and dies when it has performed the next.
    response = place.run(1.5)

    asked = [each["send"]["number"] for each in steps(place, StepKind.ATTEMPT)]
    assert response.text == "saved"
    assert sorted(set(asked)) == [*range(1, len(response.attempts) + 1)]
    assert all(asked.count(number) <= 2 for number in asked)
    assert [*place.run(NEVER).ledger] == [*response.ledger]


def benched(providers: ScriptedProviders) -> Place:
    """A place where every provider was out of money, and may be probed by now."""
    place = Place(providers)
    for name in "ab":
        providers.set(name, Script((replies.billing_402(),)))
    outcome(lambda: place.run(NEVER))
    place.clock.advance(400.0)
    place.journal = Journal()
    providers.set("a", Script((replies.ok("back"),)))
    return place


def test_a_claim_whose_answer_was_lost_is_found_again(providers: ScriptedProviders) -> None:
    place = benched(providers)
    # The first take is granted a probe, and its process dies before that is recorded.
    assert place.run(1.5).text == "back"
    claims = [name for name, record in place.store.read().items() if record.claim is not None]
    assert claims == []


def test_other_code_is_found_out_and_sends_nothing(providers: ScriptedProviders) -> None:
    providers.set("a", Script((replies.ok(),)))
    place = Place(providers)
    place.run(NEVER)
    performed = len(place.journal.performed)

    with pytest.raises(NotDeterministic, match="another version of the code"):
        place.run(NEVER, attrs.evolve(ASKED, payload={**ASKED.payload, "max_tokens": 6}))
    assert len(place.journal.performed) == performed


@pytest.mark.parametrize("told", [{"of": "something else"}, {"result": {"of": "later code"}}])
def test_where_other_code_is_found_out_nothing_more_is_done(
    providers: ScriptedProviders, told: dict[str, Any]
) -> None:
    providers.set("a", Script((replies.server_error(), replies.rate_limited(3))))
    providers.set("b", Script((replies.ok(),)))
    place = Place(providers)
    place.run(NEVER)
    results = [json.loads(each) for each in place.journal.results]

    for number, result in enumerate(results):
        if not isinstance(result, dict) or ("result" in told and not result["result"]):
            continue
        torn = map(json.dumps, [*results[:number], {**result, **told}])
        place.journal = Journal([*torn])
        with pytest.raises(NotDeterministic, match="another version of the code"):
            place.run(NEVER)
        assert place.journal.performed == []  # else who goes back to the old code finds it there


def test_a_config_that_changes_later_changes_no_call_that_runs(
    providers: ScriptedProviders,
) -> None:
    providers.set("a", Script((replies.billing_402(),)))
    providers.set("b", Script((replies.ok("as planned"),)))
    place = Place(providers)
    with pytest.raises(Killed):
        place.run_once(3)
    place.policy = "[policy.on]\nbilling = []"

    assert place.run(NEVER).text == "as planned"


def test_a_workflow_that_is_cancelled_gives_back_what_its_call_took(
    providers: ScriptedProviders,
) -> None:
    providers.set("a", Script((replies.rate_limited(3),)))
    providers.set("b", Script((replies.rate_limited(3),)))
    place = Place(providers)

    with pytest.raises(asyncio.CancelledError):
        place.run_once(None, CancelledEngine)
    assert place.told[-1].outcome == "fail_terminal"
    assert place.told[-1].stopped_by == "cancelled"
    assert place.journal.performed[-1][0] == StepKind.FILE
    assert all(record.claim is None for record in place.store.read().values())


def test_a_probe_that_is_cancelled_is_given_back(providers: ScriptedProviders) -> None:
    place = benched(providers)

    with pytest.raises(asyncio.CancelledError):
        place.run_once(None, CancelledInAttempt)
    assert [each["question"]["_type"] for each in steps(place, StepKind.ASK)][-1] == "Release"
    assert all(record.claim is None for record in place.store.read().values())


def test_a_performer_that_went_away_is_a_failure_for_the_machine(
    providers: ScriptedProviders,
) -> None:
    providers.set("a", Script((replies.ok("at last"),)))
    place = Place(providers)
    response = place.run_once(None, LosingEngine)

    assert response.text == "at last"
    assert response.attempts[0].rule == "transport.performer-lost"
    assert response.attempts[0].target == response.attempts[1].target
    assert response.attempts[0].seconds == pytest.approx(1.0)
    assert not place.store.read()  # it is nobody's fault


@pytest.mark.parametrize("every", [NEVER, 3], ids=["in one process", "in several"])
def test_a_refused_secret_is_read_again_where_it_is(
    providers: ScriptedProviders, tmp_path: Path, every: int
) -> None:
    vault = tmp_path / "vault"
    vault.write_text("the-old-token-1")
    lets_in = Script((replies.ok("let in"),))
    refuses = Script((replies.bad_key(),), by_credential={"the-new-token-2": lets_in})
    providers.set("b", refuses)
    text = (
        '[providers.b]\ncredentials = ["command:cat vault"]\n'
        f'base_url = "{providers.url("b")}"\n[routes]\ndefault = ["b/m"]\n'
    )
    clock, journal, store = VirtualClock(), Journal(), MemoryStore()

    def make() -> Orchestrator:
        config = loads(text, {}, tmp_path / "orchestrator.toml")
        # It expires while a process runs, and another one has the new one from its beginning.
        vault.write_text("the-new-token-2")
        return Orchestrator(config, clock=clock, store=store)

    response = asyncio.run(run_killed(make, ASKED, clock, journal, every))
    assert response.text == "let in"
    assert [each.reason for each in response.attempts] == ["auth", None]
    assert [kind for kind, _ in journal.performed].count(StepKind.RELOAD) == 1
    assert not {"the-old-token-1", "the-new-token-2"} & set(re.findall(r"[\w-]+", repr(journal)))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (attrs.evolve(ASKED, stream=True), "a durable call gives a whole answer"),
        (attrs.evolve(ASKED, metadata={"at": object()}), "metadata cannot be recorded"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    providers: ScriptedProviders, request_: Request, said: str
) -> None:
    place = Place(providers)
    with pytest.raises(RequestError, match=said):
        place.run(NEVER, request_)
    assert place.journal.performed == []


def test_all_that_the_board_knows_of_a_call_goes_with_it() -> None:
    known = {field.name for field in attrs.fields(CallClaims)} - {"occupancy"}

    assert known < {field.name for field in attrs.fields(SessionState)}


def test_a_call_that_is_answered_at_once_takes_four_steps(providers: ScriptedProviders) -> None:
    providers.set("a", Script((replies.ok(),)))
    place = Place(providers, is_observed=False)
    place.run(NEVER)

    assert [kind for kind, _ in place.journal.performed] == ["plan", "ask", "attempt", "ask"]
    assert place.told == []
