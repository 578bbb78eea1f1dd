"""Money, plans, limits, length and keys in other languages than English."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import languages as say
from orchestrator.states.reasons import Reason, Scope

_DICTIONARY = (
    "words of a dictionary, in the languages that `languages` gives reasons for (2026-11-29)"
)
_TOKENS = (
    "token*", "토큰", "长度", "上下文", "字符", "トークン", "токен", "jetons", "길이", "長さ",
    "длин", "longitud", "comprimento", "longueur", "lange", "lunghezza", "do dai", "uzunlu*",
    "panjang", "طول",
)  # fmt: skip
"""Words of length: what is too much of these is too long, not too often."""

MONEY: tuple[Rule, ...] = (
    Rule("languages.money-gone", Reason.BILLING, _DICTIONARY, contains=say.MONEY, near=say.GONE,
         unless=say.MINUTE, scope=Scope.ACCOUNT),
    Rule("languages.plan-over", Reason.BILLING, _DICTIONARY, contains=say.PLAN, near=say.OVER,
         unless=(*say.MINUTE, "token", "api key", "session"), scope=Scope.ACCOUNT,
         hint="Your plan has ended or is not active: see it at the provider."),
    Rule("languages.payment", Reason.BILLING, _DICTIONARY, contains=say.PAYMENT,
         near=say.REQUIRED, other_statuses={404, 413, 429, 503}, scope=Scope.ACCOUNT),
    Rule("languages.quota-window", Reason.RATE_LIMIT, _DICTIONARY, contains=say.QUOTA,
         near=say.EXCEEDED, also=say.MINUTE, other_statuses={401, 404, 413}),
    Rule("languages.quota-gone", Reason.BILLING, _DICTIONARY, contains=say.QUOTA,
         near=say.EXCEEDED, unless=say.MINUTE, statuses={400, 402, 403, 412},
         scope=Scope.ACCOUNT),
)  # fmt: skip

PLAIN: tuple[Rule, ...] = (
    Rule("languages.too-many", Reason.RATE_LIMIT, _DICTIONARY, contains=say.REQUESTS,
         near=say.TOO_MANY, unless=_TOKENS, other_statuses={401, 404, 413}),
    Rule("languages.too-long", Reason.CONTEXT_OVERFLOW, _DICTIONARY, contains=say.LENGTH,
         near=say.TOO_LONG, unless=say.MINUTE, other_statuses={401, 402, 403, 404, 408, 429},
         scope=Scope.REQUEST),
    Rule("languages.key", Reason.AUTH, _DICTIONARY, contains=say.KEY, near=say.INVALID,
         other_statuses={404, 408, 413, 422, 429, 503}),
)  # fmt: skip
