"""``orchestrator classify``: what an error means, and what would be done about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.classification import classify as classified
from orchestrator.cli import doubts, foretelling, recorded
from orchestrator.cli.endings import DONE, UsageError, told
from orchestrator.cli.opening import found
from orchestrator.cli.reading import decoded, file_text, is_piped, standard_input
from orchestrator.cli.reasons import why
from orchestrator.cli.recorded import Recorded
from orchestrator.cli.screen import Screen
from orchestrator.cli.verdict import Told
from orchestrator.config.config import Config
from orchestrator.provider import masker
from orchestrator.secrets import mask
from orchestrator.states import Error, Policy


def classify(  # noqa: PLR0913 - one argument for each option of the command
    *,
    file: Annotated[str | None, Parameter(name=["--file", "-f"], allow_leading_hyphen=True)] = None,
    status: int | None = None,
    header: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    body: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    provider: Annotated[str | None, Parameter(name=["--provider", "-p"])] = None,
    dialect: str | None = None,
    exception: str | None = None,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Say what an error of a provider means, and what would be done about it.

    The error comes from options, from --file, or from standard input:
    `curl -i … | orchestrator classify --provider deepseek`.

    Parameters
    ----------
    file
        What `curl -i` printed, or a body alone; - is standard input.
    status
        The HTTP status; goes before that of the file.
    header
        A header, "Name: value"; may be given more than once.
    body
        The body of the answer.
    provider
        Whose words these are; its rules in the config are used.
    dialect
        The dialect that was spoken.
    exception
        The transport's exception, such as httpx.ReadTimeout.
    config
        The config whose policy and rules are used.
    json
        Print one JSON object.
    """
    screen = Screen()
    with told(screen, json=json):
        doubts.refuse(status, header, dialect)
        given = _given(file, status, header, body, exception)
        current = found(config)
        error = _classified(given, provider, dialect, exception, current)
        policy = current.policy if current is not None else Policy()
        seen = foretelling.scene(current, provider)
        told_of = Told(
            error,
            policy=policy,
            asks=foretelling.foretell(error, seen),
            scene=seen,
            why=_why(error, given, current, provider),
            config=None if current is None else str(current.path),
            notes=tuple(doubts.notes(provider, exception, given.headers, current)),
        )
        told_of.show(screen, json=json)
    return DONE


def _given(
    file: str | None,
    status: int | None,
    header: tuple[str, ...],
    body: str | None,
    exception: str | None,
) -> Recorded:
    """The answer: that of the file or of standard input, with the options put over it."""
    nothing = status is None and body is None and exception is None and not header
    if file is not None:
        base = recorded.read(file_text(file))
    elif nothing and is_piped():
        base = recorded.read(_some(standard_input()))
    elif nothing:
        raise UsageError(
            "nothing to classify; allowed: --status, --header, --body, --exception, --file, "
            "or what curl -i printed on stdin"
        )
    else:
        base = Recorded(None, {}, "")
    return Recorded(
        base.status if status is None else status,
        {**base.headers, **recorded.headers(list(header))},
        base.body if body is None else body,
    )


def _some(text: str) -> str:
    if not text.strip():
        raise UsageError("standard input is empty; allowed: what curl -i printed, or a body")
    return text


def _classified(
    given: Recorded,
    provider: str | None,
    dialect: str | None,
    exception: str | None,
    config: Config | None,
) -> Error:
    entry = config.providers.get(provider or "") if config is not None else None
    value = decoded(given.body)
    return classified(
        status=given.status,
        headers=given.headers,
        body=value if isinstance(value, dict | list) else given.body,
        provider=provider,
        dialect=dialect or (entry.dialect if entry is not None else None),
        exception=exception,
        where="response" if exception is None else "exception",
        rules=entry.rules if entry is not None else (),
        mask=mask if config is None else masker(config.providers.values()),
    )


def _why(error: Error, given: Recorded, config: Config | None, provider: str | None) -> str:
    entry = config.providers.get(provider or "") if config is not None else None
    return why(error.rule, entry.rules if entry is not None else (), given.body, given.status)
