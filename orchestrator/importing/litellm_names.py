"""What LiteLLM calls providers: the part of a model before its first slash.

Read in litellm 1.110.2 (2026-11-30): ``litellm_core_utils/get_llm_provider_logic.py`` (addresses
and key variables), ``llms/openai_like/providers.json``, and ``types/utils.py`` (``LlmProviders``).
"""

from __future__ import annotations

import re
from typing import Final

from orchestrator.importing.carrying import Unwanted
from orchestrator.importing.foreign_provider import ForeignProvider

_AWS: Final = Unwanted(
    "its requests are signed with AWS credentials, which no dialect here does",
    "ask Bedrock's OpenAI address (https://bedrock-runtime.REGION.amazonaws.com/openai/v1) with a "
    "Bedrock API key, or leave LiteLLM before it and name that as a provider",
)
_GOOGLE: Final = Unwanted(
    "its requests are signed with Google Cloud credentials, which no dialect here does",
    "use a key of the Gemini API, or leave LiteLLM before it and name that as a provider",
)
_CLOUDFLARE: Final = Unwanted(
    "its address holds the id of an account",
    'write base_url = "https://api.cloudflare.com/client/v4/accounts/ID/ai/v1"',
)
_LOGIN: Final = Unwanted(
    "it is asked with a login of LiteLLM's own, which is not carried over",
    'use a key, or a program that prints a token: credentials = ["command:PROGRAM"]',
)
_TEXT: Final = Unwanted(
    "it completes texts, which is an API that nothing here speaks",
    "name the chat model of the same vendor",
)
_ROUTER: Final = Unwanted(
    "it picks a model by the content of a request, which nothing here does",
    "name the targets in a route, in the order in which they are to be asked",
)

