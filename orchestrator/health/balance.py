"""Balances of accounts: what vendors said of their money, and when they are asked next. Pure.

What is decided here, and why:

* A vendor's word marks, and nothing else does. An account that it calls empty is benched, for
  targets that cost, a little longer than until the next question: where the vendor then says
  nothing more, the bench comes due, and one call finds out. So does one call an hour where it
  says the same all the while: a word may be wrong for ever.
* An answer of a model outweighs a word: once a call was answered, an account that is called empty
  as before stays where it is.
* A top-up ends a billing bench at once, but only what *changed* since the billing is one: the
  vendor called the account empty before and says now that calls are paid, or an amount is higher
  than any that was told since. A vendor that says "available" all the while its calls answer 402
  changes nothing, and neither does an amount that goes up and down with what is reserved.
* A question that fails marks nothing, and is asked again after pauses that double.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

BENCH_SECONDS = 90.0
"""How long a vendor's word that the account is empty holds: three questions, so that one which
fails ends nothing (our own choice, 2026-11)."""

WORD_SECONDS = 3600.0
"""How long words alone keep calls away: then one call finds out, as of any bench once an hour (our
own choice, 2026-11)."""

BENCHED_EVERY = 30.0
"""Seconds from one question to the next at most while money keeps calls away: a top-up is seen
within a minute."""

ASKING_SECONDS = 30.0
"""How long a question belongs to who asks it: longer than it can take, so that it is free again
only after a crash."""

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
"""Seconds from a question that failed to the next, and how far they double."""

LEAD_SECONDS = 5.0
"""So long before a billing bench is due the vendor is asked, rather than only by a call."""

GROWTH = 0.01
"""By how much an amount must grow to be a top-up: vendors round, and a cent is the least that one
can pay."""

MOST_AMOUNTS = 8
"""Currencies of one account that are kept."""


@attrs.frozen
class Money:
    """An amount of a currency.

    Attributes:
        amount: In units of the currency; below 0 for a debt.
        currency: As the vendor spells it, such as ``USD``; empty where it does not say.
    """

    amount: float
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}".strip()


@attrs.frozen
class BalanceStatement:
    """What a vendor said of an account's money.

    Attributes:
        amounts: What is left, by currency; none where it told none.
        usable: Its word whether calls are paid for; ``None`` where it gives none.
        of_key: True where it is about the limit of one key; no amount is no limit then.
        wants: The kind of key that it wants to tell of the account, with its article; empty where
            it wants none.
        source: At which path it said so.
    """

    amounts: tuple[Money, ...] = ()
    usable: bool | None = None
    of_key: bool = False
    wants: str = ""
    source: str = ""

    @property
    def most(self) -> Money | None:
        """The amount that is shown and warned of where there must be one: the largest."""
        return max(self.amounts, key=lambda one: one.amount, default=None)

    @property
    def is_empty(self) -> bool:
        """True where the vendor itself says that calls are not paid for."""
        return self.usable is False and not self.of_key

    @property
    def is_spendable(self) -> bool:
        """True where the account can pay for calls, by the vendor's word or its figures."""
        if self.of_key or self.usable is not None:
            return self.usable is True
        return self.most is not None and self.most.amount > 0

    def __str__(self) -> str:
        return ", ".join(map(str, self.amounts))


@attrs.frozen
class AccountBalance:
    """What is known of the money of one provider entry.

    All instants are wall-clock seconds (epoch).

    Attributes:
        said: What the vendor said last; ``None`` where it has said nothing yet.
        at: When it said so; 0 where it has not.
        asked: When it was asked last, whatever came of it.
        is_pending: True where nothing has come of that yet.
        failures: Questions in a row of which nothing came.
        trouble: Why, in our own words; empty where the last one was answered.
        is_disproved: True where a call was answered although the vendor calls the account empty.
        highest: The highest amounts that were told since the account was billed.
        was_topped_up: True where a top-up has ended a bench for billing since a call was answered.
    """

    said: BalanceStatement | None = None
    at: float = 0.0
    asked: float = 0.0
    is_pending: bool = False
    failures: int = 0
    trouble: str = ""
    is_disproved: bool = False
    highest: tuple[Money, ...] = ()
    was_topped_up: bool = False


@attrs.frozen
class MoneyMarks:
    """What of a provider's marks matters for the next question.

    Attributes:
        is_benched: True where money keeps calls away.
        billing_due: When its bench for billing is due (epoch); ``None`` without one.
    """

    is_benched: bool = False
    billing_due: float | None = None


