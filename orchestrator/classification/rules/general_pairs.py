"""What a sentence is about, and what is the matter with it: for wordings that nobody listed.

Whole phrases (``general_phrases``) are surer and stand before. These rules read what they
leave: two words that mean one thing wherever they meet, and the words of made-up codes
(``meanings``). ``benchmarks/classification_unseen.py`` says what they are worth.
"""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import pair_lists as say
from orchestrator.classification.rules.phrase_lists import PASSES
from states.reasons import Reason, Scope

_READ = "how 326 real errors in many wordings speak, corpus and public reports (2026-11-21)"
_NAMED = "how vendors and relays make up codes (2026-11-21)"
_CLIENT_HINT = (
    "The endpoint refused the client, not the key: set other headers for this provider "
    "(User-Agent, X-Stainless-*), or use a client that it allows."
)
_CALLER = {400, 404, 413, 422}
_PASSING = {408, 409, 413, 500, 502, 503, 504, 529}
"""Statuses that settle more than the words of a code do."""
_BUSY = {409, 503, 504, 529}
"""Statuses beside which talk of plans and payment is only an offer."""

MONEY: tuple[Rule, ...] = (
    Rule("pair.money-gone", Reason.BILLING, _READ, contains=say.MONEY, near=say.MONEY_GONE,
         unless=say.MONEY_OTHER, scope=Scope.ACCOUNT),
    Rule("pair.money-advised", Reason.BILLING, _READ, contains=say.MONEY, near=say.MONEY_ADVISED,
         unless=(*say.MONEY_OTHER, *PASSES), other_statuses=_PASSING, scope=Scope.ACCOUNT),
    Rule("pair.suspended-for-money", Reason.BILLING, _READ, contains=say.SUSPENDED,
         near=say.FOR_MONEY, unless=("rate limit*", "too many requests", "api key", "model"),
         scope=Scope.ACCOUNT),
    Rule("pair.units-gone", Reason.BILLING, _READ, contains=say.UNITS, near=say.UNITS_GONE,
         statuses={400, 402, 403}, unless=(*say.SHORT_WINDOW, "today", "tomorrow", "context",
         "max tokens", "rate limit*", "range", "images"), scope=Scope.ACCOUNT),
    Rule("pair.account-ran-out", Reason.BILLING, _READ, contains=say.RAN_OUT, near=say.HOLDER,
         unless=(*say.SHORT_WINDOW, *say.RAN_OUT_OTHER), scope=Scope.ACCOUNT),
    Rule("pair.long-window", Reason.BILLING, _READ, contains=say.LONG_WINDOW, near=say.ALLOWANCE,
         also=say.USED_UP, unless=say.SHORT_WINDOW, scope=Scope.ACCOUNT,
         hint=("The allowance of the month is used up: raise it or buy more at the provider, or "
         "wait for the next period.")),
    Rule("pair.plan-over", Reason.BILLING, _READ, contains=say.PLAN, near=say.PLAN_OVER,
         unless=(*say.SHORT_WINDOW, "subscription key", "token", "api key", "session",
         "rate limit*", "grok"), scope=Scope.ACCOUNT,
         hint="Your plan has ended or is not active: see it at the provider."),
    Rule("pair.free-used-up", Reason.BILLING, _READ, contains=say.FREE, near=say.QUOTA_GONE,
         unless=(*say.SHORT_WINDOW, "resets", "try again in", "rate limit*"),
         other_codes={"resource_exhausted"}, scope=Scope.ACCOUNT),
    Rule("pair.quota-gone", Reason.BILLING, _READ, contains=say.QUOTA, near=say.QUOTA_GONE,
         statuses={400, 402, 403, 412}, unless=(*say.SHORT_WINDOW, "resets", "try again",
         "rate limit*", "context", "retry", "wait", "reset", "replenished"), scope=Scope.ACCOUNT),
    Rule("pair.money-gone-zh", Reason.BILLING, _READ, contains=say.MONEY_ZH, near=say.MONEY_GONE_ZH,
         unless=say.WINDOW_ZH, scope=Scope.ACCOUNT),
    Rule("pair.money-advised-zh", Reason.BILLING, _READ, contains=say.MONEY_ZH,
         near=say.MONEY_ADVISED_ZH, unless=(*say.WINDOW_ZH, *PASSES), other_statuses=_PASSING,
         scope=Scope.ACCOUNT),
    Rule("pair.account-closed", Reason.AUTH, _READ, contains=say.ACCOUNT, near=say.ACCOUNT_CLOSED,
         unless=("rate limit*", "too many requests", "ip", "model", "endpoint", "deployment",
         "resource",  "prompt", "content filter", "moderation", "billing", "payment", "api key",
         "unpaid", "invoice"), scope=Scope.ACCOUNT,
         hint=("The provider closed or restricted this account: write to its support, or "
         "use another account.")),
    Rule("pair.account-closed-zh", Reason.AUTH, _READ, contains=say.ACCOUNT_ZH,
         near=say.ACCOUNT_CLOSED_ZH, unless=(*say.WINDOW_ZH, "内容", "余额", "欠费", "模型"),
         scope=Scope.ACCOUNT),
)  # fmt: skip
"""Asked after the phrases that only money explains, before all others."""

