"""The phrases of refusals: of a client, a place, a network, a key, an account. Words only."""

from __future__ import annotations

CLIENT_REFUSED = (
    "upstream access forbidden", "your request was blocked", "request was blocked",
    "error code: 1010", "error code: 1020", "error code: 1009", "error code: 1006",
    "error code: 1007", "just a moment", "attention required", "sorry, you have been blocked",
    "client not allowed", "user agent is not allowed", "user agent not allowed",
    "unsupported client", "client is not allowed", "enable javascript and cookies",
    "checking your browser", "access denied | ", "bot detected", "browser signature",
    "only available for coding agents", "blocked by waf", "web application firewall",
    "blocked by our security", "security policy violation", "request blocked by", "cf mitigated",
    "forbidden client", "managed challenge", "blocked by cloudflare", "your client is not allowed",
    "user agent blocked", "invalid user agent", "forbidden user agent", "cloudflare ray id",
    "you are unable to access", "only authorized for use with claude code",
    "not in the allowed client", "upstream forbidden", "访问被拦截", "请求被拦截",
    "request has been blocked",
)  # fmt: skip
CLIENT_NAMED = (
    "client is not authorized", "client is not allowed", "client not allowed",
    "client not authorized", "client is not supported", "clients are not supported",
    "clients are not allowed", "third party client*", "unsupported client", "unofficial client*",
    "official client*", "not an allowed client", "not in the allowed client", "please use in codex",
    "please use claude code", "only supports claude code", "only available in claude code",
    "only available for coding agents", "only authorized for use with claude code",
    "restricted to claude code", "access to this endpoint is forbidden", "不支持的客户端",
    "客户端不被允许", "此客户端", "仅支持claude code", "仅限claude code", "官方客户端",
    "第三方客户端",
)  # fmt: skip
REGION = (
    "country, region, or territory not supported", "not supported in your country",
    "not available in your country", "not available in your region", "location is not supported",
    "region is not supported", "unsupported country", "unsupported region",
    "not supported in your region", "access from unsupported countries",
    "not available in your location", "country is not supported", "not allowed in your country",
    "restricted in your region", "countries, regions, or territories", "prohibited region",
    "request not allowed", "is not available in this region", "not available in your area",
    "unsupported location", "from your country", "from your region", "export control", "地区不支持",
    "所在地区", "不支持的地区", "不支持您所在", "国家或地区",
)  # fmt: skip
NETWORK_REFUSED = (
    "check your network settings", "virtual network/firewall", "firewall rules",
    "ip address is not allowed", "ip is not allowed", "ip not allowed", "not in the allowed ip",
    "ip allowlist", "ip whitelist", "public access is disabled", "private endpoint",
    "ip access list", "blocked by network policy", "source ip address", "ip address is blocked",
    "ip has been blocked", "ip address not authorized", "network rules", "不在白名单",
    "不在访问列表", "指定网段", "网段使用", "ip限制", "ip 限制", "approved ip ranges",
    "vpc service controls", "network acl", "access from this ip", "your ip address",
    "traffic is not from an approved private endpoint",
)  # fmt: skip
AUTH = (
    "have sufficient permissions", "authentication token", "try signing in again",
    "lacks the required data action", "invalid api key", "incorrect api key", "invalid api token",
    "invalid x api key", "api key not valid", "api key is invalid", "api key is not valid",
    "invalid key", "invalid token", "bad api key", "wrong api key", "no api key", "missing api key",
    "api key is missing", "api key is required", "api key required", "provide an api key",
    "api key not found", "api key expired", "api key has expired", "key has expired", "key expired",
    "token has expired", "token expired", "token is expired", "expired token", "token is invalid",
    "invalid or expired", "api key … is invalid", "authentication fail*", "authentication error",
    "authentication required", "authentication credentials", "invalid authentication",
    "failed to authenticate", "could not authenticate", "unable to authenticate",
    "not authenticated", "invalid credential*", "bad credentials", "no auth credentials",
    "no credentials", "missing credentials", "no cookie auth", "user not found", "login fail",
    "please log in", "please login", "not logged in", "authorization header",
    "missing authorization", "invalid authorization", "unregistered callers", "missing scopes",
    "you must be a member of an organization", "security token included in the request",
    "invalid subscription key", "signature does not match", "signature we calculated",
    "api keys are not supported by this api", "caller does not have permission", "access token",
    "oauth authentication", "oauth token", "oauth access", "credentials expired",
    "invalid bearer token", "jwt expired", "invalid jwt", "key is disabled",
    "key has been disabled", "key disabled", "token disabled", "key is not active",
    "key is inactive", "unauthenticated", "is not authorized to perform", "marketplace actions",
    "verify your api key", "check your api key", "session expired", "re authenticate",
    "reauthenticate", "sign in again", "log in again", "refresh your existing token",
    "requires authentication", "token not provided", "api key appears to be invalid",
    "do not have an active grok subscription",
)  # fmt: skip
REFUSED = (
    "unauthorized", "not authorized", "permission denied", "access denied", "do not have access",
    "does not have access", "not have access to", "do not have permission", "no permission",
    "does not have permission", "lacks permission", "insufficient permissions",
)  # fmt: skip
ACCOUNT_CLOSED = (
    "account has been deactivated", "account is deactivated", "account has been disabled",
    "account is disabled", "account has been suspended", "account is suspended",
    "account suspended", "account has been banned", "account banned",
    "organization has been restricted", "organization has been disabled",
    "organization is disabled", "account has been locked", "account is locked", "account locked",
    "account is currently inactive", "irregular activities", "access terminated",
    "account does not exist", "organization … deactivated", "has been suspended", "is suspended",
    "has been banned", "账户已被锁定", "账号已被", "账户已被", "已被封禁", "被禁用", "被封禁",
    "账户异常", "账号异常", "账户不存在", "账户未激活", "异常行为",
)  # fmt: skip
