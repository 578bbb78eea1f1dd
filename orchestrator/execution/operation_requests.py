"""Requests for what is no answer (vectors, counts of tokens), in the words of each target."""

from __future__ import annotations

from functools import partial

from orchestrator.api.request import Request
from orchestrator.dialects import Payload, dialect
from orchestrator.dialects.crossing import loss_notes
from orchestrator.execution.request_builder import PreparedRequest, RequestBuilder
from orchestrator.provider import Provider
from orchestrator.states import Error, Target


class OperationRequestBuilder(RequestBuilder):
    """The payload to send to each target. The caller's own is never changed.

    Nothing is repaired: what a provider refuses here would make another vector or another count
    if it were left out, and what cured answers of a target says nothing about it.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request, {})

    def cure(self, target: Target, provider: Provider, error: Error) -> None:  # noqa: ARG002
        """No repair."""
        return

    def stream_repaired(self, target: Target) -> bool:  # noqa: ARG002
        """Never a stream, however the answers of ``target`` are asked for."""
        return False

    def prepare(
        self,
        target: Target,  # noqa: ARG002 - its model is put in where it is sent
        provider: Provider,
        overrides: Payload,
        *,
        stream: bool,  # noqa: ARG002
    ) -> PreparedRequest:
        """What to send to ``target``, in the dialect of its provider."""
        spec = dialect(provider.dialect).operations[self._request.operation]
        payload, own = self._payload, overrides if spec.takes_overrides else {}
        notes: tuple[str, ...] = (self._mended,) if self._mended else ()
        if provider.dialect != self._request.dialect:
            notes += loss_notes(spec.losses(payload))
        decode = partial(spec.decode, {**payload, **own})
        return PreparedRequest(payload, own, False, spec.encode, decode, notes, in_one_piece=True)
