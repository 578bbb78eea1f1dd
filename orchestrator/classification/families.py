"""Which vendor's words a provider name stands for."""

from __future__ import annotations

from functools import lru_cache

_FAMILIES: dict[str, tuple[str, ...]] = {
    "openai": ("openai", "openai-codex", "openai-api", "openai-responses", "codex"),
    "anthropic": ("anthropic", "claude", "anthropic-oauth", "claude-code"),
    "gemini": ("gemini", "google", "vertex", "vertexai", "vertex-ai", "google-ai-studio",
               "gemini-cli", "antigravity", "code-assist"),
    "bedrock": ("bedrock", "aws", "amazon", "amazon-bedrock", "sagemaker"),
    "azure": ("azure", "azure-foundry", "azure-openai", "azure-ai"),
    "zai": ("zai", "z-ai", "zhipu", "zhipuai", "bigmodel", "glm"),
    "volcengine": ("volcengine", "ark", "doubao", "byteplus", "modelark"),
    "dashscope": ("dashscope", "qwen", "alibaba", "bailian", "aliyun", "modelstudio"),
    "moonshot": ("moonshot", "kimi", "kimi-coding", "kimi-for-coding"),
    "minimax": ("minimax", "minimax-cn"),
    "qianfan": ("qianfan", "baidu", "ernie", "wenxin"),
    "hunyuan": ("hunyuan", "tencent"),
    "iflytek": ("iflytek", "xfyun", "spark", "xunfei"),
    "github-copilot": ("github-copilot", "copilot"),
    "github-models": ("github-models", "github"),
    "xai": ("xai", "xai-oauth", "grok", "x-ai"),
    "nvidia-nim": ("nvidia-nim", "nvidia", "nim"),
    "huggingface": ("huggingface", "hf", "tgi"),
    "cloudflare": ("cloudflare", "workers-ai", "cloudflare-workers-ai"),
    "litellm-proxy": ("litellm-proxy", "litellm"),
    "opencode-zen": ("opencode-zen", "opencode", "opencode-go", "zen"),
    "together": ("together", "togetherai", "together-ai"),
    "llamacpp": ("llamacpp", "llama-cpp", "llama.cpp", "llama-server", "llama-cpp-python"),
    "lmstudio": ("lmstudio", "lm-studio"),
}  # fmt: skip
MAKERS = frozenset(
    {
        "openai", "anthropic", "gemini", "deepseek", "mistral", "cohere", "xai", "moonshot", "zai",
        "dashscope", "volcengine", "minimax", "qianfan", "hunyuan", "iflytek", "groq", "cerebras",
        "sambanova", "perplexity", "bedrock", "azure", "together", "fireworks", "nvidia-nim",
        "siliconflow", "deepinfra", "nebius", "baseten", "replicate", "cloudflare", "hyperbolic",
        "novita", "vllm", "llamacpp", "lmstudio", "ollama", "sglang",
    }
)  # fmt: skip
"""Who serves models of its own, or on its own machines: what it quotes is its own failure."""
_BY_NAME = {alias: family for family, aliases in _FAMILIES.items() for alias in aliases}


@lru_cache(maxsize=512)
def family(provider: str) -> str:
    """The family of a provider's name: its vendor, or the name itself, lower case.

    A name with a suffix (``deepseek-2``, ``openai_work``) belongs to its longest known
    beginning, since a user may have two accounts at one vendor.
    """
    name = provider.strip().lower().replace("_", "-")
    parts = name.split("-")
    for length in range(len(parts), 0, -1):
        found = _BY_NAME.get("-".join(parts[:length]))
        if found is not None:
            return found
    return name
