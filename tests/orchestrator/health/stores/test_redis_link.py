"""What the server does with what is committed: all or nothing, counted and told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import attrs
import pytest

from orchestrator.health.records import MarkKind, MarkScope, Record, key
from orchestrator.health.stores import redis_script as script
from orchestrator.health.stores.redis_address import read_address
from orchestrator.health.stores.redis_link import (
    Addition,
    Commit,
    CommitReply,
    CommitVerdict,
    RedisLink,
)
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.stores.servers import running_server

BENCH = Record(Mark.BENCH, 1.0, 2.5, 1.0, 1.0)
SPENT = Record(None, 1.0, 1.0, 1.0, 1.0, error=None, spent=14)
COUNTER = key(MarkKind.RETRY_BUDGET, MarkScope.PROVIDER, "acme", "e")

Committing = Callable[..., CommitReply]


def name(number: int) -> str:
    return key(MarkKind.CIRCUIT, MarkScope.TARGET, "acme", "e", str(number))


@pytest.fixture
def link() -> Iterator[RedisLink]:
    running_server().ask("FLUSHALL")
    link = RedisLink(read_address(running_server().url))
    yield link
    link.close()


def test_a_change_is_stored_if_nobody_was_before(link: RedisLink) -> None:
    first = link.commit(Commit())
    stored = link.commit(Commit(first.version, first.identity, {name(1): BENCH}))
    late = link.commit(Commit(first.version, first.identity, {name(1): None, name(2): BENCH}))

    assert (first.verdict, stored.verdict, late.verdict) == (
        CommitVerdict.DONE,
        CommitVerdict.DONE,
        CommitVerdict.CHANGED,
    )
    assert late.told == {name(1): BENCH}
    assert link.commit(Commit()).told == {name(1): BENCH}


def test_who_changed_something_else_is_not_stopped_and_told_of_it(link: RedisLink) -> None:
    first = link.commit(Commit())
    link.commit(Commit(first.version, first.identity, {name(1): BENCH}))
    other = link.commit(Commit(first.version, first.identity, {name(2): BENCH}))

    assert other.verdict is CommitVerdict.DONE
    assert other.told == {name(1): BENCH}


def test_a_removal_is_told(link: RedisLink) -> None:
    first = link.commit(Commit())
    one = link.commit(Commit(first.version, first.identity, {name(1): BENCH}))
    link.commit(Commit(one.version, one.identity, {name(1): None}))

    assert link.commit(Commit(one.version, one.identity)).told == {name(1): None}


def test_a_copy_older_than_the_removals_that_are_known_is_replaced(link: RedisLink) -> None:
    first = link.commit(Commit())
    at = link.commit(Commit(first.version, first.identity, {name(0): BENCH}))
    for start in (0, 600):
        names = [name(number) for number in range(start, start + 600)]
        at = link.commit(Commit(at.version, at.identity, dict.fromkeys(names, BENCH)))
        at = link.commit(Commit(at.version, at.identity, dict.fromkeys(names)))

    reply = link.commit(Commit(first.version, first.identity, {name(0): BENCH}))

    assert (reply.verdict, reply.is_whole, reply.told) == (CommitVerdict.CHANGED, True, {})
    assert running_server().ask("ZCARD", script.GONE) <= 1200


def test_a_copy_of_another_board_is_replaced(link: RedisLink) -> None:
    first = link.commit(Commit())

    assert link.commit(Commit(first.version, "another")).is_whole
    assert link.commit(Commit(first.version + 1, first.identity)).is_whole


def test_what_was_decided_at_another_instant_is_not_stored(link: RedisLink) -> None:
    first = link.commit(Commit())

    def commit(*skews: float) -> CommitVerdict:
        earliest, latest = (first.time + skew for skew in skews)
        changes = {name(1): BENCH}
        instants = (earliest, latest)
        return link.commit(
            Commit(first.version, first.identity, changes, instants=instants)
        ).verdict

    assert commit(-3600.0, 0.0) is commit(0.0, 3600.0) is CommitVerdict.MISTIMED
    assert link.commit(Commit()).told == {}
    assert abs(first.time - time.time()) < 60


@pytest.mark.parametrize(
    ("deltas", "sums"),
    [((14, 14), (14, 28)), ((14, -1), (14, 13)), ((14, -20), (14, 0)), ((0,), (0,))],
)
def test_a_counter_is_added_to_whoever_came_between(
    link: RedisLink, deltas: tuple[int, ...], sums: tuple[int, ...]
) -> None:
    first = link.commit(Commit())

    def add(delta: int) -> CommitReply:
        # Each as if it knew of no other.
        addition = {COUNTER: Addition(delta, 500, SPENT)}
        return link.commit(Commit(first.version, first.identity, additions=addition))

    replies = [add(delta) for delta in deltas]

    assert [reply.sums[COUNTER] for reply in replies] == list(sums)
    told = link.commit(Commit()).told.get(COUNTER)
    assert (told.spent if told else 0) == sums[-1]


def test_a_counter_is_not_taken_past_its_most(link: RedisLink) -> None:
    first = link.commit(Commit())

    def add(delta: int) -> CommitVerdict:
        addition = {COUNTER: Addition(delta, 20, SPENT)}
        return link.commit(Commit(first.version, first.identity, additions=addition)).verdict

    assert [add(14), add(14), add(-10), add(14)] == [
        *(CommitVerdict.DONE, CommitVerdict.CHANGED, CommitVerdict.DONE, CommitVerdict.DONE),
    ]


def test_a_record_of_another_make_is_passed_over(link: RedisLink) -> None:
    running_server().ask("HSET", script.RECORDS, "no key", "no record")

    assert link.commit(Commit()).told == {}


def test_half_a_character_in_what_a_provider_said_is_replaced(link: RedisLink) -> None:
    first = link.commit(Commit())
    record = attrs.evolve(BENCH, error=Error(Reason.BILLING, "test", message="half \ud83d"))

    link.commit(Commit(first.version, first.identity, {name(1): record}))

    told = link.commit(Commit()).told[name(1)]
    assert told is not None
    assert told.error is not None
    assert told.error.message == "half ?"


def test_databases_are_apart(link: RedisLink) -> None:
    other = RedisLink(read_address(running_server().url[:-1] + "1"))
    first = link.commit(Commit())
    link.commit(Commit(first.version, first.identity, {name(1): BENCH}))

    assert other.commit(Commit()).told == {}
    other.close()
