"""Pairs of words that mean one thing in whatever sentence they meet.

The lists of ``whole_phrases`` hold whole phrases, which a new wording escapes. Here stand
what a sentence is about and what is the matter with it; ``Rule.near`` asks for both, close
together, in either order. Words only; what they mean stands with the rule.
"""

from __future__ import annotations

MONEY = (
    "credit", "credits", "balance", "balances", "fund", "funds", "wallet", "prepaid", "prepayment",
    "deposit", "budget", "budgets", "money", "points", "coins", "topup", "spend", "spending",
    "allowance", "allotment", "premium requests", "premium quota", "premium model quota", "overage",
    "overages", "extra usage", "paid usage", "paid quota", "pay as you go", "cost", "costs",
    "estimated cost", "charge", "top up balance", "account funds", "prepay", "purse", "token pack",
    "tokens pack", "available quota",
)  # fmt: skip
MONEY_GONE = (
    "0 left", "0 remaining", "none left", "insufficient", "exhausted", "depleted", "used up",
    "used all", "run out", "ran out", "running out", "out of", "empty", "zero", "negative",
    "too low", "is low", "not enough", "not sufficient", "lack", "lacks", "lacking", "no remaining",
    "no more", "no longer have", "have no", "has no", "don't have", "doesn't have", "do not have",
    "does not have", "don't have any", "not have any", "consumed", "below", "overdrawn", "is gone",
    "are gone", "expired", "exceeded", "exceeds", "exceeding", "over the", "reached", "maxed out",
    "short of", "cannot cover", "not cover", "can't cover", "unable to cover", "has been spent",
    "have been used", "has been used", "required", "requires", "is needed", "fully used", "drained",
    "in the red", "$0", "hit", "is 0", "of 0", "is $0", "at 0", "is spent", "all spent", "lapsed",
    "ended", "void", "forfeited", "withdrawn", "not valid",
)  # fmt: skip
MONEY_OTHER = (
    "weekly", "hourly", "5 hour", "session", "minute", "second", "parameter", "field", "argument",
    "function", "tool", "schema", "property", "thinking", "reasoning", "budget tokens",
    "token budget", "per minute", "per second", "tpm", "rpm", "per hour", "in flight", "pending",
    "concurrent", "concurrency", "time budget", "retry budget", "error budget", "context length",
    "context window", "max tokens", "load balance*", "per day", "daily", "resets at", "resets in",
    "timeout", "rate limit exceeded", "rate limit reached", "rate limit hit", "rate limited",
    "exceeded your rate limit", "exceeded the rate limit", "too many requests",
)  # fmt: skip
PAYMENT = (
    "payment", "payments", "invoice", "invoices", "billing", "credit card", "card", "bill", "bills",
    "payment method", "dues", "fees", "charges",
)  # fmt: skip
PAYMENT_BAD = (
    "required", "requires", "require", "failed", "fails", "declined", "overdue", "past due",
    "unpaid", "outstanding", "missing", "not enabled", "not active", "inactive", "not set up",
    "set up", "setup", "on hold", "must be enabled", "has been disabled", "is disabled", "disabled",
    "delinquent", "not been paid", "could not be processed", "not be charged", "unable to charge",
    "problem", "issue", "suspended", "closed", "no valid", "expired", "settle", "not configured",
    "lapsed", "enable", "without", "not found", "add a", "need to add", "must add", "attach",
    "enter a",
)  # fmt: skip
PLAN = (
    "pro users", "premium users", "paying users", "paying customers", "upgrade required", "plan",
    "plans", "subscription", "subscriptions", "membership", "package", "tier", "licence", "license",
    "trial", "entitlement", "subscriber", "subscribers", "free account", "free accounts",
    "free user", "free users", "paid account", "paid accounts", "paid users", "evaluation",
    "evaluation period", "trial period", "pilot", "pilot program", "voucher", "coupon", "grant",
    "promotion", "bundle", "contract", "billing plan", "prepaid plan", "access period",
    "free period", "seat", "pack", "pass", "demo", "promo", "period", "student plan",
)  # fmt: skip
PLAN_LACKS = (
    "only for", "for pro", "only", "doesn't include", "does not include", "not included",
    "not currently include", "doesn't currently include", "no longer includes", "not include",
    "doesn't cover", "does not cover", "requires", "require", "required", "expired", "has ended",
    "ended", "is over", "inactive", "not active", "no active", "cancelled", "canceled", "paused",
    "lapsed", "not entitled", "not eligible", "not available", "isn't available", "unavailable",
    "doesn't support", "does not support", "not support", "not allow", "not allowed",
    "not permitted", "only available", "available only", "exclusive", "restricted", "need", "needs",
    "must have", "not have", "without", "does not grant", "not part of", "limited to",
    "does not have", "doesn't have", "don't have", "no valid", "cannot access", "can't access",
    "not found", "not permit", "not grant", "insufficient", "too low", "higher",
)  # fmt: skip
PLAN_ADVISED = ("upgrade", "subscribe")
PLAN_OVER = (
    "ran out", "run out", "used up", "exhausted", "expired", "has ended", "ended", "is over",
    "inactive", "non active", "isn't active", "not active", "no active", "cancelled", "canceled",
    "lapsed", "paused", "no valid", "not have a valid", "not have an active", "not subscribed",
    "terminated", "no longer active", "no longer valid", "expires", "expiry date", "end date",
    "finished", "concluded", "elapsed", "discontinued", "deactivated", "stopped", "not renewed",
    "has passed", "closed", "withdrawn", "not valid", "void",
)  # fmt: skip
PLAN_OTHER = (
    "subscription key", "rate limit*", "rate limited", "too many requests", "per minute",
    "service tier", "per day", "temporarily", "invalid token", "license agreement", "concurrent",
    "high demand", "context", "minute", "per hour", "daily", "weekly", "resets", "will reset",
    "try again in", "wait", "slow down",
)  # fmt: skip
QUOTA = (
    "usage limit", "usage limits", "quota", "quotas", "api limit", "usage cap", "credit limit",
    "request quota", "usage quota", "remaining quota", "plan limit", "plan limits",
)  # fmt: skip
QUOTA_GONE = (
    "exhausted", "exceeded", "exceeds", "exceed", "reached", "used up", "depleted", "not enough",
    "insufficient", "no", "out of", "remaining", "failed", "hit", "zero", "over", "consumed",
)  # fmt: skip
RAN_OUT = ("run out of", "ran out of", "used up all")
HOLDER = ("your account", "account has", "you have", "you've", "your organization", "your team")
RAN_OUT_OTHER = (
    "today", "tomorrow", "context", "memory", "time", "attempts", "retries", "resets", "wait",
    "try again", "rate limit*", "rate limited", "too many requests", "disk", "space", "capacity",
)  # fmt: skip
SUSPENDED = (
    "suspended", "suspension", "disabled", "paused", "restricted", "blocked", "locked",
    "deactivated", "on hold", "access", "terminated",
)  # fmt: skip
FOR_MONEY = (
    "invoice", "invoices", "payment", "payments", "unpaid", "overdue", "balance", "arrears",
    "expired plan", "non payment", "nonpayment", "outstanding", "past due", "billing",
    "spend limit", "spending limit", "dues", "credit", "credits",
)  # fmt: skip
LONG_WINDOW = (
    "monthly", "per month", "this month", "this month's", "a month", "month's", "for the month",
    "current month", "billing cycle", "billing period", "lifetime", "yearly", "annual", "per year",
    "calendar month", "subscription period",
)  # fmt: skip
ALLOWANCE = (
    "limit", "limits", "quota", "quotas", "cap", "allowance", "allotment", "allocation", "usage",
    "requests", "tokens", "spend", "spending", "usages", "neurons", "minutes", "messages",
)  # fmt: skip
USED_UP = (
    "reached", "exceeded", "exceed", "exceeds", "exhausted", "used up", "used all", "hit", "over",
    "depleted", "consumed", "used", "no remaining", "out of", "maxed",
)  # fmt: skip
SHORT_WINDOW = (
    "per minute", "per second", "per hour", "per day", "daily", "weekly", "5 hour", "hourly",
    "per week", "rpm", "tpm", "rpd", "tpd",
)  # fmt: skip
ACCOUNT = (
    "account", "accounts", "organization", "organisation", "user", "project", "team", "workspace",
    "tenant", "consumer", "profile", "customer", "org",
)  # fmt: skip
ACCOUNT_CLOSED = (
    "suspended", "disabled", "banned", "deactivated", "terminated", "frozen", "locked",
    "under review", "violation of", "violating", "violated", "has been restricted", "is restricted",
    "been blocked", "is blocked", "has been closed", "blacklisted", "flagged", "inactive",
    "deleted", "not active", "does not exist", "doesn't exist",
)  # fmt: skip
KEY = (
    "api key", "api keys", "apikey", "access key", "api token", "access token", "auth token",
    "authentication token", "bearer token", "credential", "credentials", "secret key",
    "security token", "session token", "id token", "refresh token", "signature", "jwt",
    "authorization", "authentication", "auth key", "x api key", "api secret", "oauth",
    "subscription key",
)  # fmt: skip
BARE_KEY = ("key", "token", "secret", "auth", "session", "login", "bearer", "cookie", "user")
KEY_BAD = (
    "invalid", "incorrect", "expired", "expire", "revoked", "missing", "not valid", "not found",
    "disabled", "malformed", "wrong", "unknown", "unrecognized", "unrecognised", "inactive",
    "deleted", "required", "failed", "failure", "not provided", "not supplied", "rejected",
    "denied", "does not exist", "doesn't exist", "not recognized", "not be verified",
    "could not be", "unauthorized", "not authorized", "blocked", "suspended", "empty", "not match",
    "mismatch", "bad", "not accepted", "not set", "not present", "no", "isn't valid",
    "is not active", "cannot be validated", "no longer valid", "needed", "must provide",
    "must be provided", "please provide", "provide a valid", "not permitted", "not allowed",
    "forbidden", "insufficient", "unable to verify", "error", "not enabled", "not registered",
    "again", "lacks", "logged out",
)  # fmt: skip
KEY_OTHER = (
    "max tokens", "unexpected token", "token limit", "tokens", "stop token", "json", "thinking",
    "tool", "thought signature", "key limit", "rate limit*", "parameter", "too many", "timed out",
    "quota", "token count", "function", "content", "schema", "image", "image url", "property",
)  # fmt: skip
MODEL = (
    "model", "models", "deployment", "deployments", "engine", "model id", "endpoint", "llm",
    "checkpoint", "adapter", "foundation model", "model name", "channel", "channels", "route",
    "model alias", "llm model",
)  # fmt: skip
MODEL_LACKED = (
    "not entitled", "not eligible", "not cleared", "archived", "not granted", "not included",
    "beyond your", "gated", "not found", "not be found", "does not exist", "doesn't exist",
    "not exist", "no such", "not available", "unavailable", "isn't available", "aren't available",
    "not supported", "unsupported", "deprecated", "retired", "removed", "decommissioned",
    "discontinued", "sunset", "shut down", "no longer", "not enabled", "not allowed", "no access",
    "not have access", "doesn't have access", "don't have access", "lacks access",
    "not have permission", "permission to use", "no permission", "unknown", "invalid",
    "not recognized", "unrecognized", "could not find", "cannot find", "can't find", "not deployed",
    "not loaded", "not served", "not serving", "disabled", "offline", "not permitted",
    "not accessible", "inaccessible", "not installed", "not registered", "not configured",
    "not authorized", "not a valid", "not part of", "end of life", "taken offline", "cannot access",
    "can't access", "not open", "not activated", "not opened", "no available", "not hosted",
    "not subscribed", "not whitelisted", "not listed", "not in the list", "denied", "not ready for",
    "renamed", "replaced by", "migrate to", "mistyped", "misspelled", "isn't supported",
    "not been found", "wasn't found", "terms", "agreement", "accept", "paused", "unloaded",
    "stopped", "closed", "access denied", "not grant*", "permission denied", "no price",
    "no pricing", "price catalog", "no provider", "no providers", "no route", "no routes",
    "no deployment", "no deployments", "no endpoint", "no endpoints", "no channel", "no backend",
    "no backends", "no worker serves", "not mapped", "isn't mapped", "no mapping", "unmapped",
    "not served by", "not offered", "not in catalog", "not known", "can't be used",
    "cannot be used", "not usable", "not provisioned", "not published", "no entry", "not routable",
    "not resolvable", "could not resolve", "cannot resolve", "not resolve", "ambiguous", "alias",
    "restricted to", "only for", "reserved for",
)  # fmt: skip
MODEL_NAMED = ("model id", "model name", "model", "models")
MODEL_MISNAMED = (
    "incorrect", "wrong", "permission to use", "not have permission", "misspelled",
    "not authorized", "错误",
)  # fmt: skip
MODEL_OTHER = (
    "api key is not", "key is not allowed", "credentials", "temporarily", "overloaded", "busy",
    "right now", "at the moment", "rate limit*", "too many requests", "at capacity", "parameter",
    "parameters", "tool", "tools", "function", "functions", "image", "images", "temperature",
    "streaming", "stream", "system message", "top p", "response format", "input type", "role",
    "reasoning effort", "thinking", "modality", "audio", "multimodal", "json", "schema", "content",
    "per minute", "high demand", "try again later", "retry", "prompt", "token", "tokens",
    "messages", "argument", "field", "value", "properties", "attachments", "file", "vision",
    "suffix", "logprobs", "quota", "context", "conversation", "window", "length", "prefill",
    "assistant", "reasoning", "returned", "option", "setting", "header", "method", "operation",
    "format",
)  # fmt: skip
LENGTH = (
    "token", "tokens", "context", "context window", "context length", "prompt", "input",
    "input length", "sequence", "conversation", "messages", "history", "prompt length",
    "chat history", "request", "text", "num tokens", "ctx", "message",
)  # fmt: skip
TOO_LONG = (
    "exceed", "less than", "fewer than", "too many total", "too long", "too large",
    "too many tokens", "exceeds the", "exceed the", "exceeded the", "exceeds", "exceeding",
    "longer than", "larger than", "greater than", "more than", "over the limit", "overflow",
    "overflows", "truncate", "not fit", "doesn't fit", "beyond", "shorten", "too big", "maximum of",
    "max context", "maximum context", "maximum length", "maximum is", "limit is", "limit of",
    "exceeded", "maximum", "supports up to", "bigger than", "longer context", "reduce the length",
    "oversized", "no longer fit", "no longer fits", "fits", "at most", "only accepts", "above the",
)  # fmt: skip
LENGTH_OTHER = (
    "per minute", "per second", "per day", "rate limit*", "too many requests", "tpm", "quota",
    "name", "temperature", "tool", "tools", "top p", "tokens you requested", "output tokens",
    "unrecognized", "unknown", "images", "credits", "balance", "budget", "timed out", "timeout",
    "n must", "seconds", "bytes", "mb", "access token", "expired", "deadline", "time limit",
    "characters long", "billing", "spend*", "stop", "pattern", "enum", "image",
)  # fmt: skip
LENGTH_WORDS = (
    "token", "tokens", "context", "length", "window", "too long", "long", "ctx", "prompt",
)  # fmt: skip
CONTENT = (
    "content", "prompt", "input", "output", "request", "response", "text", "image", "message",
    "messages", "completion", "query", "generation", "answer", "question", "topic", "conversation",
)  # fmt: skip
UNSAFE = (
    "unsafe", "harmful", "violates", "violate", "violated", "violating", "violation", "flagged",
    "inappropriate", "moderation", "moderated", "safety", "prohibited", "sensitive", "illegal",
    "offensive", "explicit", "disallowed", "guardrail", "guardrails", "content filter",
    "content policy", "usage policy", "blocked by", "usage policies", "guidelines", "nsfw",
    "risk control", "copyright*", "recitation", "jailbreak", "malicious", "high risk", "toxic",
    "policy", "is blocked", "was blocked", "been blocked", "censored", "refused by",
    "rejected by our", "safety rules", "unsafe content", "not safe", "objectionable", "detected in",
)  # fmt: skip
UNSAFE_OTHER = (
    "data policy", "rate limit*", "privacy policy", "retry policy", "account", "organization",
    "firewall", "parameter", "schema", "quota", "policy engine", "cors", "iam", "service control",
    "network", "ip", "user agent", "case sensitive", "key policy", "policy violation: data",
)  # fmt: skip
NETWORK = (
    "firewall", "virtual network", "vnet", "private endpoint", "ip", "ip address", "public access",
    "network", "vpn", "proxy", "public network", "source address", "ips",
)  # fmt: skip
NETWORK_SHUT = (
    "denied", "blocked", "not allowed", "disabled", "rules", "restricted", "not permitted", "acl",
    "whitelist", "allowlist", "not whitelisted", "allow list", "forbidden", "not authorized",
    "rejected", "not in",
)  # fmt: skip
REQUESTS = ("request", "requests", "traffic", "your access")
STOPPED = ("blocked", "not allowed", "banned")
CLIENT = (
    "client", "clients", "user agent", "app", "apps", "browser", "sdk", "third party", "bot",
    "bots", "automated", "integration", "harness", "tool use outside", "user agents", "crawler",
    "desktop app", "mobile app", "official apps", "official client", "coding agent",
    "session header", "client version", "client header", "agents",
)  # fmt: skip
CLIENT_SHUT = (
    "not allowed", "not authorized", "not supported", "unsupported", "blocked", "not permitted",
    "forbidden", "rejected", "banned", "restricted", "denied", "unrecognized", "not recognized",
    "not whitelisted", "not approved", "prohibited", "disallowed", "only", "unapproved",
    "unofficial", "reserved", "not accepted", "may call", "may use", "outdated", "too old",
)  # fmt: skip
FAST = (
    "request", "requests", "calls", "queries", "messages", "tokens", "rate", "usage", "frequency",
    "traffic", "concurrency", "sessions", "limit", "limits", "quota", "throughput", "images",
)  # fmt: skip
TOO_FAST = (
    "too many", "too fast", "too frequent", "too quickly", "too often", "per minute", "per second",
    "per hour", "per day", "throttle", "throttled", "throttling", "slow down", "in the last",
    "in a short", "within", "a minute", "a day", "/min", "/minute", "/day", "/hour", "every",
    "daily", "hourly", "weekly", "concurrent", "simultaneous", "in parallel", "resets",
    "will reset", "try again in", "retry after", "retry in", "wait", "back off", "backoff", "today",
    "tomorrow", "until", "exceeded", "too high",
)  # fmt: skip
PART = (
    "param", "params", "parameter", "parameters", "argument", "arguments", "field", "property",
    "schema", "json", "format", "role", "tool", "tools", "function", "image", "images", "url",
    "value", "request", "body", "message", "messages", "content", "response format", "type",
    "input", "tool call", "tool calls", "grammar", "template", "audio", "file",
)  # fmt: skip
WRONG = (
    "invalid", "missing", "unsupported", "not supported", "unknown", "malformed", "must be",
    "must have", "must not", "must contain", "should be", "unexpected", "not permitted", "expected",
    "cannot be", "can't be", "does not support", "doesn't support", "only supports", "only support",
    "not a valid", "not valid", "is required", "are required", "unrecognized", "not allowed",
    "failed to parse", "cannot parse", "unable to parse", "could not parse", "incompatible",
    "mutually exclusive", "out of range", "cannot contain", "mismatch", "conflict*", "duplicate",
    "not match", "ill formed", "bad",
)  # fmt: skip
MONEY_ZH = (
    "权益", "次数", "流量", "时长", "金币", "余量", "用量包", "余额", "账户", "账号", "套餐",
    "额度", "配额", "资源包", "点数", "积分", "费用", "资金", "钱包", "订阅", "会员", "免费",
    "试用", "预付费", "流量包", "token包", "付费",
)  # fmt: skip
MONEY_ADVISED_ZH = (
    "升级", "开通", "购买", "支付", "充值", "续费", "续订", "缴费",
)  # fmt: skip
WINDOW_ZH = (
    "每日", "今日", "每分钟", "每小时", "分钟", "小时", "重置", "每天", "每周", "稍后", "频率",
    "并发", "速率", "明天", "次日",
)  # fmt: skip
MODEL_ZH = ("模型", "渠道", "接入点", "部署", "推理点")
MODEL_LACKED_ZH = (
    "不存在", "未找到", "找不到", "不支持", "下线", "未开通", "无权", "不可用", "停用", "没有",
    "无可用", "未授权", "未部署", "关闭", "错误", "无效", "未激活", "权限", "废弃", "已移除",
)  # fmt: skip
HOSTING = (
    "dedicated", "dedicated endpoint", "dedicated deployment", "provisioned throughput",
    "serverless", "deployment", "deployed", "private deployment", "own deployment", "hosted",
    "instance", "provisioned", "private endpoint",
)  # fmt: skip
HOSTING_NEEDED = (
    "needs", "need", "requires", "require", "required", "only", "must", "not available",
    "not supported", "unavailable", "not offered", "create", "first", "before", "non", "not",
)  # fmt: skip
HOSTING_OTHER = (
    "rate limit*", "quota", "busy", "capacity", "overloaded", "try again", "tokens", "parameter",
    "loading", "temporarily",
)  # fmt: skip
ROLE = (
    "role", "roles", "operation", "this endpoint", "this route", "this action", "this path",
    "this method", "this resource", "this api", "the endpoint", "admin", "admins", "administrators",
)  # fmt: skip
ROLE_SHUT = (
    "not allowed", "not permitted", "not permit", "denied", "may not", "cannot", "can't",
    "not enabled", "restricted", "not authorized", "forbidden", "no access", "not available",
    "does not allow", "not have access", "only", "not entitled", "disabled", "insufficient",
    "lacks", "lack",
)  # fmt: skip
ROLE_OTHER = (
    "api key", "key", "token", "credential*", "parameter", "field", "model", "plan", "quota", "ip",
    "content", "user is not", "permission*",
)  # fmt: skip
WINDOW = (
    "minute", "minutes", "hour", "hours", "hourly", "daily", "day", "today", "second", "seconds",
    "rolling", "window", "per minute", "per second", "per hour", "per day", "5 hour", "24 hours",
)  # fmt: skip
WINDOW_USED = (
    "limit", "limits", "quota", "cap", "allowance", "requests", "calls", "messages", "tokens",
    "too many", "reached", "used", "exhausted", "exceeded", "hit", "rate",
)  # fmt: skip
ADVICE = (
    "top up", "topup", "recharge", "add funds", "add credit", "add credits", "buy credits",
    "buy credit", "purchase credits", "refill", "pay your", "payment", "payments", "invoice",
    "invoices", "billing", "subscribe",
)  # fmt: skip
CLIENT_ZH = (
    "客户端", "cli", "claude code", "codex", "终端", "第三方", "官方", "工具", "user agent", "ua",
)  # fmt: skip
CLIENT_SHUT_ZH = (
    "请勿", "仅限", "只能", "之外", "禁止", "不允许", "仅支持", "不支持", "只支持", "拦截",
    "未授权", "非官方",
)  # fmt: skip
USED_UP_NOW = (
    "exhausted", "used up", "empty", "ran out", "run out", "out of", "insufficient", "depleted",
    "expired", "zero", "not enough",
)  # fmt: skip
OUR_ACCOUNT = (
    "your account", "your resource", "your organization", "your access", "your subscription",
    "your project", "your team", "your workspace", "this account", "the account",
)  # fmt: skip
SHUT = (
    "blocked", "suspended", "disabled", "banned", "restricted", "deactivated", "terminated",
    "revoked", "locked", "closed",
)  # fmt: skip
ABUSE = (
    "policy", "policies", "violat*", "abuse", "abusive", "terms", "misuse", "suspicious", "fraud*",
    "guidelines",
)  # fmt: skip
PLACE = (
    "country", "countries", "region", "regions", "location", "locations", "territory",
    "jurisdiction", "geography", "geographic", "geolocation",
)  # fmt: skip
NOT_SERVED = (
    "not supported", "unsupported", "not available", "unavailable", "not allowed", "restricted",
    "blocked", "prohibited", "not served", "not permitted", "forbidden", "isn't supported",
    "isn't available", "not offered", "not yet", "restrictions", "restriction", "embargo*",
    "sanction*", "not provide",
)  # fmt: skip
LENGTHS = (
    "prompt tokens", "input tokens", "inputs", "input length", "prompt length", "context length",
    "sequence length", "token length", "text length", "message length", "context size",
    "context window", "input size",
)  # fmt: skip
LENGTH_WRONG = (
    "should be", "range", "must be", "limited", "limit", "only", "max", "exceed*", "maximum",
    "allowed", "too",
)  # fmt: skip
SERVER = (
    "server", "servers", "service", "model", "engine", "system", "upstream", "provider",
    "providers", "resources", "capacity", "gpu", "gpus", "worker", "workers", "cluster", "backend",
    "instance", "instances", "accounts", "endpoint", "api", "replicas", "nodes", "queue",
    "inference", "platform", "deployment", "traffic", "demand", "load",
)  # fmt: skip
BUSY = (
    "overloaded", "overload", "busy", "temporarily unavailable", "currently unavailable",
    "unavailable right now", "no capacity", "not enough capacity", "insufficient capacity",
    "exhausted", "high demand", "high load", "not ready", "starting up", "starting", "is loading",
    "being loaded", "maintenance", "full", "saturated", "under pressure", "heavy", "high volume",
    "surge", "spike", "at the moment", "exceeded capacity", "no free", "scaled to zero", "waking",
    "warming", "congested", "congestion", "unable to serve", "cannot serve", "unhealthy",
    "cooling down", "cooldown", "short of", "are currently unavailable", "limited capacity",
    "currently at", "too high", "unusually high", "peak",
)  # fmt: skip
