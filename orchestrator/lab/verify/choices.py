"""Choices that are made only when somebody looks: one run of a step for each way it can go.

A step is run again and again over the same call and event. Whatever is free in them asks
:class:`Choices` at the moment when a guard looks at it; the next run takes the next
alternative of the last choice. So the runs are exactly the ways that the guards tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import ClassVar

import attrs

NUMBER, WAITS = 0, 1
"""The counters that are kept open: attempts sent, waits made."""


class Choices:
    """The choices of one run, and the way to the next.

    Attributes:
        low, high: For each counter, what it may be in this run: guards narrow it.
        late: The run takes place so late that no backoff ends within the deadline.
        asked_to_wait: The answer asked for a wait longer than the patience; ``None``
            where nobody looked.
        kept_waiting: The failed attempt kept the caller waiting for longer than the
            patience; ``None`` where nobody looked.
        only_empty: Nothing but empty answers came before; ``None`` where nobody looked.
        settled: The failure makes the call leave at once, whatever else is looked at.
        nothing_left: Nothing stands by or ends in time, which is all that is left to see.
        instants: The instants that stand for all others.
        may_be_slow: Says whether it makes a difference for how long the attempt took.
        is_empty: What came is an empty answer.
        is_as_unknown: An empty answer among others is like an unknown error.
        jitter, spread: What was drawn; ``None`` where nobody looked.
        running: A run is under way.
    """

    def __init__(self) -> None:
        self._planned: list[list[int]] = []
        self._position = 0
        self.instants = Instants(0.0, None)
        self.may_be_slow: Callable[[], bool] = lambda: True
        self.is_empty = self.is_as_unknown = False
        self.running = False
        self.begin((0, 0), (0, 0))

    def begin(self, low: tuple[int, int], high: tuple[int, int]) -> None:
        """Begin a run, with the counters between ``low`` and ``high``."""
        self._position = 0
        self.low, self.high = list(low), list(high)
        self.late = False
        self.asked_to_wait: float | None = None
        self.kept_waiting: bool | None = None
        self.only_empty: bool | None = None
        self.settled = self.nothing_left = False
        self.jitter: float | None = None
        self.spread: float | None = None
        self._answers: dict[Hashable, bool] = {}

    def remembered(self, question: Hashable) -> bool:
        """A free answer, the same to the same question for as long as the run lasts."""
        if question not in self._answers:
            self._answers[question] = self.pick(2) == 0
        return self._answers[question]

    def pick(self, count: int) -> int:
        """One of ``count`` alternatives, numbered from 0."""
        if count == 1:
            return 0
        if self._position == len(self._planned):
            self._planned.append([0, count])
        chosen = self._planned[self._position][0]
        self._position += 1
        return chosen

    def next(self) -> bool:
        """Turn to the next run; False where every way was gone."""
        while self._planned:
            self._planned[-1][0] += 1
            if self._planned[-1][0] < self._planned[-1][1]:
                return True
            self._planned.pop()
        return False

    def at_most(self, counter: int, limit: int) -> bool:
        """Whether ``counter`` is at most ``limit``; narrows it where it can be either."""
        if self.high[counter] <= limit:
            return True
        if self.low[counter] > limit:
            return False
        if self.pick(2) == 0:
            self.high[counter] = limit
            return True
        self.low[counter] = limit + 1
        return False


class OpenCounter:
    """A counter whose value is open: ``sign * value + plus``. Comparing it narrows the value."""

    __slots__ = ("choices", "counter", "plus", "sign")
    __hash__: ClassVar[None]  # type: ignore[assignment]  # equality narrows, so no hash agrees

    def __init__(self, choices: Choices, counter: int, plus: int = 0, sign: int = 1) -> None:
        self.choices, self.counter, self.plus, self.sign = choices, counter, plus, sign

    def __add__(self, other: int) -> OpenCounter:
        return type(self)(self.choices, self.counter, self.plus + other, self.sign)

    def __sub__(self, other: int) -> OpenCounter:
        return self + -other

    def __rsub__(self, other: int) -> OpenCounter:
        return type(self)(self.choices, self.counter, other - self.plus, -self.sign)

    def __le__(self, other: int) -> bool:
        if self.sign > 0:
            return self.choices.at_most(self.counter, other - self.plus)
        return not self.choices.at_most(self.counter, self.plus - other - 1)

    def __lt__(self, other: int) -> bool:
        return self <= other - 1

    def __gt__(self, other: int) -> bool:
        return not self <= other

    def __ge__(self, other: int) -> bool:
        return not self <= other - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and self <= other and self >= other

    def is_like(self, other: OpenCounter) -> bool:
        """Whether it stands for the same, without narrowing it."""
        mine = (self.counter, self.plus, self.sign)
        return mine == (other.counter, other.plus, other.sign)

    def delta(self) -> int:
        """How far a step moved it."""
        return self.plus


@attrs.frozen
class Instants:
    """The instants and lengths, in seconds, that stand for all others.

    A call stands still at 0. What ends "soon" ends within the patience; ``later`` is past
    the patience and within the limit, ``None`` where there is no such length. The limit is
    the deadline, and after the commit boundary the stream's own.
    """

    limit: float
    later: float | None

    NEVER: ClassVar[float] = -1e15
    """As jitter: a backoff so long that it ends after every limit."""


class OpenWait:
    """The wait that an answer asks for, open until somebody compares it."""

    __slots__ = ("choices", "offset")

    def __init__(self, choices: Choices, offset: float = 0.0) -> None:
        self.choices, self.offset = choices, offset

    def __bool__(self) -> bool:
        return True

    def __radd__(self, at: float) -> OpenWait:
        return OpenWait(self.choices, self.offset + at)

    def _value(self) -> float:
        choices, later = self.choices, self.choices.instants.later
        if choices.asked_to_wait is None:
            # Where no wait fits any more, a longer one makes no difference.
            open_ = later is not None and not choices.late and not choices.settled
            choices.asked_to_wait = (later or 0.0) if open_ and choices.pick(2) else 0.0
        return self.offset + choices.asked_to_wait

    def __lt__(self, other: float) -> bool:
        return self._value() < other

    def __gt__(self, other: float) -> bool:
        return self._value() > other

    def __le__(self, other: float) -> bool:
        return self._value() <= other

    def __ge__(self, other: float) -> bool:
        return self._value() >= other

    def __sub__(self, other: float) -> float:
        return self._value() - other


class KeptWaiting:
    """Whether an attempt kept the caller waiting, open until somebody looks."""

    __slots__ = ("choices",)

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def __bool__(self) -> bool:
        choices = self.choices
        if choices.kept_waiting is None:
            if choices.instants.later is None:
                # Where no wait is longer than the patience, nobody waited so long either.
                return False
            if not choices.may_be_slow():
                return True
            choices.kept_waiting = choices.pick(2) == 1
        return choices.kept_waiting


class OnlyEmpty:
    """Whether nothing but empty answers came before, open until somebody looks."""

    __slots__ = ("choices",)

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def __bool__(self) -> bool:
        choices = self.choices
        if not choices.is_empty:
            # What came now is something else, so it makes no difference.
            return True
        if choices.only_empty is None:
            choices.only_empty = choices.pick(2) == 0
            choices.nothing_left = choices.is_as_unknown and not choices.only_empty
        return choices.only_empty


class Jitter:
    """The jitter of a backoff, open until the backoff is computed.

    Attributes:
        draws: Says what may be drawn: values on both sides of the patience.
    """

    __slots__ = ("choices", "draws")

    def __init__(self, choices: Choices, draws: Callable[[], tuple[float, ...]]) -> None:
        self.choices, self.draws = choices, draws

    def _value(self) -> float:
        choices = self.choices
        if choices.jitter is None:
            draws = self.draws()
            choices.jitter = draws[-1 if choices.settled else choices.pick(len(draws))]
            choices.late = choices.jitter < 0
        return choices.jitter

    def __truediv__(self, other: float) -> float:
        return self._value() / other

    def __rsub__(self, other: float) -> float:
        return other - self._value()


class Spread:
    """The spread of a wait for a mark's end, open until such a wait is computed."""

    __slots__ = ("choices",)

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def __mul__(self, other: float) -> float:
        choices = self.choices
        if choices.spread is None:
            choices.spread = LEAST_AND_MOST[choices.pick(len(LEAST_AND_MOST))]
        return choices.spread * other


LEAST_AND_MOST = (0.0, 0.999999)
"""What may be drawn in [0, 1), as far as it makes a difference to where a wait fits."""
