"""Which models think before every answer, by their names."""

import pytest

from orchestrator.config.loading import loads
from orchestrator.vendors import always_reasons

THINKS = [
    "o1", "o3", "o3-mini", "o4-mini", "o1-preview", "o3-pro", "o3-deep-research",
    "o4-mini-2025-04-16", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-pro", "gpt-5-2025-08-07",
    "gpt-5-mini-2025-08-07", "gpt-5-codex", "gpt-5.1-codex-max", "gpt-5.2-pro",
    "openai/gpt-oss-120b:free", "gemini-2.5-pro", "gemini-3-pro-preview", "google/gemini-3.1-pro",
    "grok-4", "grok-4-0709", "grok-4-fast-reasoning", "grok-4.1-fast-reasoning",
    "deepseek-reasoner", "deepseek/deepseek-r1:free", "deepseek-r1-distill-llama-70b", "qwq-32b",
    "Qwen/QwQ-32B", "qvq-max", "magistral-medium-2506", "kimi-k2-thinking",
    "qwen3-235b-a22b-thinking-2507", "glm-z1-air", "r1-1776",
    "anthropic/claude-3.7-sonnet:thinking", "glm-4.1v-thinking", "minimax-m2", "phi-4-reasoning",
    "sonar-reasoning-pro", "sonar-deep-research",
]  # fmt: skip
ANSWERS_AT_ONCE = [
    "gpt-4o", "gpt-4o-mini", "openai/gpt-4o", "gpt-4.1", "gpt-5.1", "gpt-5.2", "gpt-5.4-mini",
    "gpt-5-chat-latest", "gpt-5-chat", "gpt-5.1-chat-latest", "gemini-2.5-flash", "grok-3",
    "grok-4-fast", "grok-4-fast-non-reasoning", "claude-sonnet-4-5", "deepseek-v4-pro",
    "deepseek-chat", "llama-3-70b", "mistral-large", "qwen3-235b", "kimi-k2", "qwen-max",
    "gemma-3", "qwen3-non-thinking", "model", "demo3", "foo1",
]  # fmt: skip


@pytest.mark.parametrize("model", THINKS)
def test_a_model_that_cannot_do_without(model: str) -> None:
    assert always_reasons(model)


@pytest.mark.parametrize("model", ANSWERS_AT_ONCE)
def test_a_model_that_answers_at_once_or_may_be_asked_to(model: str) -> None:
    assert not always_reasons(model)


@pytest.mark.parametrize(
    ("said", "reasons"), [("", True), ("reasoning = false", False), ("reasoning = true", True)]
)
def test_a_target_of_such_a_model_reasons_unless_the_config_says_otherwise(
    said: str, *, reasons: bool
) -> None:
    text = f"""
        health = "memory"
        [targets."openai/o3"]
        {said}
        [routes]
        default = ["openai/o3", "openai/gpt-4o"]
    """
    config = loads(text, {"OPENAI_API_KEY": "k"})

    assert [target.reasoning for target in config.route()] == [reasons, False]
    assert config.target("openai/o3").reasoning is reasons
