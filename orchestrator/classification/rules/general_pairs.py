"""What a sentence is about, and what is the matter with it: for wordings that nobody listed.

Whole phrases (``general_phrases``) are surer and stand before. These rules read what they
leave: two words that mean one thing wherever they meet, and the words of made-up codes
(``code_words``). A pair is here because it gains: with the words left out that only a tenth of
2,012 labelled failures has, or only one vendor's, it reads some of them better than the rest
of the rules do, as they came or in a stream without a status (2026-11-29). One that gains none
names what it was seen in, or is gone.
"""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import word_pairs as say
from orchestrator.classification.rules.whole_phrases import MONEY_IN_FLIGHT, PASSES
from orchestrator.states.reasons import Reason, Scope

_READ = "gains on failures that it was not written from (2026-11-29)"
_MET = "reports and public code (2026-11-29)"
_NAMED = "how vendors and relays make up codes (2026-11-21)"
_CLIENT_HINT = (
    "The endpoint refused the client, not the key: set other headers for this provider "
    "(User-Agent, X-Stainless-*), or use a client that it allows."
)
_CLOSED_HINT = (
    "The provider closed or restricted this account: write to its support, or use another account."
)
_CALLER = {400, 404, 413, 422}
_PASSING = {408, 409, 413, 500, 502, 503, 504, 529}
"""Statuses that settle more than the words of a code do."""
_BUSY = {409, 503, 504, 529}
"""Statuses beside which talk of plans and payment is only an offer."""

MONEY: tuple[Rule, ...] = (
    Rule("pair.money-gone", Reason.BILLING, _READ, contains=say.MONEY, near=say.MONEY_GONE,
         unless=say.MONEY_OTHER, scope=Scope.ACCOUNT),
    Rule("pair.suspended-for-money", Reason.BILLING, _READ, contains=say.SUSPENDED,
         near=say.FOR_MONEY, unless=("rate limit*", "too many requests", "api key", "model"),
         scope=Scope.ACCOUNT),
    Rule("pair.account-ran-out", Reason.BILLING, _READ, contains=say.RAN_OUT, near=say.HOLDER,
         unless=(*say.SHORT_WINDOW, *say.RAN_OUT_OTHER), scope=Scope.ACCOUNT),
    Rule("pair.gone-and-advised", Reason.BILLING, _MET, contains=say.ADVICE, near=say.USED_UP_NOW,
         unless=(*say.SHORT_WINDOW, *PASSES), scope=Scope.ACCOUNT),
    Rule("pair.long-window", Reason.BILLING, _READ, contains=say.LONG_WINDOW, near=say.ALLOWANCE,
         also=say.USED_UP, unless=say.SHORT_WINDOW, scope=Scope.ACCOUNT,
         hint=("The allowance of the month is used up: raise it or buy more at the provider, or "
         "wait for the next period.")),
    Rule("pair.plan-over", Reason.BILLING, _READ, contains=say.PLAN, near=say.PLAN_OVER,
         unless=(*say.SHORT_WINDOW, "subscription key", "token", "api key", "session",
         "rate limit*", "grok"), scope=Scope.ACCOUNT,
         hint="Your plan has ended or is not active: see it at the provider."),
    Rule("pair.window-used", Reason.RATE_LIMIT, _MET, codes={"wait:soon"}, statuses={402},
         contains=say.WINDOW, near=say.WINDOW_USED),
    Rule("pair.quota-gone", Reason.BILLING, _READ, contains=say.QUOTA, near=say.QUOTA_GONE,
         statuses={400, 402, 403, 412}, unless=(*say.SHORT_WINDOW, "resets", "try again",
         "rate limit*", "context", "retry", "wait", "reset", "replenished"), scope=Scope.ACCOUNT),
    Rule("pair.money-advised-zh", Reason.BILLING, _READ, contains=say.MONEY_ZH,
         near=say.MONEY_ADVISED_ZH, unless=(*say.WINDOW_ZH, *PASSES), other_statuses=_PASSING,
         scope=Scope.ACCOUNT),
    Rule("pair.account-abused", Reason.AUTH, _MET, contains=say.OUR_ACCOUNT, near=say.SHUT,
         also=say.ABUSE, unless=("your prompt", "this prompt", "your request was"),
         scope=Scope.ACCOUNT, hint=_CLOSED_HINT),
    Rule("pair.account-closed", Reason.AUTH, _READ, contains=say.ACCOUNT, near=say.ACCOUNT_CLOSED,
         unless=("rate limit*", "too many requests", "ip", "model", "endpoint", "deployment",
         "resource",  "prompt", "content filter", "moderation", "billing", "payment", "api key",
         "unpaid", "invoice", "user agent"), other_statuses={500, 502, 503, 504, 529},
         scope=Scope.ACCOUNT,
         hint=_CLOSED_HINT),
)  # fmt: skip
"""Asked after the phrases that only money explains, before all others."""

