"""Requests for what is no answer (vectors, counts of tokens), in the words of each target."""

from __future__ import annotations

from functools import partial
from typing import Any

from orchestrator.dialects import OperationSpec, Payload, dialect
from orchestrator.dialects.crossing import loss_notes
from orchestrator.execution.request_builder import PreparedRequest, RequestBuilder
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider
from orchestrator.states import Error, Reason, Target


class OperationRequestBuilder(RequestBuilder):
    """The payload to send to each target. The caller's own is never changed.

    Nothing is repaired but how the answer is written: what a provider refuses besides would make
    another vector or another count if it were left out.
    """

    def cure(self, target: Target, provider: Provider, error: Error) -> str | None:
        """The field to leave out that ``error`` refuses, where only the form hangs on it."""
        if error.reason is not Reason.BAD_REQUEST:
            return None
        message, sent = error.message.lower(), self._left(target)
        # Some refuse the field by its name, some what it says: "base64 is not supported".
        return next(
            (
                name
                for name in self._spec(provider).optional & sent.keys()
                if name in message or str(sent[name]).lower() in message
            ),
            None,
        )

    def stream_repaired(self, target: Target) -> bool:  # noqa: ARG002
        """Never a stream, however the answers of ``target`` are asked for."""
        return False

    def prepare(
        self,
        target: Target,
        provider: Provider,
        overrides: Payload,
        *,
        stream: bool,  # noqa: ARG002
    ) -> PreparedRequest:
        """What to send to ``target``, in the dialect of its provider."""
        spec, payload = self._spec(provider), self._left(target)
        own = overrides if spec.takes_overrides else {}
        notes: tuple[str, ...] = (self._mended,) if self._mended else ()
        notes += tuple(f"repaired: without {name}" for name in self.repairs_of(target))
        if provider.dialect != self._request.dialect:
            notes += loss_notes(spec.losses(payload))
        decode = partial(spec.decode, {**payload, **own})
        encode = partial(_encode, spec)
        return PreparedRequest(payload, own, False, encode, decode, notes, in_one_piece=True)

    def _spec(self, provider: Provider) -> OperationSpec:
        return dialect(provider.dialect).operations[self._request.operation]

    def _left(self, target: Target) -> Payload:
        """What is left of the payload for ``target``."""
        out = self.repairs_of(target)
        return {name: value for name, value in self._payload.items() if name not in out}


def _encode(
    spec: OperationSpec,
    payload: Payload,
    *,
    stream: bool,  # noqa: ARG001 - it has none
    **told: Any,
) -> OutgoingRequest:
    return spec.encode(payload, **told)
