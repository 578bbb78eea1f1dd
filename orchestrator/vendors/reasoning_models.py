"""Models that think before every answer, whatever is asked for, by their names.

A name says it in one of two ways: it is of a family that cannot do without, or it ends like
what its maker calls that variant. Looked up 2026-11-29:

- OpenAI's o-series and gpt-5, whose least effort is above ``none``; gpt-5.1 and later start
  without, but for ``-pro`` and ``-codex``; ``-chat`` models do not think at all:
  https://learn.microsoft.com/en-us/javascript/api/@azure/ai-projects/reasoningeffort and
  https://platform.openai.com/docs/guides/reasoning
- gpt-oss: https://huggingface.co/openai/gpt-oss-120b
- Gemini 2.5 Pro and 3 Pro: https://ai.google.dev/gemini-api/docs/thinking
- Grok 4, whose fast models are named by whether they think: https://docs.x.ai/docs/models
- DeepSeek R1 and ``deepseek-reasoner``: https://api-docs.deepseek.com/guides/thinking_mode
- QwQ, QvQ and Qwen's ``-thinking`` models: https://qwenlm.github.io/blog/qwq-32b/
- Magistral: https://docs.mistral.ai/capabilities/reasoning/
- GLM-Z1, MiniMax M1 and M2, Kimi K2 Thinking: the cards of their models
"""

from __future__ import annotations

import re

_ALWAYS = re.compile(
    r"""
    ^(?:
        o\d(?:-(?!\d{4})\w+)*                       # o1, o3-mini, o4-mini-deep-research
      | gpt-5(?:-(?:mini|nano|pro|codex)\b.*)?
      | gpt-5\.\d(?:-\w+)*-?(?:pro|codex)\b.*
      | gpt-oss\b.*
      | gemini-(?:2\.5|3(?:\.\d)?)-pro\b.*
      | grok-4(?!.*non-reasoning)(?!.*fast(?!-reasoning)).*
      | deepseek-r1\b.* | r1\b.*
      | qwq\b.* | qvq\b.*
      | magistral\b.*
      | glm-z1\b.* | minimax-m[12]\b.*
    )$
  | (?<!non)[-_](?:thinking|reasoner|reasoning)\b | \b(?:sonar-)?deep-research\b
    """,
    re.VERBOSE,
)
_DATED = re.compile(r"-?(?:20\d\d-?\d\d-?\d\d|\d{4})$")


def always_reasons(model: str) -> bool:
    """Whether ``model`` is known to think before it speaks, however it is asked.

    What stands before the last slash (the maker, at a relay) and behind a colon (a relay's
    variant, as ``:free``, but for ``:thinking``) says nothing, nor does a date at the end.
    """
    name, _, variant = model.lower().rpartition("/")[2].partition(":")
    return variant == "thinking" or _ALWAYS.search(_DATED.sub("", name)) is not None
