"""The request in the words of each target: its dialect, with what was repaired there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

import msgspec

from orchestrator.api.request import Request
from orchestrator.dialects import Answer, Fault, Flawed, Payload, crossing, dialect
from orchestrator.dialects.encoding import Encode
from orchestrator.dialects.lone_surrogates import without_lone_surrogates
from orchestrator.dialects.shape import continue_conversation
from orchestrator.execution.json_paths import find_values
from orchestrator.execution.repairs import (
    CUT_STOP,
    FORCE_STREAM,
    NO_PREFILL,
    NO_STREAM,
    apply,
    plan,
)
from orchestrator.provider import Provider
from orchestrator.states import Error, Reason, Target


class PreparedRequest(msgspec.Struct, frozen=True):
    """What to send to a target.

    Attributes:
        payload: The request in the dialect of the target's provider.
        overrides: The target's own fields, repaired like the payload.
        stream: True where a stream is to be asked for.
        encode: Makes the HTTP request.
        decode: Reads an answer that comes in one piece.
        notes: In what this differs from what the caller asked.
        stops: Stop sequences that are not sent; the answer is to be cut at them.
        in_one_piece: True where no answer can be a stream, whatever its first bytes are.
    """

    payload: Payload
    overrides: Payload
    stream: bool
    encode: Encode
    decode: Callable[[int, Mapping[str, str], bytes], Answer | Fault | Flawed]
    notes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    in_one_piece: bool = False


class _Said(msgspec.Struct, frozen=True):
    """The request in the words of a dialect."""

    payload: Payload
    notes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


class RequestBuilder:
    """The payload to send to each target. The caller's own is never changed.

    Args:
        request: What the caller asked.
        remembered: Repairs that cured earlier calls, by target name; shared by the calls
            of an orchestrator, so that only the first one fails.
    """

    def __init__(self, request: Request, remembered: MutableMapping[str, tuple[str, ...]]) -> None:
        self._request = request
        self._payload, self._mended = request.payload, ""
        if not request.is_of_whole_characters:  # to look at all of it is to write it once more
            self._payload, self._mended = without_lone_surrogates(request.payload)
        self._remembered = remembered
        self._repairs: dict[str, tuple[str, ...]] = {}
        self._delivered = ""
        self._sent: dict[str, PreparedRequest] = {}

    def cure(self, target: Target, provider: Provider, error: Error) -> str | None:
        """The repair that may cure ``error``, with what it must know; ``None`` if none would."""
        name = error.repair
        if error.reason is Reason.BAD_REQUEST and self._prefill_refused(target, provider, error):
            name = NO_PREFILL
        return self._planned(target, provider, name, error.message) if name else None

    def repair(self, target: Target, repair: str) -> None:
        """Change what is sent to ``target`` from now on; ``repair`` is what :meth:`cure` gave."""
        self._repairs[target.name] = (*self.repairs_of(target), repair)

    def cured(self, target: Target) -> None:
        """``target`` has answered: what was repaired there is right for other calls too."""
        if target.name in self._repairs:
            self._remembered[target.name] = self._repairs[target.name]

    def go_on_from(self, delivered: str) -> None:
        """The caller has this text already; whoever is asked next goes on from it."""
        self._delivered = delivered

    def prefills(self, target: Target, provider: Provider) -> bool:
        """True where ``target`` goes on from a last message of its own."""
        return (
            bool(self._delivered.strip())
            and dialect(provider.dialect).takes_prefill(target.model)
            and NO_PREFILL not in self.repairs_of(target)
            and not self._request.reasoning
        )

    def stream_repaired(self, target: Target) -> bool | None:
        """Whether a repair at ``target`` says to stream, or not to; ``None`` where none does."""
        repairs = self.repairs_of(target)
        return False if NO_STREAM in repairs else True if FORCE_STREAM in repairs else None

    def prepare(
        self, target: Target, provider: Provider, overrides: Payload, *, stream: bool
    ) -> PreparedRequest:
        """What to send to ``target``, in the dialect of its provider.

        Args:
            target: Where it goes.
            provider: Who is asked.
            overrides: The target's own fields.
            stream: Whether the answer is asked for as a stream.
        """
        said = self._in_dialect(target, provider)
        payload, notes, stops = said.payload, said.notes, said.stops
        repairs, spoken = self.repairs_of(target), dialect(provider.dialect)
        if CUT_STOP in repairs:
            stops = (*stops, *_texts(find_values({**payload, **overrides}, spoken.shape.stops)))
        for name in repairs:
            payload, overrides = apply(name, payload, spoken), apply(name, overrides, spoken)
        # A caller of a whole answer wants its usage, whoever streams it to us; and one of another
        # dialect could not ask for it in the words of this one.
        is_crossed = provider.dialect != self._request.dialect
        if stream and (is_crossed or not self._request.stream):
            payload = spoken.ask_for_usage(payload)
        if repairs:
            notes += tuple(f"repaired: {name}" for name in repairs)
        if stream is not self._request.stream:
            notes += ("asked as a stream" if stream else "asked without streaming",)
        worded = PreparedRequest(
            payload, overrides, stream, spoken.encode, spoken.decode, notes, stops
        )
        self._sent[target.name] = worded
        return worded

    def _planned(self, target: Target, provider: Provider, name: str, message: str) -> str | None:
        sent = self._sent.get(target.name)
        if sent is None or name in self.repairs_of(target):
            return None
        # Refusals speak of what was sent, a target's own fields among it.
        whole = {**sent.payload, **sent.overrides}
        spoken = dialect(provider.dialect)
        planned = plan(name, whole, message, spoken=spoken, streamed=sent.stream)
        return None if planned in self.repairs_of(target) else planned

    def _prefill_refused(self, target: Target, provider: Provider, error: Error) -> bool:
        return self.prefills(target, provider) and "prefill" in error.message.lower()

    def repairs_of(self, target: Target) -> tuple[str, ...]:
        """What is repaired in what is sent to ``target``, in order."""
        # A repair of this call stands on those remembered when it was made.
        return self._repairs.get(target.name) or self._remembered.get(target.name, ())

    def _in_dialect(self, target: Target, provider: Provider) -> _Said:
        own, theirs, payload = self._request.dialect, provider.dialect, self._payload
        goes_on = bool(self._delivered.strip())
        prefill = goes_on and self.prefills(target, provider)
        noted: tuple[str, ...] = (self._mended,) if self._mended else ()
        noted += ("asked to go on from the text so far",) if goes_on else ()
        if own == theirs:
            if goes_on:
                continue_from = dialect(own).shape.continue_from
                payload = continue_from(payload, self._delivered, prefill=prefill)
            return _Said(payload, noted)
        conversation = dialect(own).read_request(payload)
        there = dialect(theirs)
        noted = crossing.notes(conversation, there) + noted
        stops = there.reworded(conversation).stops
        if goes_on:
            conversation = continue_conversation(conversation, self._delivered, prefill=prefill)
        return _Said(there.write_request(conversation), noted, stops)


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """The texts in ``values``, each of them a text or a list of texts."""
    for value in values:
        yield from (one for one in ([value] if isinstance(value, str) else value))
