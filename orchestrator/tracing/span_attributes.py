"""What spans say of calls and attempts: our facts by the names of the conventions.

The names are those of the semantic conventions for generative AI, v0.1.0, which needs v1.45.0 of
the general ones (https://github.com/open-telemetry/semantic-conventions-genai, read 2026-11-30:
``docs/gen-ai/client-inference.md`` and ``client-embeddings.md``). They are in development: a
later version may rename some. What they have no name for stands under ``orchestrator.``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from orchestrator.api.errors import one_line
from orchestrator.config.config import PASSTHROUGH_MODEL
from orchestrator.dialects import Answer, Operation, Usage
from orchestrator.execution.call_facts import CallFacts
from orchestrator.ledger import Attempt, Skipped
from orchestrator.provider import Provider
from orchestrator.states import State
from orchestrator.vendors import vendor

Value = str | bool | int | float | tuple[str, ...]
Attributes = dict[str, Value]

OPERATIONS = {Operation.GENERATE: "chat", Operation.EMBED: "embeddings"}
"""What the conventions call operations; the others keep their own names."""

LONGEST = 256
"""Characters of a text: a client may name a model as long as a book."""

MOST_LISTED = 16
"""Targets that were passed over, and notes, that a span lists."""

_LARGEST = 2**63

_ASKED = {
    "max_tokens": ("gen_ai.request.max_tokens", int),
    "max_completion_tokens": ("gen_ai.request.max_tokens", int),
    "max_output_tokens": ("gen_ai.request.max_tokens", int),
    "temperature": ("gen_ai.request.temperature", float),
    "top_p": ("gen_ai.request.top_p", float),
    "top_k": ("gen_ai.request.top_k", int),
    "frequency_penalty": ("gen_ai.request.frequency_penalty", float),
    "presence_penalty": ("gen_ai.request.presence_penalty", float),
    "seed": ("gen_ai.request.seed", int),
    "dimensions": ("gen_ai.embeddings.dimension.count", int),
}
"""Numbers of a request that are no content, by where they stand at its top."""


def plain(text: str, length: int = LONGEST) -> str:
    """``text`` on one line, cut, without the half characters that no exporter can write.

    One span that cannot be encoded would take a whole batch along, those of others among them.
    """
    if len(text) <= length and text.isprintable():  # which half a character is not
        return text
    short = one_line(text[: 4 * length])
    short = short if len(short) <= length else f"{short[: length - 1]}…"
    return short.encode("utf-8", "replace").decode()


@lru_cache(maxsize=512)
def provider_name(vendor_name: str) -> str:
    """What the conventions call a vendor; one that they do not know keeps its name."""
    known = vendor(vendor_name)
    return plain((known.telemetry_name if known is not None else "") or vendor_name)


def request_attributes(
    operation: Operation, payload: Mapping[str, Any], *, stream: bool
) -> Attributes:
    """What was asked for, as far as it is no content."""
    said: Attributes = {"gen_ai.operation.name": OPERATIONS.get(operation, operation.value)}
    if stream and operation is Operation.GENERATE:
        said["gen_ai.request.stream"] = True
    for name, (attribute, kind) in _ASKED.items():
        if name in payload and (number := _number(payload[name], kind)) is not None:
            said[attribute] = number
    choices = _number(payload.get("n"), int)
    if choices not in (None, 1):
        said["gen_ai.request.choice.count"] = choices
    return said


def target_attributes(provider: Provider, model: str) -> Attributes:
    """Whose model is asked; none where a request is passed through."""
    said: Attributes = {"gen_ai.provider.name": provider_name(provider.vendor or provider.name)}
    if model != PASSTHROUGH_MODEL:
        said["gen_ai.request.model"] = plain(model)
    return said


def address_attributes(provider: Provider) -> Attributes:
    """Where it is asked; nothing where that is one of several addresses."""
    if provider.base_urls:
        return {}
    return dict(_address(str(provider.base_url)))


@lru_cache(maxsize=512)
def _address(base_url: str) -> tuple[tuple[str, Value], ...]:
    try:
        url = urlsplit(base_url)
        port = url.port or {"https": 443}.get(url.scheme, 80)
    except ValueError:
        return ()
    host = url.hostname
    return (("server.address", plain(host)), ("server.port", port)) if host else ()


def answer_attributes(answer: Answer, target: str, masked: Callable[[str], str]) -> Attributes:
    """What came, as far as it is no content.

    Args:
        answer: As it was judged.
        target: ``provider/model``, whose answer it is.
        masked: Takes secrets out of what a provider says.
    """
    model = answer.model or target.partition("/")[2]
    said: Attributes = {}
    if model != PASSTHROUGH_MODEL:
        said["gen_ai.response.model"] = plain(masked(model))
    if answer.id:
        said["gen_ai.response.id"] = plain(masked(answer.id))
    if answer.finish_reason:
        said["gen_ai.response.finish_reasons"] = (plain(masked(answer.finish_reason)),)
    return said | usage_attributes(answer.usage)


def usage_attributes(usage: Usage) -> Attributes:
    """What an answer cost, as far as its provider told."""
    counts = {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }
    return {name: count for name, count in counts.items() if _number(count, int)}


def attempt_attributes(attempt: Attempt, row: str) -> Attributes:
    """What an attempt came to.

    Args:
        attempt: Its ledger entry.
        row: The row by which the call left it.
    """
    said: Attributes = {
        "orchestrator.attempt.next": attempt.next,
        "orchestrator.attempt.row": row,
        "orchestrator.attempt.billed": attempt.billed.value,
        **dict(_told_of(attempt)),
    }
    if failed(attempt) and attempt.reason is not None:
        said["error.type"] = attempt.reason.value
    if attempt.notes:
        said["orchestrator.attempt.notes"] = tuple(map(plain, attempt.notes[:MOST_LISTED]))
    usage = attempt.usage
    if usage is not None:
        # Under our own names: who adds up those of the conventions would count an answer twice.
        said["orchestrator.attempt.input_tokens"] = min(usage.prompt_tokens, _LARGEST - 1)
        said["orchestrator.attempt.output_tokens"] = min(usage.completion_tokens, _LARGEST - 1)
    return said


def _told_of(attempt: Attempt) -> Iterator[tuple[str, Value]]:
    if attempt.status is not None:
        yield "http.response.status_code", attempt.status
    if attempt.rule is not None:
        yield "orchestrator.attempt.rule", plain(attempt.rule)
    if attempt.request_id is not None:
        yield "orchestrator.attempt.request_id", plain(attempt.request_id)
    if attempt.retry_after is not None:
        yield "orchestrator.attempt.retry_after", float(attempt.retry_after)


def failed(attempt: Attempt) -> bool:
    """Whether an attempt failed: one without a word may be the answer of its call."""
    return attempt.reason is not None and attempt.next != State.SUCCEED.value


def ending_attributes(facts: CallFacts, skipped: tuple[Skipped, ...]) -> Attributes:
    """How a call ended."""
    said: Attributes = {"orchestrator.attempts": len(facts.attempts)}
    if facts.first_content is not None:
        said["gen_ai.response.time_to_first_chunk"] = facts.first_content
    if skipped:
        listed = (plain(f"{each.target}: {each.reason}") for each in skipped[:MOST_LISTED])
        said["orchestrator.skipped"] = tuple(listed)
    if facts.target is not None:
        said["orchestrator.target"] = plain(facts.target)
    if facts.rescued is not None:
        said["orchestrator.rescued"] = facts.rescued
    if facts.stopped_by is not None:
        said["orchestrator.stopped_by"] = facts.stopped_by.value
        said["error.type"] = (facts.reason or facts.stopped_by).value
    return said


def _number(value: Any, kind: type) -> Any:
    """``value`` as an exporter can write it; ``None`` where it is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        return None
    return float(value) if kind is float else value if isinstance(value, int) else None
