"""The log of calls: what the logger ``orchestrator`` says of them.

WARNING is what a person must know, once for each mark that this process made; INFO is each
failover, each recovery, and once each mark that another process made; DEBUG is each move. Nothing
of a request or an answer is in it; a provider's own words are masked before they come here, and are
kept to one line.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from copy import copy
from typing import Any

from orchestrator.api.errors import one_line, provider_words, whole_duration
from orchestrator.health import BalanceStatement
from orchestrator.health.news import BoardNews, MarkChange, MarkNews
from orchestrator.states import Clear, Error, Event, Mark, Send, Step, Target
from orchestrator.states.call import Call

LOGGER = logging.getLogger("orchestrator")

IN_SHORT = "in_short"
"""The attribute of a record that says it without the provider's words, for who has shown them."""

CALL_ID = "call_id"
"""The attribute of a record that is about one call: the call's id."""

FIELDS = "call_fields"
"""The attribute of a record that says the same as its text by name, for who reads it by program."""

Fields = Mapping[str, str | int | float | None]

Logger = logging.Logger | logging.LoggerAdapter[Any]
"""Whoever is told."""

Sent = tuple[Target, str]
"""Where an attempt was sent, and the label of its credential."""


class _SilentWhile(logging.LoggerAdapter["Logger"]):
    """A logger that is not enabled while something else is so."""

    def __init__(self, logger: Logger, is_silent: Callable[[], bool]) -> None:
        super().__init__(logger)
        self._is_silent = is_silent

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name is of logging
        return not self._is_silent() and super().isEnabledFor(level)

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        return msg, kwargs  # with an `extra` of its own, which an adapter would replace


class CallLog:
    """Tells a logger what befalls calls; what a handler raises never costs an answer.

    Args:
        logger: Who is told.
        is_muted: True where nobody is.
    """

    def __init__(self, logger: Logger = LOGGER, *, is_muted: bool = False) -> None:
        self._logger, self._is_muted = logger, is_muted
        self._announced: dict[str, deque[float]] = {}

    @property
    def has_moves(self) -> bool:
        """Whether anybody wants to hear of each move."""
        return not self._is_muted and self._logger.isEnabledFor(logging.DEBUG)

    def mute(self) -> None:
        """Say nothing from here on: these calls are none of the world's."""
        self._is_muted = True

    def silent_while(self, is_silent: Callable[[], bool]) -> CallLog:
        """The same log, which says nothing while ``is_silent`` is true."""
        told = copy(self)
        told._logger = _SilentWhile(self._logger, is_silent)  # noqa: SLF001 - a copy of this one
        return told

    def tell_move(self, call: str, before: Call, event: Event, moved: Step) -> None:
        """One move of the machine.

        Args:
            call: The call's id.
            before: The machine before it.
            event: What happened.
            moved: What came of it.
        """
        command, where = moved.command, ""
        if isinstance(command, Send):
            where = f" {command.target.name} {command.credential}, attempt {command.number}"
        way = f"{before.state.value} → {moved.call.state.value}{where}"
        facts = (call[:8], way, type(event).__name__, moved.row)
        fields = {
            "from": before.state.value,
            "to": moved.call.state.value,
            "event": facts[2],
            "row": moved.row,
        }
        extra = {CALL_ID: call, FIELDS: fields}
        self._say(logging.DEBUG, "call %s: %s (%s: %s)", *facts, extra=extra)

    def tell_failover(self, call: str, left: Sent, to: Sent, error: Error) -> None:
        """The call goes on with another target or credential."""
        if (left[0].name, left[1]) != (to[0].name, to[1]):
            facts = (call[:8], _sent(left), _sent(to), _why(error))
            said = "call %s left %s for %s: %s"
            fields = {"target": left[0].name, "to": to[0].name, **_fields(error)}
            self._say(logging.INFO, said, *facts, extra={CALL_ID: call, FIELDS: fields})

    def tell_passed_over(
        self, call: str, clears: Iterable[Clear], to: Target, began: float, at: float
    ) -> None:
        """Once for each mark that this process did not make: what it keeps calls from.

        Args:
            call: The call's id.
            clears: What stands in the way of targets that this call passed over.
            to: Where it goes instead.
            began: When the call began (epoch).
            at: Seconds since then.
        """
        if self._is_muted or not self._logger.isEnabledFor(logging.INFO):
            return
        for clear in clears:
            # A cooldown simply ends; what was always there, such as an empty pool, is the config's.
            if clear.mark is Mark.COOLDOWN or math.isinf(clear.since):
                continue
            if self._is_new(clear.target.provider, began + clear.since):
                lasting = f"{_MARKED[clear.mark]} for {whole_duration(at - clear.since)} so far"
                facts = (clear.target.name, lasting, _why(clear.error), to.name)
                said = "%s is passed over, %s: %s; calls go to %s"
                fields = {"target": clear.target.name, "to": to.name, "mark": clear.mark.value}
                extra = {CALL_ID: call, FIELDS: {**fields, **_fields(clear.error)}}
                self._say(logging.INFO, said, *facts, extra=extra)

    def _is_new(self, provider: str, since: float) -> bool:
        """Whether a mark there that began then (epoch) was told of by nobody; it is from now on."""
        known = self._announced.setdefault(provider, deque(maxlen=MOST_ANNOUNCED))
        # An instant that was put together of two clocks is not the same to the microsecond.
        if any(abs(since - one) < GRAIN for one in tuple(known)):  # threads add to it
            return False
        known.append(since)
        return True

    def tell_news(self, call: str, news: BoardNews) -> None:
        """What a call made of marks, and where calls go since."""
        for each in news.marks:
            about = {CALL_ID: call, FIELDS: _news_fields(each, news)}
            match each.change:
                case MarkChange.MADE:
                    self._tell_made(each, news, about)
                case MarkChange.LIFTED:
                    said = f"{_thing(each)} is back after {whole_duration(each.lasted)}"
                    text = "%s: an answer ended its %s"
                    self._say(logging.INFO, text, said, _name(each), extra=about)
                case MarkChange.PROLONGED:
                    said = f"{_state(each)}, by a failed probe"
                    self._say(logging.DEBUG, "%s: %s", said, _why(each.error), extra=about)

    def tell_statement(
        self, provider: str, said: BalanceStatement, marks: Iterable[MarkNews]
    ) -> None:
        """What a vendor's statement of its money made of marks."""
        left = f"{said} left" if said.amounts else "by its word"
        for each in marks:
            about = {FIELDS: _mark_fields(each)}
            if each.change is MarkChange.MADE:
                self._is_new(provider, each.since)
                hint = each.error.hint if each.error is not None else ""
                text = "%s is benched: its vendor calls the account empty (%s); calls that cost "
                text += "go to the next targets of their routes. %s"
                self._say(logging.WARNING, text, provider, left, hint, extra=about)
            elif each.change is MarkChange.LIFTED:
                text = "%s is back after %s: its vendor says that there is money again (%s)"
                lasted = whole_duration(each.lasted)
                self._say(logging.INFO, text, provider, lasted, left, extra=about)

    def tell_low_balance(self, provider: str, said: BalanceStatement, below: float) -> None:
        """Less money is left than a person wants to be warned of."""
        whose = "its key has" if said.of_key else "it has"
        text = "the money of %s runs low: %s %s left, below %s (warn_below)"
        extra = {FIELDS: {"provider": provider}}
        self._say(logging.WARNING, text, provider, whose, str(said), f"{below:g}", extra=extra)

    def tell_unknown_balance(self, provider: str, why: str) -> None:
        """A vendor did not say how much money is left."""
        text = "the balance of %s is not known: %s; calls go on as before, and it is asked again"
        self._say(logging.INFO, text, provider, why, extra={FIELDS: {"provider": provider}})

    def _tell_made(self, each: MarkNews, news: BoardNews, about: dict[str, Any]) -> None:
        self._is_new(each.provider, each.since)
        state, where = _state(each), _where(each, news)
        error = each.error
        hint = f". {error.hint}" if error is not None and error.hint else ""
        # For who has shown the failure itself already: what it says besides.
        extra = {IN_SHORT: one_line(f"{state}; {where}"), **about}
        self._say(logging.WARNING, "%s: %s; %s%s", state, _why(error), where, hint, extra=extra)

    def _say(self, level: int, text: str, *facts: str, extra: dict[str, Any] | None = None) -> None:
        if self._is_muted:
            return
        # A handler of the user's may raise whatever it likes.
        with contextlib.suppress(Exception):
            # A caller may name a model as he likes, line ends and escape sequences included.
            self._logger.log(level, text, *map(one_line, facts), extra=extra)