CODES: tuple[Rule, ...] = (
    Rule("words.model", Reason.MODEL_NOT_FOUND, _NAMED, codes={"means:model"},
         other_statuses={402, 429, *_PASSING}),
    Rule("words.region", Reason.FORBIDDEN, _NAMED, codes={"means:region"},
         other_statuses={402, 404, 429, *_PASSING}, scope=Scope.ACCOUNT),
    Rule("words.plan", Reason.BILLING, _NAMED, codes={"means:plan"},
         other_statuses={404, 422, *_PASSING}, scope=Scope.ACCOUNT),
    Rule("words.quota", Reason.BILLING, _NAMED, codes={"means:quota"}, statuses={400, 401, 402, 403,
         412}, scope=Scope.ACCOUNT),
    Rule("words.context", Reason.CONTEXT_OVERFLOW, _NAMED, codes={"means:context"},
         other_statuses={401, 402, 403, 429}, scope=Scope.REQUEST),
    Rule("words.content", Reason.CONTENT_POLICY, _NAMED, codes={"means:content"},
         other_statuses={401, 402, 429}, scope=Scope.REQUEST),
    Rule("words.payload", Reason.PAYLOAD_TOO_LARGE, _NAMED, codes={"means:payload"},
         statuses=_CALLER, scope=Scope.REQUEST),
    Rule("words.overloaded", Reason.OVERLOADED, _NAMED, codes={"means:overloaded"},
         other_statuses={400, 401, 402, 403, 404}),
    Rule("words.rate-limit", Reason.RATE_LIMIT, _NAMED, codes={"means:rate-limit"},
         other_statuses={401, 404, 413}),
    Rule("words.auth", Reason.AUTH, _NAMED, codes={"means:auth"}, other_statuses={404, 413, 422,
         429, 500, 502, 503}),
    Rule("words.timeout", Reason.SERVER_ERROR, _NAMED, codes={"means:timeout"}, other_statuses={400,
         401, 402, 403, 404, 408, 429}),
)  # fmt: skip

