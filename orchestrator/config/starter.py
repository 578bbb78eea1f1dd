"""The file that ``orchestrator init`` writes: the keys found, and every default as a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.config import credentials
from orchestrator.config.defaults import commented
from orchestrator.vendors import CATALOGUE, EndpointUnknown, KnownProvider

# One model a provider, a place to start from (2026-11-21, from the vendors' pages where those
# were at hand): models are retired, and the first call says so.
_MODELS = {
    "openai": "gpt-5-mini",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "deepseek": "deepseek-v4-pro",
    "openrouter": "openai/gpt-oss-120b:free",
    "mistral": "mistral-large-latest",
    "groq": "openai/gpt-oss-120b",
    "together": "openai/gpt-oss-120b",
    "fireworks": "accounts/fireworks/models/gpt-oss-120b",
    "cerebras": "gpt-oss-120b",
    "xai": "grok-4",
    "zai": "glm-4.6",
    "moonshot": "kimi-k2.6",
    "minimax": "MiniMax-M2.5",
    "dashscope": "qwen-plus",
    "siliconflow": "deepseek-ai/DeepSeek-V4-Pro",
    "nvidia-nim": "openai/gpt-oss-120b",
    "huggingface": "openai/gpt-oss-120b",
    "perplexity": "sonar",
    "cohere": "command-a-03-2025",
    "databricks": "databricks-gpt-5-2",
    "azure": "gpt-5-mini",
}
_LOCAL = "ollama/llama3.2"
_HEAD = """\
# Written by `orchestrator init`. Lines that begin with "#" show the defaults.
# Keys stay where they are: "env:NAME" names a variable and is no secret.
"""


def starter(environ: Mapping[str, str]) -> str:
    """The text of a commented ``orchestrator.toml`` for the keys in ``environ``.

    It holds no secret and loads as it is. Without any key it names a local server.
    """
    found = _found(environ)
    targets = [f"{name}/{_MODELS[name]}" for name in found] or [_LOCAL]
    parts = [
        _HEAD + commented(""),
        *(f"[{table}]\n{commented(table)}" for table in ("policy", "policy.on", "timeouts")),
        *(_provider(CATALOGUE[name], entries) for name, entries in found.items()),
        _custom(),
        _routes(targets),
    ]
    return "\n\n".join(parts) + "\n"


def _found(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The hosted providers that have a key, with their entries; local ones need none.

    One that is retired, or of which the environment does not say where it is, is left out.
    """
    entries = {
        name: credentials.implied(entry.keys, environ)
        for name, entry in CATALOGUE.items()
        if not entry.keyless and not entry.retired and _is_located(entry, environ)
    }
    return {name: listed for name, listed in entries.items() if listed}


def _is_located(entry: KnownProvider, environ: Mapping[str, str]) -> bool:
    try:
        return bool(entry.endpoint(environ).base_urls)
    except (EndpointUnknown, ValueError):
        return False


def _provider(entry: KnownProvider, entries: Sequence[str]) -> str:
    listed = ", ".join(f'"{one}"' for one in entries)
    return f"[providers.{entry.name}]  # {entry.documentation}\ncredentials = [{listed}]"


def _custom() -> str:
    tables = ("providers.NAME", 'targets."NAME/MODEL"')
    return "\n\n".join(f"# [{table}]\n{commented(table)}" for table in tables)


def _routes(targets: Sequence[str]) -> str:
    listed = "".join(f'    "{target}",\n' for target in targets)
    head = "# Asked in this order; change it, and the models, to what you want."
    return f"{head}\n[routes]\ndefault = [\n{listed}]"
