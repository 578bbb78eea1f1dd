"""Counts of tokens: asked of a target in the caller's own dialect, and passed on as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.encoding import EncodeOperation, Payload
from orchestrator.dialects.operations import DecodeFor, OperationSpec, unchecked
from orchestrator.dialects.wire import decoded

_MARK = {"estimate": True}
"""What tells a count that nobody made; clients of every vendor pass over what they do not know."""


def token_count(
    form: str,
    path: str,
    encode: EncodeOperation,
    field: str,
    fixed: Mapping[str, Any] = MappingProxyType({}),
    check_request: Callable[[Payload], None] = unchecked,
) -> OperationSpec:
    """The operation of a dialect whose answers hold the count in ``field``.

    Args:
        form: The dialect's own name: nobody else counts what its models would read.
        path: How the path ends by which its clients ask.
        encode: Makes the request.
        field: Where the answer has the number.
        fixed: What every answer says besides.
        check_request: Refuses what lacks what the dialect's description demands. Raises
            RequestError.
    """

    def estimated(tokens: int) -> dict[str, Any]:
        return {**fixed, field: tokens, **_MARK}

    def complete_answer(body: Payload, asked: Payload, model: str) -> dict[str, Any]:  # noqa: ARG001
        return {**body, **fixed}

    return OperationSpec(
        form=form,
        paths=(path,),
        encode=encode,
        decode=_decoder(field),
        takes_overrides=False,
        check_request=check_request,
        complete_answer=complete_answer,
        estimated=estimated,
    )


def _decoder(field: str) -> DecodeFor:
    def decode(
        asked: Payload,  # noqa: ARG001 - any count may be right
        status: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer | Fault:
        content = decoded(body)
        if 200 <= status < 300 and isinstance(content, dict) and type(content.get(field)) is int:
            # What is counted was not used: no usage.
            return Answer("", raw=content)
        return Fault(status, dict(headers.items()), content)

    return decode
