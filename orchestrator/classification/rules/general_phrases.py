"""Phrases that many providers share, in English and Chinese.

Order is meaning here. Words that only money explains come before words of rate
limits, those before "limit exceeded", which may be either. Upsell words
("billing", "payment method", "upgrade") decide nothing: plain rate limits carry
them. "Try again" decides nothing either: permanent errors carry it.
"""

from __future__ import annotations

import re

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import access_phrases as access
from orchestrator.classification.rules import chinese_phrases as zh
from orchestrator.classification.rules import whole_phrases as say
from orchestrator.classification.rules.word_pairs import MODEL_OTHER
from orchestrator.states.reasons import Reason, Scope

_SEEN = "seen at several vendors and relays (2026-11-21)"
_CLIENT_HEADERS = (
    "A firewall or CDN refused the client, not the key: set other headers for this provider "
    "(User-Agent, X-Stainless-*), or ask from another network."
)

_PASSING = {409, 500, 502, 503, 504, 529}
"""Statuses that pass by themselves: advice to buy does not make them a lack of money."""
_GOOGLE_QUOTA = {"resource_exhausted"}
"""Google says of a minute's quota what others say of an empty account."""
_ONLY_ERROR = re.compile(r"\A\s*error\.?\s*\Z", re.IGNORECASE)

MONEY: tuple[Rule, ...] = (
    # --- refused for a reason that is not the key ---
    Rule("general.client-refused", Reason.FORBIDDEN,
         "relays and Cloudflare refuse SDK headers (2026-11-21)", contains=access.CLIENT_REFUSED,
         unless=("credit", "balance", "quota", "api key", "content policy", "content filter*",
         "safety", "moderation", "usage polic*", "pii", "arguments", "prompt", "injection"),
         hint=_CLIENT_HEADERS),
    Rule("general.client-named", Reason.FORBIDDEN,
         "relays and plans that serve their own clients only (2026-11-21)",
         contains=access.CLIENT_NAMED, unless=("insufficient", "balance"), hint=_CLIENT_HEADERS),
    Rule("general.region", Reason.FORBIDDEN, _SEEN, contains=access.REGION, scope=Scope.ACCOUNT,
         hint=("The provider does not serve the place you send from: use another network or "
         "region, or another provider.")),
    Rule("general.network-refused", Reason.FORBIDDEN, _SEEN, contains=access.NETWORK_REFUSED,
         hint=("A network rule of the account or provider refuses your address: allow it "
         "there, or send from another network.")),
    # --- a request above a budget, which no wait cures ---
    Rule("general.request-above-budget", Reason.CONTEXT_OVERFLOW, _SEEN,
         contains=("request too large for", "tokens must be reduced in order to run",
         "please reduce your message size"),
         hint=("This one request is larger than the whole budget of a minute, so waiting "
         "never helps: shorten it or raise the limit.")),
    Rule("general.request-above-rate", Reason.CONTEXT_OVERFLOW, _SEEN, statuses={429},
         contains=("request too large", "request is too large", "single request exceeds"),
         hint=("This one request is larger than the whole budget of a minute, so waiting "
         "never helps: shorten it or raise the limit.")),
    # --- money in use is not money gone ---
    Rule("general.money-in-flight", Reason.RATE_LIMIT,
         "relays and OpenRouter hold money back for running requests (2026-11-21)",
         contains=say.MONEY_IN_FLIGHT,
         hint=("Running requests hold the rest of the balance: wait for them to end, send "
         "fewer at once, or add money.")),
    # --- words that only money explains ---
    Rule("general.no-money", Reason.BILLING, _SEEN, contains=say.NO_MONEY,
         scope=Scope.ACCOUNT),
    Rule("general.spend-limit", Reason.BILLING, _SEEN, contains=say.SPEND_LIMIT,
         unless=("per minute", "per second", "context", "requests per")),
    Rule("general.no-money-zh", Reason.BILLING, _SEEN, contains=zh.NO_MONEY,
         scope=Scope.ACCOUNT),
    Rule("general.quota-money", Reason.BILLING,
         "what OpenAI says of an empty account, and others of a rate too (2026-11-21)",
         contains=say.QUOTA_MONEY, unless=say.RATE_WORDS, other_codes=_GOOGLE_QUOTA,
         scope=Scope.ACCOUNT),
    Rule("general.money-advice", Reason.BILLING,
         "upsell words stand in plain rate limits too (2026-11-21)", contains=say.MONEY_ADVICE,
         unless=say.PASSES, other_statuses=_PASSING, scope=Scope.ACCOUNT),
    Rule("general.money-advice-zh", Reason.BILLING, _SEEN, contains=zh.MONEY_ADVICE,
         unless=say.PASSES, other_statuses=_PASSING, scope=Scope.ACCOUNT),
    Rule("general.quota-gone-zh", Reason.BILLING, _SEEN, contains=zh.QUOTA_GONE,
         unless=zh.RATE_WORDS, scope=Scope.ACCOUNT),
    Rule("general.zero-quota", Reason.BILLING,
         "Gemini and gateways: a limit of zero never refills (2026-11-21)", contains=("limit: 0",
         "quota limit is 0", "limit of 0", "limit set to 0",
         "limit is 0"), also=("quota", "free tier", "exceeded", "rate limit"),
         scope=Scope.MODEL,
         hint=("Your plan has no quota at all for this model: enable billing or choose "
         "another model.")),
)  # fmt: skip
"""What only a firewall, a place or money explains."""