CODES: tuple[Rule, ...] = (
    Rule("words.client", Reason.FORBIDDEN, _NAMED, codes={"means:client"},
         other_statuses={402, 404, 429, *_PASSING}, hint=_CLIENT_HINT),
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
    Rule("pair.request-blocked", Reason.FORBIDDEN, _READ, contains=say.REQUESTS, near=say.STOPPED,
         statuses={403, 406}, unless=("content", "safety", "moderation", "model", "policy",
         "api key", "token", "quota", "prompt", "account", "guardrail*"), hint=_CLIENT_HINT),
    Rule("pair.client-refused", Reason.FORBIDDEN, _READ, contains=say.CLIENT, near=say.CLIENT_SHUT,
         statuses={200, 400, 401, 403, 406, 451}, unless=("unauthorized client", "client id",
         "client secret", "origin", "parameter", "model", "token", "api key"), hint=_CLIENT_HINT),
    Rule("pair.client-refused-zh", Reason.FORBIDDEN,
         "https://github.com/musistudio/claude-code-router/issues/1064 (2026-11-29)",
         contains=say.CLIENT_ZH, near=say.CLIENT_SHUT_ZH, statuses={200, 400, 401, 403, 406},
         unless=("模型", "内容", "参数", "额度", "频率", "图片", "函数"), hint=_CLIENT_HINT),
    Rule("pair.role-refused", Reason.FORBIDDEN, _MET, contains=say.ROLE, near=say.ROLE_SHUT,
         statuses={200, 400, 403}, unless=say.ROLE_OTHER, scope=Scope.ACCOUNT),
    Rule("pair.region", Reason.FORBIDDEN, _READ, contains=say.PLACE, near=say.NOT_SERVED,
         statuses={200, 400, 401, 403, 404, 422, 451}, scope=Scope.ACCOUNT,
         hint=("The provider does not serve the place you send from: use another network or "
         "region, or another provider.")),
    Rule("pair.plan-lacks", Reason.BILLING, _READ, contains=say.PLAN, near=say.PLAN_LACKS,
         unless=say.PLAN_OTHER, other_statuses=_BUSY, scope=Scope.ACCOUNT,
         hint="Your plan has ended or does not include this: see it at the provider."),
    Rule("pair.plan-advised", Reason.BILLING, _READ, contains=say.PLAN, near=say.PLAN_ADVISED,
         unless=(*say.PLAN_OTHER, *PASSES), other_statuses={408, 507, *_PASSING},
         scope=Scope.ACCOUNT,
         hint="Your plan has ended or does not include this: see it at the provider."),
    Rule("pair.key", Reason.AUTH, _READ, contains=say.KEY, near=say.KEY_BAD, unless=say.KEY_OTHER,
         other_statuses={404, 408, 413, 422, 429, 503}),
    Rule("pair.payment", Reason.BILLING, _READ, contains=say.PAYMENT, near=say.PAYMENT_BAD,
         unless=("rate limit*", "per minute", "tier"), other_statuses=_BUSY,
         scope=Scope.ACCOUNT),
    Rule("words.advice", Reason.BILLING, _MET, contains=say.ADVICE, statuses={402, 403, 412},
         unless=(*PASSES, *MONEY_IN_FLIGHT), scope=Scope.ACCOUNT),
    Rule("pair.model", Reason.MODEL_NOT_FOUND, _READ, contains=say.MODEL, near=say.MODEL_LACKED,
         unless=say.MODEL_OTHER, statuses={200, 400, 401, 403, 404, 410, 422}),
    Rule("pair.model-hosting", Reason.MODEL_NOT_FOUND, _MET, contains=say.HOSTING,
         near=say.HOSTING_NEEDED, unless=say.HOSTING_OTHER, statuses={200, 400, 403, 404, 422}),
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
    Rule("pair.content", Reason.CONTENT_POLICY, _READ, contains=say.CONTENT, near=say.UNSAFE,
         unless=say.UNSAFE_OTHER, other_statuses={401, 402, 404, 408, 413, 429, 503},
         scope=Scope.REQUEST),
    Rule("pair.overloaded", Reason.OVERLOADED, _READ, contains=say.SERVER, near=say.BUSY,
         unless=("quota", "your plan", "your limit", "rate limit*"), statuses={200, 425, 429, 498,
         500, 503, 529}),
    Rule("pair.bare-key", Reason.AUTH, _READ, contains=say.BARE_KEY, near=say.KEY_BAD,
         statuses={200, 401, 403}, unless=say.KEY_OTHER),
    Rule("pair.too-fast", Reason.RATE_LIMIT, _READ, contains=say.FAST, near=say.TOO_FAST,
         statuses={200, 402, 403, 429, 498, 529}),
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
