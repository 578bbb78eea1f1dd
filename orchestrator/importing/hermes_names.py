"""What Hermes calls providers and their dialects.

Read in NousResearch/hermes-agent (2026-11-30): ``hermes_cli/auth.py`` (``_REGISTRY_ROWS``:
addresses and key variables), ``website/docs/integrations/providers.md`` (aliases) and
``website/docs/user-guide/features/fallback-providers.md``.
"""

from __future__ import annotations

from typing import Final

from orchestrator.importing.carrying import Unwanted
from orchestrator.importing.foreign_provider import ForeignProvider

_LOGIN: Final = Unwanted(
    "Hermes logs in to it by OAuth and keeps the token in auth.json, which is not carried over",
    'use a key, or a program that prints a token: credentials = ["command:PROGRAM"]',
)
_SIGNED: Final = Unwanted(
    "its requests are signed with a cloud's credentials, which no dialect here does",
    "leave it to Hermes, or put a proxy before it that speaks chat completions",
)
_PROCESS: Final = Unwanted(
    "Hermes starts a program for it, and no HTTP is spoken", "leave it to Hermes"
)

HERMES_PROVIDERS: Final = {
    "openrouter": ForeignProvider("openrouter"),
    "anthropic": ForeignProvider("anthropic", path="/v1"),
    "openai-api": ForeignProvider("openai"),
    "gemini": ForeignProvider("gemini", key="GOOGLE_API_KEY"),
    "zai": ForeignProvider("zai", key="GLM_API_KEY"),
    "kimi-coding": ForeignProvider("moonshot", key="KIMI_API_KEY"),
    "kimi-coding-cn": ForeignProvider(
        "moonshot", base_url="https://api.moonshot.cn/v1", key="KIMI_CN_API_KEY"
    ),
    "minimax": ForeignProvider("minimax"),
    "minimax-cn": ForeignProvider(
        "minimax", base_url="https://api.minimaxi.com/v1", key="MINIMAX_CN_API_KEY"
    ),
    "alibaba": ForeignProvider("dashscope"),
    "alibaba-coding-plan": ForeignProvider(
        "dashscope",
        base_url="https://coding-intl.dashscope.aliyuncs.com/v1",
        key="ALIBABA_CODING_PLAN_API_KEY",
    ),
    "deepseek": ForeignProvider("deepseek"),
    "xai": ForeignProvider("xai"),
    "nvidia": ForeignProvider("nvidia-nim"),
    "huggingface": ForeignProvider("huggingface"),
    "azure-foundry": ForeignProvider("azure", key="AZURE_FOUNDRY_API_KEY"),
    "groq": ForeignProvider("groq"),
    "mistral": ForeignProvider("mistral"),
    "cerebras": ForeignProvider("cerebras"),
    "fireworks": ForeignProvider("fireworks"),
    "cohere": ForeignProvider("cohere"),
    "lmstudio": ForeignProvider("lmstudio", key="", path="/v1", own_server=True),
    "ollama": ForeignProvider("ollama", path="/v1", own_server=True),
    "vllm": ForeignProvider("vllm", own_server=True),
    "llamacpp": ForeignProvider("llamacpp", own_server=True),
    "custom": ForeignProvider(own_server=True),
    # Of whom only the address is known.
    "ai-gateway": ForeignProvider("", "https://ai-gateway.vercel.sh/v1", "AI_GATEWAY_API_KEY"),
    "arcee": ForeignProvider("", "https://api.arcee.ai/api/v1", "ARCEEAI_API_KEY"),
    "gmi": ForeignProvider("", "https://api.gmi-serving.com/v1", "GMI_API_KEY"),
    "kilocode": ForeignProvider("", "https://api.kilo.ai/api/gateway", "KILOCODE_API_KEY"),
    "ollama-cloud": ForeignProvider("", "https://ollama.com/v1", "OLLAMA_API_KEY"),
    "opencode-go": ForeignProvider("", "https://opencode.ai/zen/go/v1", "OPENCODE_GO_API_KEY"),
    "opencode-zen": ForeignProvider("", "https://opencode.ai/zen/v1", "OPENCODE_ZEN_API_KEY"),
    "tencent-tokenhub": ForeignProvider(
        "", "https://tokenhub.tencentmaas.com/v1", "TOKENHUB_API_KEY"
    ),
    "xiaomi": ForeignProvider("", "https://api.xiaomimimo.com/v1", "XIAOMI_API_KEY"),
    # What nothing here can ask.
    **dict.fromkeys(
        (
            *("nous", "openai-codex", "copilot", "qwen-oauth", "xai-oauth", "minimax-oauth"),
            *("google-gemini-cli", "claude-code"),
        ),
        ForeignProvider(refused=_LOGIN),
    ),
    **dict.fromkeys(("bedrock", "vertex"), ForeignProvider(refused=_SIGNED)),
    **dict.fromkeys(("copilot-acp", "moa"), ForeignProvider(refused=_PROCESS)),
}
"""By Hermes' name."""

_ALIASES: Final = {
    "claude": "anthropic",
    "openai": "openai-api",
    "google": "gemini",
    "google-ai-studio": "gemini",
    "glm": "zai",
    "z-ai": "zai",
    "z.ai": "zai",
    "zhipu": "zai",
    "kimi": "kimi-coding",
    "moonshot": "kimi-coding",
    "kimi-cn": "kimi-coding-cn",
    "moonshot-cn": "kimi-coding-cn",
    "minimax-china": "minimax-cn",
    "dashscope": "alibaba",
    "qwen": "alibaba",
    "grok": "xai",
    "x-ai": "xai",
    "nvidia-nim": "nvidia",
    "hf": "huggingface",
    "azure": "azure-foundry",
    "lm-studio": "lmstudio",
    "llama.cpp": "llamacpp",
    "llama-cpp": "llamacpp",
    "mimo": "xiaomi",
    "xiaomi-mimo": "xiaomi",
    "arcee-ai": "arcee",
    "vercel": "ai-gateway",
    "codex": "openai-codex",
    "github-copilot": "copilot",
    "grok-oauth": "xai-oauth",
    "nous-api": "nous",
    "aws": "bedrock",
}

HERMES_DIALECTS: Final = {
    "chat_completions": ("openai-chat", ""),
    "openai_chat": ("openai-chat", ""),
    "anthropic_messages": ("anthropic-messages", "/v1"),
    "codex_responses": ("openai-responses", ""),
    "openai_responses": ("openai-responses", ""),
}
"""By ``api_mode``: the dialect, and what an address lacks, since Hermes' client for it adds that
itself. ``bedrock_converse`` has none here."""

TAKES_ROUTING: Final = "openrouter"
"""The provider to which ``provider_routing`` speaks."""


def foreign_provider(name: str) -> ForeignProvider | None:
    """What Hermes' name of a provider stands for; ``None`` where it is the user's own."""
    lower = name.strip().lower()
    return HERMES_PROVIDERS.get(_ALIASES.get(lower, lower))