def next_question(known: AccountBalance | None, every: float, marks: MoneyMarks) -> float:
    """When the vendor is to be asked next (epoch); 0 for at once.

    Args:
        known: What is known.
        every: The usual seconds from one question to the next.
        marks: Of the provider.
    """
    if known is None:
        return 0.0
    if known.is_pending:
        return known.asked + ASKING_SECONDS
    if known.failures:
        # Bounded before it doubles: 2**1000 is no float, and a damaged file may hold anything.
        wait = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** max(0, min(known.failures - 1, 10)))
    else:
        wait = min(every, BENCHED_EVERY) if marks.is_benched else every
    due = known.asked + wait
    if marks.billing_due is not None and marks.billing_due - LEAD_SECONDS > known.asked:
        due = min(due, marks.billing_due - LEAD_SECONDS)
    return due


def asked_now(known: AccountBalance | None, now: float) -> AccountBalance:
    """What is known once somebody begins to ask at ``now``."""
    return attrs.evolve(known or AccountBalance(), asked=now, is_pending=True)


def unanswered(known: AccountBalance | None, trouble: str) -> AccountBalance:
    """What is known once a question has failed."""
    known = known or AccountBalance()
    return attrs.evolve(known, is_pending=False, failures=known.failures + 1, trouble=trouble)


@attrs.frozen
class StatementEffect:
    """What a statement comes to.

    Attributes:
        balance: What is known of the money now.
        benches: True where the account is to be benched, or to stay so.
        ends_billing: True where it is a top-up, which ends a bench for billing.
    """

    balance: AccountBalance
    benches: bool
    ends_billing: bool


def judge_statement(
    known: AccountBalance | None,
    said: BalanceStatement,
    now: float,
    *,
    billed: float | None,
    is_billed: bool,
    is_lengthened: bool = False,
) -> StatementEffect:
    """What ``said`` comes to.

    Args:
        known: What was known before.
        said: The newest statement.
        now: When it was said (epoch).
        billed: When the provider billed a call last (epoch), and no call was answered since;
            ``None`` where there is no such.
        is_billed: True where that keeps calls away now.
        is_lengthened: True where calls were billed more than once in a row.
    """
    known = known or AccountBalance()
    is_disproved = known.is_disproved and said.is_empty
    heard = attrs.evolve(
        known,
        said=said,
        at=now,
        asked=now,
        is_pending=False,
        failures=0,
        trouble="",
        is_disproved=is_disproved,
    )
    if billed is None:
        heard = attrs.evolve(heard, highest=said.amounts, was_topped_up=False)
        return StatementEffect(heard, said.is_empty and not is_disproved, ends_billing=False)
    in_vain = known.was_topped_up and is_lengthened
    topped_up = is_billed and _is_top_up(known, said, billed, in_vain=in_vain)
    # What was spent until the billing is no measure; but once a bench was ended in vain, the
    # highest amount stays the measure, or one that goes up and down would end each bench.
    begins_anew = known.at <= billed and not known.was_topped_up
    highest = said.amounts if begins_anew else _highest(known.highest, said.amounts)
    heard = attrs.evolve(heard, highest=highest, was_topped_up=known.was_topped_up or topped_up)
    return StatementEffect(heard, said.is_empty and not is_disproved, topped_up)


def _is_top_up(
    known: AccountBalance, said: BalanceStatement, billed: float, *, in_vain: bool
) -> bool:
    if known.said is None or not said.is_spendable:
        return False
    # A word that turned to and fro is worth no third call: two machines of a vendor may disagree.
    if known.said.is_empty and not in_vain:
        return True
    before = known.highest
    if known.at <= billed and not known.was_topped_up:
        before = known.said.amounts
    return _has_grown(before, said.amounts)


def _has_grown(before: Iterable[Money], now: Iterable[Money]) -> bool:
    # A currency that was not told of before has not grown: an answer may leave one out.
    known = {one.currency: one.amount for one in before}
    return any(one.currency in known and one.amount >= known[one.currency] + GROWTH for one in now)


def _highest(before: Iterable[Money], now: Iterable[Money]) -> tuple[Money, ...]:
    found: dict[str, float] = {}
    for one in (*before, *now):
        found[one.currency] = max(one.amount, found.get(one.currency, one.amount))
    return tuple(Money(amount, currency) for currency, amount in found.items())[:MOST_AMOUNTS]


def corrected_balance(balance: AccountBalance, now: float) -> AccountBalance:
    """``balance`` as it can be at ``now`` (epoch): nothing in it comes from the future."""
    if balance.asked <= now and balance.at <= now:
        return balance
    return attrs.evolve(balance, asked=min(balance.asked, now), at=min(balance.at, now))


def is_low(said: BalanceStatement | None, below: float) -> bool:
    """True where less than ``below`` is left, 0 for never; of several amounts of all of them."""
    most = None if said is None else said.most
    return most is not None and below > 0 and most.amount < below


def crosses(before: BalanceStatement | None, said: BalanceStatement, below: float) -> bool:
    """True where less than ``below`` is left now, and was not before."""
    return is_low(said, below) and not is_low(before, below)
