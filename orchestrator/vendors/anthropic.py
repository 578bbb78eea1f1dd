"""Anthropic: API accounts and Claude subscriptions, in a dialect of its own."""

from __future__ import annotations

import re

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.claude.com/en/api/errors (2026-11-21)"
_TOP_UP = "Your Anthropic credit is used up: add credits at https://console.anthropic.com/settings/billing."
_ONLY_ERROR = re.compile(r"\A\s*error\.?\s*\Z", re.IGNORECASE)

_RULES = (
    Rule("anthropic.long-context-not-paid", Reason.BILLING,
         ("https://docs.claude.com/en/docs/build-with-claude/context-windows (2026-11-21)"),
         elsewhere=True, codes={"rate_limit_error", "invalid_request_error"},
         contains=("usage is required for long context", "long context beta is not",
         "extra usage is required", "draw from your extra usage", "usage credits are required"),
         scope=Scope.MODEL,
         hint=("The plan does not pay for long context: enable extra usage, or send a "
         "shorter request.")),
    Rule("anthropic.credit-too-low", Reason.BILLING, _DOC, elsewhere=True,
         contains=("credit balance is too low", "out of extra usage",
         "specified api usage limit*", "organization has been disabled for non payment"),
         scope=Scope.ACCOUNT, hint=_TOP_UP),
    Rule("anthropic.billing", Reason.BILLING, _DOC, elsewhere=True,
         codes={"billing_error"}, scope=Scope.ACCOUNT, hint=_TOP_UP),
    Rule("anthropic.plan-window", Reason.RATE_LIMIT, _DOC, codes={"usage_limit_reached"},
         scope=Scope.ACCOUNT),
    Rule("anthropic.rate-limit", Reason.RATE_LIMIT, _DOC, codes={"rate_limit_error"},
         cover=True),
    Rule("anthropic.forbidden", Reason.FORBIDDEN, _DOC, codes={"forbidden"},
         hint=("Anthropic refuses the place or network you send from: use a supported "
         "region, or another provider.")),
    Rule("anthropic.overloaded", Reason.OVERLOADED, _DOC, codes={"overloaded_error"},
         cover=True),
    Rule("anthropic.image-too-large", Reason.PAYLOAD_TOO_LARGE,
         "https://docs.claude.com/en/docs/build-with-claude/vision (2026-11-21)",
         elsewhere=True, contains=("image dimensions exceed", "image exceeds", "image.source",
         "pdf pages", "maximum of 100 pdf pages"), also=("exceed", "exceeds", "maximum",
         "max allowed"), scope=Scope.REQUEST,
         hint="An image or file is larger than Anthropic takes: scale it down."),
    Rule("anthropic.unnamed-400", Reason.BAD_REQUEST,
         ("the message is the word Error: seen for an OAuth token sent as x-api-key (2026)"),
         statuses={400}, contains=("error",), regex=_ONLY_ERROR,
         hint=("Anthropic says only 'Error': check that an OAuth token is sent as "
         "Authorization and a key as x-api-key.")),
    Rule("anthropic.session-limit", Reason.RATE_LIMIT,
         "Claude subscriptions: windows of five hours and a week (2026-11-21)", elsewhere=True,
         contains=("usage limit reached|", "claude ai usage limit reached",
         "session limit reached",
         "5 hour limit reached", "weekly limit reached", "hit your limit", "opus weekly limit"),
         scope=Scope.ACCOUNT,
         hint=("The plan's window is used up: it opens again at the reset, or add another "
         "account.")),
    Rule("anthropic.tpm-words", Reason.RATE_LIMIT,
         "https://docs.claude.com/en/api/rate-limits (2026-11-21)",
         contains=("per minute rate limit", "organization's rate limit",
         "concurrent connections has exceeded", "acceleration limit")),
    Rule("anthropic.model-name-only", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"not_found_error"}, cover=True),
    Rule("anthropic.org-off", Reason.AUTH, _DOC,
         contains=("organization has been disabled", "organization is disabled",
         "account has been disabled"), scope=Scope.ACCOUNT,
         hint=("Anthropic disabled this organisation: write to its support, or use another "
         "account.")),
)  # fmt: skip

VENDOR = Vendor(
    "anthropic",
    base_url="https://api.anthropic.com/v1",  # chat completions too: "OpenAI SDK compatibility"
    keys=("ANTHROPIC_API_KEY",),
    documentation="https://platform.claude.com/docs/en/api/messages",
    dialect="anthropic-messages",
    limits_by_model=True,  # docs.anthropic.com/en/api/rate-limits
    aliases=("claude", "anthropic-oauth", "claude-code"),
    runs_models=True,
    dialects=("anthropic-messages",),
    starter="claude-sonnet-4-5",
    rules=_RULES,
)
