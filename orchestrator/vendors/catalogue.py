"""The catalogue: the known providers, as data.

What was compared with the vendor's own page, or with a page that quotes it, on 2026-11-21
says so in a comment; the other addresses and variables are those that the vendor's packages
and other clients use, and its page is linked. Where a vendor has several regions, the entry
is the international one, and a config's ``base_url`` names another.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from orchestrator.vendors import azure, databricks
from orchestrator.vendors.known import KnownProvider, Quirk

_BY_MODEL = frozenset({Quirk.LIMITS_BY_MODEL})

_HOSTED = (
    KnownProvider(  # compared
        "openai",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        "https://platform.openai.com/docs/api-reference/chat",
        quirks=_BY_MODEL,  # platform.openai.com/docs/guides/rate-limits
    ),
    KnownProvider(
        "anthropic",
        "https://api.anthropic.com/v1",  # chat completions too: docs "OpenAI SDK compatibility"
        ("ANTHROPIC_API_KEY",),
        "https://platform.claude.com/docs/en/api/messages",
        dialect="anthropic-messages",
        quirks=_BY_MODEL,  # docs.anthropic.com/en/api/rate-limits
    ),
    KnownProvider(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "https://ai.google.dev/api/generate-content",
        dialect="gemini",
        quirks=_BY_MODEL,  # ai.google.dev/gemini-api/docs/rate-limits
        # ai.google.dev/gemini-api/docs/openai
        others={"openai-chat": "https://generativelanguage.googleapis.com/v1beta/openai"},
    ),
    KnownProvider(  # compared, both addresses
        "deepseek",
        "https://api.deepseek.com",
        ("DEEPSEEK_API_KEY",),
        "https://api-docs.deepseek.com/",
        others={"anthropic-messages": "https://api.deepseek.com/anthropic/v1"},
    ),
    KnownProvider(  # compared
        "openrouter",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        "https://openrouter.ai/docs/api-reference/overview",
        quirks=_BY_MODEL,  # openrouter.ai/docs/api-reference/limits
        # Its own fallback between models, which would hide from a call who answered and why:
        # openrouter.ai/docs/guides/routing/model-fallbacks
        omitted=frozenset({"models", "route", "fallbacks"}),
    ),
    KnownProvider(  # compared
        "mistral",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        "https://docs.mistral.ai/api/",
        quirks=_BY_MODEL,  # docs.mistral.ai/deployment/ai-studio/tier
    ),
    KnownProvider(  # compared
        "groq",
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY",),
        "https://console.groq.com/docs/openai",
        quirks=_BY_MODEL,  # console.groq.com/docs/rate-limits
    ),
    KnownProvider(  # compared; api.together.xyz is its former host
        "together",
        "https://api.together.ai/v1",
        ("TOGETHER_API_KEY",),
        "https://docs.together.ai/docs/inference/openai-compatibility",
        quirks=_BY_MODEL,  # docs.together.ai/docs/rate-limits
        domains=("api.together.xyz",),
    ),
    KnownProvider(  # compared
        "fireworks",
        "https://api.fireworks.ai/inference/v1",
        ("FIREWORKS_API_KEY",),
        "https://docs.fireworks.ai/tools-sdks/openai-compatibility",
    ),
    KnownProvider(  # compared
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
    KnownProvider(  # compared, both addresses
        "zai",
        "https://api.z.ai/api/paas/v4",
        ("ZAI_API_KEY",),
        "https://docs.z.ai/guides/develop/openai/python",
        others={"anthropic-messages": "https://api.z.ai/api/anthropic/v1"},
    ),
    KnownProvider(  # compared, both addresses
        "moonshot",
        "https://api.moonshot.ai/v1",
        ("MOONSHOT_API_KEY",),
        "https://platform.kimi.ai/docs/api/overview",
        others={"anthropic-messages": "https://api.moonshot.ai/anthropic/v1"},
    ),
    KnownProvider(  # compared, both addresses
        "minimax",
        "https://api.minimax.io/v1",
        ("MINIMAX_API_KEY",),
        "https://platform.minimax.io/docs/api-reference/text-openai-api",
        others={"anthropic-messages": "https://api.minimax.io/anthropic/v1"},
    ),
    KnownProvider(  # since June 2026 documented as https://WORKSPACE.REGION.maas.aliyuncs.com/...
        "dashscope",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ("DASHSCOPE_API_KEY",),
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        quirks=_BY_MODEL,  # alibabacloud.com/help/en/model-studio/rate-limit
        domains=(".maas.aliyuncs.com", "dashscope-us.aliyuncs.com", "dashscope.aliyuncs.com"),
    ),
    KnownProvider(  # compared
        "siliconflow",
        "https://api.siliconflow.com/v1",
        ("SILICONFLOW_API_KEY",),
        "https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions",
        quirks=_BY_MODEL,  # docs.siliconflow.com/en/userguide/rate-limits
    ),
    KnownProvider(  # compared
        "nvidia-nim",
        "https://integrate.api.nvidia.com/v1",
        ("NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"),
        "https://docs.api.nvidia.com/nim/reference/llm-apis",
    ),
    KnownProvider(  # compared
        "huggingface",
        "https://router.huggingface.co/v1",
        ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
    ),
    KnownProvider(  # github.com/orgs/community/discussions/203602
        "github-models",
        "https://models.github.ai/inference",
        ("GITHUB_MODELS_TOKEN", "GITHUB_TOKEN"),
        "https://docs.github.com/en/rest/models/inference",
        quirks=_BY_MODEL,  # docs.github.com/en/github-models (rate limits by model tier)
        retired="2026-07-30",
    ),
    KnownProvider(
        "perplexity",
        "https://api.perplexity.ai",
        ("PERPLEXITY_API_KEY",),
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
        quirks=_BY_MODEL,  # docs.perplexity.ai/guides/rate-limits-usage-tiers
    ),
    KnownProvider(  # compared; that stream_options is refused: strandsagents.com, "Cohere"
        "cohere",
        "https://api.cohere.ai/compatibility/v1",
        ("COHERE_API_KEY", "CO_API_KEY"),
        "https://docs.cohere.com/docs/compatibility-api",
        omitted=frozenset({"stream_options"}),
    ),
)

_DERIVED = (
    KnownProvider(
        "databricks",
        "",
        ("DATABRICKS_TOKEN",),
        "https://docs.databricks.com/aws/en/ai-gateway/",
        domains=(databricks.AZURE_DOMAIN, databricks.AWS_DOMAIN),
        derive=databricks.derive,
    ),
    KnownProvider(
        "azure",
        "",
        ("AZURE_OPENAI_API_KEY",),
        "https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
        domains=(".openai.azure.com",),
        derive=azure.derive,
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
    KnownProvider(  # compared
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

CATALOGUE: Final[Mapping[str, KnownProvider]] = MappingProxyType(
    {provider.name: provider for provider in (*_HOSTED, *_DERIVED, *_LOCAL)}
)
"""Every known provider, by name."""


def known(name: str) -> KnownProvider | None:
    """The known provider of that name, or ``None``."""
    return CATALOGUE.get(name)


def at_address(base_url: str) -> KnownProvider | None:
    """The known provider at the host and port of ``base_url``, or ``None``.

    A second account at a vendor is an entry of another name at the same address.
    """
    host = urlsplit(base_url).netloc.rpartition("@")[2].lower()
    found = _BY_ADDRESS.get(host)
    if found is not None:
        return found
    return next((entry for domain, entry in _BY_DOMAIN if host.endswith(domain)), None)


_BY_ADDRESS: Final = {
    host: entry
    for entry in CATALOGUE.values()
    for host in (urlsplit(entry.base_url).netloc, *entry.domains)
    if host and not host.startswith(".")
}
_BY_DOMAIN: Final = tuple(
    (domain, entry)
    for entry in CATALOGUE.values()
    for domain in entry.domains
    if domain.startswith(".")
)