PLAIN: tuple[Rule, ...] = (
    # --- content ---
    Rule("general.content", Reason.CONTENT_POLICY, _SEEN, contains=say.CONTENT,
         unless=("request frequency",), scope=Scope.REQUEST),
    Rule("general.content-zh", Reason.CONTENT_POLICY, _SEEN, contains=zh.CONTENT,
         scope=Scope.REQUEST),
    # --- too long ---
    Rule("general.payload-bytes", Reason.PAYLOAD_TOO_LARGE, _SEEN,
         contains=("body", "payload", "entity", "inlined data", "total size", "request size"),
         also=("exceed", "exceeds", "exceeded", "larger than", "over the", "above", "at most",
         "maximum"),
         regex=re.compile(r"\d\s?(?:[kmg]i?b|bytes)\b", re.IGNORECASE), unless=("token",),
         scope=Scope.REQUEST),
    Rule("general.payload", Reason.PAYLOAD_TOO_LARGE, _SEEN, contains=say.PAYLOAD,
         unless=("tokens",), scope=Scope.REQUEST),
    Rule("general.context", Reason.CONTEXT_OVERFLOW, _SEEN, contains=say.CONTEXT,
         scope=Scope.REQUEST, unless=("per minute", "tpm", "rate limit", "per day", "tokens per",
         "please wait", "wait before", "daily", "per hour", "hourly", "weekly", "retry in",
         "try again in", "quota exceeded", "minute", "in the last")),
    Rule("general.context-zh", Reason.CONTEXT_OVERFLOW, _SEEN, contains=zh.CONTEXT,
         unless=zh.RATE_WORDS, scope=Scope.REQUEST),
    Rule("general.no-room-for-output", Reason.CONTEXT_OVERFLOW,
         "clients compute max_tokens from what is left of the window (2026-11-21)",
         contains=("max_tokens must be at least", "max_completion_tokens must be at least"),
         regex=re.compile("got -\\d"), scope=Scope.REQUEST),
    # --- the model ---
    Rule("general.plan-lacks-model", Reason.BILLING, _SEEN, contains=say.PLAN_LACKS,
         scope=Scope.MODEL,
         hint=("Your plan does not include this model: upgrade the plan, or choose a model "
         "that it includes.")),
    Rule("general.model", Reason.MODEL_NOT_FOUND, _SEEN, contains=say.MODEL,
         unless=("overloaded", "temporarily", "at capacity", "rate limit", "too many requests",
         "high demand", "busy")),
    Rule("general.model-unsupported", Reason.MODEL_NOT_FOUND, _SEEN, contains=say.MODEL_UNSUPPORTED,
         unless=MODEL_OTHER),
    Rule("general.model-zh", Reason.MODEL_NOT_FOUND, _SEEN, contains=zh.MODEL),
    # --- a 429 that asks for a wait limits the rate, whatever else it calls itself ---
    Rule("general.429-asks-to-wait", Reason.RATE_LIMIT,
         "RFC 6585 section 4 (2012-04): Retry-After says how long to wait before a new request",
         statuses={429}, codes={"wait:asked"}),
    # --- capacity ---
    Rule("general.overloaded", Reason.OVERLOADED, _SEEN, contains=say.OVERLOADED,
         unless=("rate limit exceeded", "your rate limit", "failed to connect"),
         statuses={200, 400, 403, 409, 425, 429, 498, 500, 503, 529}),
    Rule("general.overloaded-anywhere", Reason.OVERLOADED, _SEEN,
         contains=say.OVERLOADED_STRONG),
    Rule("general.overloaded-zh", Reason.OVERLOADED, _SEEN, contains=zh.OVERLOADED),
    # --- rate limits, before what merely says "limit exceeded" ---
    Rule("general.rate-limit", Reason.RATE_LIMIT, _SEEN, contains=say.RATE_LIMIT,
         other_statuses={413}),
    Rule("general.rate-limit-zh", Reason.RATE_LIMIT, _SEEN, contains=zh.RATE_LIMIT),
    Rule("general.window-limit", Reason.RATE_LIMIT,
         "plans with windows of hours, days or weeks name their reset (2026-11-21)",
         contains=say.WINDOW_LIMIT, also=say.WINDOW_CLEARS, unless=("balance",
         "billing cycle", "billing period", "monthly")),
    Rule("general.limit-that-may-clear", Reason.RATE_LIMIT,
         'a lack of money says "try again later" as well, but not as 429 or 503 (2026-11-29)',
         contains=say.WINDOW_LIMIT, also=say.MAY_CLEAR, unless=("balance", "billing cycle",
         "billing period", "monthly"), other_statuses={400, 403}),
    # --- credentials ---
    Rule("status.403-html", Reason.FORBIDDEN,
         "pages of firewalls and CDNs, which never saw the key (2026-11-21)",
         statuses={403, 405, 406, 418}, codes={"body:html"}, hint=_CLIENT_HEADERS),
    Rule("general.leaked-key", Reason.AUTH, _SEEN, contains=("reported as leaked",
         "key has been revoked", "token has been revoked", "key was revoked", "key is revoked",
         "key has been deleted", "key was deleted", "key has been deactivated", "key leaked",
         "has been invalidated"), scope=Scope.KEY, revoked=True,
         hint="This key was withdrawn for good: create a new one and replace it."),
    Rule("general.proxy-status", Reason.CONNECTION, "RFC 9110, section 15.5.8 (2026-11-30)",
         statuses={407},
         hint=("A proxy between you and the provider asks for a login: check the proxy's "
         "settings.")),
    Rule("general.proxy-login", Reason.CONNECTION, "RFC 9110, section 15.5.8 (2026-11-30)",
         contains=("proxy authentication",),
         hint=("A proxy between you and the provider asks for a login: check the proxy's "
         "settings.")),
    Rule("general.auth", Reason.AUTH, _SEEN, contains=access.AUTH),
    Rule("general.auth-zh", Reason.AUTH, _SEEN, contains=zh.AUTH),
    Rule("general.account-closed", Reason.AUTH, _SEEN, contains=access.ACCOUNT_CLOSED,
         scope=Scope.ACCOUNT,
         hint=("The provider closed or restricted this account: write to its support, or "
         "use another account.")),
    # --- limits that name no window: money ---
    Rule("general.quota-gone", Reason.BILLING, _SEEN, contains=say.QUOTA_GONE,
         unless=("per minute", "per second", "per day", "requests per", "try again in",
         "retry after", "reset")),
    Rule("general.quota-used-up", Reason.BILLING,
         "at 429 these words leave it open, and lean to rate_limit (2026-11-21)",
         contains=say.QUOTA_USED_UP, statuses={400, 401, 402, 403, 412, 500}, unless=("per minute",
         "per second", "per day", "requests per", "try again in", "retry after", "context")),
    Rule("general.plan-advice", Reason.BILLING, _SEEN, contains=("upgrade your plan",),
         statuses={400, 401, 402, 403, 412}, unless=say.PASSES),
)  # fmt: skip
"""What the words say of content, length, models, capacity, rates and credentials."""