LITELLM_PROVIDERS: Final = {
    "openai": ForeignProvider("openai", lends_its_name=True),
    "custom_openai": ForeignProvider(own_server=True),
    "openai_like": ForeignProvider(own_server=True),
    "aiohttp_openai": ForeignProvider("openai", lends_its_name=True),
    "anthropic": ForeignProvider("anthropic", path="/v1"),
    "azure": ForeignProvider("azure", key="AZURE_API_KEY", has_resources=True),
    "azure_ai": ForeignProvider("azure", key="AZURE_AI_API_KEY", has_resources=True),
    "cerebras": ForeignProvider("cerebras"),
    "cohere": ForeignProvider("cohere"),
    "cohere_chat": ForeignProvider("cohere"),
    "dashscope": ForeignProvider("dashscope"),
    "databricks": ForeignProvider("databricks", key="DATABRICKS_API_KEY"),
    "deepseek": ForeignProvider("deepseek"),
    "fireworks_ai": ForeignProvider("fireworks"),
    "gemini": ForeignProvider("gemini"),
    "github": ForeignProvider("github-models", key="GITHUB_API_KEY"),
    "groq": ForeignProvider("groq"),
    "hosted_vllm": ForeignProvider("vllm", own_server=True),
    "vllm": ForeignProvider("vllm", own_server=True),
    "huggingface": ForeignProvider("huggingface", key="HUGGINGFACE_API_KEY"),
    "litellm_proxy": ForeignProvider("litellm-proxy", own_server=True),
    "lm_studio": ForeignProvider("lmstudio", path="/v1", own_server=True),
    "llamafile": ForeignProvider(base_url="http://127.0.0.1:8080/v1", own_server=True),
    "minimax": ForeignProvider("minimax"),
    "mistral": ForeignProvider("mistral"),
    "moonshot": ForeignProvider("moonshot"),
    "nvidia_nim": ForeignProvider("nvidia-nim", key="NVIDIA_NIM_API_KEY"),
    "ollama": ForeignProvider("ollama", path="/v1", own_server=True),
    "ollama_chat": ForeignProvider("ollama", path="/v1", own_server=True),
    "openrouter": ForeignProvider("openrouter"),
    "perplexity": ForeignProvider("perplexity", key="PERPLEXITYAI_API_KEY"),
    "together_ai": ForeignProvider("together", key="TOGETHERAI_API_KEY"),
    "xai": ForeignProvider("xai"),
    "zai": ForeignProvider("zai"),
    # Of whom only the address is known.
    "ai21_chat": ForeignProvider("", "https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    "aiml": ForeignProvider("", "https://api.aimlapi.com/v1", "AIML_API_KEY"),
    "baseten": ForeignProvider("", "https://inference.baseten.co/v1", "BASETEN_API_KEY"),
    "chutes": ForeignProvider("", "https://llm.chutes.ai/v1", "CHUTES_API_KEY"),
    "codestral": ForeignProvider("", "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
    "cometapi": ForeignProvider("", "https://api.cometapi.com/v1", "COMETAPI_KEY"),
    "deepinfra": ForeignProvider("", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "featherless_ai": ForeignProvider(
        "", "https://api.featherless.ai/v1", "FEATHERLESS_AI_API_KEY"
    ),
    "friendliai": ForeignProvider("", "https://api.friendli.ai/serverless/v1", "FRIENDLI_TOKEN"),
    "hyperbolic": ForeignProvider("", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
    "inception": ForeignProvider("", "https://api.inceptionlabs.ai/v1", "INCEPTION_API_KEY"),
    "jina_ai": ForeignProvider("", "https://api.jina.ai/v1", "JINA_AI_API_KEY"),
    "lambda_ai": ForeignProvider("", "https://api.lambda.ai/v1", "LAMBDA_API_KEY"),
    "meta_llama": ForeignProvider("", "https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
    "morph": ForeignProvider("", "https://api.morphllm.com/v1", "MORPH_API_KEY"),
    "nano-gpt": ForeignProvider("", "https://nano-gpt.com/api/v1", "NANOGPT_API_KEY"),
    "nebius": ForeignProvider("", "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
    "novita": ForeignProvider("", "https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
    "nscale": ForeignProvider("", "https://inference.api.nscale.com/v1", "NSCALE_API_KEY"),
    "poe": ForeignProvider("", "https://api.poe.com/v1", "POE_API_KEY"),
    "sambanova": ForeignProvider("", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "synthetic": ForeignProvider("", "https://api.synthetic.new/openai/v1", "SYNTHETIC_API_KEY"),
    "v0": ForeignProvider("", "https://api.v0.dev/v1", "V0_API_KEY"),
    "veniceai": ForeignProvider("", "https://api.venice.ai/api/v1", "VENICE_AI_API_KEY"),
    "vercel_ai_gateway": ForeignProvider(
        "", "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY"
    ),
    "volcengine": ForeignProvider(
        "", "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY"
    ),
    "wandb": ForeignProvider("", "https://api.inference.wandb.ai/v1", "WANDB_API_KEY"),
    "xiaomi_mimo": ForeignProvider("", "https://api.xiaomimimo.com/v1", "XIAOMI_MIMO_API_KEY"),
    # What nothing here can ask.
    "cloudflare": ForeignProvider(refused=_CLOUDFLARE),
    **dict.fromkeys(
        ("bedrock", "bedrock_converse", "sagemaker", "sagemaker_chat"),
        ForeignProvider(refused=_AWS),
    ),
    **dict.fromkeys(("vertex_ai", "vertex_ai_beta"), ForeignProvider(refused=_GOOGLE)),
    **dict.fromkeys(("github_copilot", "chatgpt", "gigachat"), ForeignProvider(refused=_LOGIN)),
    **dict.fromkeys(
        ("text-completion-openai", "text-completion-codestral", "azure_text", "anthropic_text"),
        ForeignProvider(refused=_TEXT),
    ),
    **dict.fromkeys(
        ("auto_router", "complexity_router", "adaptive_router"), ForeignProvider(refused=_ROUTER)
    ),
}
"""By LiteLLM's name."""

_BARE_MODELS: Final = (
    (re.compile(r"(gpt|chatgpt|o[134]|text-embedding|ft:gpt|codex|computer-use)\b"), "openai"),
    (re.compile(r"(gpt-image|dall-e|whisper|tts|omni-moderation)\b"), "openai"),
    (re.compile(r"claude\b"), "anthropic"),
    (re.compile(r"(command|embed-english|embed-multilingual|c4ai)\b"), "cohere"),
    (re.compile(r"gemini\b"), "vertex_ai"),
)
"""How LiteLLM takes models without a provider, by the beginning of their names."""

UNKNOWN: Final = ForeignProvider(
    refused=Unwanted(
        "its provider is not known here",
        "write [providers.NAME] with its base_url, and add NAME/MODEL to a route",
    ),
    is_unknown=True,
)

RESPONSES_MARK: Final = "responses/"
"""What stands before a model that is asked by the Responses API."""

RESPONSES: Final = "openai-responses"
"""The dialect of it."""


def split_model(model: str, named: str = "") -> tuple[str, str, ForeignProvider]:
    """What LiteLLM takes a model for: the provider's name, the model's, and what that is here.

    Args:
        model: Such as ``together_ai/openai/gpt-oss-120b``, or ``gpt-5-mini``.
        named: ``custom_llm_provider``, which goes before.
    """
    if named:
        prefix = f"{named}/"
        return named, model.removeprefix(prefix), LITELLM_PROVIDERS.get(named, UNKNOWN)
    name, slash, rest = model.partition("/")
    if slash and rest and name in LITELLM_PROVIDERS:
        return name, rest, LITELLM_PROVIDERS[name]
    for pattern, owner in _BARE_MODELS:
        if not slash and pattern.match(model):
            return owner, model, LITELLM_PROVIDERS[owner]
    return name if slash else "", rest if slash else model, UNKNOWN