SENTENCES: tuple[Rule, ...] = (
    Rule("pair.network", Reason.FORBIDDEN, _READ, contains=say.NETWORK, near=say.NETWORK_SHUT,
         statuses={200, 400, 401, 403}, unless=("model", "content", "safety"),
         hint=("A network rule of the account or provider refuses your address: allow it "
         "there, or send from another network.")),
    Rule("pair.network-zh", Reason.FORBIDDEN, _READ, contains=say.NETWORK_ZH,
         near=say.NETWORK_SHUT_ZH, statuses={200, 400, 401, 403},
         unless=("模型", "内容", "参数", "额度", "频率"),
         hint=("The endpoint refuses your address, place or client: send from another network, or "
         "set other headers.")),
    Rule("pair.client-only", Reason.FORBIDDEN, _READ, contains=say.CLIENT_ONLY, near=say.ONLY_FOR,
         statuses={200, 400, 401, 403}, unless=("plan", "subscription", "rate limit*"),
         hint=_CLIENT_HINT),
    Rule("pair.operation-refused", Reason.FORBIDDEN, _READ, contains=("operation",),
         near=("not allowed", "denied", "not permitted"), statuses={200, 400, 403},
         unless=("parameter", "field", "api key", "permission"), scope=Scope.ACCOUNT),
    Rule("pair.request-blocked", Reason.FORBIDDEN, _READ, contains=say.REQUESTS, near=say.STOPPED,
         statuses={403, 406}, unless=("content", "safety", "moderation", "model", "policy",
         "api key", "token", "quota", "prompt", "account", "guardrail*"), hint=_CLIENT_HINT),
    Rule("pair.client-refused", Reason.FORBIDDEN, _READ, contains=say.CLIENT, near=say.CLIENT_SHUT,
         statuses={200, 400, 401, 403, 406, 451}, unless=("unauthorized client", "client id",
         "client secret", "origin", "parameter", "model", "token", "api key"), hint=_CLIENT_HINT),
    Rule("pair.region", Reason.FORBIDDEN, _READ, contains=say.PLACE, near=say.NOT_SERVED,
         statuses={200, 400, 401, 403, 404, 422, 451}, scope=Scope.ACCOUNT,
         hint=("The provider does not serve the place you send from: use another network or "
         "region, or another provider.")),
    Rule("pair.upstream-forbidden", Reason.FORBIDDEN, _READ, contains=("forbidden",),
         near=("access", "upstream", "request", "requests"), statuses={500, 502, 503},
         hint=_CLIENT_HINT),
    Rule("pair.plan-lacks", Reason.BILLING, _READ, contains=say.PLAN, near=say.PLAN_LACKS,
         unless=say.PLAN_OTHER, other_statuses=_BUSY, scope=Scope.ACCOUNT,
         hint="Your plan has ended or does not include this: see it at the provider."),
    Rule("pair.plan-advised", Reason.BILLING, _READ, contains=say.PLAN, near=say.PLAN_ADVISED,
         unless=(*say.PLAN_OTHER, *PASSES), other_statuses={408, 507, *_PASSING},
         scope=Scope.ACCOUNT,
         hint="Your plan has ended or does not include this: see it at the provider."),
    Rule("pair.payment", Reason.BILLING, _READ, contains=say.PAYMENT, near=say.PAYMENT_BAD,
         unless=("rate limit*", "per minute", "tier"), other_statuses=_BUSY,
         scope=Scope.ACCOUNT),
    Rule("pair.key-401", Reason.AUTH, _READ, contains=say.KEY, near=say.KEY_BAD, statuses={401}),
    Rule("pair.model", Reason.MODEL_NOT_FOUND, _READ, contains=say.MODEL, near=say.MODEL_LACKED,
         unless=say.MODEL_OTHER, statuses={200, 400, 401, 403, 404, 410, 422}),
    Rule("pair.model-misnamed", Reason.MODEL_NOT_FOUND, _READ, contains=say.MODEL_NAMED,
         near=say.MODEL_MISNAMED, statuses={200, 500, 502, 503}),
    Rule("pair.model-zh", Reason.MODEL_NOT_FOUND, _READ, contains=say.MODEL_ZH,
         near=say.MODEL_LACKED_ZH, unless=("参数", "图片", "工具", "格式", "繁忙", "稍后"),
         other_statuses={429, 500}),
    Rule("pair.length", Reason.CONTEXT_OVERFLOW, _READ, contains=say.LENGTHS, near=say.LENGTH_WRONG,
         unless=say.LENGTH_OTHER, other_statuses={401, 402, 403, 404, 408, 429},
         scope=Scope.REQUEST),
    Rule("pair.context", Reason.CONTEXT_OVERFLOW, _READ, contains=say.LENGTH, near=say.TOO_LONG,
         also=say.LENGTH_WORDS, unless=say.LENGTH_OTHER, other_statuses={401, 402, 403, 404, 408,
         429}, scope=Scope.REQUEST),
    Rule("pair.context-zh", Reason.CONTEXT_OVERFLOW, _READ, contains=say.LENGTH_ZH,
         near=say.TOO_LONG_ZH, unless=(*say.WINDOW_ZH, "限额"), other_statuses={401, 402, 403, 404,
         429}, scope=Scope.REQUEST),
    Rule("pair.content", Reason.CONTENT_POLICY, _READ, contains=say.CONTENT, near=say.UNSAFE,
         unless=say.UNSAFE_OTHER, other_statuses={401, 402, 404, 408, 413, 429, 503},
         scope=Scope.REQUEST),
    Rule("pair.content-zh", Reason.CONTENT_POLICY, _READ, contains=say.CONTENT_ZH,
         near=say.UNSAFE_ZH, other_statuses={401, 402, 404, 429}, scope=Scope.REQUEST),
    Rule("pair.upstream-gone", Reason.OVERLOADED, _READ, contains=say.UPSTREAM, near=say.UNREACHED,
         statuses={200, 429, 503}, unless=("region", "country")),
    Rule("pair.overloaded", Reason.OVERLOADED, _READ, contains=say.SERVER, near=say.BUSY,
         unless=("quota", "your plan", "your limit", "rate limit*"), statuses={200, 425, 429, 498,
         500, 503, 529}),
    Rule("pair.overloaded-zh", Reason.OVERLOADED, _READ, contains=say.SERVER_ZH, near=say.BUSY_ZH,
         other_statuses={400, 401, 402, 403, 404}),
    Rule("pair.key", Reason.AUTH, _READ, contains=say.KEY, near=say.KEY_BAD, unless=say.KEY_OTHER,
         other_statuses={404, 408, 413, 422, 429, 503}),
    Rule("pair.bare-key", Reason.AUTH, _READ, contains=say.BARE_KEY, near=say.KEY_BAD,
         statuses={200, 401, 403}, unless=say.KEY_OTHER),
    Rule("pair.key-zh", Reason.AUTH, _READ, contains=say.KEY_ZH, near=say.KEY_BAD_ZH,
         unless=("参数", "长度", "max tokens"), other_statuses={404, 413, 429}),
    Rule("pair.too-fast", Reason.RATE_LIMIT, _READ, contains=say.FAST, near=say.TOO_FAST,
         statuses={200, 402, 403, 429, 498, 529}),
    Rule("pair.too-fast-zh", Reason.RATE_LIMIT, _READ, contains=say.FAST_ZH, near=say.TOO_FAST_ZH,
         other_statuses={400, 401, 404}),
)  # fmt: skip

REQUEST: tuple[Rule, ...] = (
    Rule("words.request", Reason.BAD_REQUEST, _NAMED, codes={"means:request"}, other_statuses={401,
         402, 403, 404, 413, 429, 503}, scope=Scope.REQUEST),
    Rule("pair.request", Reason.BAD_REQUEST, _READ, contains=say.PART, near=say.WRONG,
         unless=("rate limit*", "timed out", "timeout", "overloaded", "unavailable", "try again",
         "later", "upstream", "internal", "produced", "generated", "returned", "in progress"),
         statuses={200, 400, 405, 406, 409, 415, 422, 500, 502}, scope=Scope.REQUEST),
)  # fmt: skip
"""Asked last: so many messages name a part of the request that these say the least."""