LAST: tuple[Rule, ...] = (
    Rule("general.refused", Reason.AUTH, _SEEN, contains=(*access.REFUSED, *zh.REFUSED),
         other_statuses={422}),
    # --- the provider's own failures, seen under other statuses ---
    Rule("general.bad-request", Reason.BAD_REQUEST, _SEEN, contains=say.BAD_REQUEST,
         scope=Scope.REQUEST),
    Rule("general.request-not-read", Reason.TIMEOUT, _SEEN,
         contains=("timed out reading request body",)),
    Rule("general.server-error", Reason.SERVER_ERROR, _SEEN, contains=say.SERVER_ERROR,
         unless=("rate limit", "quota"), other_statuses={401, 402, 404, 413, 429}),
    Rule("general.not-connected", Reason.SERVER_ERROR,
         "gateways that lost the server behind them, under any status (2026-11-29)",
         contains=say.CONNECTION_LOST, statuses={200, 400, 404, 409, 424, 500, 502, 503, 504}),
    Rule("general.broken-stream", Reason.STREAM_INTERRUPTED, _SEEN, codes={"sse"},
         contains=("stream ended", "stream interrupted", "premature close", "connection reset",
         "connection lost", "terminated", "stream closed", "peer closed connection",
         "incomplete chunked read", "socket hang up", "network connection lost",
         "stream disconnected", "idle timeout waiting")),
    Rule("general.nameless-400", Reason.CONTEXT_OVERFLOW,
         ("undecidable: servers of no known name say just this of an overfull context (2026)"),
         statuses={400}, contains=("error",), regex=_ONLY_ERROR, other_codes={"quote"},
         hint=("The server says no more than 'Error', which an overfull context does at "
         "some servers: try a shorter request, and see the server's log.")),
    Rule("general.limit-in-stream", Reason.RATE_LIMIT,
         "no status tells whether it refills, and a wrong wait costs the least (2026-11-21)",
         contains=("limit reached", "limit exceeded", "quota exceeded", "usage limit",
         "quota reached"), statuses={200}),
)  # fmt: skip
