"""A script: what one provider answers to which request, in which order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

import attrs

from orchestrator.sim.received import Received
from orchestrator.sim.reply import Reply


class ScriptError(ValueError):
    """A script, or the name of a provider, that cannot be used. Its text says why."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error's sentence: what is allowed, and the nearest of it to ``name``."""
    allowed = sorted(known)
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"allowed: {', '.join(allowed) or 'nothing'}{hint}"


@attrs.frozen
class Script:
    """What one provider answers.

    The first that fits is asked: the path, then the credential, then the model,
    then ``replies``. Each sequence has a place of its own in every script it is in,
    and its last reply repeats.

    Attributes:
        replies: Answered in order; may be empty only where a key is sure to fit,
            since a request that nothing fits is answered with a 501.
        by_path: Scripts by what follows the provider's name, without a query,
            as in ``/user/balance``.
        by_credential: Scripts by the bearer token or API key.
        by_model: Scripts by the model that the request names.
    """

    replies: tuple[Reply, ...] = ()
    by_path: Mapping[str, Script] = attrs.field(factory=dict, hash=False)
    by_credential: Mapping[str, Script] = attrs.field(factory=dict, hash=False, repr=False)
    by_model: Mapping[str, Script] = attrs.field(factory=dict, hash=False)


AnyScript = Script | Reply | Sequence[Reply]
"""A single reply, or a list of them, stands for the script that has only these."""


def as_script(value: AnyScript) -> Script:
    """The script that ``value`` stands for."""
    match value:
        case Script():
            return value
        case Reply():
            return Script((value,))
        case _:
            return Script(tuple(value))


class RunningScript:
    """A script and the places that have been reached in it. Not safe from threads."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._places: dict[tuple[str, ...], int] = {}

    def next(self, received: Received) -> Reply:
        """The reply to ``received``, and a step on in the sequence it came from."""
        trail, script = _fitting(self._script, received)
        if not script.replies:
            return _nothing_fits(received)
        place = self._places.get(trail, 0)
        self._places[trail] = place + 1
        return script.replies[min(place, len(script.replies) - 1)]


def _fitting(script: Script, received: Received) -> tuple[tuple[str, ...], Script]:
    """The innermost script that fits, and the keys that lead to it."""
    trail: tuple[str, ...] = ()
    inner: Script | None = script
    while inner is not None:
        script = inner
        inner = None
        for kind, scripts, key in _keys(script, received):
            if key is not None and key in scripts:
                trail, inner = (*trail, kind, key), scripts[key]
                break
    return trail, script


def _keys(
    script: Script, received: Received
) -> Iterable[tuple[str, Mapping[str, Script], str | None]]:
    yield "path", script.by_path, received.path.partition("?")[0]
    yield "credential", script.by_credential, received.credential
    yield "model", script.by_model, received.model


def _nothing_fits(received: Received) -> Reply:
    message = f"the script has no reply for {received.method} {received.path}"
    return Reply(status=501, body={"error": {"message": message, "type": "sim"}})
