"""Alibaba Model Studio (DashScope, Bailian, Qwen)."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://help.aliyun.com/zh/model-studio/error-code (2026-11-21)"

_RATE_WORDS = (
    "quota", "rate", "limit", "requests", "throttl*", "concurren*", "too quickly", "频率", "限",
)  # fmt: skip
_PLAN_WORDS = (
    "exceeded your current quota, please check your plan and billing", "free allocated",
    "billing details",
)  # fmt: skip

_RULES = (
    Rule("dashscope.arrears", Reason.BILLING, _DOC, elsewhere=True,
         codes={"arrearage", "prepaidbilloverdue", "postpaidbilloverdue", "commoditynotpurchased",
         "commodity.notpurchased", "allocationquota.freetieronly", "throttling.freetierexhausted",
         "billoverdue"}, scope=Scope.ACCOUNT,
         hint=("The Model Studio account is in arrears or its free quota is gone: see "
         "https://usercenter2.aliyun.com/ and the console's free-tier switch.")),
    Rule("dashscope.free-used-up", Reason.BILLING, _DOC, elsewhere=True,
         contains=("free allocated quota exceeded", "free tier only",
         "free quota has been exhausted", "free tier of the model has been exhausted",
         "good standing", "hour allocated quota exceeded for free"), scope=Scope.MODEL,
         hint=("The free quota for this model is used up: switch on paid use in the Model "
         "Studio console.")),
    Rule("dashscope.free-code", Reason.BILLING, _DOC,
         codes={"throttling.allocationquota", "throttling", "insufficient_quota"},
         contains=("free allocated quota exceeded", "free quota", "free tier"), scope=Scope.MODEL,
         hint=("The free quota for this model is used up: switch on paid use in the Model "
         "Studio console.")),
    Rule("dashscope.overloaded", Reason.OVERLOADED, _DOC,
         codes={"modelserviceunavailable", "serviceunavailable", "modelunavailable", "systembusy",
         "modelservingerror"}),
    Rule("dashscope.rate", Reason.RATE_LIMIT, _DOC, elsewhere=True,
         codes={"throttling", "throttling.ratequota", "throttling.allocationquota",
         "throttling.burstrate", "limitrequests", "limit_requests", "limit_burst_rate",
         "throttling.user", "throttling.api", "throttling.userconcurrency",
         "throttling.concurrency"}, contains=_RATE_WORDS, unless=_PLAN_WORDS),
    Rule("dashscope.allocated", Reason.RATE_LIMIT, _DOC, elsewhere=True,
         codes={"insufficient_quota"}, contains=("allocated quota",), unless=_PLAN_WORDS),
    Rule("dashscope.quota-of-minute", Reason.RATE_LIMIT, _DOC, codes={"insufficient_quota"},
         contains=_RATE_WORDS, unless=_PLAN_WORDS),
    Rule("dashscope.rate-code", Reason.RATE_LIMIT, _DOC, codes={"throttling",
         "throttling.ratequota", "throttling.allocationquota", "throttling.burstrate",
         "limitrequests"}),
    Rule("dashscope.quota-is-rate", Reason.RATE_LIMIT,
         ("https://www.alibabacloud.com/help/en/model-studio/error-code: "
         "insufficient_quota is tokens a minute here (2026-11-21)"),
         codes={"insufficient_quota"}),
    Rule("dashscope.content", Reason.CONTENT_POLICY, _DOC, elsewhere=True,
         codes={"datainspectionfailed", "data_inspection_failed", "faqruleblocked",
         "customroleblocked", "ipinfringementsuspect", "datainspection"}, scope=Scope.REQUEST),
    Rule("dashscope.too-long", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         contains=("range of input length", "input length should be",
         "total message token length exceed", "message token length", "exceeds model max",
         "range of input"), scope=Scope.REQUEST),
    Rule("dashscope.model", Reason.MODEL_NOT_FOUND, _DOC, codes={"modelnotfound",
         "model_not_found", "model.accessdenied", "model_not_supported",
         "accessdenied.unpurchased",
         "invalidmodel", "modelnotsupported", "workspace.accessdenied", "model_access_denied",
         "app.accessdenied"}, scope=Scope.MODEL),
    Rule("dashscope.unpurchased", Reason.BILLING, _DOC, contains=("unpurchased",),
         scope=Scope.ACCOUNT),
    Rule("dashscope.auth", Reason.AUTH, _DOC, codes={"invalidapikey",
         "invalid_api_key", "accessdenied", "notauthorized", "apikeynotfound"}, scope=Scope.KEY),
    Rule("dashscope.internal", Reason.SERVER_ERROR, _DOC, codes={"internalerror",
         "internalerror.algo", "requesttimeout", "responsetimeout", "rewritefailed",
         "retrivalfailed", "internalerror.timeout", "internalerror.fileupload", "algorithmerror",
         "modelservicefailed"}, unless=("invalidparameter", "range of")),
    Rule("dashscope.parameters", Reason.BAD_REQUEST, _DOC,
         codes={"invalidparameter", "invalid_parameter_error", "badrequest.emptyinput",
         "badrequest.emptyparameters", "badrequest.emptymodel", "invalidurl",
         "unsupportedoperation", "invalidfile.format"}, unless=("range of input length",
         "input length", "context", "tokens", "content length", "inappropriate")),
)  # fmt: skip

VENDOR = Vendor(
    "dashscope",
    base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    keys=("DASHSCOPE_API_KEY",),
    documentation="https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
    limits_by_model=True,  # alibabacloud.com/help/en/model-studio/rate-limit
    # since June 2026 documented as https://WORKSPACE.REGION.maas.aliyuncs.com/...
    domains=(".maas.aliyuncs.com", "dashscope-us.aliyuncs.com", "dashscope.aliyuncs.com"),
    aliases=("qwen", "alibaba", "bailian", "aliyun", "modelstudio"),
    runs_models=True,
    starter="qwen-plus",
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    rules=_RULES,
)
