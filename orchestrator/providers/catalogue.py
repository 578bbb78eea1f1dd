"""The catalogue: what a known name brings, so that a config need not say it.

Addresses and key variables are those of each provider's own page, which is linked
in its entry; looked up 2026-11-21. Where a vendor has several regions, the entry is
the international one, and a config's ``base_url`` names another.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import attrs


class Quirk(enum.StrEnum):
    """A departure from what chat-completions endpoints usually do."""

    LIMITS_BY_MODEL = "limits_by_model"
    """Rate limits are counted for each model, so a throttled key may serve another."""

    NO_STREAM_OPTIONS = "no_stream_options"
    """A streamed request that has ``stream_options`` is refused."""


@attrs.frozen
class KnownProvider:
    """A provider that needs no more than its name and a key.

    Attributes:
        name: The name that configs use.
        base_url: Where the dialect's paths begin.
        keys: The environment variables that hold its key, the usual one first.
        documentation: The vendor's page about this endpoint.
        dialect: The dialect spoken there.
        keyless: True where no key is needed; one is sent if its variable is set.
        quirks: Its departures from the usual.
    """

    name: str
    base_url: str
    keys: tuple[str, ...]
    documentation: str
    dialect: str = "openai-chat"
    keyless: bool = False
    quirks: frozenset[Quirk] = frozenset()


_BY_MODEL = frozenset({Quirk.LIMITS_BY_MODEL})

_HOSTED = (
    KnownProvider(
        "openai",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        "https://platform.openai.com/docs/api-reference/chat",
        quirks=_BY_MODEL,  # platform.openai.com/docs/guides/rate-limits
    ),
    KnownProvider(
        "anthropic",
        "https://api.anthropic.com/v1",
        ("ANTHROPIC_API_KEY",),
        "https://docs.anthropic.com/en/api/openai-sdk",
        quirks=_BY_MODEL,  # docs.anthropic.com/en/api/rate-limits
    ),
    KnownProvider(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "https://ai.google.dev/gemini-api/docs/openai",
        quirks=_BY_MODEL,  # ai.google.dev/gemini-api/docs/rate-limits
    ),
    KnownProvider(
        "deepseek",
        "https://api.deepseek.com",
        ("DEEPSEEK_API_KEY",),
        "https://api-docs.deepseek.com/",
    ),
    KnownProvider(
        "openrouter",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        "https://openrouter.ai/docs/api-reference/overview",
        quirks=_BY_MODEL,  # openrouter.ai/docs/api-reference/limits
    ),
    KnownProvider(
        "mistral",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        "https://docs.mistral.ai/api/",
        quirks=_BY_MODEL,  # docs.mistral.ai/deployment/ai-studio/tier
    ),
    KnownProvider(
        "groq",
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY",),
        "https://console.groq.com/docs/openai",
        quirks=_BY_MODEL,  # console.groq.com/docs/rate-limits
    ),
    KnownProvider(
        "together",
        "https://api.together.xyz/v1",
        ("TOGETHER_API_KEY",),
        "https://docs.together.ai/docs/openai-api-compatibility",
        quirks=_BY_MODEL,  # docs.together.ai/docs/rate-limits
    ),
    KnownProvider(
        "fireworks",
        "https://api.fireworks.ai/inference/v1",
        ("FIREWORKS_API_KEY",),
        "https://docs.fireworks.ai/tools-sdks/openai-compatibility",
    ),
    KnownProvider(
        "cerebras",
        "https://api.cerebras.ai/v1",
        ("CEREBRAS_API_KEY",),
        "https://inference-docs.cerebras.ai/resources/openai",
        quirks=_BY_MODEL,  # inference-docs.cerebras.ai/support/rate-limits
    ),
    KnownProvider(
        "xai",
        "https://api.x.ai/v1",
        ("XAI_API_KEY",),
        "https://docs.x.ai/docs/api-reference",
        quirks=_BY_MODEL,  # docs.x.ai/docs/consumption-and-rate-limits
    ),
    KnownProvider(
        "zai",
        "https://api.z.ai/api/paas/v4",
        ("ZAI_API_KEY",),
        "https://docs.z.ai/guides/develop/openai/python",
    ),
    KnownProvider(
        "moonshot",
        "https://api.moonshot.ai/v1",
        ("MOONSHOT_API_KEY",),
        "https://platform.moonshot.ai/docs/api/chat",
    ),
    KnownProvider(
        "minimax",
        "https://api.minimax.io/v1",
        ("MINIMAX_API_KEY",),
        "https://platform.minimax.io/docs/api-reference/text-openai-api",
    ),
    KnownProvider(
        "dashscope",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ("DASHSCOPE_API_KEY",),
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        quirks=_BY_MODEL,  # alibabacloud.com/help/en/model-studio/rate-limit
    ),
    KnownProvider(
        "siliconflow",
        "https://api.siliconflow.com/v1",
        ("SILICONFLOW_API_KEY",),
        "https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions",
        quirks=_BY_MODEL,  # docs.siliconflow.com/en/userguide/rate-limits
    ),
    KnownProvider(
        "nvidia-nim",
        "https://integrate.api.nvidia.com/v1",
        ("NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"),
        "https://docs.api.nvidia.com/nim/reference/llm-apis",
    ),
    KnownProvider(
        "huggingface",
        "https://router.huggingface.co/v1",
        ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
    ),
    KnownProvider(
        "github-models",
        "https://models.github.ai/inference",
        ("GITHUB_MODELS_TOKEN", "GITHUB_TOKEN"),
        "https://docs.github.com/en/rest/models/inference",
        quirks=_BY_MODEL,  # docs.github.com/en/github-models (rate limits by model tier)
    ),
    KnownProvider(
        "perplexity",
        "https://api.perplexity.ai",
        ("PERPLEXITY_API_KEY",),
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
        quirks=_BY_MODEL,  # docs.perplexity.ai/guides/rate-limits-usage-tiers
    ),
    KnownProvider(
        "cohere",
        "https://api.cohere.ai/compatibility/v1",
        ("COHERE_API_KEY", "CO_API_KEY"),
        "https://docs.cohere.com/docs/compatibility-api",
        quirks=frozenset({Quirk.NO_STREAM_OPTIONS}),
    ),
)

_LOCAL = (
    KnownProvider(
        "ollama",
        "http://localhost:11434/v1",
        ("OLLAMA_API_KEY",),
        "https://docs.ollama.com/openai",
        keyless=True,
    ),
    KnownProvider(
        "vllm",
        "http://localhost:8000/v1",
        ("VLLM_API_KEY",),
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        keyless=True,
    ),
    KnownProvider(
        "lmstudio",
        "http://localhost:1234/v1",
        ("LMSTUDIO_API_KEY", "LM_API_TOKEN"),
        "https://lmstudio.ai/docs/app/api/endpoints/openai",
        keyless=True,
    ),
    KnownProvider(
        "llamacpp",
        "http://localhost:8080/v1",
        ("LLAMA_API_KEY",),
        "https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
        keyless=True,
    ),
    KnownProvider(
        "litellm-proxy",
        "http://localhost:4000/v1",
        ("LITELLM_PROXY_API_KEY", "LITELLM_API_KEY"),
        "https://docs.litellm.ai/docs/proxy/user_keys",
        keyless=True,
    ),
)

CATALOGUE: Mapping[str, KnownProvider] = MappingProxyType(
    {provider.name: provider for provider in (*_HOSTED, *_LOCAL)}
)
"""Every known provider, by name."""


def known(name: str) -> KnownProvider | None:
    """The known provider of that name, or ``None``."""
    return CATALOGUE.get(name)


def at_address(base_url: str) -> KnownProvider | None:
    """The known provider at the host and port of ``base_url``, or ``None``.

    A second account at a vendor is an entry of another name at the same address.
    """
    return _BY_ADDRESS.get(urlsplit(base_url).netloc.rpartition("@")[2].lower())


_BY_ADDRESS = {urlsplit(entry.base_url).netloc: entry for entry in CATALOGUE.values()}
