"""The phrases that general rules look for. Words only; what they mean stands with the rule."""

from __future__ import annotations

CLIENT_REFUSED = (
    "upstream access forbidden", "your request was blocked", "request was blocked", "error code: 1010", "error code: 1020",
    "error code: 1009", "error code: 1006", "error code: 1007", "just a moment", "attention required", "sorry, you have been blocked",
    "client not allowed", "user agent is not allowed", "user agent not allowed", "unsupported client", "client is not allowed", "enable javascript and cookies",
    "checking your browser", "access denied | ", "bot detected", "browser signature", "only available for coding agents", "blocked by waf",
    "web application firewall", "blocked by our security", "security policy violation", "request blocked by", "cf mitigated", "forbidden client", "managed challenge",
    "blocked by cloudflare", "your client is not allowed", "user agent blocked", "invalid user agent", "forbidden user agent",
    "cloudflare ray id", "you are unable to access", "only authorized for use with claude code", "not in the allowed client", "upstream forbidden",
)  # fmt: skip
REGION = (
    "country, region, or territory not supported", "not supported in your country", "not available in your country", "not available in your region",
    "location is not supported", "region is not supported", "unsupported country", "unsupported region", "not supported in your region",
    "access from unsupported countries", "not available in your location", "country is not supported", "not allowed in your country", "restricted in your region",
    "countries, regions, or territories", "prohibited region", "request not allowed", "is not available in this region", "not available in your area",
    "unsupported location", "from your country", "from your region", "export control", "地区不支持", "所在地区", "不支持的地区", "不支持您所在", "国家或地区",
)  # fmt: skip
NETWORK_REFUSED = (
    "check your network settings", "virtual network/firewall", "firewall rules", "ip address is not allowed", "ip is not allowed", "ip not allowed",
    "not in the allowed ip", "ip allowlist", "ip whitelist", "public access is disabled", "private endpoint", "ip access list", "blocked by network policy",
    "source ip address", "ip address is blocked", "ip has been blocked", "ip address not authorized", "network rules", "不在白名单", "approved ip ranges", "vpc service controls",
    "network acl", "access from this ip", "your ip address", "traffic is not from an approved private endpoint",
)  # fmt: skip
MONEY_IN_FLIGHT = (
    "in flight requests", "in use by pending requests", "ongoing requests to complete", "requests to settle", "requests settle", "daily limit busy",
    "reserved by pending", "held by pending", "pending requests to complete", "reserved for pending", "held for in progress", "concurrent requests are using",
)  # fmt: skip
NO_MONEY = (
    "insufficient balance", "insufficient credit*", "insufficient funds", "insufficient account balance", "balance is insufficient", "insufficient available balance",
    "not enough credit*", "not enough balance", "not enough funds", "out of credits", "out of funds", "out of credit", "no credits left", "no credits remaining", "no credits available", "has no credits", "have no credits", "any credits", "balance too low", "balance low", "no credit left", "credit balance is too low",
    "balance is too low", "credits are depleted", "credits depleted", "credits have been depleted", "credits exhausted", "credits have been exhausted", "credits is exhausted",
    "used all available credits", "run out of credits", "ran out of credits", "no remaining credits", "no more credits", "balance exhausted", "exhausted balance", "balance depleted", "balance is depleted",
    "account balance is $0", "balance is $0", "balance of $0", "zero balance", "negative balance", "balance is negative", "balance is zero", "overdue balance", "balance is overdue", "is overdue", "overdue payment*",
    "in arrears", "arrearage", "payment required", "payment overdue", "failure to pay", "unpaid invoice*", "unpaid balance", "past due", "account is not in good standing",
    "account is in good standing", "requires more credits", "can only afford", "never purchased credits", "purchase more credits", "purchase credits", "buy more credits", "buy credits",
    "please recharge", "recharge your account", "please top up", "top up your account", "top up your balance", "topup", "please add credits", "please add funds", "add credits to continue", "add more credits",
    "suspended due to insufficient", "billing is not active", "billing is disabled", "billing has been disabled", "billing not enabled", "billing to be enabled", "requires billing",
    "billing account is disabled", "billing account…not active", "billing account…closed", "delinquent", "account is not active, please check your billing", "check your plan and billing details", "exceeded your current quota",
    "valid payment instrument", "invalid payment instrument", "payment instrument", "payment method is required", "payment method required", "add or update your payment method", "add a payment method to continue", "no payment method", "payment failed", "payment information",
    "issue with your billing", "problem with your billing", "subscription has expired", "subscription expired", "subscription is not active", "no active subscription", "subscription is required", "requires a subscription", "requires an active subscription",
    "subscription has ended", "subscription inactive", "plan has expired", "plan expired", "trial has ended", "trial has expired", "trial expired", "free trial has", "free trial ended", "credit limit exceeded", "credits limit exceeded",
    "included credits", "monthly included credits", "extra usage is required", "out of extra usage", "prepaid balance", "prepayment credits", "prepaid credits", "wallet is empty", "wallet balance", "have no quota", "no quota left", "quota is insufficient", "insufficient quota",
    "quota and balance", "pay with fiat", "free quota has been exhausted", "free quota is exhausted", "free quota exhausted", "free allocated quota exceeded", "free tier of the model has been exhausted", "free tier only", "need a grok subscription", "usage balance", "low balance", "membership benefit*",
    "membership has expired", "membership expired", "exhausted your capacity on paid", "funds are insufficient", "funds insufficient", "credit has been exhausted", "lack of funds", "account has been suspended due to", "suspended for non payment", "suspended, possibly due to reaching", "does not have enough", "doesn't have enough credits",
    "balance not enough", "not enough money", "no resource package", "resource package", "token balance", "credit exhausted", "enough credits", "enough balance", "sufficient credits", "sufficient balance", "sufficient funds", "used up your credits", "remaining balance", "credit grant", "expired credits", "credits have expired", "credits expired",
)  # fmt: skip
SPEND_LIMIT = (
    "spending limit", "spend limit", "spending cap", "spend cap", "usage cap", "monthly budget", "exceeded budget", "over budget", "budget exceeded", "budget has been exceeded", "exceededbudget*", "budget limit", "budget exhausted",
    "billing hard limit", "hard limit has been reached", "billing limit", "key limit exceeded", "key limit reached", "api key limit exceeded", "credit limit reached", "monthly limit reached", "monthly limit exceeded", "api usage limits", "specified api usage limit*",
    "monthly usage limit for", "key budget", "team budget", "max budget", "monthly quota", "total limit", "usd limit", "cost limit", "key total limit", "maximum monthly", "monthly cap", "monthly allowance", "reached its monthly", "monthly credit*", "dollar limit", "usage limit for this billing cycle", "consumption limit",
    "quota for this billing cycle", "api calls / month", "calls per month", "monthly request limit", "premium request allowance", "premium requests",
)  # fmt: skip
NO_MONEY_ZH = (
    "余额不足", "欠费", "请充值", "充值", "账户余额", "额度不足", "额度已用尽", "额度已用完", "额度用尽", "额度已耗尽", "用户额度", "令牌额度", "套餐已到期", "套餐已过期", "已到期", "余额为", "余额已", "免费额度", "资源包", "预扣费", "没有可用的额度", "可用额度不足",
    "无可用资源包", "未购买", "逾期", "账单", "费用不足", "账户已停", "点数不足", "积分不足", "配额不足", "配额已用", "配额耗尽", "订阅已过期", "会员已", "暂无余额", "资金不足", "剩余额度", "已停服", "未开通付费",
)  # fmt: skip
CONTENT = (
    "content filtering policy", "content policy", "content filter", "content management policy", "usage policy", "usage policies", "usage guidelines", "safety system", "safety policy", "safety check", "safety filter*", "safety reasons", "safety guidelines",
    "flagged as potentially", "was flagged", "been flagged", "flagged for", "flagged by", "content exists risk", "inappropriate content", "sensitive content", "sensitive information", "sensitive data policy", "sensitive words", "considered high risk", "violates our", "violates the", "violating our usage", "may violate",
    "potentially violat*", "responsible ai", "prohibited content", "prohibited use", "blocked by content", "content blocked", "content moderation", "moderation policy", "failed moderation", "requires moderation", "did not pass moderation", "content violates", "new_sensitive", "input sensitive", "output sensitive",
    "harmful content", "safety filters", "unsafe content", "output blocked", "blocked content", "guardrail intervened", "guardrail blocked", "blocked by guardrail*", "cybersecurity risk", "cyber security risk", "against our policies", "against our use", "acceptable use policy", "unable to respond to this request, which appears to violate",
    "terms of service violation", "violation of provider terms", "terms of service", "csam", "self harm", "content safety", "unsafe prompt", "data inspection", "rejected by the safety", "rejected as a result of our safety", "the response was filtered", "prompt was blocked", "request was rejected because",
    "illegal content", "content is not allowed", "content risk", "deny listed token",
)  # fmt: skip
CONTENT_ZH = (
    "敏感内容", "敏感信息", "敏感词", "涉敏", "不安全或敏感", "违规内容", "内容违规", "不合规", "内容安全", "风险内容", "违反了", "审核未通过", "不当内容", "涉及违规", "内容审核", "高风险", "违禁", "绿网", "敏感",
)  # fmt: skip
OUTPUT_CAP = (
    "max_tokens is too large", "max_completion_tokens is too large", "max_output_tokens is too large", "completion tokens, whereas you provided", "maximum tokens you requested exceed*", "invalid max_tokens value", "valid range of max_tokens", "valid range of max_completion_tokens",
    "max_tokens exceeds the maximum", "max_tokens must be less than", "max_tokens` must be less than", "`max_tokens` must be less than or equal", "maximum value for `max_tokens`", "maximum value for max_tokens", "maximum allowed number of output tokens", "max_tokens: … >", "range of max_tokens", "max_tokens should be", "max_tokens is invalid",
    "max_tokens cannot exceed", "max_tokens can not exceed", "max_tokens cannot be greater", "maxoutputtokens", "max_output_tokens must be", "max_completion_tokens must be less", "max output tokens", "value of max_tokens", "invalid max_tokens", "max_tokens value", "max_tokens parameter", "max_tokens must be <=", "max_tokens limit", "max_tokens is greater",
)  # fmt: skip
PAYLOAD = (
    "request entity too large", "payload too large", "payload size exceeds", "request payload size", "request body too large", "body too large", "request body is too large", "content too large", "request exceeds the maximum size", "request is too large", "request too large", "exceeds the maximum allowed size", "image exceeds",
    "image dimensions exceed", "image is too large", "image too large", "image size", "size of the input image", "size of the image", "oversized image", "media exceeds size limit", "file is too large", "file size is too large", "file too large", "file size exceeds", "exceeds size limit", "exceeds the size limit", "size exceeds", "exceed max allowed size",
    "string too long", "maximum allowed length of", "megabytes", "maximum request size", "max request size", "request size limit", "request size exceeds", "total message size", "message size…exceeds limit", "message larger than max", "too many images", "maximum number of images", "maximum of … images", "pdf pages", "too many pages", "image resolution", "image pixels",
    "http 413", "exceed the limit of … bytes", "bytes > ", "body size limit", "body exceeded", "exceeds the limit of … mb", "request body size", "exceeded limit on max bytes", "图片过大", "文件过大", "请求体过大", "图片大小", "图片尺寸",
)  # fmt: skip
CONTEXT = (
    "maximum context length", "maximum context", "max context length", "context length exceeded", "context_length_exceeded", "context window exceeded", "context window exceeds", "exceeds context window", "exceed context window", "exceed the context window", "exceeds the context window", "context window", "exceeds the context", "exceed context limit", "exceeds context limit", "context limit",
    "context length", "context size has been exceeded", "available context size", "context size", "prompt is too long", "prompt too long", "prompt is too large", "input is too long", "input too long", "input token length too long", "input length too long", "inputs tokens", "`inputs` tokens", "input tokens exceed*", "too many tokens", "too many input tokens", "token limit exceeded", "exceeded model token limit",
    "model token limit", "input token count", "exceeds the maximum number of tokens", "exceed the maximum number of tokens", "maximum number of tokens", "maximum number of input tokens", "maximum input length", "range of input length", "input length should", "input length and `max_tokens` exceed", "input length and max_tokens", "input length exceeds", "maximum prompt length", "max prompt length", "prompt length", "prompt exceeds",
    "too large for model", "tokens in request more than max tokens", "exceeds the model's maximum", "exceed max message tokens", "max message tokens", "reduce the length of the messages", "reduce the length of the input", "reduce the length of your", "shorten your prompt", "shorten the prompt", "shorten your input", "reduce your prompt", "longer than the model's", "longer than the maximum", "longest allowed", "current length is … while limit is",
    "n_ctx", "slot context", "kv cache", "not enough space in the kv", "exceeds the max sequence length", "maximum sequence length", "max sequence length", "sequence length", "max_model_len", "max model len", "maximum model length", "exceeds model context", "exceed the model context", "exceeds the available context", "exceeds maximum length", "exceeds the maximum length", "message exceeds context", "long context window exceeded", "context overflow",
    "conversation is too long", "conversation too long", "request exceeds the model", "too many total text bytes", "input exceeds", "context is too long", "truncate prompt", "messages too long", "messages are too long", "total tokens exceed", "tokens exceed the", "tokens exceeds the", "token count exceeds", "exceeds the token limit", "exceed the token limit", "over the token limit", "maximum token limit", "max token limit", "exceeds the limit of … tokens", "tokens > … maximum", "maximum tokens limit", "prompt tokens exceed*", "exceeds maximum allowed tokens", "input_tokens",
    "maximum allowed input length", "exceeds max length", "exceeds max context", "larger than the maximum context", "max input tokens", "maximum input tokens", "number of tokens in the prompt", "larger than the context", "greater than the context", "prompt contains … tokens", "max size: … tokens", "max input token*", "exceeds context", "exceed context", "input longer than", "exceeds the model context", "input and output tokens exceed", "超过模型",
)  # fmt: skip
CONTEXT_ZH = (
    "超过最大长度", "超长", "上下文长度", "最大上下文", "输入过长", "输入长度", "超出最大", "超过最大", "超出上下文", "长度超过", "长度超出", "超出长度", "token 数超", "tokens 超", "token数超", "上下文窗口", "过长", "输入内容太长", "提示词太长", "超出模型", "上下文过长",
)  # fmt: skip
MODEL = (
    "model not found", "model does not exist", "the model … does not exist", "model … does not exist", "does not exist or you do not have access", "model … not found", "no such model", "unknown model", "invalid model", "not a valid model", "is not a valid model id", "model is not available", "model is not supported", "model … is not supported", "model not supported",
    "model … is not available", "not found the model", "not found for api version", "is not found for", "model has been deprecated", "model is deprecated", "model … has been deprecated", "model has been retired", "has been retired", "model … has been removed", "decommissioned", "no longer available", "model … no longer supported", "end of its life", "end of life", "model is not accessible", "do not have access to the model", "does not have access to model", "not have access to this model",
    "does not have access to the model", "doesn't have access to model", "no access to model", "not allowed to use publisher model", "not allowed to access model", "publisher model", "not allowed to use model", "not authorized to use model", "not authorized to use this model", "access to the model", "access to this model", "must be verified to use the model", "no endpoints found", "no allowed providers", "no models loaded", "try pulling it first", "model … is not loaded",
    "deployment for this resource does not exist", "deployment does not exist", "endpoint … does not exist", "endpoint not found", "has not activated the model", "activate the model service", "not enabled for this account", "function … not found for account", "no available channel", "no deployments available for selected model", "model access is denied", "model use case details", "on demand throughput isn't supported", "on demand throughput is not supported", "provided model identifier is invalid",
    "invalid model name", "model name is invalid", "model identifier", "cannot find model", "can't find model", "could not find model", "could not find the model", "unable to find model", "model … isn't available", "unsupported model", "model is unavailable to", "model inaccessible", "not deployed", "model is disabled", "model disabled", "model has been disabled", "is not allowed for this", "model is not enabled", "model … not available", "model … not supported", "model … not allowed", "not available on your", "model_not_found", "team not allowed to access model", "key not allowed to access model",
    "model … was shut down", "model … discontinued", "model … is no longer", "model not exist", "model … was removed", "unable to access model", "requires terms acceptance", "not available in the … region", "not available for your", "free period has ended", "requested entity was not found",
)  # fmt: skip
MODEL_ZH = (
    "模型不存在", "模型 … 不存在", "无可用渠道", "没有可用渠道", "无可用的渠道", "没有可用的渠道", "模型未开通", "未开通", "模型已下线", "已下线", "不支持的模型", "模型不可用", "无权使用模型", "无权访问模型", "无权限访问该模型", "没有权限使用模型", "暂未开放", "模型名称", "不支持该模型", "模型已停用", "模型不支持", "找不到模型", "不存在该模型", "模型名字错误", "没有该模型", "无权使用",
)  # fmt: skip
PLAN_LACKS = (
    "plan does not include", "not included in your plan", "not included in your current plan", "not available on your current plan", "not available in your plan", "upgrade your plan to access", "upgrade to access", "requires a paid plan", "requires a pro", "requires an upgrade", "requires a higher", "plan does not support", "plan doesn't include", "only available to paid", "only available for paid", "only available on paid", "requires a paid", "requires paid", "requires a … plan", "requires a … subscription", "upgrade for access",
    "current plan does not", "subscription does not include", "subscription plan does not", "usage not included", "not included in the subscription",
)  # fmt: skip
OVERLOADED = (
    "overloaded", "overload", "over capacity", "at capacity", "capacity exceeded", "capacity temporarily exceeded", "no capacity", "insufficient capacity", "not enough capacity", "out of capacity", "capacity available", "currently experiencing high", "high demand", "high load", "high traffic", "heavy load", "heavy traffic", "too busy", "is busy", "server busy", "system busy", "engine is busy", "temporarily unavailable", "service unavailable", "currently unavailable", "temporarily overloaded",
    "temporarily rate limited upstream", "rate limited upstream", "upstream rate limit", "upstream model provider", "worker local total request limit", "queue is full", "queue full", "request queue", "maximum pending requests", "too many pending requests", "currently loading", "loading model", "model is loading", "is not ready", "not ready for inference", "is starting", "cold start", "warming up", "scaling up", "peak load", "capacity constraints", "exhausted your capacity", "no available workers", "no workers available", "no healthy upstream", "all workers",
    "resources are limited", "resource limited", "currently busy", "busy now", "server is under", "under heavy", "exceeded the capacity", "concurrent users", "unable to process your request due to", "unexpected server behavior", "no instances available", "waiting for capacity", "no deployments available", "degraded", "all providers", "all upstream", "temporarily out of service", "throttled due to demand", "shared pool",
)  # fmt: skip
OVERLOADED_STRONG = (
    "currently overloaded", "is overloaded", "server overloaded", "model overloaded", "temporarily overloaded", "at capacity", "over capacity", "no capacity available", "worker local total request limit", "currently experiencing high demand", "currently experiencing high traffic", "service is too busy", "server is busy", "temporarily rate limited upstream", "overloaded_error", "model is currently loading",
)  # fmt: skip
OVERLOADED_ZH = (
    "访问量过大", "负载过高", "服务器繁忙", "系统繁忙", "服务繁忙", "当前繁忙", "请求繁忙", "过载", "资源不足", "资源紧张", "负载较高", "负载已达", "负载已饱和", "饱和", "算力不足", "排队", "服务暂时不可用", "暂时不可用", "流量过大", "繁忙", "拥堵", "拥挤", "模型加载中", "服务过载", "高峰",
)  # fmt: skip
RATE_LIMIT = (
    "rate limit", "rate limits", "rate limited", "rate limiting", "ratelimit", "rate exceeded", "too many requests", "too many request", "too many concurrent", "requests per minute", "request per minute", "requests per second", "requests per day", "requests per hour", "tokens per minute", "tokens per day", "tokens per hour", "tokens per second", "queries per minute", "per minute", "per second", "rpm", "tpm", "rpd", "tpd", "qps", "qpm", "throttled", "throttling", "throttle", "concurrency", "concurrent requests", "concurrent request",
    "active runs", "max organization concurrency", "please slow down", "requests too frequent", "slow down", "request limit reached", "frequency limit", "too frequent*", "request rate increased too quickly", "daily limit", "daily quota", "daily free allocation", "per day", "hourly limit", "quota exceeded for quota metric", "quota exceeded for metric", "quota exceeded for aiplatform*", "allocated quota exceeded", "resource has been exhausted", "resource exhausted", "token usage", "sending requests too", "exceeded the rate", "rate_limit", "request quota", "slow down your", "wait before", "per 86400s", "simultaneous requests", "parallel requests", "max parallel", "quota will reset", "retry after in flight",
    "admission closed", "hit your global", "api calls / minute", "api calls / hour", "calls per minute", "limit will reset", "limit resets", "limit reset", "usage quota", "too fast",
)  # fmt: skip
RATE_LIMIT_ZH = (
    "速率限制", "请求频率", "频率限制", "请求过于频繁", "过于频繁", "限流", "并发数", "并发", "请求过快", "调用次数", "每分钟", "每日", "今日", "使用上限", "请求次数", "调用频率", "限速", "请求数", "达到上限", "超过限额", "过多请求", "请求太频繁", "请求过多", "次数限额", "重置",
)  # fmt: skip
WINDOW_LIMIT = (
    "usage limit", "limit reached", "limit exceeded", "limit has been reached", "quota exceeded", "quota exhausted", "exhausted your capacity", "weekly limit", "session limit", "5 hour limit", "5 hour", "hit your limit", "reached your limit", "out of messages", "usage limits", "limit hit", "exceeded your limit", "quota", "your limit",
)  # fmt: skip
WINDOW_CLEARS = (
    "try again", "reset", "resets", "wait", "retry", "reset at", "will reset", "refresh", "per minute", "per day", "per hour", "weekly", "daily", "hourly", "5 hour", "later", "next window", "this period",
)  # fmt: skip
AUTH = (
    "invalid api key", "incorrect api key", "invalid api token", "invalid x api key", "api key not valid", "api key is invalid", "api key is not valid", "invalid key", "invalid token", "bad api key", "wrong api key", "no api key", "missing api key", "api key is missing", "api key is required", "api key required", "provide an api key", "api key not found", "api key expired", "api key has expired", "key has expired", "key expired", "token has expired", "token expired", "token is expired", "expired token", "token is invalid", "invalid or expired",
    "api key … is invalid", "unauthorized", "not authorized", "authentication fail*", "authentication error", "authentication required", "authentication credentials", "invalid authentication", "failed to authenticate", "could not authenticate", "unable to authenticate", "not authenticated", "invalid credential*", "bad credentials", "no auth credentials", "no credentials", "missing credentials", "no cookie auth", "user not found", "login fail", "please log in", "please login", "not logged in", "authorization header", "missing authorization", "invalid authorization", "unregistered callers", "permission denied",
    "insufficient permissions", "missing scopes", "does not have permission", "do not have permission", "lacks permission", "no permission", "you must be a member of an organization", "security token included in the request", "invalid subscription key", "signature does not match", "signature we calculated", "api keys are not supported by this api", "caller does not have permission", "access token", "oauth authentication", "oauth token", "oauth access", "credentials expired", "invalid bearer token", "jwt expired", "invalid jwt", "key is disabled", "key has been disabled", "key disabled", "token disabled",
    "key is not active", "key is inactive", "unauthenticated", "access denied", "is not authorized to perform", "marketplace actions", "do not have access", "does not have access", "not have access to", "verify your api key", "check your api key", "session expired", "re authenticate", "reauthenticate", "sign in again", "log in again", "refresh your existing token", "requires authentication", "token not provided", "api key appears to be invalid", "do not have an active grok subscription",
)  # fmt: skip
AUTH_ZH = (
    "无效的令牌", "令牌已过期", "令牌无效", "令牌状态不可用", "令牌验证失败", "无效的api", "无效的密钥", "密钥无效", "身份验证", "鉴权失败", "认证失败", "未授权", "未登录", "已过期，请重新", "权限不足", "无权限", "未提供令牌", "无权访问", "没有权限", "验证失败", "api key 无效", "apikey无效", "无权进行此操作", "token已过期", "请登录", "该令牌",
)  # fmt: skip
ACCOUNT_CLOSED = (
    "account has been deactivated", "account is deactivated", "account has been disabled", "account is disabled", "account has been suspended", "account is suspended", "account suspended", "account has been banned", "account banned", "organization has been restricted", "organization has been disabled", "organization is disabled", "account has been locked", "account is locked", "account locked", "account is currently inactive", "irregular activities", "access terminated", "account does not exist", "organization … deactivated",
    "has been suspended", "is suspended", "has been banned", "账户已被锁定", "账号已被", "账户已被", "已被封禁", "被禁用", "被封禁", "账户异常", "账号异常", "账户不存在", "账户未激活", "异常行为",
)  # fmt: skip
QUOTA_USED_UP = (
    "limit exceeded", "limit reached", "quota exceeded", "exceeded your quota", "exceeded quota", "usage limit", "exceeded the limit", "quota has been exceeded", "quota reached", "reached its limit", "quota limit", "upgrade your plan",
)  # fmt: skip
QUOTA_GONE = (
    "quota exhausted", "quota has been exhausted", "out of quota", "quota used up", "token quota is not enough", "user quota is not enough", "quota is not enough", "has no quota", "quota is exhausted", "quota depleted", "token quota",
)  # fmt: skip
BAD_REQUEST = (
    "invalid params", "invalid parameter", "invalid value for", "unknown parameter", "unsupported parameter", "unsupported value", "is not supported with this model", "must be followed by tool messages", "tool_use ids were found", "`tool_use`", "tool result's tool id", "does not support tools", "does not support tool", "does not support image*", "does not support successive", "missing required parameter", "missing required field", "field required", "extra inputs are not permitted", "extra fields not permitted", "must have non empty content", "non empty content", "validation failed", "schema validation failed", "validation error", "json schema to grammar",
    "generate parser for this template", "failed to parse grammar", "unable to parse", "could not parse the json", "invalid json", "failed to parse request", "malformed request", "reasoning is mandatory", "reasoning_content", "thought_signature", "thought signature", "request body is invalid", "invalid request body", "expected last role", "roles must alternate", "must be a string", "expected string", "content must be", "unrecognized request argument", "unrecognized field", "not a valid json", "no user query found", "must contain the word 'json'", "duplicate tool", "is duplicated", "tool call id", "tool_call_id", "invalid tool", "unexpected role", "continuation identities", "bad request", "invalid prompt: ", "cannot both be specified", "cannot be set simultaneously",
    "messages: at least one message", "final assistant content", "not supported by this model", "prefill", "ensure this value", "unprocessable entity", "invalid argument", "参数错误", "参数有误", "参数不正确", "invalid parameters", "无效的参数", "参数非法", "请求参数", "jinja", "chat template", "bad input",
)  # fmt: skip
SERVER_ERROR = (
    "internal server error", "internal error", "an error occurred while processing", "had an error while processing", "something went wrong", "unexpected error", "unknown error", "server error", "model crashed", "runner process has terminated", "process has terminated", "runner process no longer running", "requires more system memory", "out of memory", "cuda error", "failed to call a function", "provider returned error", "upstream error", "upstream request failed", "bad gateway", "gateway timeout", "gateway time out", "internal failure", "backend error", "request timed out", "upstream timed out", "operation was timeout", "took too long to process", "processing timeout", "inference failed", "error processing", "inference error",
    "网络错误", "内部错误", "服务器错误", "系统错误", "服务异常", "系统异常", "未知错误", "上游", "服务器内部", "请稍后重试", "请稍后再试", "inference timed out", "deadline expired", "deadline exceeded", "service error", "model error", "engine error", "failed to generate",
)  # fmt: skip