MOST_ANNOUNCED = 100
"""Marks of one provider that are remembered as announced; one in trouble has a handful."""

GRAIN = 1.0
"""Seconds within which two marks of one provider are taken for one."""

_MARKED = {Mark.BENCH: "benched", Mark.CIRCUIT: "its circuit open", Mark.DEAD: "its keys out"}


def _fields(error: Error | None) -> Fields:
    return {} if error is None else {"reason": error.reason.value, "status": error.status}


def _news_fields(each: MarkNews, news: BoardNews) -> Fields:
    return {**_mark_fields(each), "to": None if news.to is None else news.to.name}


def _mark_fields(each: MarkNews) -> Fields:
    return {
        "provider": each.provider,
        "model": each.model,
        "credential": each.credential,
        "mark": each.mark.value,
        "change": each.change.value,
        "seconds": None if math.isinf(each.left) else round(each.left, 1),
        **_fields(each.error),
    }


def _sent(sent: Sent) -> str:
    return f"{sent[0].name} {sent[1]}"


def _thing(news: MarkNews) -> str:
    if news.credential is None:
        return news.provider if news.model is None else f"{news.provider}/{news.model}"
    of = f" for {news.model}" if news.model else ""
    return f"{news.provider} {news.credential}{of}"


def _state(news: MarkNews) -> str:
    """``deepseek is benched for 5 min (expected to end in 37 h)``."""
    thing, length = _thing(news), whole_duration(news.left)
    if news.mark is Mark.DEAD:
        return f"{thing} is out for good"
    if news.mark is Mark.CIRCUIT:
        return f"the circuit of {thing} is open for {length}"
    expected = news.expected
    longer = expected is not None and expected > news.left + 1
    until = f" (expected to end in {whole_duration(expected or 0.0)})" if longer else ""
    return f"{thing} is {'out' if news.credential else 'benched'} for {length}{until}"


def _name(news: MarkNews) -> str:
    """The mark that is over, and what it was for."""
    reason = f" ({news.error.reason})" if news.error else ""
    return f"{'open circuit' if news.mark is Mark.CIRCUIT else news.mark}{reason}"


def _why(error: Error | None) -> str:
    return "" if error is None else f"{error.reason}{provider_words(error.status, error.message)}"


def _where(each: MarkNews, news: BoardNews) -> str:
    to, ready = news.to, news.credentials
    if to is None:
        return "nothing else stands by on this route"
    if each.credential is None or to.provider != each.provider:
        return f"calls go to {to.name}"
    keys = f"with {ready[0]}" if len(ready) == 1 else f"with its other {len(ready)} keys"
    return f"calls go to {to.name} {keys}"
