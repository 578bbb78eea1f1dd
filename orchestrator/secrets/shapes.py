"""What has the shape of a key, or is named as one, masked whoever's it is.

Shapes of keys are those that the vendors' own pages show, looked up 2026-11-21.
A shape must never eat an ordinary word: ``Bearer authentication failed`` stays.
"""

from __future__ import annotations

import re

MASK = "***"
"""What stands where a secret stood."""

# Letters before a shape make it the tail of a word ("task-..."), unless they are
# the end of a percent-encoded character ("Bearer%20sk-...").
_START = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))"

# A value that nobody writes as a word: it has a digit, a mark or a capital inside, or is long.
_VALUE = r"[A-Za-z0-9._~+/*-]"
_NO_WORD = rf"(?=[A-Za-z-]{{0,64}}(?:[0-9]|[._~+/]\w|[a-z][A-Z])|{_VALUE}{{20}}){_VALUE}{{6,}}+=*+"

_KEY = re.compile(
    _START
    + r"""(?:
      (?:sk|rk)[-_][A-Za-z0-9_*-]{8,}+          # openai, anthropic, deepseek, openrouter, ...
    | ork-[A-Za-z0-9_-]{16,}+                    # of our own gateway
    | AIza[A-Za-z0-9_-]{16,}+ | AQ\.[A-Za-z0-9_-]{16,}+ | ya29\.[A-Za-z0-9_-]{16,}+   # google
    | gsk_[A-Za-z0-9]{8,}+                      # groq
    | xai-[A-Za-z0-9]{8,}+                      # xai
    | csk-[A-Za-z0-9]{16,}+                     # cerebras
    | (?:hf|fw|r8)_[A-Za-z0-9]{12,}+            # hugging face, fireworks, replicate
    | tgp_v1_[A-Za-z0-9_-]{8,}+                 # together
    | pplx-[A-Za-z0-9]{16,}+                    # perplexity
    | nvapi-[A-Za-z0-9_-]{8,}+                  # nvidia
    | gh[opsur]_[A-Za-z0-9]{16,}+ | github_pat_[A-Za-z0-9_]{16,}+                     # github
    | dapi[0-9a-f]{24,}+                        # databricks
    | (?:AKIA|ASIA)[A-Z0-9]{16}                 # amazon
    | eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]{0,4096}+)?          # JWT
    | [0-9a-f]{32}\.[A-Za-z0-9]{16}(?![A-Za-z0-9])                                    # zai
    )""",
    re.VERBOSE,
)
_NAMED = re.compile(
    r"""(?P<name>
      [?&;](?:api[-_]?key|key|token|access_token|sig|signature|secret)=(?=[^&\s"'<>\#])
    | """
    + _START
    + r"""(?:x-api-key|x-goog-api-key|api-key|authorization|proxy-authorization)["']?\s{0,4}[:=]
        \s{0,4}["']?(?:(?:bearer|basic|token)\s{1,4})?+(?=[^\s"',;&]{6})
    | :// [^/\s:@]{0,128} : (?=[^/\s@]{1,256}@)
    )(?P<value>[^\s"'&,;<>\#@]++)""",
    re.VERBOSE | re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?P<name>"
    + _START
    + r"""(?:bearer(?:\s|%20|\+){1,4}
      |(?:api[-_ ]?key|access[-_]?token|secret(?:[-_]?key)?|token|key)
        ["']?\s{0,2}[:=]\s{0,2}["']?))(?P<value>(?-i:"""
    + _NO_WORD.replace("#", r"\#")
    + "))",
    re.VERBOSE | re.IGNORECASE,
)

# Whatever a shape needs: none of these inside, nothing to look for. A plain loop over few
# literals costs a fraction of one pass of the expressions above (measured 2026-11-21).
_DASHED = ("sk-", "rk-", "xai-", "pplx-", "nvapi-")
_LINED = (
    "sk_", "rk_", "hf_", "fw_", "r8_", "tgp_v1_", "gho_", "ghp_", "ghs_", "ghu_", "ghr_",
    "github_pat_",
)  # fmt: skip
_PLAIN = ("AIza", "AQ.", "ya29.", "dapi", "AKIA", "ASIA", "eyJ")
_NAMES = ("key", "token", "secret")
_HEX_TAIL = re.compile(r"\.[A-Za-z0-9]{16}")


def mask_shapes(text: str) -> str:
    """``text`` without what looks like a key. Never raises; linear in ``text``."""
    lowered = text.lower()
    if _may_name(text, lowered):
        text = _NAMED.sub(rf"\g<name>{MASK}", text)
    if _may_tell(text, lowered):
        text = _TOKEN.sub(rf"\g<name>{MASK}", text)
    if _may_hold_key(text):
        text = _KEY.sub(MASK, text)
    return text


def _may_name(text: str, lowered: str) -> bool:
    """Whether ``text`` has what an address or a header with a secret needs."""
    return (
        ("=" in text and ("?" in text or "&" in text or ";" in text))
        or ("@" in text and "://" in text)
        or "authorization" in lowered
        or "api-key" in lowered
        or "api_key" in lowered
        or "apikey" in lowered
    )


def _may_tell(text: str, lowered: str) -> bool:
    """Whether ``text`` has what a value after its name needs."""
    if "bearer" in lowered:
        return True
    return (":" in text or "=" in text) and _any(_NAMES, lowered)


def _may_hold_key(text: str) -> bool:
    """Whether ``text`` has what a key of a known shape needs."""
    return (
        ("-" in text and _any(_DASHED, text))
        or ("_" in text and _any(_LINED, text))
        or _any(_PLAIN, text)
        or ("." in text and _HEX_TAIL.search(text) is not None)
    )


def _any(signs: tuple[str, ...], text: str) -> bool:
    for sign in signs:  # noqa: SIM110 - a generator costs three times as much here
        if sign in text:
            return True
    return False
