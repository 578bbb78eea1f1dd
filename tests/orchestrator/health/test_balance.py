"""What vendors say of money: when they are asked, and what follows from what they say."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import (
    AccountBalance,
    BalanceStatement,
    BoardRow,
    HealthBoard,
    MemoryStore,
    Money,
    Pool,
    PoolCredential,
)
from orchestrator.health.balance import (
    ASKING_SECONDS,
    BENCH_SECONDS,
    BENCHED_EVERY,
    LONGEST_PAUSE,
    MoneyMarks,
    crosses,
    next_question,
)
from orchestrator.health.news import MarkChange
from orchestrator.health.session import Release, Report, Succeed, TakeFirst
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Target
from orchestrator.states.reasons import Reason, Scope
from orchestrator.testing import VirtualClock

EVERY = 300.0
PAID, FREE, OTHER = Target("acme", "one"), Target("acme", "one:free"), Target("bolt", "one")
EMPTY = Error(Reason.BILLING, "acme.balance", message="the vendor calls the account empty")
BILLED = Error(Reason.BILLING, "status.402", 402, "no money", scope=Scope.ACCOUNT)


def said(amount: float | None = None, *, usable: bool | None = None) -> BalanceStatement:
    return BalanceStatement(() if amount is None else (Money(amount, "USD"),), usable)


@attrs.define
class Accounts:
    """A board with two accounts, and a clock that tests move."""

    clock: VirtualClock
    board: HealthBoard
    news: list[MarkChange] = attrs.field(factory=list)

    @classmethod
    def open(cls, store: MemoryStore | None = None, clock: VirtualClock | None = None) -> Accounts:
        clock = clock or VirtualClock()
        acme = Pool("acme", "http://a.test", (PoolCredential("k1", "s1"),), free_models=(":free",))
        bolt = Pool("bolt", "http://b.test", (PoolCredential("k1", "s2"),))
        return cls(clock, HealthBoard([acme, bolt], store or MemoryStore(), clock.time))

    def hear(self, statement: BalanceStatement) -> list[MarkChange]:
        news = self.board.balances.hear("acme", "k1", statement, EMPTY)
        return [each.change for each in news.marks]

    def row(self) -> BoardRow:
        return next(row for row in self.board.snapshot() if row.provider == "acme")

    @property
    def left(self) -> float:
        until = self.row().until
        return 0.0 if until is None else until - self.clock.time()

    def call(self, *route: Target, billed: bool = False) -> Target | None:
        """A call of one attempt: whom it asked."""
        session = self.board.session(route or (PAID, OTHER), self.clock.time())
        taken, _ = session.answer(TakeFirst(), 0.0)
        if taken is not None:
            answer = (
                Report(taken.target, taken.credential, BILLED)
                if billed
                else Succeed(taken.target, taken.credential)
            )
            session.answer(answer, 0.0)
        session.answer(Release(), 0.0)
        return None if taken is None else taken.target


# Emptiness.


def test_an_account_that_its_vendor_calls_empty_is_benched_for_what_costs() -> None:
    accounts = Accounts.open()

    assert accounts.hear(said(0.0, usable=False)) == [MarkChange.MADE]
    assert accounts.row().mark is Mark.BENCH
    assert accounts.call(PAID, OTHER) == OTHER
    assert accounts.call(FREE, OTHER) == FREE
    assert accounts.row().mark is Mark.BENCH  # a free answer says nothing of money


def test_a_small_amount_is_no_word() -> None:
    accounts = Accounts.open()

    for amount in (5.0, 0.01, 0.0, -3.0):
        assert accounts.hear(said(amount)) == []
    assert accounts.call() == PAID


def test_what_is_said_of_a_key_alone_marks_nothing() -> None:
    accounts = Accounts.open()

    assert accounts.hear(BalanceStatement((Money(0.0, "USD"),), False, of_key=True)) == []
    assert accounts.row().mark is None


def test_each_statement_renews_the_bench_and_no_level_grows() -> None:
    accounts = Accounts.open()

    for _ in range(20):
        accounts.hear(said(0.0, usable=False))
        assert accounts.left == BENCH_SECONDS
        accounts.clock.advance(BENCHED_EVERY)
    assert accounts.call() == OTHER


def test_where_no_word_follows_the_bench_comes_due_and_one_call_probes() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.0, usable=False))
    accounts.board.balances.miss("acme", "HTML came")
    accounts.clock.advance(BENCH_SECONDS + 1)

    assert accounts.row().due
    assert accounts.call(billed=True) == PAID
    assert accounts.call() == OTHER


def test_an_answer_outweighs_the_word_until_that_changes() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.0, usable=False))
    accounts.clock.advance(BENCH_SECONDS + 1)
    assert accounts.call() == PAID  # its probe, which is answered

    assert accounts.hear(said(0.0, usable=False)) == []
    assert accounts.call() == PAID
    assert accounts.hear(said(9.0, usable=True)) == []
    assert accounts.hear(said(0.0, usable=False)) == [MarkChange.MADE]


def test_a_word_that_is_wrong_for_ever_is_found_out_within_an_hour() -> None:
    a, asked = Accounts.open(), []
    for _ in range(2 * 120):
        a.hear(said(0.0, usable=False))
        asked.append(a.call())
        a.clock.advance(BENCHED_EVERY)

    # One call finds that the account pays, and all that follow have it.
    begins = asked.index(PAID)
    assert 3600 <= begins * BENCHED_EVERY <= 3600 + BENCH_SECONDS
    assert set(asked[begins:]) == {PAID}


def test_an_account_that_is_called_empty_and_is_meets_one_call_an_hour() -> None:
    a, asked = Accounts.open(), []
    for _ in range(4 * 120):
        a.hear(said(0.0, usable=False))
        asked.append(a.call(billed=True))
        a.board.reset("bolt")  # there the money is never gone
        a.clock.advance(BENCHED_EVERY)

    assert asked.count(PAID) == 3


def test_a_word_that_there_is_money_ends_the_bench() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.0, usable=False))

    assert accounts.hear(said(25.0, usable=True)) == [MarkChange.LIFTED]
    assert accounts.call() == PAID
    known = accounts.board.balances.known("acme")
    assert known is not None
    assert known.said == said(25.0, usable=True)


def test_a_bench_is_about_an_account_and_goes_with_its_keys() -> None:
    store = MemoryStore()
    accounts = Accounts.open(store)
    accounts.hear(said(0.0, usable=False))
    other = Pool("acme", "http://a.test", (PoolCredential("k1", "of another account"),))
    board = HealthBoard([other], store, accounts.clock.time)

    assert board.balances.known("acme") is None
    assert board.balances.is_due("acme", EVERY)
    session = board.session((PAID,), accounts.clock.time())
    assert session.answer(TakeFirst(), 0.0)[0] is not None


def test_figures_cost_a_call_nothing_and_survive_it() -> None:
    accounts = Accounts.open()
    accounts.hear(said(9.0, usable=True))
    before = accounts.board.store.read()

    assert before.is_clear
    assert accounts.call() == PAID
    assert accounts.board.store.read() is before


def test_a_reset_forgets_the_figure_too() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.0, usable=False))

    assert accounts.board.reset("acme") == 1
    assert accounts.board.balances.known("acme") is None


# Top-ups.


def test_a_top_up_ends_a_bench_for_billing_and_the_doubling_goes_on() -> None:
    accounts = Accounts.open()
    accounts.hear(said(3.0, usable=True))
    accounts.clock.advance(10)
    accounts.call(billed=True)
    assert accounts.left == 300.0
    accounts.clock.advance(30)
    assert accounts.hear(said(0.1, usable=True)) == []  # what is left at the billing
    accounts.clock.advance(30)

    assert accounts.hear(said(20.1, usable=True)) == [MarkChange.LIFTED]
    assert accounts.call(billed=True) == PAID
    assert accounts.left == 600.0


def test_an_answer_ends_the_doubling() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.1, usable=True))
    accounts.call(billed=True)
    accounts.clock.advance(30)
    accounts.hear(said(0.1, usable=True))
    accounts.hear(said(20.1, usable=True))

    assert accounts.call() == PAID
    accounts.clock.advance(60)
    accounts.call(billed=True)
    assert accounts.left == 300.0


def test_a_vendor_that_says_available_while_its_calls_are_billed_changes_nothing() -> None:
    accounts = Accounts.open()
    accounts.hear(said(50.0, usable=True))
    accounts.call(billed=True)

    for _ in range(9):
        accounts.clock.advance(30)
        assert accounts.hear(said(50.0, usable=True)) == []
        assert accounts.call() == OTHER


def test_an_amount_that_goes_up_and_down_ends_one_bench_at_the_most() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.30, usable=True))
    lifted = 0
    for number in range(40):
        accounts.call(billed=True)
        accounts.clock.advance(30)
        reserved = 0.05 if number % 2 else 0.0
        lifted += MarkChange.LIFTED in accounts.hear(said(0.25 + reserved, usable=True))

    assert lifted == 1


def test_a_word_that_turned_since_the_billing_ends_the_bench_for_it() -> None:
    accounts = Accounts.open()
    accounts.call(billed=True)
    accounts.clock.advance(30)
    accounts.hear(said(usable=False))

    assert set(accounts.hear(said(usable=True))) == {MarkChange.LIFTED}
    assert accounts.row().mark is None


def test_a_word_that_turns_to_and_fro_ends_one_bench_at_the_most() -> None:
    accounts = Accounts.open()
    accounts.call(billed=True)
    billed = 0
    for _ in range(8):
        for usable in (False, True):
            accounts.clock.advance(30)
            accounts.hear(said(5.0, usable=usable))
        if accounts.row().mark is None:
            billed += 1
            accounts.call(billed=True)

    assert billed == 1
    assert accounts.hear(said(25.0, usable=True)) == [MarkChange.LIFTED]


def test_a_word_counts_again_once_a_call_was_answered() -> None:
    accounts = Accounts.open()
    for amount in (25.0, 5.0):
        accounts.call(billed=True)
        accounts.clock.advance(30)
        accounts.hear(said(0.0, usable=False))

        assert set(accounts.hear(said(amount, usable=True))) == {MarkChange.LIFTED}
        assert accounts.call() == PAID  # and spends it all before anybody asks again


def test_the_first_statement_after_a_start_ends_no_bench() -> None:
    accounts = Accounts.open()
    accounts.call(billed=True)
    accounts.clock.advance(30)

    assert accounts.hear(said(50.0, usable=True)) == []


def test_a_vendor_without_a_word_tops_up_by_its_figures() -> None:
    accounts = Accounts.open()
    accounts.hear(said(0.0))
    accounts.call(billed=True)
    accounts.clock.advance(30)
    accounts.hear(said(0.0))

    assert accounts.hear(said(10.0)) == [MarkChange.LIFTED]


# When somebody is asked.


def known(asked: float, *, failures: int = 0, is_pending: bool = False) -> AccountBalance:
    return AccountBalance(asked=asked, failures=failures, is_pending=is_pending)


@pytest.mark.parametrize(
    ("balance", "marks", "due"),
    [
        (None, MoneyMarks(), 0.0),
        (known(100.0), MoneyMarks(), 100.0 + EVERY),
        (known(100.0), MoneyMarks(is_benched=True), 100.0 + BENCHED_EVERY),
        (known(100.0, is_pending=True), MoneyMarks(), 100.0 + ASKING_SECONDS),
        (known(100.0, failures=1), MoneyMarks(), 160.0),
        (known(100.0, failures=3), MoneyMarks(is_benched=True), 340.0),
        (known(100.0, failures=10_000), MoneyMarks(), 100.0 + LONGEST_PAUSE),
        # Rather than that a call finds out: shortly before the bench is due, once.
        (known(100.0, failures=9), MoneyMarks(is_benched=True, billing_due=400.0), 395.0),
        (known(396.0, failures=9), MoneyMarks(is_benched=True, billing_due=400.0), 3996.0),
    ],
)
def test_when_a_vendor_is_asked_next(
    balance: AccountBalance | None, marks: MoneyMarks, due: float
) -> None:
    assert next_question(balance, EVERY, marks) == due


def test_one_of_all_asks_once_an_interval() -> None:
    store, clock = MemoryStore(), VirtualClock()
    first, second = Accounts.open(store, clock), Accounts.open(store, clock)

    assert first.board.balances.begin("acme", EVERY)
    assert not second.board.balances.begin("acme", EVERY)
    first.hear(said(9.0, usable=True))
    clock.advance(EVERY - 1)
    assert not second.board.balances.begin("acme", EVERY)
    clock.advance(1)
    assert second.board.balances.begin("acme", EVERY)


def test_who_crashes_while_it_asks_blocks_nobody_for_long() -> None:
    accounts = Accounts.open()
    assert accounts.board.balances.begin("acme", EVERY)
    accounts.clock.advance(ASKING_SECONDS)

    assert accounts.board.balances.begin("acme", EVERY)


@pytest.mark.parametrize("is_pending", [False, True])
def test_after_a_clock_was_set_back_it_is_asked_at_once_and_then_as_usual(
    *, is_pending: bool
) -> None:
    accounts = Accounts.open()
    balances = accounts.board.balances
    assert balances.begin("acme", EVERY)
    if not is_pending:
        accounts.hear(said(9.0, usable=True))
    accounts.clock.now -= 3600.0

    asked = 0
    for _ in range(3600):
        if balances.is_due("acme", EVERY) and balances.begin("acme", EVERY):
            asked += 1
            accounts.hear(said(9.0, usable=True))
        accounts.clock.advance(1)

    assert asked == 3600 / EVERY


def test_a_dead_key_asks_nothing_and_one_that_is_out_only_if_there_is_no_other() -> None:
    clock = VirtualClock()
    credentials = tuple(PoolCredential(label, label) for label in ("k1", "k2", "k3"))
    board = HealthBoard([Pool("acme", "http://a.test", credentials)], MemoryStore(), clock.time)
    session = board.session((PAID,), clock.time())
    gone = Error(Reason.AUTH, "revoked", 401, scope=Scope.KEY, revoked=True)
    session.answer(Report(PAID, "k1", gone), 0.0)
    session.answer(Report(PAID, "k2", Error(Reason.AUTH, "status.401", 401)), 0.0)

    assert board.balances.credential("acme") == "k3"
    session.answer(Report(PAID, "k3", gone), 0.0)
    assert board.balances.credential("acme") == "k2"
    session.answer(Report(PAID, "k2", gone), 0.0)
    assert board.balances.credential("acme") is None


@pytest.mark.parametrize(
    ("before", "now", "warned"),
    [
        (None, 4.9, True),
        (None, 5.0, False),
        (5.0, 4.9, True),
        (4.9, 4.0, False),
        (4.0, 6.0, False),
        (6.0, 0.0, True),
    ],
)
def test_a_person_is_warned_once_for_each_crossing(
    before: float | None, now: float, *, warned: bool
) -> None:
    earlier = None if before is None else said(before)

    assert crosses(earlier, said(now), 5.0) is warned


def test_a_debt_is_no_warning_where_none_is_wanted() -> None:
    assert not crosses(said(1.0), said(-1.0), 0.0)


def test_of_several_currencies_the_largest_is_warned_of() -> None:
    both = BalanceStatement((Money(0.0, "CNY"), Money(50.0, "USD")))

    assert not crosses(None, both, 5.0)
    assert both.most == Money(50.0, "USD")
    assert str(both) == "0.00 CNY, 50.00 USD"


amounts = st.one_of(st.none(), st.floats(-1e9, 1e9))
statements = st.builds(said, amounts, usable=st.sampled_from([True, False, None]))


@given(st.lists(st.one_of(statements, st.just("billed"), st.just("answered")), max_size=12))
def test_whatever_is_said_only_the_vendors_own_word_or_a_bill_marks(
    events: list[BalanceStatement | str],
) -> None:
    accounts = Accounts.open()
    grounds = False
    for event in events:
        accounts.clock.advance(31)
        if isinstance(event, str):
            billed = event == "billed" and accounts.call(PAID, billed=True) is not None
            grounds = grounds or billed
        else:
            accounts.hear(event)
            grounds = grounds or event.usable is False
        if accounts.row().mark is not None:
            assert grounds
