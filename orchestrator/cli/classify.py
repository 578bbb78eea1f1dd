"""``orchestrator classify``: what an error means, and what would be done about it."""

from __future__ import annotations

import builtins
import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
from cyclopts import Parameter

from orchestrator.classification import classify as classify_failure
from orchestrator.classification.rule_books import all_rules
from orchestrator.cli.context import load_without_keys
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.inputs import (
    HttpAnswer,
    decoded,
    is_piped,
    read_answer,
    read_headers,
    read_text,
    standard_input,
)
from orchestrator.cli.render_classify import Classification, why_matched
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.config.errors import nearest
from orchestrator.config.loading import find
from orchestrator.dialects import DIALECTS
from orchestrator.lab.simulation.dry_run import dry_run, scenario
from orchestrator.provider import masker
from orchestrator.secrets import mask
from orchestrator.states import Error, Policy
from orchestrator.vendors import CATALOGUE, family, vendor

_LEAST, _MOST = 100, 599

_HEADERS = (
    "retry-after", "x-retry-after", "retry-after-ms", "x-retry-after-ms", "content-type",
    "location", "x-ratelimit-reset", "x-request-id",
)  # fmt: skip
"""Headers that a person types in; rules read some more."""

_ALIKE = 0.85
"""How alike a header's name must be to one of these to be taken for a slip of the fingers."""

_EXCEPTION = "exception:"


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
    with exit_on_error(screen, json=json):
        check_arguments(status, header, dialect)
        answer = {"--file": file, "--status": status, "--header": header or None, "--body": body}
        _refuse_both(exception, [name for name, value in answer.items() if value is not None])
        given = _given(file, status, header, body, exception)
        current = _config(screen, config)
        error = _classified(given, provider, dialect, exception, current)
        policy = current.policy if current is not None else Policy()
        seen = scenario(current, provider)
        shown = Classification(
            error,
            policy=policy,
            attempts=dry_run(error, seen),
            scenario=seen,
            why=_why(error, given, current, provider),
            config=None if current is None else str(current.path),
            notes=(
                *suggestions(provider, exception, given.headers, current),
                *_passed_over(current, provider),
            ),
        )
        shown.show(screen, json=json)
    return DONE


def _config(screen: Screen, path: Path | None) -> Config | None:
    """The config that is named or found; keys that are not set do not matter here."""
    return None if find(path) is None else load_without_keys(path, screen, named=False).config


def _given(
    file: str | None,
    status: int | None,
    header: tuple[str, ...],
    body: str | None,
    exception: str | None,
) -> HttpAnswer:
    """The answer: that of the file or of standard input, with the options put over it."""
    nothing = status is None and body is None and exception is None and not header
    if file is not None:
        base = read_answer(read_text(file))
    elif nothing and is_piped():
        base = read_answer(_some(standard_input()))
    elif nothing:
        raise UsageError(
            "nothing to classify; allowed: --status, --header, --body, --exception, --file, "
            "or what curl -i printed on stdin"
        )
    else:
        base = HttpAnswer(None, {}, "")
    return HttpAnswer(
        base.status if status is None else status,
        {**base.headers, **read_headers(list(header))},
        base.body if body is None else body,
    )


def _some(text: str) -> str:
    if not text.strip():
        raise UsageError("standard input is empty; allowed: what curl -i printed, or a body")
    return text


def _classified(
    given: HttpAnswer,
    provider: str | None,
    dialect: str | None,
    exception: str | None,
    config: Config | None,
) -> Error:
    entry = config.providers.get(provider or "") if config is not None else None
    value = decoded(given.body)
    return classify_failure(
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


def _why(error: Error, given: HttpAnswer, config: Config | None, provider: str | None) -> str:
    entry = config.providers.get(provider or "") if config is not None else None
    return why_matched(
        error.rule, entry.rules if entry is not None else (), given.body, given.status
    )


# What was probably misspelt, and what is surely wrong.


def check_arguments(status: int | None, header: Sequence[str], dialect: str | None) -> None:
    """Refuse what can mean nothing.

    Raises:
        UsageError: A status, a header or a dialect that is none; the text says what is allowed.
    """
    if status is not None and not _LEAST <= status <= _MOST:
        raise UsageError(f"--status: found {status}; allowed: {_LEAST} to {_MOST}")
    for line in header:
        name, colon, _ = line.partition(":")
        if not colon or not name.strip():
            raise UsageError(f'--header: found {mask(repr(line))}; allowed: "Name: value"')
    if dialect is not None and dialect not in DIALECTS:
        raise UsageError(
            f"--dialect: found {dialect!r}{nearest(dialect, DIALECTS)}; "
            f"allowed: {', '.join(DIALECTS)}"
        )


def _refuse_both(exception: str | None, answer: Sequence[str]) -> None:
    """Refuse what no failure is: an exception of the transport, and an answer."""
    if exception is not None and answer:
        raise UsageError(
            f"--exception is what came in place of an answer, and {answer[0]} is of an answer; "
            "allowed: one of them"
        )


def _passed_over(config: Config | None, provider: str | None) -> Iterator[str]:
    """The targets that would stand in the route of the dry run, if they had a key."""
    if config is None:
        return
    for name, targets in config.passed_over.items():
        route = [*(target.provider for target in config.routes.get(name, ())), *targets]
        if provider is not None and not any(each.split("/")[0] == provider for each in route):
            continue
        for target in targets:
            why = "; ".join(config.providers[target.partition("/")[0]].missing)
            yield f"{target} is passed over in route {name}: {why or 'it has no credential'}"


def suggestions(
    provider: str | None,
    exception: str | None,
    headers: Mapping[str, str],
    config: Config | None,
) -> Iterator[str]:
    """What no rule knows by that name, and the nearest name that one does."""
    if provider is not None and not _is_known(provider, config):
        names = [*_configured(config), *CATALOGUE]
        near = nearest(provider, names)
        yield f"no provider is known as {provider!r}{near}; the rules for any provider are used"
    if exception is not None and _leaf(exception) not in _exceptions():
        near = nearest(_leaf(exception), _names())
        yield f"no rule knows the exception {exception!r}{near}; it is read as any exception"
    for name in headers:
        near_names = difflib.get_close_matches(name, _HEADERS, 1, _ALIKE)
        if near_names and name not in _HEADERS:
            yield f"no rule reads the header {name!r} (did you mean {near_names[0]!r}?)"


def _configured(config: Config | None) -> Sequence[str]:
    return () if config is None else tuple(config.providers)


def _is_known(provider: str, config: Config | None) -> bool:
    return provider in _configured(config) or vendor(family(provider)) is not None


def _leaf(exception: str) -> str:
    return exception.strip().rpartition(".")[2].lower()


def _exceptions() -> frozenset[str]:
    codes = (code for rule in all_rules() for code in rule.codes | rule.types)
    return frozenset(code.removeprefix(_EXCEPTION) for code in codes if code.startswith(_EXCEPTION))


def _names() -> list[str]:
    """The exceptions that rules know, spelt as Python spells them where that is known."""
    spelt = {name.lower(): name for name in (*dir(builtins), *dir(httpx))}
    return [spelt.get(name, name) for name in sorted(_exceptions())]
