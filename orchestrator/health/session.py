"""A call's session with the health board: questions that are values, each one atomic step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import assert_never

import attrs

from orchestrator.health import steps
from orchestrator.health.look import Route, Viewer
from orchestrator.health.records import Marks, Place
from orchestrator.health.workings import Workings
from orchestrator.states.error import Error
from orchestrator.states.facts import Standby, Taken, Target


@attrs.frozen
class TakeFirst:
    """Take the first target of the route that can be sent to now, as the call begins.

    If none stands by, benches and open circuits count as due 15 s after the last request
    there, for this and all later takes of the session.
    """


@attrs.frozen
class Take:
    """Take the first of ``targets`` that can be had.

    Attributes:
        targets: In order of preference.
        used: Labels of credentials not to take.
    """

    targets: Sequence[Target]
    used: Collection[str] = ()


@attrs.frozen
class Report:
    """Mark what an error says; the answer tells what stands by after it.

    Attributes:
        target: Where the attempt was sent.
        credential: The label of the credential that was really sent.
        error: The classified failure, its message masked.
        cut_first_token: Where our own limit cut the wait for the first content: that limit, in
            seconds. The next probe of ``target`` is told of it, by any call, until a success
            there.
    """

    target: Target
    credential: str
    error: Error
    cut_first_token: float | None = None


@attrs.frozen
class Succeed:
    """Remove the marks that an answer from ``target`` disproves."""

    target: Target
    credential: str


@attrs.frozen
class NoteFirstToken:
    """Remember how long ``target`` was silent before its first content.

    Later takes of ``target``, by any call, carry the patience that it earned as
    ``seen_first_token``. Only silences that content ended are noted: one that a limit of
    ours ended says nothing about how long the target needs.

    Attributes:
        target: Where the attempt was sent.
        seconds: From the request to the first content.
    """

    target: Target
    seconds: float


@attrs.frozen
class Release:
    """Count what is pending and give back an unused probe. May be asked again."""


Question = TakeFirst | Take | Report | Succeed | NoteFirstToken | Release
"""What a call asks of the board. A take is answered with what was taken and the standby, a
report with the standby, anything else with ``None``."""


class Session:
    """One call's dealings with the board. Not to be shared between threads.

    Each question is one atomic step over the store, also across processes. ``at`` is
    seconds since the call's ``Started``, and so are the instants in the answers.
    """

    __slots__ = ("_route", "_started", "_state", "_workings")

    def __init__(self, workings: Workings, route: Route, started: float, holder: str) -> None:
        self._workings = workings
        self._route = route
        self._started = started
        self._state = steps.State(Viewer(holder))

    def answer(
        self, question: Question, at: float
    ) -> tuple[Taken | None, Standby] | Standby | None:
        """What the board answers at the instant ``at``; see :data:`Question`.

        Raises:
            ValueError: A target's provider has no pool here, or no credential of that label.
        """
        match question:
            case TakeFirst():
                return self.start(at)
            case Take():
                return self.take(question.targets, at, used=question.used)
            case Report(target, credential, error, cut):
                return self.report(target, credential, error, at, cut)
            case Succeed(target, credential):
                self.succeed(target, credential, at)
            case NoteFirstToken(target, seconds):
                self.first_token(target, seconds, at)
            case Release():
                self.close(at)
            case _:
                assert_never(question)
        return None

    def start(self, at: float = 0.0) -> tuple[Taken | None, Standby]:
        """See :class:`TakeFirst`."""
        asking = self._asking(at)
        wanted = self._workings.wanted(asking.route, ())
        return self._arrive(
            lambda marks, state: steps.start(marks, state, asking, wanted), asking.now
        )

    def take(
        self, targets: Sequence[Target], at: float, *, used: Collection[str] = ()
    ) -> tuple[Taken | None, Standby]:
        """See :class:`Take`.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        route = tuple((target, self._workings.place(target)) for target in targets)
        asking, wanted = self._asking(at), self._workings.wanted(route, used)
        return self._arrive(
            lambda marks, state: steps.take(marks, state, asking, wanted), asking.now
        )

    def report(
        self,
        target: Target,
        credential: str,
        error: Error,
        at: float,
        cut_first_token: float | None = None,
    ) -> Standby:
        """See :class:`Report`.

        Raises:
            ValueError: The pool has no credential of that label.
        """
        place, asking, state = self._sent(target, credential), self._asking(at), self._state
        outcome = self._workings.step(
            lambda marks: steps.report(
                marks, state, asking, place, credential, error, cut_first_token
            ),
            asking.now,
        )
        self._state = outcome.state
        return outcome.answer

    def succeed(self, target: Target, credential: str, at: float) -> None:
        """See :class:`Succeed`.

        Raises:
            ValueError: The pool has no credential of that label.
        """
        place, now, state = self._sent(target, credential), self._started + at, self._state
        outcome = self._workings.step(
            lambda marks: steps.succeed(marks, state, place, credential, now), now
        )
        self._state = outcome.state

    def first_token(self, target: Target, seconds: float, at: float) -> None:
        """See :class:`NoteFirstToken`.

        Raises:
            ValueError: The target's provider has no pool here.
        """
        place, now, state = self._workings.place(target), self._started + at, self._state
        self._workings.step(lambda marks: steps.first_token(marks, state, place, seconds, now), now)

    def close(self, at: float) -> None:
        """See :class:`Release`."""
        now, state = self._started + at, self._state
        outcome = self._workings.step(lambda marks: steps.close(marks, state, now), now)
        self._state = outcome.state

    def _arrive(
        self, step: Callable[[Marks, steps.State], steps.Arrived], now: float
    ) -> tuple[Taken | None, Standby]:
        state = self._state
        outcome = self._workings.step(lambda marks: step(marks, state), now)
        self._state = outcome.state
        taken, standby = outcome.answer
        if taken is not None:
            self._workings.took(taken.target, taken.credential)
        return taken, standby

    def _asking(self, at: float) -> steps.Asking:
        # Places are asked for each time: a secret may have been read again.
        route = tuple((target, self._workings.place(target)) for target, _ in self._route)
        return steps.Asking(route, self._started, self._started + at)

    def _sent(self, target: Target, credential: str) -> Place:
        place, stay = self._workings.place(target), self._state.stay
        if stay is not None and stay.place.is_at(target):
            # As it was taken: what a provider says of an old secret is not about a new one.
            place = stay.place
        if credential not in place.fingerprints:
            known = ", ".join(map(repr, place.labels)) or "none"
            raise ValueError(
                f"provider {target.provider!r} has no credential {credential!r}; it has: {known}"
            )
        return place
